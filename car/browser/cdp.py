"""The DevTools protocol, sans-IO: calls out, answers and events in, JSON text both ways.

What carries the text is for ``pipe`` and ``port``; what the calls mean is for those who make
them.  Sessions are flattened: one connection carries those of all targets, each message with
its ``sessionId``.
"""

import re
from collections.abc import Callable

import msgspec
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from car.browser.errors import AnswerTooLong, BrowserExited, CdpError, CdpTimeout
from car.ir.json import JsonObject, encode

_log = Logger()

CALL_SECONDS = 30.0
"""How long a call may take unless told otherwise: the deadline of an operation."""

MESSAGE_BYTES = 64 * 1024 * 1024
"""The longest answer of the browser that is taken: a large screenshot has some 20 MiB."""

EVENT_BYTES = 8 * 1024 * 1024
"""The longest event that is taken: four URLs of the longest kind; some 5 ms of the reactor's."""

Handler = Callable[[str, JsonObject], object]
"""What hears the events of one session: their method and params."""

LONG_BYTES = 256 * 1024
"""From here on a message's length is looked at before it is decoded."""

_ANSWER_HEAD = re.compile(rb'\s*\{\s*"id"\s*:\s*(\d+)\s*,')

_DIALOG_HEAD = re.compile(rb'\s*\{\s*"method"\s*:\s*"(Page\.javascriptDialogOpening)"')
"""The one event that must be answered, whatever a page has put into it."""

_SESSION_TAIL = re.compile(rb'"sessionId"\s*:\s*"(\w+)"\s*\}\s*$')

_ESCAPED = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""What is escaped in JSON; the group is half of a character, which JavaScript allows alone."""


class _Refusal(msgspec.Struct, frozen=True):
    """The ``error`` of an answer."""

    message: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")

    def text(self) -> str:
        """The browser's own words."""
        data = msgspec.json.decode(self.data)
        return f"{self.message}: {data}" if isinstance(data, str) else self.message


class _Message(msgspec.Struct, frozen=True, rename={"session": "sessionId"}):
    """An answer (with ``id``) or an event; what it carries is decoded by who wants it."""

    id: int | None = None
    session: str | None = None
    method: str = ""
    params: msgspec.Raw = msgspec.Raw(b"{}")
    result: msgspec.Raw = msgspec.Raw(b"{}")
    error: _Refusal | None = None


class _Call(msgspec.Struct, frozen=True):
    """A call that waits for its answer."""

    method: str
    session: str | None
    max_bytes: int
    answer: "Deferred[msgspec.Raw]"


_read_message = msgspec.json.Decoder(_Message).decode
_read_object = msgspec.json.Decoder(dict[str, object]).decode


class CdpConnection:
    """One connection to a browser: calls that wait, and who listens to which session.

    *write* sends one message.  Whoever carries the messages calls ``message_received`` for each
    that arrives, and ``closed`` once when there will be no more.
    """

    def __init__(self, clock: IReactorTime, write: Callable[[bytes], object]) -> None:
        self._clock = clock
        self._write = write
        self._last_id = 0
        self._calls: dict[int, _Call] = {}
        self._handlers: dict[str | None, Handler] = {}
        self._reason: BrowserExited | None = None

    def call(
        self,
        method: str,
        params: JsonObject | None = None,
        session: str | None = None,
        seconds: float = CALL_SECONDS,
        max_bytes: int = MESSAGE_BYTES,
    ) -> "Deferred[JsonObject]":
        """Call *method* of the target of *session* (None: the browser); fire with the result.

        Fails with CdpError when the browser refuses, AnswerTooLong (a CdpError) when the answer
        has more than *max_bytes*, CdpTimeout after *seconds*, BrowserExited when the connection
        goes first.  Cancelling drops the answer; what was asked for may still happen.
        """
        return self.call_raw(method, params, session, seconds, max_bytes).addCallback(_read_object)

    def call_raw(
        self,
        method: str,
        params: JsonObject | None = None,
        session: str | None = None,
        seconds: float = CALL_SECONDS,
        max_bytes: int = MESSAGE_BYTES,
    ) -> "Deferred[msgspec.Raw]":
        """As ``call``, but fire with the result as JSON text, for a decoder of the caller's.

        Generic decoding makes 10 to 60 MB of nested JSON a second, a typed decoder that skips
        what it does not need many times that: the reactor must not stand still for either.
        """
        if self._reason is not None:
            return fail(self._reason)
        self._last_id += 1
        number = self._last_id
        answer: Deferred[msgspec.Raw] = Deferred(lambda _: self._give_up(number))
        self._calls[number] = _Call(method, session, max_bytes, answer)
        message: JsonObject = {"id": number, "method": method, "params": params or {}}
        if session is not None:
            message["sessionId"] = session
        self._write(encode(message))

        def too_late(_result: object, _seconds: float) -> msgspec.Raw:
            raise CdpTimeout(f"{method}: no answer after {seconds:g} s")

        return answer.addTimeout(seconds, self._clock, too_late)

    def listen(self, session: str | None, handler: Handler) -> None:
        """Have *handler* hear the events of *session* (None: the browser's own), alone."""
        self._handlers[session] = handler

    def forget(self, session: str | None) -> None:
        """Hear no more of *session*, whose target is gone; its waiting calls fail."""
        self._handlers.pop(session, None)
        for number, call in list(self._calls.items()):
            if call.session == session and self._calls.pop(number, None) is not None:
                call.answer.errback(CdpError(call.method, "the target is gone"))

    def message_received(self, octets: bytes) -> None:
        """Take one message of the browser.

        One that is too long for the call that it answers is not decoded; halves of characters,
        which a page may have anywhere, are replaced; one that is no message at all is logged and
        dropped.
        """
        if len(octets) > LONG_BYTES and self._is_too_long(octets, len(octets)):
            return
        try:
            message = _read_message(octets)
        except msgspec.DecodeError:
            try:
                message = _read_message(_ESCAPED.sub(_whole, octets))
            except msgspec.DecodeError as problem:
                _log.warn("the browser said what cannot be read: {problem}", problem=problem)
                return
        if message.id is None:
            self._event_received(message)
            return
        call = self._calls.pop(message.id, None)
        if call is None:
            return  # given up, or cancelled
        if message.error is not None:
            call.answer.errback(CdpError(call.method, message.error.text()))
        else:
            call.answer.callback(message.result)

    def limit_of(self, head: bytes) -> int:
        """How many bytes a message that begins with *head* may have.

        None more for an answer that nobody waits for.
        """
        match = _ANSWER_HEAD.match(head)
        if match is None:
            return EVENT_BYTES
        call = self._calls.get(int(match[1]))
        return 0 if call is None else call.max_bytes

    def message_dropped(self, head: bytes, tail: bytes, size_bytes: int) -> None:
        """Note a message that nobody kept, for its length: how it begins, and how it ends.

        That a dialog has opened is told nevertheless, without its params.
        """
        if self._is_too_long(head, size_bytes) or _ANSWER_HEAD.match(head):
            return
        dialog, session = _DIALOG_HEAD.match(head), _SESSION_TAIL.search(tail)
        if dialog is not None and session is not None:
            self._event_received(_Message(method=dialog[1].decode(), session=session[1].decode()))
        else:
            _log.warn("a message of {size} bytes from the browser was dropped", size=size_bytes)

    def closed(self, reason: BrowserExited) -> None:
        """Fail all waiting calls with *reason*, and those to come; again does nothing."""
        if self._reason is not None:
            return
        self._reason = reason
        calls, self._calls = self._calls, {}
        self._handlers.clear()
        for call in calls.values():
            call.answer.errback(reason)

    def _give_up(self, number: int) -> None:
        """Forget a call: its answer is dropped when it comes."""
        self._calls.pop(number, None)

    def _event_received(self, message: _Message) -> None:
        """Hand an event to whom it is for; a defect there must not end the connection."""
        handler = self._handlers.get(message.session)
        if handler is None:
            return
        try:
            handler(message.method, _read_object(message.params))
        except Exception:
            _log.failure("handling {method} failed", Failure(), method=message.method)

    def _is_too_long(self, head: bytes, size_bytes: int) -> bool:
        """Whether this answers a call that wants nothing as long, and so has failed it."""
        match = _ANSWER_HEAD.match(head)
        number = int(match[1]) if match else None
        call = self._calls.get(number) if number is not None else None
        if number is None or call is None or size_bytes <= call.max_bytes:
            return False
        del self._calls[number]
        call.answer.errback(AnswerTooLong(call.method, size_bytes, call.max_bytes))
        return True


def _whole(match: "re.Match[bytes]") -> bytes:
    """An escape as it is, or the sign for what is no character in the place of a half."""
    return match[0] if match[1] is None else b"\\ufffd"
