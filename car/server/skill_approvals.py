"""What a human says to a skill, a claim or a change: asked once, then remembered.

A method that needs a human does not wait: it answers that an approval is pending, and is
called again once somebody resolved it (``host.resolve_approval``).  The list of approvals
is the memory of that, so a verdict is remembered as long as its row is listed.
"""

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace
from twisted.python.failure import Failure

from car.evolution.cascade import Verdict
from car.ir.json import JsonObject, to_value
from car.memgine.skills.deployment import (
    Decision,
    Enforcement,
    SkillProvenance,
    decide,
    enforce,
    fingerprint,
)
from car.memgine.skills.records import SkillStats, Tier
from car.server.approval_gate import MAX_SHOWN_CHARS

if TYPE_CHECKING:
    from car.server.session import ClientSession

ASKING_SECONDS = 3600.0
"""How long an approval stays open; the next call after that asks anew."""

_VERDICTS: dict[str, Verdict] = {"approved": "approved", "denied": "rejected"}


class PendingDeployment(Struct, frozen=True):
    """An approval that a deployment waits for."""

    fingerprint: str
    skill_name: str
    requested_tier: Tier


class Deployment(Struct, frozen=True):
    """What was decided of a skill's deployment, and what is done."""

    decision: Decision
    enforcement: Enforcement
    pending_approval: PendingDeployment | UnsetType = UNSET


def human_verdict(session: "ClientSession", key: str, details: JsonObject) -> Verdict | None:
    """What a human said of *key*; asks, and gives None, where nobody has said anything.

    *details* is what the human is shown.  Raises Busy when too many approvals are open,
    InvalidParams for a key or details too long.
    """
    host = session.state.host
    for row in reversed(host.approvals()):
        if row.client_id is None and row.action == key and row.status != "expired":
            return _VERDICTS.get(row.status)
    problems: list[Failure] = []
    asked = host.request_system_approval(key, details, ASKING_SECONDS)
    asked.addErrback(problems.append)
    for problem in problems:
        problem.raiseException()
    return None


def with_record(provenance: SkillProvenance | None, stats: SkillStats) -> SkillProvenance:
    """*provenance* with the outcome counts that the daemon itself has taken."""
    return replace(
        provenance or SkillProvenance(),
        success_count=stats.success_count,
        fail_count=stats.fail_count,
    )


def judge_deployment(
    session: "ClientSession", name: str, code: str, provenance: SkillProvenance, tier: Tier
) -> Deployment:
    """Decide on a deployment, asking a human where *provenance* does not allow *tier*.

    Raises as ``human_verdict`` does.
    """
    decision = decide(provenance, tier)
    if decision.outcome == "allow":
        return Deployment(decision, enforce(decision, tier, None))
    key = fingerprint(name, code, provenance, tier)
    details = {
        "fingerprint": key,
        "skill_name": name,
        "requested_tier": tier,
        "code": code[:MAX_SHOWN_CHARS],
        "provenance": to_value(provenance),
        "reason": decision.reason,
    }
    enforcement = enforce(decision, tier, human_verdict(session, key, details))
    pending = PendingDeployment(key, name, tier) if enforcement.pending else UNSET
    return Deployment(decision, enforcement, pending)
