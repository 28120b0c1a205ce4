"""JSON-RPC 2.0 messages, sans-IO: octets to a Message, parts to octets.

Params and results stay raw JSON here: whoever knows their type decodes them, once.
"""

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from car.errors import CarError
from car.ir.json import (
    MAX_NESTING,
    MAX_VALUES,
    JsonLimitError,
    JsonSyntaxError,
    JsonValue,
    RecordError,
    check_nesting,
    check_size,
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


class Request(Struct, gc=False):
    """A request or, without an ``id`` (raw JSON), a notification; ``params`` are raw JSON."""

    id: bytes | None
    method: str
    params: Raw | UnsetType


class Answer(Struct, gc=False):
    """The answer to a request of ours: its id, and the raw ``result`` or the ``error``."""

    id: JsonValue
    result: Raw | UnsetType
    error: ErrorMember | None


class _Envelope(Struct, gc=False):
    """The members of any message, as they came."""

    jsonrpc: Raw | UnsetType = UNSET
    id: Raw | UnsetType = UNSET
    method: str | UnsetType = UNSET
    params: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET


_decoder = msgspec.json.Decoder(_Envelope)
_error_decoder = msgspec.json.Decoder(ErrorMember)


def parse(payload: bytes) -> Request | Answer:
    """Read one message; raises ProtocolError.

    An ``id`` is a number or a string; an answer has a result or an error.
    """
    try:
        if payload.count(b"[") + payload.count(b"{") > MAX_NESTING:
            check_nesting(payload)
        if len(payload) > MAX_VALUES:  # shorter ones cannot hold as many
            check_size(payload)
        message = decode_as(_decoder, payload)
    except JsonSyntaxError as problem:
        raise ProtocolError(PARSE_ERROR, f"parse error: {problem}") from None
    except JsonLimitError as problem:
        raise ProtocolError(INVALID_REQUEST, f"invalid request: {problem}") from None
    except RecordError as problem:
        raise ProtocolError(INVALID_REQUEST, _not_a_message(payload, problem)) from None
    id = None if message.id is UNSET else bytes(message.id)
    if id is not None and id[0] not in _ID_STARTS:
        raise ProtocolError(INVALID_REQUEST, "invalid request: id: expected a number or a string")
    if message.jsonrpc is not UNSET and bytes(message.jsonrpc) != b'"2.0"':
        raise ProtocolError(
            INVALID_REQUEST, 'invalid request: jsonrpc: expected "2.0"', id or NULL_ID
        )
    if message.method is not UNSET:
        return Request(id, message.method, message.params)
    error = None if message.error is UNSET else _read_error(bytes(message.error))
    if id is None or (message.result is UNSET and message.error is UNSET):
        raise ProtocolError(
            INVALID_REQUEST,
            "invalid request: expected a method, or an id with a result or an error",
            id or NULL_ID,
        )
    try:
        return Answer(decode_checked(id), message.result, error)
    except JsonLimitError as problem:
        raise ProtocolError(INVALID_REQUEST, f"invalid request: id: {problem}") from None


def _not_a_message(payload: bytes, problem: RecordError) -> str:
    if payload.lstrip()[:1] == b"[":
        return "invalid request: batches are not part of this protocol; send one message a frame"
    return f"invalid request: {problem}"


def _read_error(raw: bytes) -> ErrorMember | None:
    """The ``error`` of an answer, None for null; one that cannot be read keeps its text."""
    if raw == b"null":
        return None
    try:
        return decode_as(_error_decoder, raw)
    except (RecordError, JsonLimitError):
        return ErrorMember(message=raw.decode("utf-8", "replace")[:1000])


def result_frame(id: bytes, result: bytes) -> bytes:
    """A successful answer; both parts raw JSON."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (id, result)


def error_frame(id: bytes, code: int, message: str, data: JsonValue = None) -> bytes:
    """An error answer; *id* is raw JSON, *data* is left out when None."""
    error: dict[str, JsonValue] = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (id, encode(error))


def request_frame(id: str, method: bytes, params: bytes) -> bytes:
    """A request of ours; *id* and *method* are our own and need no escaping."""
    return b'{"jsonrpc":"2.0","id":"%b","method":"%b","params":%b}' % (id.encode(), method, params)


def notification_frame(method: str, params: bytes) -> bytes:
    """A notification of ours; *params* raw JSON."""
    return b'{"jsonrpc":"2.0","method":"%b","params":%b}' % (method.encode(), params)
