"""Tests of car.voice.recognisers.sharing."""

from collections.abc import Callable

from twisted.internet.defer import Deferred

from car.voice.errors import EngineFailed, SourceFailed
from car.voice.recognisers.sharing import GUESS, TEXT, Holder, SharedWorker
from tests.voice.recognisers.doubles import FakeWorkerTestCase


class FakeHolder(Holder):
    """Has so much to do, and says when it was its turn."""

    def __init__(self, name: str, urgencies: list[int], turn: Callable[[str], object]) -> None:
        self.name = name
        self.urgencies = urgencies
        self.turn = turn
        self.working: Deferred[None] | None = None
        self.at_once = False

    def urgency(self) -> int | None:
        """That of its next call."""
        return self.urgencies[0] if self.urgencies else None

    def work(self) -> "Deferred[None]":
        """Make it."""
        del self.urgencies[0]
        self.turn(self.name)
        self.working = Deferred()
        working = self.working
        if self.at_once:
            working.callback(None)
        return working


class TurnTests(FakeWorkerTestCase):
    """SharedWorker.wake: whose turn it is."""

    def setUp(self) -> None:
        super().setUp()
        self.worker = SharedWorker(self.clock, "whisper", {"threads": 1})
        self.turns: list[str] = []

    def holder(self, name: str, *urgencies: int) -> FakeHolder:
        """One more that shares the worker."""
        holder = FakeHolder(name, list(urgencies), self.turns.append)
        self.worker.join(holder)
        return holder

    def finish(self, *holders: FakeHolder) -> None:
        """Those that work are done, again and again until nobody works."""
        while working := [one for one in holders if one.working and not one.working.called]:
            self.assertEqual(len(working), 1)
            assert working[0].working is not None
            working[0].working.callback(None)

    def test_in_turn(self) -> None:
        """One call at a time, each holder in its turn, however much one has to do."""
        busy = self.holder("a", *[TEXT] * 4)
        other = self.holder("b", *[TEXT] * 2)
        self.worker.wake()
        self.worker.wake()
        self.assertEqual(self.turns, ["a"])
        self.finish(busy, other)
        self.assertEqual("".join(self.turns), "ababaa")

    def test_urgency(self) -> None:
        """Texts come before guesses."""
        guessing, waiting = self.holder("g", GUESS, GUESS), self.holder("t", TEXT, TEXT, GUESS)
        self.worker.wake()
        self.finish(guessing, waiting)
        self.assertEqual("".join(self.turns), "ttgtg")

    def test_at_once(self) -> None:
        """Calls that are over at once, as those of a held-off worker, do not pile up."""
        holder = self.holder("a", *[TEXT] * 5_000)
        holder.at_once = True
        self.worker.wake()
        self.assertEqual(len(self.turns), 5_000)

    def test_leave(self) -> None:
        """Who has left gets no turn."""
        one, other = self.holder("a", TEXT, TEXT), self.holder("b", TEXT)
        self.worker.wake()
        self.worker.leave(other)
        self.worker.leave(other)
        self.finish(one, other)
        self.assertEqual("".join(self.turns), "aa")

    def test_defect(self) -> None:
        """A turn that fails is logged, and the next one comes."""
        one, other = self.holder("a", TEXT), self.holder("b", TEXT)
        self.worker.wake()
        assert one.working is not None
        one.working.errback(ValueError("defect"))
        self.assertEqual("".join(self.turns), "ab")
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.finish(other)

    def test_errors(self) -> None:
        """What the process could not do stays what it is; its end is a failure of the engine."""
        call = self.worker.call("decode", {})
        self.assertEqual(self.process.received[0]["open"], {"engine": "whisper", "threads": 1})
        self.process.say({"opened": True})
        problem = {"type": "SourceFailed", "message": "no audio"}
        self.process.say({"id": self.calls[-1]["id"], "error": problem})
        self.failureResultOf(call, SourceFailed)
        call = self.worker.call("decode", {})
        self.assertEqual(self.worker.pid, self.process.pid)
        self.process.end(signal=9)
        failure = self.failureResultOf(call, EngineFailed)
        self.assertEqual(failure.getErrorMessage(), "whisper worker exited (signal 9)")
        self.successResultOf(self.worker.stop())
        self.failureResultOf(self.worker.call("decode", {}), EngineFailed)
