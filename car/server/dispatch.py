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
from car.proto.messages import (
    Message,
    ProtocolError,
    answered_id,
    parse,
    raw_id,
    read_error,
    result_frame,
)
from car.server.errors import (
    Busy,
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

    message: Message
    size: int


class Dispatcher:
    """The requests of one session: those under way and those held."""

    __slots__ = (
        "_held",
        "_held_bytes",
        "_in_flight",
        "_limits",
        "_methods",
        "_session",
        "stalled",
    )

    def __init__(self, session: "ClientSession", methods: Mapping[str, Method]) -> None:
        self._session = session
        self._methods = methods
        self._limits = session.state.config.limits
        self._in_flight: set[Deferred[Any]] = set()
        self._held: deque[HeldRequest] = deque()
        self._held_bytes = 0
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
        if message.method is UNSET:
            self._answer_received(message)
        elif self.stalled or self._held or len(self._in_flight) >= (
            self._limits.concurrent_requests
        ):
            self._hold(message, len(payload))
        else:
            self._run(message)

    def _answer_received(self, message: Message) -> None:
        """An answer to a call of ours; one with an error fails the call."""
        session = self._session
        if not session.authenticated:
            session.refuse_unauthenticated(raw_id(message), "an answer")
            return
        id = answered_id(message)
        if message.error is not UNSET and bytes(message.error) != b"null":
            session.channel.error_received(id, read_error(message.error).text)
        elif message.result is not UNSET:
            session.channel.answer_received(id, message.result)
        else:
            session.channel.error_received(id, "the client answered with neither result nor error")

    def _hold(self, message: Message, size: int) -> None:
        limits = self._limits
        if (
            len(self._held) >= limits.held_requests
            or self._held_bytes + size > limits.held_bytes
        ):
            if message.id is not UNSET:
                problem = Failure(Busy("too many requests are waiting on this connection"))
                self._session.reply(
                    raw_id(message), error_answer(raw_id(message), problem, str(message.method))
                )
            return
        self._held.append(HeldRequest(message, size))
        self._held_bytes += size

    def take_up(self) -> None:
        """Run held requests while there are places and the client reads."""
        places = self._limits.concurrent_requests
        while self._held and not self.stalled and len(self._in_flight) < places:
            held = self._held.popleft()
            self._held_bytes -= held.size
            self._run(held.message)

    # ---- the handler -----------------------------------------------------------------

    def _run(self, message: Message) -> None:
        """Find and call the handler; answer now if it has its result now."""
        session = self._session
        name: str = message.method
        entry = self._methods.get(name)
        try:
            if not session.authenticated and not (entry is not None and entry.open):
                session.refuse_unauthenticated(raw_id(message), name)
                return
            if entry is None:
                raise self._unknown(name)
            if session.state.draining:
                raise Busy("the daemon is stopping")
            if entry.host_only and not session.has_host_rights:
                raise Forbidden(f"{name} is for the host; authenticate with the host token")
            result = entry.handler(session, entry.read(message.params))
            kind = type(result)
            if kind is Within or kind is Deferred or iscoroutine(result):
                self._wait(message, entry.name, result)
                return
            frame = None if message.id is UNSET else self._result(message, result)
        except Exception:
            self._failed(Failure(), message)
            return
        if frame is not None:
            session.reply(bytes(message.id), frame)

    def _unknown(self, name: str) -> MethodNotFound:
        return MethodNotFound(name if len(name) <= 200 else name[:200] + "…")

    def _result(self, message: Message, result: Any) -> bytes:
        return result_frame(bytes(message.id), encode(result))

    def _wait(self, message: Message, name: str, result: Any) -> None:
        """Answer once a handler that waits is done, or its deadline has passed."""
        deadline = self._limits.handler_timeout
        if type(result) is Within:
            result, deadline = result
        waiting: Deferred[Any] = (
            result if isinstance(result, Deferred) else Deferred.fromCoroutine(result)
        )
        self._in_flight.add(waiting)
        expiry = _Expiry(waiting, name, deadline)
        timer = self._session.state.clock.callLater(deadline, expiry.expire)
        waiting.addBoth(self._over, waiting, timer, expiry)
        waiting.addCallbacks(self._done, self._failed, (message,), {}, (message,), {})
        waiting.addErrback(self._failed, message)
        waiting.addBoth(self._place_freed)

    def _over(
        self, result: Any, waiting: "Deferred[Any]", timer: IDelayedCall, expiry: "_Expiry"
    ) -> Any:
        """The handler has ended: free its place; a deadline that passed is its result."""
        self._in_flight.discard(waiting)
        if timer.active():
            timer.cancel()
        return Failure(expiry.problem) if expiry.problem is not None else result

    def _place_freed(self, _: None) -> None:
        if self._held:
            self.take_up()

    def _done(self, result: Any, message: Message) -> None:
        if message.id is not UNSET:
            self._session.reply(bytes(message.id), self._result(message, result))

    def _failed(self, failure: Failure, message: Message) -> None:
        """Answer a failure; that of a notification is logged and dropped."""
        if failure.check(CancelledError):
            return  # the connection has gone: nobody is there to be told
        if message.id is UNSET:
            _log.info(
                "notification {method} failed: {problem}",
                method=message.method,
                problem=failure.getErrorMessage(),
            )
            return
        id = bytes(message.id)
        self._session.reply(id, error_answer(id, failure, str(message.method)))

    # ---- out ---------------------------------------------------------------------------

    def close(self) -> None:
        """Cancel what is under way, forget what is held."""
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

