"""The cascade: raise the confidence in a claim, the cheapest tier first.

Whoever calls has run the tiers and hands in what they found; here is decided which of them
count, in what order, and when it is enough.  A human expert counts only once a ledger says
that somebody approved; the ledger is asked through a callable.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from car.errors import CarError
from car.ir.json import JsonValue

CascadeTier = Literal["self_reflect", "tool_verify", "human_expert"]
Share = Annotated[float, Meta(ge=0, le=1)]
Amount = Annotated[float, Meta(ge=0)]

Verdict = Literal["approved", "rejected"]
Ask = Callable[[str], Verdict | None]
"""What a human said of a ledger key, None while nobody has."""

StepOutcome = Literal["counted", "expected", "pending_approval", "not_observed", "over_budget"]


class CascadeError(CarError):
    """A cascade that cannot be run as it was asked for."""


class ClaimRejected(CarError):
    """A claim that a human expert rejected."""


class TierPolicy(Struct, frozen=True):
    """One tier: what it costs, and the confidence that may be expected of it."""

    tier: CascadeTier
    cost: Amount
    expected_confidence: Share


class CascadePolicy(Struct, frozen=True):
    """The confidence to reach, what it may cost in all, and the tiers there are."""

    confidence_target: Share
    budget: Amount
    tiers: list[TierPolicy]


class Observation(Struct, frozen=True):
    """What a tier found, and anything learnt from it."""

    confidence: Share
    knowledge: JsonValue | UnsetType = UNSET


class CascadeStep(Struct, frozen=True, kw_only=True):
    """One tier's part.  ``ran``: its cost is spent.  ``confidence`` is its own, 0 if none."""

    tier: CascadeTier
    cost: float
    ran: bool
    confidence: float
    outcome: StepOutcome
    knowledge: JsonValue | UnsetType = UNSET


class CascadeRun(Struct, frozen=True, kw_only=True):
    """How a cascade went; the final confidence is the greatest that any tier gave."""

    initial_confidence: float
    final_confidence: float
    confidence_target: float
    reached: bool
    spent: float
    budget: float
    dry_run: bool
    steps: list[CascadeStep]
    awaiting: str | UnsetType = UNSET
    """The ledger key that waits for a human."""


def claim_key(claim: str) -> str:
    """The ledger key of a claim."""
    return f"cascade:{claim}"


def run_cascade(
    current_confidence: float,
    policy: CascadePolicy,
    observed: Mapping[str, Observation],
    *,
    claim: str | None = None,
    dry_run: bool = False,
    ask: Ask,
) -> CascadeRun:
    """Go through the tiers, cheapest first, until the target is reached or the budget spent.

    Equal costs keep the policy's order.  A tier without an observation costs nothing and
    says nothing.  A dry run takes the expected confidences and asks nobody.  Raises
    ClaimRejected; CascadeError where the human expert's turn comes and there is no claim.
    """
    confidence, spent, awaiting = current_confidence, 0.0, False
    steps: list[CascadeStep] = []
    for tier in sorted(policy.tiers, key=lambda tier: tier.cost):
        if confidence >= policy.confidence_target:
            break
        if spent + tier.cost > policy.budget:
            steps.append(_skipped(tier, "over_budget"))
            continue
        step = _expected(tier) if dry_run else _observed(tier, observed.get(tier.tier), claim, ask)
        steps.append(step)
        confidence = max(confidence, step.confidence)
        spent += tier.cost * step.ran
        awaiting = awaiting or step.outcome == "pending_approval"
    return CascadeRun(
        initial_confidence=current_confidence,
        final_confidence=confidence,
        confidence_target=policy.confidence_target,
        reached=confidence >= policy.confidence_target,
        spent=spent,
        budget=policy.budget,
        dry_run=dry_run,
        steps=steps,
        awaiting=claim_key(claim) if awaiting and claim else UNSET,
    )


def _expected(tier: TierPolicy) -> CascadeStep:
    return CascadeStep(
        tier=tier.tier,
        cost=tier.cost,
        ran=True,
        confidence=tier.expected_confidence,
        outcome="expected",
    )


def _observed(
    tier: TierPolicy, found: Observation | None, claim: str | None, ask: Ask
) -> CascadeStep:
    """What *tier* contributes: an undecided human 0, any tier without an observation nothing."""
    if tier.tier == "human_expert":
        if not claim:
            raise CascadeError("claim: the tier human_expert needs one, to ask a human about")
        verdict = ask(claim_key(claim))
        if verdict == "rejected":
            raise ClaimRejected(f"claim '{claim:.200}' was rejected by a human expert")
        if verdict is None:
            return _skipped(tier, "pending_approval")
    if found is None:
        return _skipped(tier, "not_observed")
    return CascadeStep(
        tier=tier.tier,
        cost=tier.cost,
        ran=True,
        confidence=found.confidence,
        outcome="counted",
        knowledge=found.knowledge,
    )


def _skipped(tier: TierPolicy, outcome: StepOutcome) -> CascadeStep:
    return CascadeStep(tier=tier.tier, cost=tier.cost, ran=False, confidence=0.0, outcome=outcome)
