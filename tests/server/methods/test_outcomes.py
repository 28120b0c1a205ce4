"""Tests of outcomes.* as far as the wire goes."""

from car.inference.records import Completion, Usage
from tests.inference.doubles import model
from tests.server.methods.test_models import ModelsCase

ECHO = model("lab/host:1")


class OutcomesTests(ModelsCase):
    """outcomes.scoreboard and resolve_pending."""

    def note(self, *trace_ids: str) -> None:
        """Note calls that were answered."""
        for trace_id in trace_ids:
            answer = Completion("yes", usage=Usage(100, 20))
            self.models.observed(ECHO, "generate", True, 30.0, answer, trace_id)

    def test_nothing_yet(self) -> None:
        """An empty board has no rows and no invented figures."""
        self.assertEqual(
            self.call("outcomes.scoreboard"),
            {
                "rows": [],
                "total_successes": 0,
                "total_failures": 0,
                "total_inconclusive": 0,
                "total_usd": None,
                "total_usd_is_estimate": False,
                "overall_usd_per_success": None,
                "model_count": 0,
                "receipts": 0,
            },
        )

    def test_resolved(self) -> None:
        """Rows settle what is pending; those without a trace id are skipped."""
        self.note("t-1-1", "t-1-2", "t-1-3")
        rows = [["t-1-1", True, 0.9, "done"], ["t-1-2", False, 0.4, {"why": "x"}], ["", True, 1, 0]]
        answer = self.call("outcomes.resolve_pending", {"actionResults": rows})
        self.assertEqual(answer, {"recorded": 2})
        board = self.call("outcomes.scoreboard")
        totals = [board[f"total_{what}"] for what in ("successes", "failures", "inconclusive")]
        self.assertEqual(totals, [1, 1, 1])
        [row] = board["rows"]
        self.assertEqual((row["success_rate"], row["tokens_per_success"]), (0.5, 360.0))
        self.assertEqual(self.call("models.stats")["profiles"][0]["fail_count"], 1)
        self.later(60)

    def test_wrong(self) -> None:
        """Rows that are none are wrong params, by their place."""
        for rows in (
            None,
            "x",
            [3],
            [["t-1"]],
            [{"success": True}],
            [[None, True, 1, ""]],
            [["t-1", "yes", 1, ""]],
        ):
            error = self.client.error("outcomes.resolve_pending", {"actionResults": rows})
            self.assertEqual(error["code"], -32602, rows)
            self.assertIn("actionResults", error["message"])
