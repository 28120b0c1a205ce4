"""JSON-RPC 2.0 messages, sans-IO: octets to a Message, parts to octets.

Params and results stay raw JSON here: whoever knows their type decodes them, once.
"""

from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from car.errors import CarError
from car.ir.json import (
    MAX_NESTING,
    JsonLimitError,
    JsonSyntaxError,
    JsonValue,
    RecordError,
    check_nesting,
    decode_as,
    decode_checked,
    encode,
)
from car.proto.codes import INVALID_REQUEST, PARSE_ERROR

NULL_ID = b"null"
"""The id of an answer to something that has none or cannot be read."""

_ID_STARTS = frozenset(b'"-0123456789')


class ProtocolError(CarError):
    """A message that is not JSON-RPC; answered with ``code`` under ``id`` (raw JSON)."""

    def __init__(self, code: int, message: str, id: bytes = NULL_ID) -> None:
        super().__init__(message)
        self.code = code
        self.id = id


class ErrorMember(Struct, frozen=True):
    """The ``error`` of a peer's answer, read leniently."""

    code: JsonValue = None
    message: JsonValue = None
    data: JsonValue = None

    @property
    def text(self) -> str:
        """The error's text, whatever the peer put there."""
        if isinstance(self.message, str):
            return self.message
        return "the client answered with an error" if self.message is None else str(self.message)


class Message(Struct, gc=False):
    """One message as it came: a request, a notification or an answer.

    ``id`` and ``params`` are raw JSON; ``method`` is set for a request and a notification,
    ``id`` for a request and an answer.
    """

    jsonrpc: Raw | UnsetType = UNSET
    id: Raw | UnsetType = UNSET
    method: str | UnsetType = UNSET
    params: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET


_decode_message = msgspec.json.Decoder(Message)
_error_decoder = msgspec.json.Decoder(ErrorMember)


def parse(payload: bytes) -> Message:
    """Read one message; raises ProtocolError.

    What comes back has either a ``method`` or an ``id`` with a ``result`` or an ``error``;
    an ``id`` is a number or a string.
    """
    try:
        if payload.count(b"[") + payload.count(b"{") > MAX_NESTING:
            check_nesting(payload)
        message = decode_as(_decode_message, payload)
    except JsonSyntaxError as problem:
        raise ProtocolError(PARSE_ERROR, f"parse error: {problem}") from None
    except JsonLimitError as problem:
        raise ProtocolError(INVALID_REQUEST, f"invalid request: {problem}") from None
    except RecordError as problem:
        raise ProtocolError(INVALID_REQUEST, _not_a_message(payload, problem)) from None
    id = message.id
    if id is not UNSET and memoryview(id)[0] not in _ID_STARTS:
        raise ProtocolError(INVALID_REQUEST, "invalid request: id: expected a number or a string")
    jsonrpc = message.jsonrpc
    if jsonrpc is not UNSET and bytes(jsonrpc) != b'"2.0"':
        raise ProtocolError(
            INVALID_REQUEST, 'invalid request: jsonrpc: expected "2.0"', raw_id(message)
        )
    if message.method is UNSET and (
        id is UNSET or (message.result is UNSET and message.error is UNSET)
    ):
        raise ProtocolError(
            INVALID_REQUEST,
            "invalid request: expected a method, or an id with a result or an error",
            raw_id(message),
        )
    return message


def _not_a_message(payload: bytes, problem: RecordError) -> str:
    if payload.lstrip()[:1] == b"[":
        return "invalid request: batches are not part of this protocol; send one message a frame"
    return f"invalid request: {problem}"


def raw_id(message: Message) -> bytes:
    """The id of a message as raw JSON, ``null`` where it has none."""
    return NULL_ID if message.id is UNSET else bytes(message.id)


def answered_id(message: Message) -> JsonValue:
    """The id that an answer carries, as a value."""
    return decode_checked(message.id)  # type: ignore[arg-type]


def read_error(raw: Any) -> ErrorMember:
    """The ``error`` member of an answer; one of an odd shape keeps its text."""
    try:
        return decode_as(_error_decoder, bytes(raw))
    except RecordError:
        return ErrorMember(message=bytes(raw).decode("utf-8", "replace")[:1000])


def result_frame(id: bytes, result: bytes) -> bytes:
    """A successful answer; both parts raw JSON."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (id, result)


def error_frame(id: bytes, code: int, message: str, data: JsonValue = None) -> bytes:
    """An error answer; *id* is raw JSON, *data* is left out when None."""
    error: dict[str, JsonValue] = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (id, encode(error))


def request_frame(id: str, method: str, params: bytes) -> bytes:
    """A request of ours; *id* is one that we made and needs no escaping."""
    return b'{"jsonrpc":"2.0","id":"%b","method":"%b","params":%b}' % (
        id.encode(),
        method.encode(),
        params,
    )


def notification_frame(method: str, params: bytes) -> bytes:
    """A notification of ours; *params* raw JSON."""
    return b'{"jsonrpc":"2.0","method":"%b","params":%b}' % (method.encode(), params)
