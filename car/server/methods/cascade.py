"""``cascade.run``: how sure one may be of a claim, and whom to ask next."""

from typing import get_args

from msgspec import Struct

from car.evolution.cascade import (
    CascadeError,
    CascadePolicy,
    CascadeTier,
    Observation,
    Share,
    Verdict,
    claim_key,
    run_cascade,
)
from car.ir.json import JsonObject
from car.server.approval_gate import MAX_SHOWN_CHARS
from car.server.errors import InvalidParams
from car.server.registry import method
from car.server.session import ClientSession
from car.server.skill_approvals import human_verdict


class Cascade(Struct, frozen=True):
    """What is known, what may be spent, and what each tier found."""

    current_confidence: Share
    policy: CascadePolicy
    observed: dict[str, Observation] = {}
    claim: str | None = None
    dry_run: bool = False


@method("cascade.run")
def cascade_run(session: ClientSession, params: Cascade) -> JsonObject:
    """Go through the tiers, cheapest first, until the target is met or the budget spent.

    A ``human_expert`` is asked about ``claim`` by an approval of the host
    (``host.resolve_approval``): approved, the number given counts; undecided, 0; calling
    again tells.  A dry run takes the expected confidences and asks nobody.  Result: ``{run:
    {initial_confidence, final_confidence, confidence_target, reached, spent, budget,
    dry_run, steps: [{tier, cost, ran, confidence, outcome, knowledge?}], awaiting?},
    pending_approval?: {fingerprint, claim}}``.  Errors: -32602 for an unknown tier in
    ``observed`` or no claim where a human's turn comes; -32603 for a claim that was
    rejected, or busy with too many approvals.
    """
    known = get_args(CascadeTier)
    for tier in params.observed:
        if tier not in known:
            raise InvalidParams(f"observed: '{tier:.100}' is not one of {', '.join(known)}")

    def ask(key: str) -> Verdict | None:
        shown = (params.claim or "")[:MAX_SHOWN_CHARS]
        return human_verdict(session, key, {"fingerprint": key, "claim": shown})

    try:
        run = run_cascade(
            params.current_confidence,
            params.policy,
            params.observed,
            claim=params.claim,
            dry_run=params.dry_run,
            ask=ask,
        )
    except CascadeError as problem:
        raise InvalidParams(str(problem)) from None
    answer: JsonObject = {"run": run}
    if params.claim and run.awaiting == claim_key(params.claim):
        answer["pending_approval"] = {"fingerprint": run.awaiting, "claim": params.claim}
    return answer
