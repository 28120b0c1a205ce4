"""Requests that we sent on one connection and that wait for their answers.

Ids are ``cb-1``, ``cb-2``, … by connection.  Each request ends in one of four ways: its
answer arrives, its deadline passes, the connection goes, or whoever made it cancels; in the
second and fourth the client is told.  Deadlines stand in the order of their making, one lane
a time-out value, and one timer looks after the earliest: a timer a request would cost more
than the request (``performance.md`` §5).
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from msgspec import Raw
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from car.errors import CarError
from car.ir.json import JsonError, JsonValue, decode_checked
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


class ClientRequest:
    """One request to the client.  What its endings mean, its subclasses say.

    *id* was reserved from the channel, *timeout* is in seconds.  ``method`` is the wire name.
    """

    method = b""

    __slots__ = ("_answer", "channel", "deadline", "id", "sent", "timeout")

    def __init__(self, id: str, timeout: float) -> None:
        self.id = id
        self.timeout = timeout
        self.deadline = 0.0
        self.sent = False
        self.channel: CallbackChannel | None = None
        self._answer: Deferred[Any] | None = None

    def params(self) -> bytes:
        """The params of the request, as JSON."""
        return b"{}"

    def read(self, result: JsonValue) -> Any:
        """The outcome in the client's result; may raise CarError."""
        return result

    def problem(self, problem: CarError) -> CarError:
        """What the waiter is told for CallbackError, CallbackTimeout, ChannelClosed, or a
        JsonError of an answer that cannot be read."""
        return problem

    def given_up(self, reason: str) -> None:
        """It was sent and will not be waited for: the place to tell the client."""

    def begin(self, channel: "CallbackChannel") -> "Deferred[Any]":
        """The Deferred of the outcome; cancelling it cancels the request in *channel*."""
        self.channel = channel
        answer: Deferred[Any] = Deferred(self._cancelled)
        self._answer = answer
        return answer

    def fire(self, outcome: Any) -> None:
        """End with an outcome, or with a Failure; the second ending changes nothing."""
        # Letting go of the Deferred breaks the cycle with its canceller: what has ended
        # is freed at once and not left to the garbage collector.
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.callback(outcome)

    def _cancelled(self, answer: "Deferred[Any]") -> None:
        if self.channel is not None:
            self.channel.cancelled(self)


class CallbackChannel:
    """The pending requests of one connection.

    *send* takes the frame of a request and its id.  At most *limit* are out at once; further
    ones wait for a place, and their deadline starts when they leave.
    """

    def __init__(
        self, send: Callable[[bytes, str], None], clock: IReactorTime, limit: int = 1024
    ) -> None:
        self._send = send
        self._clock = clock
        self._limit = limit
        self._count = 0
        self._pending: dict[str, ClientRequest] = {}
        self._waiting: deque[ClientRequest] = deque()
        self._lanes: dict[float, dict[str, ClientRequest]] = {}
        self._timer: IDelayedCall | None = None
        self._timer_at = 0.0
        self._closed: str | None = None

    @property
    def pending_count(self) -> int:
        """How many requests have been sent and not answered."""
        return len(self._pending)

    @property
    def waiting_count(self) -> int:
        """How many requests wait for a place."""
        return len(self._waiting)

    def reserve(self) -> str:
        """Take the next id."""
        self._count += 1
        return f"cb-{self._count}"

    def call(self, request: ClientRequest) -> "Deferred[Any]":
        """Send *request*; fires with what it reads from the answer.

        Fails with what it makes of CallbackError (the peer's text), CallbackTimeout or
        ChannelClosed, or with CancelledError.
        """
        answer = request.begin(self)
        if self._closed is not None:
            self._fail(request, ChannelClosed(self._closed))
        elif len(self._pending) < self._limit:
            self._leave(request)
        else:
            self._waiting.append(request)
        return answer

    def _leave(self, request: ClientRequest) -> None:
        id = request.id
        timeout = request.timeout
        request.sent = True
        self._pending[id] = request
        deadline = request.deadline = self._clock.seconds() + timeout
        lane = self._lanes.get(timeout)
        if lane is None:
            lane = self._lanes[timeout] = {}
        lane[id] = request
        if self._timer is None or deadline < self._timer_at:
            self._watch(deadline)
        self._send(request_frame(id, request.method, request.params()), id)

    # ---- the four endings --------------------------------------------------------

    def answer_received(self, id: JsonValue, result: Raw) -> None:
        """The peer has answered; an unknown id is a late or foreign answer: dropped."""
        request = self._take(id)
        if request is None:
            return
        try:
            outcome = request.read(decode_checked(result))
        except JsonError as problem:
            outcome = Failure(request.problem(problem))
        except CarError:
            outcome = Failure()
        request.fire(outcome)

    def error_received(self, id: JsonValue, text: str) -> None:
        """The peer has answered with an error."""
        self._fail(self._take(id), CallbackError(text))

    def unsent(self, id: str, problem: CarError) -> None:
        """A request could not be sent after all."""
        request = self._take(id)
        if request is not None:
            request.fire(Failure(problem))

    def connection_lost(self, reason: str) -> None:
        """Fail every request with *reason*, and every later one at once."""
        self._closed = reason
        requests = [*self._pending.values(), *self._waiting]
        self._pending.clear()
        self._waiting.clear()
        self._lanes.clear()
        self._unwatch()
        for request in requests:
            self._fail(request, ChannelClosed(reason))

    def cancelled(self, request: ClientRequest) -> None:
        """Whoever made *request* does not want its answer any more."""
        if not request.sent:
            if request in self._waiting:  # not when the connection has just gone
                self._waiting.remove(request)
        elif self._take(request.id) is not None:
            request.given_up("cancelled")
        request.fire(Failure(CancelledError()))

    def _fail(self, request: ClientRequest | None, problem: CarError) -> None:
        if request is not None:
            request.fire(Failure(request.problem(problem)))

    def _take(self, id: JsonValue) -> ClientRequest | None:
        """Remove a pending request; a place has become free."""
        request = self._pending.pop(id, None) if type(id) is str else None
        if request is None:
            return None
        lane = self._lanes[request.timeout]
        del lane[request.id]
        if not lane:
            del self._lanes[request.timeout]
            if not self._lanes:
                self._unwatch()
        if self._waiting:
            self._leave(self._waiting.popleft())
        return request

    # ---- deadlines -----------------------------------------------------------------

    def _watch(self, deadline: float) -> None:
        """Have the timer fire at *deadline*, which is the earliest."""
        delay = max(0.0, deadline - self._clock.seconds())
        if self._timer is None:
            self._timer = self._clock.callLater(delay, self._sweep)
        else:
            self._timer.reset(delay)
        self._timer_at = deadline

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _sweep(self) -> None:
        """Fail the requests whose deadline has passed, then wait for the next."""
        self._timer = None
        now = self._clock.seconds()
        expired: list[ClientRequest] = []
        for lane in self._lanes.values():
            for request in lane.values():
                if request.deadline > now:
                    break
                expired.append(request)
        for request in expired:
            if self._take(request.id) is not None:
                request.given_up("deadline")
                self._fail(request, CallbackTimeout(request.timeout))
        if self._lanes:  # also when the timer runs: a call made meanwhile may have set it later
            self._watch(min(next(iter(lane.values())).deadline for lane in self._lanes.values()))
