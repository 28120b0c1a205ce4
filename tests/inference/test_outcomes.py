"""Tests of receipts: pending, settled, summed up."""

from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.inference import outcomes as outcomes_module
from car.inference.models import Cost, ModelSchema
from car.inference.outcomes import ActionResult, Outcomes
from car.inference.profiles import Observation, Profiles
from car.inference.records import Usage
from car.ir.json import JsonObject
from tests.inference.doubles import model

PRICED = model(cost=Cost(input_per_mtok=1.0, output_per_mtok=10.0))


class OutcomesTests(SynchronousTestCase):
    """Outcomes: what a call was worth, once somebody says so."""

    def setUp(self) -> None:
        self.profiles = Profiles(None, Clock(), maybeDeferred, lambda: 0.0)
        self.outcomes = Outcomes(self.profiles)
        self.known: dict[str, ModelSchema] = {PRICED.id: PRICED}

    def note(self, trace_id: str, ok: bool = True, model_id: str = PRICED.id) -> None:
        """Note a call of 1,000 tokens in and 100 out, worth 0.002 dollars."""
        usage = Usage(1_000, 100) if ok else None
        self.outcomes.note(Observation(model_id, "code", ok, 80.0, usage), trace_id)

    def board(self) -> JsonObject:
        return self.outcomes.scoreboard(self.known.get)

    def resolve(self, *rows: tuple[Any, ...]) -> int:
        return self.outcomes.resolve([ActionResult(*row) for row in rows])

    def test_empty(self) -> None:
        """Nothing was called: no rows, and nothing that is not known is told as 0."""
        board = self.board()
        self.assertEqual((board["rows"], board["receipts"], board["model_count"]), ([], 0, 0))
        self.assertIsNone(board["total_usd"])
        self.assertIsNone(board["overall_usd_per_success"])

    def test_pending(self) -> None:
        """An answer is inconclusive until it is settled, a failed call a failure at once."""
        self.note("t-1")
        self.note("t-2", ok=False)
        [row] = self.board()["rows"]
        counts = [row[f"{what}_count"] for what in ("success", "fail", "inconclusive")]
        self.assertEqual(counts, [0, 1, 1])
        self.assertEqual(row["avg_latency_ms"], 80.0)
        self.assertEqual(row["success_rate"], 0.0)
        self.assertIsNone(row["tokens_per_success"])
        self.assertIsNone(row["usd_per_success"])

    def test_settled(self) -> None:
        """Settled receipts make quality, rate and the price of a success."""
        for trace_id in ("t-1", "t-2", "t-3"):
            self.note(trace_id)
        self.assertEqual(self.resolve(("t-1", True, 0.8), ("t-2", False, 0.9)), 2)
        board = self.board()
        [row] = board["rows"]
        counts = [row[f"{what}_count"] for what in ("success", "fail", "inconclusive")]
        self.assertEqual(counts, [1, 1, 1])
        self.assertEqual((row["avg_quality"], row["success_rate"]), (0.4, 0.5))
        self.assertEqual(row["tokens_per_success"], 3300)
        self.assertAlmostEqual(row["usd_per_success"], 0.006)
        self.assertTrue(row["usd_is_estimate"])
        self.assertAlmostEqual(board["total_usd"], 0.006)
        self.assertEqual(board["receipts"], 3)

    def test_feeds_the_profiles(self) -> None:
        """What is settled moves what the router goes by."""
        self.note("t-1")
        self.resolve(("t-1", False, 1.0))
        profile = self.profiles.get(PRICED.id)
        assert profile is not None
        self.assertEqual((profile.success_count, profile.fail_count), (0, 1))
        self.assertAlmostEqual(profile.ema_quality, 0.48)

    def test_several_actions(self) -> None:
        """An answer with several actions is a success if all of them were."""
        self.note("t-1")
        self.assertEqual(self.resolve(("t-1", True, 1.0), ("t-1", False, 1.0)), 2)
        [row] = self.board()["rows"]
        self.assertEqual((row["success_count"], row["fail_count"]), (0, 1))

    def test_skipped(self) -> None:
        """Rows without a trace id do not count; one not known, or settled, changes nothing."""
        self.note("t-1")
        self.assertEqual(self.resolve(("", True, 1.0), ("t-9", True, 1.0)), 1)
        self.resolve(("t-1", True, 7.0))
        self.resolve(("t-1", False, 1.0))
        [row] = self.board()["rows"]
        self.assertEqual((row["success_count"], row["avg_quality"]), (1, 1.0))

    def test_unpriced(self) -> None:
        """One model without a price leaves the sum unknown."""
        self.note("t-1")
        self.note("t-2", model_id="lab/other:1")
        board = self.board()
        self.assertIsNone(board["total_usd"])
        self.assertEqual([row["usd_is_estimate"] for row in board["rows"]], [True, False])
        self.assertTrue(board["total_usd_is_estimate"])

    def test_bounded(self) -> None:
        """Beyond the limit the oldest receipts can no longer be settled."""
        self.patch(outcomes_module, "MOST_PENDING", 2)
        for trace_id in ("t-1", "t-2", "t-3"):
            self.note(trace_id)
        self.resolve(("t-1", True, 1.0), ("t-3", True, 1.0))
        [row] = self.board()["rows"]
        self.assertEqual((row["success_count"], row["inconclusive_count"]), (1, 2))
