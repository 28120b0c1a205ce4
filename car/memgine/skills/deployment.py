"""Deployment: what a skill of this provenance may do, and what a human has to say to it.

Trust follows from how a skill came here, a ceiling from the trust, a decision from the
ceiling and the tier that was asked for.  A human may let it go further, or refuse it; how a
human is asked is left to the server.  Provenance is what the caller says: nothing here
looks into the code.
"""

import hashlib
from typing import Literal

from msgspec import Struct, to_builtins

from car.ir.json import canonical
from car.memgine.skills.records import DEGRADE_MARGIN, Count, Tier

Trust = Literal["untrusted", "community", "verified", "official"]
Verdict = Literal["approved", "rejected"]
"""What a human said; None in its place while nobody has."""

TIERS: tuple[Tier, ...] = ("read_only", "sandbox_edit", "full_access")

CEILINGS: dict[Trust, Tier] = {
    "community": "read_only",
    "verified": "sandbox_edit",
    "official": "full_access",
}
"""The highest tier of each trust; untrusted skills have none."""


class SkillProvenance(Struct, frozen=True, kw_only=True):
    """Where a skill comes from; the outcome counts are the daemon's own."""

    signed: bool = False
    signer_trusted: bool = False
    scanned: bool = False
    vulnerabilities: Count = 0
    source: Literal["official", "first_party", "community", "unknown"] = "unknown"
    success_count: Count = 0
    fail_count: Count = 0


class Decision(Struct, frozen=True, kw_only=True):
    """What the provenance allows; ``ceiling`` and ``granted`` are null where that is nothing."""

    trust: Trust
    ceiling: Tier | None
    granted: Tier | None
    outcome: Literal["allow", "downgrade", "deny"]
    reason: str


class Enforcement(Struct, frozen=True, kw_only=True):
    """What is done: deployed at ``effective_tier`` or not.

    ``overridden``: a human let it go further than the decision.  ``blocked``: a human, or
    the decision until a human approves.  ``pending``: a human is asked.
    """

    deploy: bool
    effective_tier: Tier | None
    overridden: bool
    blocked: bool
    pending: bool
    reason: str


def decide(provenance: SkillProvenance, requested: Tier) -> Decision:
    """What a skill of *provenance* that asks for the tier *requested* is granted."""
    trust, why = _trust(provenance)
    ceiling = CEILINGS.get(trust)
    if ceiling is None:
        return Decision(trust=trust, ceiling=None, granted=None, outcome="deny", reason=why)
    if provenance.fail_count > provenance.success_count + DEGRADE_MARGIN:
        ceiling = TIERS[0]
        why += "; it fails more often than it works"
    granted = min(ceiling, requested, key=TIERS.index)
    outcome: Literal["allow", "downgrade"] = "allow" if granted == requested else "downgrade"
    return Decision(
        trust=trust,
        ceiling=ceiling,
        granted=granted,
        outcome=outcome,
        reason=f"{why}: {trust}, up to {ceiling}",
    )


def _trust(provenance: SkillProvenance) -> tuple[Trust, str]:
    if not provenance.scanned:
        return "untrusted", "the skill was not scanned"
    if provenance.vulnerabilities:
        return "untrusted", f"the scan found {provenance.vulnerabilities} vulnerabilities"
    if not provenance.signed:
        return "community", "scanned, not signed"
    if provenance.signer_trusted:
        return "official", "scanned, signed by a trusted signer"
    return "verified", "scanned, signed by a signer that is not among the trusted"


def enforce(decision: Decision, requested: Tier, verdict: Verdict | None) -> Enforcement:
    """What is done on *decision* and a human's *verdict*, None while there is none.

    What is allowed is deployed whatever the verdict.  A downgraded skill is deployed at the
    tier it was granted while a human is asked for the rest; a denied one waits.
    """
    if decision.outcome == "allow":
        return _deployed(decision.granted, reason=decision.reason)
    if verdict == "approved":
        reason = f"approved by a human although {decision.reason}"
        return _deployed(requested, overridden=True, reason=reason)
    if verdict == "rejected":
        return Enforcement(
            deploy=False,
            effective_tier=None,
            overridden=False,
            blocked=True,
            pending=False,
            reason=f"rejected by a human; {decision.reason}",
        )
    if decision.granted is not None:
        reason = f"{requested} waits for a human; {decision.reason}"
        return _deployed(decision.granted, pending=True, reason=reason)
    return Enforcement(
        deploy=False,
        effective_tier=None,
        overridden=False,
        blocked=True,
        pending=True,
        reason=f"waits for a human; {decision.reason}",
    )


def _deployed(
    tier: Tier | None, *, reason: str, overridden: bool = False, pending: bool = False
) -> Enforcement:
    return Enforcement(
        deploy=True,
        effective_tier=tier,
        overridden=overridden,
        blocked=False,
        pending=pending,
        reason=reason,
    )


def fingerprint(name: str, code: str, provenance: SkillProvenance, requested: Tier) -> str:
    """Names one deployment: the same skill, code, provenance and tier have the same.

    Outcome counts are left out, so that an approval is not lost with the next outcome.
    """
    origin = to_builtins(provenance)
    del origin["success_count"], origin["fail_count"]
    text = canonical({"name": name, "code": code, "provenance": origin, "tier": requested})
    return f"skill:{hashlib.sha256(text).hexdigest()[:32]}"
