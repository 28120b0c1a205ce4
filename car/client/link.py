"""One connection to the daemon: calls that wait, requests of the daemon that run.

JSON-RPC over one WebSocket.  What a request of the daemon does, and what happens after the
connection has gone, is the client's affair.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from msgspec import Raw, Struct
from twisted.internet.defer import Deferred, fail, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from car.client.errors import (
    DeadlineExceeded,
    Disconnected,
    RpcError,
    ToolFailed,
    TooManyCalls,
    Unhandled,
)
from car.client.values import plain
from car.errors import CarError
from car.ir.json import JsonValue, decode, encode
from car.proto.codes import CLIENT_ERROR, INTERNAL_ERROR, METHOD_NOT_FOUND
from car.proto.messages import (
    Answer,
    ProtocolError,
    Request,
    error_frame,
    parse,
    result_frame,
)
from car.wsclient.connection import WebSocketConnection
from car.wsclient.errors import ConnectionClosed, MessageTooLong

_log = Logger()

MAX_CALLS = 1024
"""Calls that may wait for their answers at once."""

MAX_RUNNING = 64
"""Requests of the daemon that run at once; more wait for a place."""

MAX_WAITING = 1024
"""Requests of the daemon that may wait: as many callbacks as a daemon has out by default."""


class LinkUser(Struct, frozen=True):
    """What a link reports to.

    ``requested(method, params)`` answers a request of the daemon: a value, a Deferred or a
    coroutine; ``notified(method, params)`` hears a notification; ``lost(link, reason)``
    comes once, after every call has failed.
    """

    requested: Callable[[str, JsonValue], Any]
    notified: Callable[[str, JsonValue], None]
    lost: Callable[["Link", str], None]


class Link:
    """The calls and requests of one open connection."""

    def __init__(
        self, connection: WebSocketConnection, clock: IReactorTime, user: LinkUser
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._user = user
        self._count = 0
        self._closed: str | None = None
        self._calls: dict[int, Deferred[bytes]] = {}
        self._running: dict[bytes, Deferred[Any]] = {}
        self._waiting: deque[tuple[bytes, str, JsonValue]] = deque()
        connection.on_text = self._received
        connection.on_close = self._lost

    # ---- our calls -----------------------------------------------------------------

    def call(
        self, method: str, params: Any = None, timeout: float | None = None
    ) -> "Deferred[bytes]":
        """Send a request; fires with its result as raw JSON.

        *params* are a JSON value or records; *timeout* is in seconds, None waits as long as
        the connection stands.  Fails with RpcError, DeadlineExceeded, Disconnected,
        TooManyCalls, MessageTooLong or JsonError.  Cancelling forgets the request: a late
        answer is dropped.
        """
        if self._closed is not None:
            return fail(Disconnected(self._closed))
        if len(self._calls) >= MAX_CALLS:
            return fail(TooManyCalls(f"{MAX_CALLS} calls wait for answers: {method} was not sent"))
        self._count += 1
        id = self._count
        try:
            self._send_request(method, params, id=id)
        except (CarError, TypeError) as problem:
            return fail(problem)
        answer: Deferred[bytes] = Deferred(lambda _: self._forget(id))
        self._calls[id] = answer
        if timeout is not None:
            answer.addTimeout(timeout, self._clock, lambda _, after: _late(method, after))
        return answer

    def _forget(self, id: int) -> None:
        self._calls.pop(id, None)

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification; raises Disconnected, MessageTooLong or JsonError."""
        if self._closed is not None:
            raise Disconnected(self._closed)
        self._send_request(method, params)

    def _send_request(self, method: str, params: Any, **id: int) -> None:
        message = {"jsonrpc": "2.0", **id, "method": method}
        message["params"] = {} if params is None else plain(params)
        try:
            self._connection.send_text(encode(message))
        except ConnectionClosed as problem:
            raise Disconnected(str(problem)) from None

    def close(self) -> None:
        """Close the connection in order; ``lost`` follows."""
        self._connection.close()

    def abort(self) -> None:
        """Drop the connection; ``lost`` follows."""
        self._connection.abort()

    def _lost(self, code: int, reason: str) -> None:
        self._closed = f"the connection is closed ({code}{f': {reason}' if reason else ''})"
        calls, self._calls = self._calls, {}
        running, self._running = self._running, {}
        self._waiting.clear()
        for answer in calls.values():
            answer.errback(Failure(Disconnected(self._closed)))
        for request in running.values():
            request.cancel()
        self._user.lost(self, self._closed)

    # ---- what comes in ---------------------------------------------------------------

    def _received(self, payload: bytes) -> None:
        try:
            message = parse(payload)
        except ProtocolError as problem:
            _log.warn("a message of the daemon is dropped: {problem}", problem=str(problem))
            return
        if isinstance(message, Answer):
            self._answered(message)
        elif message.id is None:
            self._user.notified(message.method, _params(message))
        else:
            self._request(message.id, message.method, _params(message))

    def _answered(self, message: Answer) -> None:
        """The answer to a call of ours; an unknown id is a late one: dropped."""
        answer = self._calls.pop(message.id, None) if isinstance(message.id, int) else None
        if answer is None:
            return
        error, result = message.error, message.result
        if error is not None:
            code = error.code if type(error.code) is int else INTERNAL_ERROR
            answer.errback(Failure(RpcError(code, error.text, error.data)))
        else:
            answer.callback(bytes(result) if isinstance(result, Raw) else b"null")

    # ---- requests of the daemon ------------------------------------------------------

    def _request(self, id: bytes, method: str, params: JsonValue) -> None:
        if len(self._running) < MAX_RUNNING:
            self._run(id, method, params)
        elif len(self._waiting) < MAX_WAITING:
            self._waiting.append((id, method, params))
        else:
            text = f"busy: {MAX_RUNNING} requests run here and {MAX_WAITING} wait"
            self._answer(error_frame(id, CLIENT_ERROR, text))

    def _run(self, id: bytes, method: str, params: JsonValue) -> None:
        done: Deferred[Any] = maybeDeferred(self._user.requested, method, params)
        self._running[id] = done
        done.addCallback(lambda value: result_frame(id, encode(plain(value))))
        done.addErrback(lambda failure: _error(id, method, failure))
        done.addCallback(lambda frame: self._ran(id, done, frame))

    def _ran(self, id: bytes, done: "Deferred[Any]", frame: bytes) -> None:
        if self._running.get(id) is not done:
            return  # given up: nobody waits for the answer
        del self._running[id]
        try:
            self._answer(frame)
        except MessageTooLong as problem:
            self._answer(error_frame(id, CLIENT_ERROR, str(problem)))
        self._take_up()

    def _take_up(self) -> None:
        while self._waiting and len(self._running) < MAX_RUNNING:
            self._run(*self._waiting.popleft())

    def _answer(self, frame: bytes) -> None:
        if self._connection.is_open:
            self._connection.send_text(frame)

    def cancel(self, request_id: str) -> None:
        """The daemon has given up its request *request_id*; an unknown one is over already."""
        id = encode(request_id)
        request = self._running.pop(id, None)
        if request is not None:
            request.cancel()
            self._take_up()
        else:
            self._waiting = deque(entry for entry in self._waiting if entry[0] != id)


def _params(message: Request) -> JsonValue:
    return decode(bytes(message.params)) if isinstance(message.params, Raw) else None


def _late(method: str, timeout: float) -> bytes:
    raise DeadlineExceeded(method, timeout)


def _error(id: bytes, method: str, failure: Failure) -> bytes:
    """The answer to a request that failed: the text of what was raised."""
    problem = failure.value
    if isinstance(problem, Unhandled):
        return error_frame(id, METHOD_NOT_FOUND, str(problem))
    if isinstance(problem, ToolFailed):
        return error_frame(id, CLIENT_ERROR, str(problem), problem.data)
    if isinstance(problem, CarError):
        return error_frame(id, CLIENT_ERROR, str(problem))
    _log.info("{method} raised: {failure}", method=method, failure=failure.getBriefTraceback())
    return error_frame(id, CLIENT_ERROR, f"{type(problem).__name__}: {problem}")
