"""Tests of pressures."""

from twisted.trial.unittest import SynchronousTestCase

from car.evolution.signals import (
    compare_metrics,
    memory_pressure,
    skills_pressure,
    tools_pressure,
)


class PressureTests(SynchronousTestCase):
    """How much a component asks for."""

    def test_nothing_measured(self) -> None:
        """Without anything to measure there is no signal."""
        self.assertIsNone(memory_pressure(0, 0, 0))
        self.assertIsNone(skills_pressure({}, 0))
        self.assertIsNone(tools_pressure(0, 0))

    def test_memory(self) -> None:
        """Expired nodes or a long conversation, whichever asks for more; 1 at most."""
        self.assertEqual(memory_pressure(100, 20, 15), 0.2)
        self.assertEqual(memory_pressure(100, 20, 75), 0.5)
        self.assertEqual(memory_pressure(1000, 0, 900), 1.0)

    def test_skills(self) -> None:
        """The domain that fails most, or candidates that wait."""
        self.assertEqual(skills_pressure({"web": 0.25, "ops": 1.0}, 0), 0.75)
        self.assertEqual(skills_pressure({"ops": 1.0}, 2), 0.5)
        self.assertEqual(skills_pressure({}, 1), 0.5)
        self.assertEqual(skills_pressure({"ops": 1.0}, 0), 0.0)

    def test_tools(self) -> None:
        """The share that failed."""
        self.assertEqual(tools_pressure(3, 1), 0.25)


class ComparisonTests(SynchronousTestCase):
    """compare_metrics."""

    def test_directions(self) -> None:
        """Greater is better, but for costs and their like."""
        compared = compare_metrics(
            {"score": 1, "latency_ms": 9, "error-rate": 0.1, "steps": 4, "old": 1},
            {"score": 2, "latency_ms": 5, "error-rate": 0.2, "steps": 4, "new": 1},
        )
        self.assertEqual(compared.better, ["latency_ms", "score"])
        self.assertEqual((compared.worse, compared.equal), (["error-rate"], ["steps"]))
        self.assertIn("worse in error-rate", compared.rationale)

    def test_pressure(self) -> None:
        """Only a candidate that is worse in nothing presses."""
        self.assertEqual(compare_metrics({"a": 1, "b": 1}, {"a": 2, "b": 1}).pressure, 0.5)
        self.assertEqual(compare_metrics({"a": 1, "b": 1}, {"a": 2, "b": 0}).pressure, 0)
        self.assertEqual(compare_metrics({"a": 1}, {"b": 1}).pressure, 0)
        self.assertIn("no metric", compare_metrics({}, {}).rationale)
