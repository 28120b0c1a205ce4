"""Tests of car.secrets.turns: calls one at a time, and every way that one can end."""

from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.secrets.errors import SecretsUnavailable
from car.secrets.turns import MOST_WAITING, Turns
from tests.store.doubles import HeldThread, at_once


class TurnTests(SynchronousTestCase):
    """Turns"""

    def setUp(self) -> None:
        self.clock = Clock()
        self.thread = HeldThread()
        self.turns = Turns(self.thread, self.clock)
        self.made: list[str] = []

    def tearDown(self) -> None:
        self.thread.run()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_one_at_a_time(self) -> None:
        """The second call is made when the first has ended; each gets its own result."""
        first = self.turns.call(self.made.append, "first")
        second = self.turns.call(lambda: "result")
        self.assertEqual(len(self.thread.calls), 1)
        self.thread.run()
        self.assertEqual(self.made, ["first"])
        self.assertIs(self.successResultOf(first), None)
        self.assertEqual(self.successResultOf(second), "result")

    def test_failure(self) -> None:
        """A call that raises fails its caller only."""
        first = self.turns.call(int, "no number")
        second = self.turns.call(lambda: 2)
        self.thread.run()
        self.failureResultOf(first, ValueError)
        self.assertEqual(self.successResultOf(second), 2)

    def test_slow(self) -> None:
        """After 30 s a caller is told; the next one goes on only when the thread is free."""
        stuck = self.turns.call(self.made.append, "stuck")
        self.clock.advance(20)
        waiting = self.turns.call(self.made.append, "waiting")
        self.clock.advance(10)
        self.assertIn("30 s", str(self.failureResultOf(stuck, SecretsUnavailable).value))
        self.assertNoResult(waiting)
        self.assertEqual(len(self.thread.calls), 1)
        self.thread.run()
        self.successResultOf(waiting)
        self.assertEqual(self.made, ["stuck", "waiting"])

    def test_stuck(self) -> None:
        """While a call that was given up still runs, others are told at once."""
        stuck = self.turns.call(self.made.append, "stuck")
        self.clock.advance(30)
        self.failureResultOf(stuck, SecretsUnavailable)
        told = self.failureResultOf(self.turns.call(int), SecretsUnavailable)
        self.assertIn("has not answered for 30 s", str(told.value))
        self.thread.run()
        again = self.turns.call(int)
        self.thread.run()
        self.assertEqual(self.successResultOf(again), 0)

    def test_slow_in_queue(self) -> None:
        """A caller that waited 30 s for its turn is told, and its call is never made."""
        self.turns.call(self.made.append, "stuck").addErrback(lambda _: None)
        waiting = self.turns.call(self.made.append, "waiting")
        self.clock.advance(30)
        self.failureResultOf(waiting, SecretsUnavailable)
        self.thread.run()
        self.assertEqual(self.made, ["stuck"])

    def test_cancelled(self) -> None:
        """A caller that goes leaves the queue; a call that runs goes on to its end."""
        running = self.turns.call(self.made.append, "running")
        waiting = self.turns.call(self.made.append, "waiting")
        for call in (running, waiting):
            call.cancel()
            self.failureResultOf(call, CancelledError)
        self.thread.run()
        self.assertEqual(self.made, ["running"])

    def test_full(self) -> None:
        """The queue is bounded."""
        calls = [self.turns.call(self.made.append, "x") for _ in range(MOST_WAITING + 1)]
        refused = self.turns.call(self.made.append, "too many")
        self.failureResultOf(refused, SecretsUnavailable)
        self.thread.run()
        for call in calls:
            self.successResultOf(call)
        self.assertNotIn("too many", self.made)

    def test_at_once(self) -> None:
        """Calls that end at once follow one another."""
        turns = Turns(at_once, self.clock)
        self.assertEqual(self.successResultOf(turns.call(lambda: 1)), 1)
        self.assertEqual(self.successResultOf(turns.call(lambda: 2)), 2)
