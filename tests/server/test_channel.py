"""Tests of car.server.channel: requests of ours, and how each of them ends."""

from collections.abc import Callable
from typing import Any

from msgspec import Raw
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.errors import CarError
from car.ir.json import decode, encode
from car.server.channel import (
    CallbackChannel,
    CallbackError,
    CallbackTimeout,
    ChannelClosed,
    ClientRequest,
)


class Told(CarError):
    """What a waiter of ours is told."""


class NoteRequest(ClientRequest):
    """A request that notes that it was given up, and wraps its problems."""

    method = b"note"

    def __init__(self, id: str, timeout: float, notes: list[tuple[str, str]]) -> None:
        super().__init__(id, timeout)
        self.notes = notes

    def params(self) -> bytes:
        return b"[5]"

    def read(self, result: Any) -> Any:
        if result == "refused":
            raise Told("refused")
        return result

    def problem(self, problem: CarError) -> CarError:
        return Told(f"{type(problem).__name__}: {problem}")

    def given_up(self, reason: str) -> None:
        self.notes.append((self.id, reason))


class ChannelCase(SynchronousTestCase):
    """A channel, a clock, and what was sent."""

    limit = 1024

    def setUp(self) -> None:
        self.clock = Clock()
        self.sent: list[str] = []
        self.notes: list[tuple[str, str]] = []
        self.channel = CallbackChannel(self.send, self.clock, self.limit)

    def send(self, frame: bytes, id: str) -> None:
        request = {"jsonrpc": "2.0", "id": id, "method": "note", "params": [5]}
        self.assertEqual(decode(frame), request)
        self.sent.append(id)

    def call(self, timeout: float = 60) -> "Deferred[Any]":
        return self.channel.call(NoteRequest(self.channel.reserve(), timeout, self.notes))

    def answer(self, id: Any, result: Any = None) -> None:
        self.channel.answer_received(id, Raw(encode(result)))

    def problem_of(self, called: "Deferred[Any]") -> str:
        return str(self.failureResultOf(called, Told).value)

    def assertNothingLeft(self) -> None:
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual((self.channel.pending_count, self.channel.waiting_count), (0, 0))


class EndingTests(ChannelCase):
    """CallbackChannel.call: an answer, a deadline, a connection that goes, a cancel."""

    def test_ids(self) -> None:
        """Ids are cb-1, cb-2, … and what was reserved is what is sent."""
        self.assertEqual([self.channel.reserve() for _ in range(3)], ["cb-1", "cb-2", "cb-3"])
        self.call()
        self.assertEqual(self.sent, ["cb-4"])

    def test_answered(self) -> None:
        """An answer fires with its result; nothing stays on the clock."""
        called = self.call()
        self.assertEqual(self.channel.pending_count, 1)
        self.assertNoResult(called)
        self.answer("cb-1", {"hits": [1, 2.5, None]})
        self.assertEqual(self.successResultOf(called), {"hits": [1, 2.5, None]})
        self.assertEqual(self.notes, [])
        self.assertNothingLeft()

    def test_error(self) -> None:
        """An error fails the request with the peer's text."""
        called = self.call()
        self.channel.error_received("cb-1", "no such file")
        self.assertEqual(self.problem_of(called), "CallbackError: no such file")
        self.assertNothingLeft()

    def test_refused_result(self) -> None:
        """A result that says no fails with what the request read."""
        called = self.call()
        self.answer("cb-1", "refused")
        self.assertEqual(self.problem_of(called), "refused")
        self.assertNothingLeft()

    def test_unreadable_result(self) -> None:
        """A result with a number out of range is a failure of the peer's, told as one."""
        called = self.call()
        self.channel.answer_received("cb-1", Raw(b"[1e400]"))
        self.assertIn("out of range", self.problem_of(called))
        self.assertNothingLeft()

    def test_deadline(self) -> None:
        """Without an answer it fails at its deadline and not before; the peer is told."""
        called = self.call(60)
        self.clock.advance(59.9)
        self.assertNoResult(called)
        self.clock.advance(0.1)
        self.assertEqual(self.problem_of(called), "CallbackTimeout: no answer within 60 s")
        self.assertEqual(self.notes, [("cb-1", "deadline")])
        self.assertNothingLeft()

    def test_connection_lost(self) -> None:
        """Every request fails with the reason, those that wait included; later ones at once."""
        calls = [self.call(timeout) for timeout in (1, 60, 60)]
        self.channel.connection_lost("the peer reset it")
        for called in [*calls, self.call()]:
            self.assertEqual(self.problem_of(called), "ChannelClosed: the peer reset it")
        self.assertEqual(self.notes, [])
        self.assertEqual(self.sent, ["cb-1", "cb-2", "cb-3"])
        self.assertNothingLeft()

    def test_cancelled(self) -> None:
        """Cancelling forgets the request and tells the peer once."""
        called = self.call()
        called.cancel()
        self.failureResultOf(called, CancelledError)
        self.assertEqual(self.notes, [("cb-1", "cancelled")])
        called.cancel()
        self.assertEqual(len(self.notes), 1)
        self.assertNothingLeft()

    def test_unsent(self) -> None:
        """A request that could not leave fails with the problem; an unknown one does not mind."""
        called = self.call()
        self.channel.unsent("cb-1", Told("the journal is full"))
        self.assertEqual(self.problem_of(called), "the journal is full")
        self.channel.unsent("cb-1", Told("again"))
        self.assertNothingLeft()

    def test_late_and_odd_answers(self) -> None:
        """Late, double, foreign and odd answers change nothing."""
        late = self.call(1)
        self.clock.advance(1)
        self.failureResultOf(late, Told)
        done = self.call()
        self.answer("cb-2", 1)
        self.assertEqual(self.successResultOf(done), 1)
        waiting = self.call()
        for id in ("cb-1", "cb-2", "cb-9", "", "CB-3", 3, 3.0, None, True, [1], {"cb-3": 1}):
            self.answer(id, 2)
            self.channel.error_received(id, "boom")
        self.assertNoResult(waiting)
        self.answer("cb-3", 3)
        self.assertEqual(self.successResultOf(waiting), 3)
        self.assertNothingLeft()

    def test_shuffled(self) -> None:
        """Answers may come in any order; each finds its own request."""
        calls = {f"cb-{n}": self.call() for n in range(1, 51)}
        for n in range(1, 51):
            id = f"cb-{n * 37 % 51}"
            self.answer(id, id)
            self.assertEqual(self.successResultOf(calls[id]), id)
        self.assertNothingLeft()


class DeadlineTests(ChannelCase):
    """The lanes of time-outs and their one timer."""

    def test_one_timer(self) -> None:
        """However many requests wait, there is one timer, for the earliest deadline."""
        for timeout in (60, 5, 60, 30):
            self.call(timeout)
        (timer,) = self.clock.getDelayedCalls()
        self.assertEqual(timer.getTime(), 5)

    def test_two_lanes(self) -> None:
        """Each request fails at its own deadline, whatever order they were made in."""
        slow, quick = self.call(10), self.call(2)
        self.clock.advance(1)
        middle = self.call(2)
        self.clock.advance(1)
        self.failureResultOf(quick, Told)
        self.clock.advance(1)
        self.failureResultOf(middle, Told)
        self.clock.advance(6.9)
        self.assertNoResult(slow)
        self.clock.advance(0.1)
        self.failureResultOf(slow, Told)
        self.assertNothingLeft()

    def test_earliest_answered(self) -> None:
        """The timer fires in vain for an answered request, and goes on to the next."""
        quick, slow = self.call(2), self.call(10)
        self.answer("cb-1")
        self.successResultOf(quick)
        self.clock.advance(2)
        self.assertNoResult(slow)
        self.clock.advance(8)
        self.failureResultOf(slow, Told)
        self.assertNothingLeft()

    def test_new_call_from_a_deadline(self) -> None:
        """A call made while deadlines are swept does not put off those still to come."""
        quick, slow = self.call(1), self.call(10)
        again: list[Deferred[Any]] = []
        quick.addErrback(lambda _: again.append(self.call(60)))
        self.clock.advance(1)
        self.clock.advance(9)
        self.failureResultOf(slow, Told)
        self.clock.advance(51)
        self.failureResultOf(again[0], Told)
        self.assertNothingLeft()

    def test_all_at_once(self) -> None:
        """Requests with one deadline fail together."""
        calls = [self.call(3) for _ in range(10)]
        self.clock.advance(3)
        for called in calls:
            self.failureResultOf(called, Told)
        self.assertEqual(len(self.notes), 10)
        self.assertNothingLeft()


class LimitTests(ChannelCase):
    """More requests than may be out at once."""

    limit = 2

    def test_places(self) -> None:
        """Further requests wait for a place, and leave in order."""
        calls = [self.call() for _ in range(4)]
        self.assertEqual(self.sent, ["cb-1", "cb-2"])
        self.assertEqual((self.channel.pending_count, self.channel.waiting_count), (2, 2))
        self.answer("cb-2", "b")
        self.assertEqual(self.sent, ["cb-1", "cb-2", "cb-3"])
        self.channel.error_received("cb-1", "no")
        self.assertEqual(self.sent, ["cb-1", "cb-2", "cb-3", "cb-4"])
        self.assertEqual(self.successResultOf(calls[1]), "b")
        self.failureResultOf(calls[0], Told)
        for id in ("cb-3", "cb-4"):
            self.answer(id, id)
        self.assertEqual([self.successResultOf(c) for c in calls[2:]], ["cb-3", "cb-4"])
        self.assertNothingLeft()

    def test_deadline_starts_at_leaving(self) -> None:
        """The time spent waiting for a place does not count."""
        calls = [self.call(10) for _ in range(3)]
        self.clock.advance(9)
        self.answer("cb-1")
        self.clock.advance(1)
        self.failureResultOf(calls[1], Told)
        self.clock.advance(8)
        self.assertNoResult(calls[2])
        self.clock.advance(1)
        self.failureResultOf(calls[2], Told)
        self.assertNothingLeft()

    def test_place_from_a_deadline(self) -> None:
        """A request that leaves because another's time is up does not put off a third's end."""
        quick, slow = self.call(1), self.call(10)
        waiting = self.call(60)
        self.clock.advance(1)
        self.failureResultOf(quick, Told)
        self.assertEqual(self.sent, ["cb-1", "cb-2", "cb-3"])
        self.clock.advance(9)
        self.failureResultOf(slow, Told)
        self.answer("cb-3")
        self.successResultOf(waiting)
        self.assertNothingLeft()

    def test_cancelled_before_leaving(self) -> None:
        """A request that waited is forgotten, and the peer hears nothing of it."""
        calls = [self.call() for _ in range(3)]
        calls[2].cancel()
        self.failureResultOf(calls[2], CancelledError)
        self.assertEqual((self.channel.waiting_count, self.notes), (0, []))
        self.answer("cb-1")
        self.assertEqual(self.sent, ["cb-1", "cb-2"])

    def test_lost_while_waiting(self) -> None:
        """Requests that never left fail like the others."""
        calls = [self.call() for _ in range(5)]
        self.channel.connection_lost("gone")
        for called in calls:
            self.assertEqual(self.problem_of(called), "ChannelClosed: gone")
        self.assertNothingLeft()


class ReentrancyTests(ChannelCase):
    """Callbacks that call back in."""

    limit = 3

    def then(self, called: "Deferred[Any]", act: Callable[[], object]) -> None:
        """Do *act* when *called* ends, however it does."""

        def ended(_: Any) -> None:
            act()

        called.addBoth(ended)

    def test_call_from_an_answer(self) -> None:
        """A callback may make the next call."""
        again: list[Deferred[Any]] = []
        self.then(self.call(), lambda: again.append(self.call()))
        self.answer("cb-1")
        self.assertEqual(self.sent, ["cb-1", "cb-2"])
        self.answer("cb-2", 5)
        self.assertEqual(self.successResultOf(again[0]), 5)
        self.assertNothingLeft()

    def test_close_from_an_answer(self) -> None:
        """A callback may be told that the connection goes."""
        first, second = self.call(), self.call()
        self.then(first, lambda: self.channel.connection_lost("gone"))
        self.answer("cb-1")
        self.failureResultOf(second, Told)
        self.assertNothingLeft()

    def test_close_from_a_deadline(self) -> None:
        """Also one that runs because of a deadline."""
        first, second = self.call(1), self.call(1)
        self.then(first, lambda: self.channel.connection_lost("gone"))
        self.clock.advance(1)
        self.failureResultOf(second, Told)
        self.assertNothingLeft()

    def test_call_from_the_end(self) -> None:
        """A call made while the connection goes fails at once."""
        again: list[Deferred[Any]] = []
        self.then(self.call(), lambda: again.append(self.call()))
        self.channel.connection_lost("gone")
        self.assertEqual(self.problem_of(again[0]), "ChannelClosed: gone")
        self.assertNothingLeft()

    def test_cancel_from_a_deadline(self) -> None:
        """A callback may cancel another request of the same deadline."""
        first, second = self.call(1), self.call(1)
        self.then(first, second.cancel)
        self.clock.advance(1)
        self.failureResultOf(second, CancelledError)
        self.assertEqual(self.notes, [("cb-1", "deadline"), ("cb-2", "cancelled")])
        self.assertNothingLeft()

    def test_cancel_from_the_end(self) -> None:
        """A callback may cancel another request that is about to fail, sent or not."""
        calls = [self.call() for _ in range(4)]
        self.then(calls[0], calls[1].cancel)
        self.then(calls[2], calls[3].cancel)
        self.channel.connection_lost("gone")
        for called in (calls[1], calls[3]):
            self.failureResultOf(called, CancelledError, Told)
        self.assertNothingLeft()


class DefaultRequestTests(ChannelCase):
    """ClientRequest: what a subclass need not say."""

    def test_defaults(self) -> None:
        """Results and problems pass as they are; nobody is told of what is given up."""
        request = ClientRequest("cb-1", 5)
        self.assertEqual(request.read([1]), [1])
        for problem in (CallbackError("x"), CallbackTimeout(5), ChannelClosed("x")):
            self.assertIs(request.problem(problem), problem)
        request.given_up("deadline")
        self.assertEqual(request.params(), b"{}")

    def test_timeout_text(self) -> None:
        """A deadline tells how long was waited."""
        self.assertEqual(str(CallbackTimeout(0.5)), "no answer within 0.5 s")
