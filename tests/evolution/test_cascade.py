"""Tests of the cascade."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from twisted.trial.unittest import SynchronousTestCase

from car.evolution.cascade import (
    CascadeError,
    CascadePolicy,
    CascadeRun,
    ClaimRejected,
    Observation,
    TierPolicy,
    Verdict,
    run_cascade,
)

REFLECT = TierPolicy("self_reflect", 1, 0.6)
VERIFY = TierPolicy("tool_verify", 3, 0.8)
HUMAN = TierPolicy("human_expert", 10, 0.99)


class CascadeCase(SynchronousTestCase):
    """A ledger with one verdict, which notes what it is asked."""

    def setUp(self) -> None:
        self.verdict: Verdict | None = None
        self.asked: list[str] = []

    def ask(self, key: str) -> Verdict | None:
        self.asked.append(key)
        return self.verdict

    def run_tiers(
        self,
        *tiers: TierPolicy,
        target: float = 0.9,
        budget: float = 100,
        found: dict[str, float] | None = None,
        **arguments: Any,
    ) -> CascadeRun:
        observed = {tier: Observation(value) for tier, value in (found or {}).items()}
        policy = CascadePolicy(target, budget, list(tiers))
        return run_cascade(0.3, policy, observed, ask=self.ask, **arguments)

    def outcomes(self, run: CascadeRun) -> dict[str, str]:
        return {step.tier: step.outcome for step in run.steps}


class TierTests(CascadeCase):
    """Order, budget, target."""

    def test_cheapest_first(self) -> None:
        """Tiers are gone through by cost, until the target is reached."""
        found = {"self_reflect": 0.5, "tool_verify": 0.95}
        run = self.run_tiers(HUMAN, VERIFY, REFLECT, found=found, claim="c")
        self.assertEqual([step.tier for step in run.steps], ["self_reflect", "tool_verify"])
        self.assertEqual((run.final_confidence, run.spent, run.reached), (0.95, 4, True))
        self.assertEqual(self.asked, [])

    def test_reached_already(self) -> None:
        """Nothing is spent on what is sure enough."""
        run = self.run_tiers(REFLECT, target=0.3)
        self.assertEqual((run.steps, run.spent, run.reached), ([], 0, True))

    def test_budget(self) -> None:
        """What the budget does not cover is left out."""
        run = self.run_tiers(REFLECT, VERIFY, budget=3, found={"self_reflect": 0.5})
        self.assertEqual(
            self.outcomes(run), {"self_reflect": "counted", "tool_verify": "over_budget"}
        )
        self.assertEqual((run.spent, run.reached), (1, False))

    def test_not_observed(self) -> None:
        """A tier that found nothing costs nothing."""
        run = self.run_tiers(REFLECT, VERIFY, found={"tool_verify": 0.7})
        self.assertEqual(self.outcomes(run)["self_reflect"], "not_observed")
        self.assertEqual((run.spent, run.final_confidence), (3, 0.7))

    def test_knowledge(self) -> None:
        """What a tier learnt stands in its step."""
        policy = CascadePolicy(0.9, 9, [REFLECT])
        observed = {"self_reflect": Observation(0.5, {"because": "x"})}
        run = run_cascade(0.1, policy, observed, ask=self.ask)
        self.assertEqual(run.steps[0].knowledge, {"because": "x"})

    def test_dry_run(self) -> None:
        """A dry run takes what may be expected, and asks nobody."""
        run = self.run_tiers(REFLECT, VERIFY, HUMAN, dry_run=True)
        self.assertEqual((run.final_confidence, run.spent, run.dry_run), (0.99, 14, True))
        self.assertEqual((set(self.outcomes(run).values()), self.asked), ({"expected"}, []))

    @given(
        st.lists(
            st.builds(
                TierPolicy,
                st.sampled_from(("self_reflect", "tool_verify")),
                st.floats(0, 10),
                st.floats(0, 1),
            )
        ),
        st.floats(0, 20),
        st.floats(0, 1),
    )
    def test_bounds(self, tiers: list[TierPolicy], budget: float, target: float) -> None:
        """Never over budget, and never less sure than before."""
        found = {"self_reflect": 0.4, "tool_verify": 0.8}
        run = self.run_tiers(*tiers, budget=budget, target=target, found=found)
        self.assertLessEqual(run.spent, budget)
        self.assertGreaterEqual(run.final_confidence, run.initial_confidence)


class HumanTests(CascadeCase):
    """The human expert and the ledger."""

    def test_undecided(self) -> None:
        """While nobody has said anything the expert counts as 0, and the claim waits."""
        run = self.run_tiers(HUMAN, found={"human_expert": 1.0}, claim="it works")
        self.assertEqual(self.asked, ["cascade:it works"])
        self.assertEqual((run.final_confidence, run.spent), (0.3, 0))
        self.assertEqual(run.awaiting, "cascade:it works")

    def test_approved(self) -> None:
        """With an approval the number given counts."""
        self.verdict = "approved"
        run = self.run_tiers(HUMAN, found={"human_expert": 0.97}, claim="it works")
        self.assertEqual((run.final_confidence, run.awaiting), (0.97, UNSET))

    def test_approved_without_number(self) -> None:
        """An approval without a number says nothing."""
        self.verdict = "approved"
        run = self.run_tiers(HUMAN, claim="it works")
        self.assertEqual(self.outcomes(run), {"human_expert": "not_observed"})

    def test_rejected(self) -> None:
        """A rejected claim is an error."""
        self.verdict = "rejected"
        problem = self.assertRaises(ClaimRejected, self.run_tiers, HUMAN, claim="it works")
        self.assertIn("it works", str(problem))

    def test_no_claim(self) -> None:
        """The expert's turn needs a claim, whatever comes before does not."""
        problem = self.assertRaises(CascadeError, self.run_tiers, HUMAN)
        self.assertIn("claim", str(problem))
        run = self.run_tiers(REFLECT, HUMAN, target=0.5, found={"self_reflect": 0.5})
        self.assertTrue(run.reached)
