"""Requests that we sent on one connection and that wait for their answers.

Ids are ``cb-1``, ``cb-2``, … by connection.  Each call ends in one of four ways: its answer
arrives, its deadline passes, the connection goes, or whoever made it cancels; in the second
and fourth the client is told.  Deadlines stand in the order of their making, one lane a
time-out value, and one timer looks after the earliest: a timer a call would cost more than
the call (``performance.md`` §5).
"""

from collections import deque
from collections.abc import Callable


from msgspec import Raw
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from car.errors import CarError
from car.ir.json import JsonValue, decode
from car.proto.messages import request_frame


class CallbackError(CarError):
    """The peer answered with an error; the message is its text."""


class CallbackTimeout(CarError):
    """No answer came in time; ``timeout`` is in seconds."""

    def __init__(self, timeout: float) -> None:
        super().__init__(f"no answer within {timeout:g} s")
        self.timeout = timeout


class ChannelClosed(CarError):
    """The connection has gone; the message says why."""


class PendingCall:
    """One call: where its answer goes, and what to tell the peer if it is given up.

    Ordered by ``deadline`` within its lane.  ``given_up(reason)`` is called once when the
    call had been sent and ends without an answer while the connection stands.
    """

    __slots__ = ("answer", "deadline", "frame", "given_up", "id", "timeout")

    def __init__(
        self, id: str, frame: bytes, timeout: float, given_up: Callable[[str], None]
    ) -> None:
        self.id = id
        self.frame: bytes | None = frame
        self.timeout = timeout
        self.deadline = 0.0
        self.given_up = given_up
        self.answer: Deferred[JsonValue] | None = None


class CallbackChannel:
    """The pending calls of one connection.

    *send* takes the id and the frame of a call.  At most *limit* are out at once; further
    ones wait for a place, and their deadline starts when they leave.
    """

    def __init__(
        self, send: Callable[[str, bytes], None], clock: IReactorTime, limit: int = 1024
    ) -> None:
        self._send = send
        self._clock = clock
        self._limit = limit
        self._count = 0
        self._pending: dict[str, PendingCall] = {}
        self._waiting: deque[PendingCall] = deque()
        self._lanes: dict[float, dict[str, PendingCall]] = {}
        self._timer: IDelayedCall | None = None
        self._timer_at = 0.0
        self._closed: str | None = None

    @property
    def pending_count(self) -> int:
        """How many calls have been sent and not answered."""
        return len(self._pending)

    @property
    def waiting_count(self) -> int:
        """How many calls wait for a place."""
        return len(self._waiting)

    def reserve(self) -> str:
        """Take the next id."""
        self._count += 1
        return f"cb-{self._count}"

    def call(
        self,
        id: str,
        method: str,
        params: bytes,
        timeout: float,
        given_up: Callable[[str], None],
    ) -> "Deferred[JsonValue]":
        """Send a request under a reserved *id*; *params* is raw JSON, *timeout* in seconds.

        Fires with the answer's result.  Fails with CallbackError (the peer's text),
        CallbackTimeout, ChannelClosed or CancelledError.
        """
        if self._closed is not None:
            failed: Deferred[JsonValue] = Deferred()
            failed.errback(Failure(ChannelClosed(self._closed)))
            return failed
        entry = PendingCall(id, request_frame(id, method, params), timeout, given_up)
        answer: Deferred[JsonValue] = Deferred(lambda _: self._cancelled(entry))
        entry.answer = answer
        if len(self._pending) >= self._limit:
            self._waiting.append(entry)
        else:
            self._leave(entry)
        return answer

    def _leave(self, entry: PendingCall) -> None:
        frame, entry.frame = entry.frame or b"", None
        self._pending[entry.id] = entry
        timeout = entry.timeout
        deadline = entry.deadline = self._clock.seconds() + timeout
        lane = self._lanes.get(timeout)
        if lane is None:
            lane = self._lanes[timeout] = {}
        lane[entry.id] = entry
        if self._timer is None or deadline < self._timer_at:
            self._watch(deadline)
        self._send(entry.id, frame)

    # ---- the four endings --------------------------------------------------------

    def answer_received(self, id: JsonValue, result: Raw) -> None:
        """The peer has answered; an unknown id is a late or foreign answer: dropped."""
        entry = self._take(id)
        if entry is not None and entry.answer is not None:
            entry.answer.callback(decode(bytes(result)))

    def error_received(self, id: JsonValue, text: str) -> None:
        """The peer has answered with an error."""
        entry = self._take(id)
        if entry is not None and entry.answer is not None:
            entry.answer.errback(Failure(CallbackError(text)))

    def fail(self, id: str, problem: CarError) -> None:
        """A call could not be sent after all."""
        entry = self._take(id)
        if entry is not None and entry.answer is not None:
            entry.answer.errback(Failure(problem))

    def connection_lost(self, reason: str) -> None:
        """Fail every call with *reason*, and every later one at once."""
        self._closed = reason
        entries = [*self._pending.values(), *self._waiting]
        self._pending.clear()
        self._waiting.clear()
        self._lanes.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for entry in entries:
            if entry.answer is not None:
                entry.answer.errback(Failure(ChannelClosed(reason)))

    def _cancelled(self, entry: PendingCall) -> None:
        if entry.frame is not None:
            self._waiting.remove(entry)
        elif self._take(entry.id) is not None:
            entry.given_up("cancelled")
        if entry.answer is not None:
            entry.answer.errback(Failure(CancelledError()))

    def _take(self, id: JsonValue) -> PendingCall | None:
        """Remove a pending call; a place has become free."""
        entry = self._pending.pop(id, None) if isinstance(id, str) else None
        if entry is None:
            return None
        lane = self._lanes[entry.timeout]
        del lane[entry.id]
        if not lane:
            del self._lanes[entry.timeout]
            if not self._lanes and self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if self._waiting and len(self._pending) < self._limit:
            self._leave(self._waiting.popleft())
        return entry

    # ---- deadlines -----------------------------------------------------------------

    def _watch(self, deadline: float) -> None:
        """Have the timer fire at *deadline*, which is the earliest."""
        delay = max(0.0, deadline - self._clock.seconds())
        if self._timer is None:
            self._timer = self._clock.callLater(delay, self._sweep)
        else:
            self._timer.reset(delay)
        self._timer_at = deadline

    def _sweep(self) -> None:
        """Fail the calls whose deadline has passed, then wait for the next."""
        self._timer = None
        now = self._clock.seconds()
        expired: list[PendingCall] = []
        for lane in list(self._lanes.values()):
            for entry in lane.values():
                if entry.deadline > now:
                    break
                expired.append(entry)
        for entry in expired:
            if self._take(entry.id) is None:
                continue
            entry.given_up("deadline")
            if entry.answer is not None:
                entry.answer.errback(Failure(CallbackTimeout(entry.timeout)))
        if self._lanes and self._timer is None:
            self._watch(min(next(iter(lane.values())).deadline for lane in self._lanes.values()))


