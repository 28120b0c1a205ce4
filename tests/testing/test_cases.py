"""The conformance cases kept in the repository, each against our engine."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.testing.conformance import cases, replay

CASES = Path(__file__).parent.parent / "conformance"

UNAVAILABLE = {"multi", "workflow", "scheduler"}
"""Areas whose packages are still to come."""


class ConformanceTests(SynchronousTestCase):
    """What the reference does, and what we chose to do better."""

    def test_every_case(self) -> None:
        """Every case of an area that is built passes; the others say that they are not."""
        counts = {"passed": 0, "failed": 0, "not available": 0}
        for case in cases([CASES / "engine", CASES / "engine-beyond"]):
            verdict = replay(case)
            counts[verdict.outcome] += 1
            self.assertNotEqual(verdict.outcome, "failed", f"{case['id']}: {verdict.details}")
            if verdict.outcome == "not available":
                self.assertIn(case["call"].partition(".")[0], UNAVAILABLE, case["id"])
        self.assertEqual(counts, {"passed": 433, "failed": 0, "not available": 115})
