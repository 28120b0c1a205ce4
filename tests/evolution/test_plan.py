"""Tests of the plan of evolution, and of carrying it out."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.evolution.plan import (
    COSTS,
    Component,
    EvolutionPolicy,
    StepResult,
    conclude,
    plan_evolution,
)
from car.ir.json import to_value

DONE = StepResult(ran=True, applied=True, outcome="done")


class PlanTests(SynchronousTestCase):
    """plan_evolution."""

    def test_skip(self) -> None:
        """Little pressure is skipped, as the protocol's example has it."""
        plan = plan_evolution({"memory": 0.05}, EvolutionPolicy(pressure_threshold=0.4))
        self.assertEqual(
            to_value(plan),
            {
                "decisions": [
                    {
                        "component": "memory",
                        "action": "skip",
                        "priority": 0.1,
                        "reason": "pressure 0.05 below 0.40",
                    }
                ],
                "spent": 0.0,
                "evolve_now": [],
            },
        )

    def test_no_signal(self) -> None:
        """A component that nobody measured is left out."""
        self.assertEqual(plan_evolution({}, EvolutionPolicy()).decisions, [])

    def test_order(self) -> None:
        """What gives most for its cost comes first."""
        plan = plan_evolution({"harness": 0.9, "skills": 0.8, "memory": 0.5}, EvolutionPolicy())
        self.assertEqual([one.component for one in plan.decisions], ["memory", "skills", "harness"])

    def test_budget(self) -> None:
        """What the budget does not cover is deferred; something cheaper may still fit."""
        policy = EvolutionPolicy(budget=1.5)
        plan = plan_evolution({"skills": 1.0, "tools": 0.9, "memory": 0.5}, policy)
        actions = {one.component: one.action for one in plan.decisions}
        self.assertEqual(
            actions, {"skills": "evolve_now", "memory": "evolve_now", "tools": "defer"}
        )
        self.assertEqual((plan.spent, plan.evolve_now), (1.5, ["memory", "skills"]))
        (deferred,) = [one for one in plan.decisions if one.action == "defer"]
        self.assertEqual(deferred.defer_reason, "budget")

    @given(
        st.dictionaries(st.sampled_from(list(COSTS)), st.floats(0, 1)),
        st.floats(0, 1),
        st.floats(0, 6),
    )
    def test_bounds(
        self, pressures: dict[Component, float], threshold: float, budget: float
    ) -> None:
        """One decision a signal, never over budget, nothing under the threshold evolved."""
        plan = plan_evolution(pressures, EvolutionPolicy(threshold, budget))
        self.assertEqual({one.component for one in plan.decisions}, set(pressures))
        self.assertLessEqual(plan.spent, budget)
        self.assertEqual(plan.spent, sum(COSTS[one] for one in plan.evolve_now))
        for component in plan.evolve_now:
            self.assertGreaterEqual(pressures[component], threshold)


class ConclusionTests(SynchronousTestCase):
    """conclude."""

    def test_results(self) -> None:
        """The chosen are told in order; of what nobody did it is said so."""
        policy = EvolutionPolicy(budget=9)
        plan = plan_evolution({"memory": 1.0, "skills": 1.0, "context": 0.9, "tools": 0.1}, policy)
        idle = StepResult(ran=False, applied=False, outcome="no inference engine")
        run = conclude(plan, {"memory": DONE, "skills": idle})
        self.assertEqual(
            [(step.component, step.ran, step.outcome) for step in run.steps],
            [
                ("memory", True, "done"),
                ("skills", False, "no inference engine"),
                ("context", False, "not_executable"),
            ],
        )
        self.assertEqual(run.evolved, ["memory"])
