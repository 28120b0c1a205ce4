"""Tests of deployment: trust, ceilings, decisions, what is enforced."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.skills.deployment import (
    TIERS,
    SkillProvenance,
    Verdict,
    decide,
    enforce,
    fingerprint,
)
from car.memgine.skills.records import Tier

OFFICIAL = SkillProvenance(scanned=True, signed=True, signer_trusted=True)
VERIFIED = SkillProvenance(scanned=True, signed=True)
COMMUNITY = SkillProvenance(scanned=True)
UNSCANNED = SkillProvenance(signed=True, signer_trusted=True, source="official")


class DecisionTests(SynchronousTestCase):
    """decide: from provenance to a tier."""

    def test_trust(self) -> None:
        """Trust follows from the scan and the signature, whatever the source claims."""
        for provenance, trust, ceiling in (
            (UNSCANNED, "untrusted", None),
            (SkillProvenance(), "untrusted", None),
            (COMMUNITY, "community", "read_only"),
            (VERIFIED, "verified", "sandbox_edit"),
            (OFFICIAL, "official", "full_access"),
        ):
            decision = decide(provenance, "full_access")
            self.assertEqual((decision.trust, decision.ceiling), (trust, ceiling))

    def test_vulnerable(self) -> None:
        """A scan that found something is as good as none."""
        decision = decide(
            SkillProvenance(scanned=True, signed=True, vulnerabilities=2), "read_only"
        )
        self.assertEqual((decision.trust, decision.outcome), ("untrusted", "deny"))
        self.assertIn("2 vulnerabilities", decision.reason)

    def test_granted(self) -> None:
        """What is asked for is granted up to the ceiling."""
        cases: tuple[tuple[Tier, Tier, str], ...] = (
            ("read_only", "read_only", "allow"),
            ("sandbox_edit", "sandbox_edit", "allow"),
            ("full_access", "sandbox_edit", "downgrade"),
        )
        for requested, granted, outcome in cases:
            decision = decide(VERIFIED, requested)
            self.assertEqual((decision.granted, decision.outcome), (granted, outcome))
        self.assertIsNone(decide(UNSCANNED, "read_only").granted)

    def test_record(self) -> None:
        """A skill that fails more often than it works may only read."""
        failing = SkillProvenance(scanned=True, signed=True, signer_trusted=True, fail_count=3)
        decision = decide(failing, "full_access")
        self.assertEqual((decision.granted, decision.outcome), ("read_only", "downgrade"))

    def test_order(self) -> None:
        """The tiers, the least first."""
        self.assertEqual(TIERS, ("read_only", "sandbox_edit", "full_access"))


class EnforcementTests(SynchronousTestCase):
    """enforce: decision and human together."""

    def enforced(
        self, provenance: SkillProvenance, requested: Tier, verdict: Verdict | None
    ) -> dict[str, Any]:
        done = enforce(decide(provenance, requested), requested, verdict)
        flags = {name: getattr(done, name) for name in ("overridden", "blocked", "pending")}
        said = [name for name, value in flags.items() if value]
        return {"deploy": done.deploy, "tier": done.effective_tier, "said": said}

    def test_allowed(self) -> None:
        """What is allowed is deployed; nobody has to say anything."""
        done = self.enforced(VERIFIED, "sandbox_edit", None)
        self.assertEqual(done, {"deploy": True, "tier": "sandbox_edit", "said": []})

    def test_denied(self) -> None:
        """What is denied waits for a human; an approval overrides."""
        done = self.enforced(UNSCANNED, "read_only", None)
        self.assertEqual(done, {"deploy": False, "tier": None, "said": ["blocked", "pending"]})
        done = self.enforced(UNSCANNED, "read_only", "approved")
        self.assertEqual(done, {"deploy": True, "tier": "read_only", "said": ["overridden"]})
        done = self.enforced(UNSCANNED, "read_only", "rejected")
        self.assertEqual(done, {"deploy": False, "tier": None, "said": ["blocked"]})

    def test_downgraded(self) -> None:
        """What is downgraded is deployed lower meanwhile; a rejection ends that."""
        done = self.enforced(COMMUNITY, "full_access", None)
        self.assertEqual(done, {"deploy": True, "tier": "read_only", "said": ["pending"]})
        done = self.enforced(COMMUNITY, "full_access", "approved")
        self.assertEqual(done, {"deploy": True, "tier": "full_access", "said": ["overridden"]})
        done = self.enforced(COMMUNITY, "full_access", "rejected")
        self.assertEqual(done, {"deploy": False, "tier": None, "said": ["blocked"]})


class FingerprintTests(SynchronousTestCase):
    """fingerprint: what an approval is for."""

    def test_same(self) -> None:
        """Outcomes do not change it; code, tier, provenance and name do."""
        first = fingerprint("a", "x()", COMMUNITY, "read_only")
        worked = SkillProvenance(scanned=True, success_count=5)
        self.assertEqual(fingerprint("a", "x()", worked, "read_only"), first)
        others = {
            fingerprint("b", "x()", COMMUNITY, "read_only"),
            fingerprint("a", "y()", COMMUNITY, "read_only"),
            fingerprint("a", "x()", VERIFIED, "read_only"),
            fingerprint("a", "x()", COMMUNITY, "full_access"),
            first,
        }
        self.assertEqual(len(others), 5)
