"""Tests of the records: outcomes, healing, what clients see."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import decode, encode, to_value
from car.memgine.skills.records import Domain, Skill, SkillStats, scope_of
from tests.memgine.skills.making import distilled, skill


def after(outcomes: str) -> Skill:
    """A skill after outcomes, ``+`` and ``-``."""
    one = skill()
    for outcome in outcomes:
        one = one.reported(outcome == "+")
    return one


class OutcomeTests(SynchronousTestCase):
    """Skill.reported: the rules of degrading and healing."""

    def test_degrade(self) -> None:
        """The third failure of a skill that never worked degrades it."""
        self.assertEqual(after("--").stats, SkillStats(0, 2, False, False))
        self.assertEqual(after("---").stats, SkillStats(0, 3, True, True))

    def test_margin(self) -> None:
        """Successes raise the number of failures that is borne."""
        self.assertFalse(after("+---").stats.degraded)
        self.assertTrue(after("+----").stats.degraded)

    def test_heal(self) -> None:
        """One success does not heal; three in a row inside the margin do."""
        self.assertTrue(after("---+").stats.degraded)
        self.assertTrue(after("---++").stats.degraded)
        healed = after("---+++")
        self.assertEqual(healed.stats, SkillStats(3, 3, False, False))
        self.assertNotIn("recovery", to_value(healed))

    def test_failure_between(self) -> None:
        """A failure starts the count of successes anew."""
        self.assertTrue(after("---++-++").stats.degraded)
        self.assertFalse(after("---++-+++").stats.degraded)

    def test_outside_the_margin(self) -> None:
        """Successes count for healing only once failures are inside the margin."""
        self.assertTrue(after("------" + "+++").stats.degraded)
        self.assertTrue(after("------" + "+++++").stats.degraded)
        self.assertFalse(after("------" + "++++++").stats.degraded)

    @given(st.text("+-", max_size=30))
    def test_failing_is_degraded(self, outcomes: str) -> None:
        """Whatever happened, a skill outside the margin is degraded, and counts are right."""
        stats = after(outcomes).stats
        self.assertEqual(stats.trials, len(outcomes))
        self.assertEqual(stats.degraded, stats.broken_for_repair)
        if stats.fail_count > stats.success_count + 2:
            self.assertTrue(stats.degraded)


class ShapeTests(SynchronousTestCase):
    """The JSON of skills."""

    def test_meta(self) -> None:
        """SkillMeta has the members that clients know, and no others."""
        meta = to_value(skill(source="success", tenant="t").meta())
        self.assertEqual(
            set(meta),
            {
                "name",
                "code",
                "description",
                "platform",
                "scope",
                "trigger",
                "version",
                "when_to_apply",
                "stats",
                "status",
            },
        )
        self.assertEqual(meta["scope"], "global")
        self.assertEqual(
            meta["stats"],
            {"success_count": 0, "fail_count": 0, "degraded": False, "broken_for_repair": False},
        )

    def test_distilled(self) -> None:
        """A distilled skill gets a platform; scope wins over domain."""
        one = distilled(domain="web").skill()
        self.assertEqual((one.platform, one.scope), ("distilled", Domain("web")))
        self.assertEqual(distilled(domain="web", scope="global").skill().domain, "global")
        self.assertEqual(decode(encode(distilled())), {"name": "login", "code": "fill()"})

    def test_scope(self) -> None:
        """No domain and ``global`` are the global scope."""
        self.assertEqual(scope_of(None), "global")
        self.assertEqual(scope_of("global"), "global")
        self.assertEqual(scope_of("web"), Domain("web"))
