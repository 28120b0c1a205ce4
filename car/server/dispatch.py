"""From a message to its handler and from the handler's result to a frame.

Requests run concurrently and are answered as they end.  A session that has too many under
way, or whose client does not read, has its further requests held here; answers to our own
calls are taken at once whatever is held, as they are what frees the places (decision 18).
"""

from collections import deque
from collections.abc import Mapping
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import UNSET
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from car.ir.json import encode
from car.proto.messages import Answer, ProtocolError, Request, parse, result_frame
from car.server.errors import (
    Busy,
    Cancelled,
    DeadlineExceeded,
    Forbidden,
    MethodNotFound,
    error_answer,
)
from car.server.registry import Method

if TYPE_CHECKING:
    from car.server.session import ClientSession

_log = Logger()


class Within(NamedTuple):
    """What a handler returns that has a deadline of its own, in seconds."""

    result: "Deferred[Any]"
    seconds: float


class HeldRequest(NamedTuple):
    """A request that waits for its turn, and the size of its frame in octets."""

    request: Request
    size: int


class Dispatcher:
    """The requests of one session: those under way and those held."""

    __slots__ = (
        "_alone",
        "_closed",
        "_held",
        "_held_bytes",
        "_in_flight",
        "_limits",
        "_methods",
        "_places",
        "_session",
        "_taking_up",
        "stalled",
    )

    def __init__(self, session: "ClientSession", methods: Mapping[str, Method]) -> None:
        self._session = session
        self._methods = methods
        self._limits = session.state.config.limits
        self._places = self._limits.concurrent_requests
        self._in_flight: set[Deferred[Any]] = set()
        self._held: deque[HeldRequest] = deque()
        self._held_bytes = 0
        self._taking_up = self._closed = False
        self._alone: Deferred[Any] | None = None
        self.stalled = False

    @property
    def in_flight(self) -> int:
        """How many requests are being worked on."""
        return len(self._in_flight)

    # ---- in ----------------------------------------------------------------------

    def payload_received(self, payload: bytes) -> None:
        """Take one frame's text: answer it, run it, hold it, or pass an answer on."""
        try:
            message = parse(payload)
        except ProtocolError as problem:
            self._session.reply_error(problem.id, problem.code, str(problem))
            return
        if isinstance(message, Answer):
            self._answer_received(message)
        elif self._held or not self._has_place:
            self._hold(message, len(payload))
        else:
            self._run(message)

    def _answer_received(self, answer: Answer) -> None:
        """An answer to a request of ours; one with an error fails it."""
        session = self._session
        if not session.authenticated:
            session.refuse_unauthenticated(None, "an answer")
        elif answer.error is not None:
            session.channel.error_received(answer.id, answer.error.text)
        elif answer.result is not UNSET:
            session.channel.answer_received(answer.id, answer.result)
        else:
            session.channel.error_received(
                answer.id, "the client answered with neither result nor error"
            )

    def _hold(self, request: Request, size: int) -> None:
        limits = self._limits
        if len(self._held) < limits.held_requests and self._held_bytes + size <= limits.held_bytes:
            self._held.append(HeldRequest(request, size))
            self._held_bytes += size
        else:
            full = Busy("too many requests are waiting on this connection")
            self._failed(Failure(full), request)

    @property
    def _has_place(self) -> bool:
        """Whether a request may run now: what decides who and where a session is runs alone."""
        return not self.stalled and self._alone is None and len(self._in_flight) < self._places

    def take_up(self) -> None:
        """Run held requests while there are places and the client reads."""
        if self._taking_up:
            return  # one that ended at once: the loop below goes on with the next
        self._taking_up = True
        try:
            while self._held and self._has_place:
                held = self._held.popleft()
                self._held_bytes -= held.size
                self._run(held.request)
        finally:
            self._taking_up = False

    # ---- the handler -----------------------------------------------------------------

    def _run(self, request: Request) -> None:
        """Find and call the handler; answer now if it has its result now."""
        session = self._session
        name = request.method
        entry = self._methods.get(name)
        try:
            if not session.authenticated and not (entry is not None and entry.open):
                session.refuse_unauthenticated(request.id, name)
                return
            if entry is None:
                raise self._unknown(name)
            if session.state.draining:
                raise Busy("the daemon is stopping")
            if entry.host_only and not session.has_host_rights:
                raise Forbidden(f"{name} is for the host; authenticate with the host token")
            result = entry.call(session, request.params, request.id)
            kind = type(result)
            if kind is Within or kind is Deferred or iscoroutine(result):
                self._wait(request, result, alone=entry.open)
            else:
                self._done(result, request)
        except Exception:
            self._failed(Failure(), request)

    def _unknown(self, name: str) -> MethodNotFound:
        return MethodNotFound(name if len(name) <= 200 else name[:200] + "…")

    def _wait(self, request: Request, result: Any, alone: bool) -> None:
        """Answer once a handler that waits is done, or its deadline has passed.

        Requests that come meanwhile are held if it is to run *alone*.
        """
        deadline = self._limits.handler_timeout
        if type(result) is Within:
            result, deadline = result
        waiting: Deferred[Any] = (
            result if isinstance(result, Deferred) else Deferred.fromCoroutine(result)
        )
        at_once = waiting.called and not waiting.paused
        if not at_once:
            self._alone = waiting if alone else self._alone
            self._in_flight.add(waiting)
            expiry = _Expiry(waiting, request.method, deadline)
            timer = self._session.state.clock.callLater(deadline, expiry.expire)
            waiting.addBoth(self._over, waiting, timer, expiry)
        waiting.addCallbacks(self._done, self._failed, (request,), {}, (request,), {})
        waiting.addErrback(self._failed, request)
        if not at_once:
            waiting.addBoth(self._place_freed)

    def _over(
        self, result: Any, waiting: "Deferred[Any]", timer: IDelayedCall, expiry: "_Expiry"
    ) -> Any:
        """The handler has ended: free its place; a deadline that passed is its result."""
        self._in_flight.discard(waiting)
        if self._alone is waiting:
            self._alone = None
        if timer.active():
            timer.cancel()
        return Failure(expiry.problem) if expiry.problem is not None else result

    def _place_freed(self, _: None) -> None:
        if self._held:
            self.take_up()

    def _done(self, result: Any, request: Request) -> None:
        """Answer a request; a notification is never answered."""
        id = request.id
        if id is not None:
            self._session.reply(id, result_frame(id, encode(result)))

    def _failed(self, failure: Failure, request: Request) -> None:
        """Answer a failure; that of a notification is logged and dropped."""
        if self._closed:
            return  # the connection has gone: nobody is there to be told
        if failure.check(CancelledError):
            failure = Failure(Cancelled(f"{request.method} was cancelled"))
        id = request.id
        if id is not None:
            self._session.reply(id, error_answer(id, failure, request.method))
        else:
            _log.info(
                "notification {method} failed: {problem}",
                method=request.method,
                problem=failure.getErrorMessage(),
            )

    # ---- out ---------------------------------------------------------------------------

    def close(self) -> None:
        """Cancel what is under way, forget what is held."""
        self._closed = True
        self._held.clear()
        self._held_bytes = 0
        for waiting in list(self._in_flight):
            waiting.cancel()
        self._in_flight.clear()


class _Expiry:
    """Ends a handler at its deadline; ``problem`` is set once it has passed."""

    __slots__ = ("_deadline", "_name", "_waiting", "problem")

    def __init__(self, waiting: "Deferred[Any]", name: str, deadline: float) -> None:
        self._waiting = waiting
        self._name = name
        self._deadline = deadline
        self.problem: DeadlineExceeded | None = None

    def expire(self) -> None:
        self.problem = DeadlineExceeded(
            f"handler '{self._name}' exceeded its {self._deadline:.0f}s response deadline; "
            "its outcome is open: read the state before trying again"
        )
        self._waiting.cancel()
