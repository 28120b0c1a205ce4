"""Tests of the engine: time-outs and rate limits."""

from twisted.trial.unittest import SynchronousTestCase

from car.engine.rates import TokenBucket
from car.ir.tools import RateLimit, ToolSchema
from tests.engine.doubles import RuntimeCase, call, statuses


class TimeoutTests(RuntimeCase):
    """``timeout_ms`` is handed to the executor, which alone keeps the time."""

    def test_budget(self) -> None:
        """The call carries the action's budget, or none; the engine sets no timer."""
        self.begin(call("a", timeout_ms=20_000, skip=True), call("b", skip=True))
        self.assertEqual([c.timeout_ms for c in self.executor.calls], [20_000, None])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_call(self) -> None:
        """A call has the ids, the parameters and the session."""
        self.begin(call("a", parameters={"x": [1]}))
        (called,) = self.executor.calls
        self.assertEqual(
            (called.tool, called.parameters, called.action_id, called.request_id),
            ("t", {"x": [1]}, "a", "cb-1"),
        )
        self.assertEqual((called.attempt, called.session_id), (1, "c-1"))


class RateLimitTests(RuntimeCase):
    """Token buckets: calls wait for their token."""

    def setUp(self) -> None:
        super().setUp()
        self.executor.instant = {"slow": "s", "t": "t"}
        limit = RateLimit(max_calls=3, interval_secs=0.6)
        self.runtime.register_tool(ToolSchema(name="slow", rate_limit=limit))

    def times(self) -> list[float]:
        """When each line about an attempt was written, in seconds from the first."""
        marks = [line["t_mono_ms"] / 1000 for line in self.lines("action_executing")]
        return [round(mark - marks[0], 6) for mark in marks]

    def run_all(self, steps: int = 30) -> None:
        for _ in range(steps):
            self.clock.advance(0.1)

    def test_waits(self) -> None:
        """3 per 0.6 s: calls at 0, 0, 0, 0.2, 0.4, 0.6."""
        done = self.begin(*(call(f"a{n}", "slow", skip=True) for n in range(6)))
        self.run_all()
        self.assertEqual(self.times(), [0, 0, 0, 0.2, 0.4, 0.6])
        self.assertEqual(statuses(self.successResultOf(done)), ["succeeded"] * 6)
        self.assertNothingLeft()

    def test_other_tools(self) -> None:
        """Those that wait do not hold up other tools of the level."""
        actions = [call(f"a{n}", "slow", skip=True) for n in range(5)]
        self.begin(*actions, call("b", "t", skip=True))
        self.assertEqual(self.executor.called, ["a0", "a1", "a2", "b"])

    def test_wait_counts(self) -> None:
        """The wait counts against the budget: the call gets what is left."""
        actions = [call(f"a{n}", "slow", skip=True, timeout_ms=500) for n in range(4)]
        self.begin(*actions)
        self.run_all()
        self.assertEqual([c.timeout_ms for c in self.executor.calls], [500, 500, 500, 300])

    def test_starved(self) -> None:
        """A call whose wait is longer than its budget fails at the budget, without a dispatch."""
        actions = [call(f"a{n}", "slow", skip=True) for n in range(4)]
        done = self.begin(*actions, call("b", "slow", skip=True, timeout_ms=300))
        self.run_all(2)
        self.assertNoResult(done)
        self.run_all(1)
        result = self.successResultOf(done)
        self.assertEqual(result.results[4].status, "skipped")
        self.assertIn("timed out (300 ms)", str(result.results[4].error))
        self.assertNotIn("b", self.executor.called)
        self.assertEqual(result.cost.tool_calls, 4)
        self.assertNothingLeft()

    def test_starved_takes_no_token(self) -> None:
        """A call that starves leaves its token to the next."""
        self.begin(*(call(f"a{n}", "slow", skip=True) for n in range(3)))
        self.begin(call("b", "slow", timeout_ms=100))
        self.begin(call("c", "slow"))
        self.run_all()
        self.assertEqual([t for t in self.times() if t > 0.1], [0.2])

    def test_cancelled_takes_no_token(self) -> None:
        """Calls given up while they wait leave their tokens to the next."""
        done = self.begin(*(call(f"a{n}", "slow", skip=True) for n in range(50)))
        done.cancel()
        self.successResultOf(done)
        self.clock.advance(0.6)
        again = self.begin(*(call(f"b{n}", "slow", skip=True) for n in range(3)))
        self.assertEqual(statuses(self.successResultOf(again)), ["succeeded"] * 3)
        self.assertNothingLeft()

    def test_retries(self) -> None:
        """Each attempt takes a token."""
        limit = RateLimit(max_calls=1, interval_secs=10)
        self.runtime.register_tool(ToolSchema(name="rare", rate_limit=limit))
        self.begin(call("a", "rare", retry=1))
        self.executor.fail("a")
        self.clock.advance(0.1)
        self.assertEqual(len(self.executor.calls), 1)
        self.clock.advance(9.9)
        self.assertEqual(len(self.executor.calls), 2)


class TokenBucketTests(SynchronousTestCase):
    """TokenBucket"""

    def test_waits(self) -> None:
        """So many at once, then one a share of the interval; later ones behind earlier."""
        bucket = TokenBucket(RateLimit(max_calls=2, interval_secs=1.0), 0)
        self.assertEqual([bucket.take(0) for _ in range(4)], [0, 0, 0.5, 1.0])
        self.assertEqual(bucket.take(1.0), 0.5)

    def test_capacity(self) -> None:
        """It never holds more than its capacity."""
        bucket = TokenBucket(RateLimit(max_calls=2, interval_secs=1.0), 0)
        self.assertEqual([bucket.take(100) for _ in range(3)], [0, 0, 0.5])

    def test_give_back(self) -> None:
        """A token that was given back is there for the next."""
        bucket = TokenBucket(RateLimit(max_calls=1, interval_secs=1.0), 0)
        bucket.take(0)
        self.assertEqual(bucket.take(0), 1.0)
        bucket.give_back()
        self.assertEqual(bucket.take(0), 1.0)
