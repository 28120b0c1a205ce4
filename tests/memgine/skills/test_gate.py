"""Tests of the gate, and of the interval that it judges by."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.skills.confidence import wilson_interval
from car.memgine.skills.gate import judge, run_gate
from car.memgine.skills.records import SkillStats
from tests.memgine.skills.making import AT, book, distilled, skill


class IntervalTests(SynchronousTestCase):
    """wilson_interval."""

    def test_known(self) -> None:
        """Values of the literature: 8 of 10 gives 0.49 to 0.94; nothing tried is open."""
        low, high = wilson_interval(8, 10)
        self.assertAlmostEqual(low, 0.4902, 3)
        self.assertAlmostEqual(high, 0.9433, 3)
        self.assertEqual(wilson_interval(0, 0), (0.0, 1.0))

    @given(st.integers(0, 500), st.integers(0, 500))
    def test_order(self, succeeded: int, failed: int) -> None:
        """The rate lies inside, and one more success raises both bounds."""
        trials = succeeded + failed
        low, high = wilson_interval(succeeded, trials)
        self.assertTrue(0 <= low <= high <= 1)
        if trials:
            self.assertTrue(low - 1e-9 <= succeeded / trials <= high + 1e-9)
            more = wilson_interval(succeeded + 1, trials + 1)
            self.assertTrue(low <= more[0] + 1e-9 and high <= more[1] + 1e-9)


class JudgeTests(SynchronousTestCase):
    """judge: better beyond doubt, worse beyond doubt, or open."""

    def test_untried(self) -> None:
        """What was never tried neither wins nor keeps a proven candidate out."""
        self.assertIsNone(judge(SkillStats(), SkillStats()))
        self.assertIs(judge(SkillStats(1, 0), SkillStats()), True)
        self.assertIs(judge(SkillStats(1, 0), SkillStats(0, 5)), True)

    def test_better(self) -> None:
        """The lower bound must beat the incumbent's: few successes do not."""
        self.assertIsNone(judge(SkillStats(2, 0), SkillStats(50, 10)))
        self.assertIs(judge(SkillStats(60, 1), SkillStats(50, 10)), True)

    def test_worse(self) -> None:
        """What is worse beyond doubt, or degraded, is given up."""
        self.assertIs(judge(SkillStats(1, 3), SkillStats(100, 1)), False)
        self.assertIs(judge(SkillStats(0, 3, True, True), SkillStats()), False)


class GateTests(SynchronousTestCase):
    """run_gate: promotion and rejection in the book."""

    def setUp(self) -> None:
        self.book = book()

    def challenge(self, outcomes: str) -> None:
        self.book.ingest_provisional([distilled(code="new()", description="better")], at=AT)
        for outcome in outcomes:
            self.book.report("login@cand", outcome == "+")

    def test_promotion(self) -> None:
        """A better candidate takes the name, keeps its outcomes, raises the version."""
        self.book.ingest(skill(), at=AT)
        self.challenge("+++")
        report = run_gate(self.book, at=AT + 1)
        self.assertEqual((report.promoted, report.rejected), (["login@cand"], []))
        (row,) = self.book.rows()
        self.assertEqual((row.name, row.code, row.version), ("login", "new()", 2))
        self.assertEqual((row.status, row.stats.success_count), ("active", 3))
        kinds = [node.kind for node in self.book.graph.nodes.values()]
        self.assertEqual(kinds, ["skill_deprecated", "skill_deprecated", "skill"])
        self.assertEqual(run_gate(self.book, at=AT + 2).promoted, [])

    def test_without_incumbent(self) -> None:
        """A candidate for a name that nobody has needs a success of its own."""
        self.challenge("")
        self.assertEqual(run_gate(self.book, at=AT).promoted, [])
        self.book.report("login@cand", True)
        self.assertEqual(run_gate(self.book, at=AT).promoted, ["login@cand"])
        self.assertEqual(self.book.get("login").version, 1)

    def test_rejection(self) -> None:
        """A worse candidate is deprecated; the incumbent stays as it is."""
        self.book.ingest(skill(), at=AT)
        self.challenge("---")
        report = run_gate(self.book, at=AT + 1)
        self.assertEqual((report.promoted, report.rejected), ([], ["login@cand"]))
        self.assertEqual([row.version for row in self.book.rows()], [1])
        self.assertEqual(self.book.graph.nodes[1].retirement, "retracted")
