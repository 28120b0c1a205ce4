"""From an exception to a code and a sentence, in one table (``protocol.md`` §3)."""

import secrets

from twisted.logger import Logger
from twisted.python.failure import Failure

from car.browser.errors import BadArguments, ScriptError
from car.errors import CarError
from car.eventlog.errors import JournalError
from car.inference.errors import ContentRefused, InvalidRequest
from car.ir.json import JsonLimitError, JsonObject, JsonSyntaxError, RecordError
from car.memgine.errors import InvalidFact, UnknownFact
from car.policy.errors import PolicyError
from car.proto import codes
from car.proto.messages import ProtocolError, error_frame
from car.state.errors import StateLimitError
from car.validator.errors import SchemaError

_log = Logger()


class InvalidParams(CarError):
    """Params of a method that are missing or wrong; the message names the field."""


class MethodNotFound(CarError):
    """No such method; nothing else is told this way (decision 13)."""


class Unsupported(CarError):
    """A method that the reference has and this daemon does not support here."""


class Busy(CarError):
    """Too much is under way: told with the machine code ``busy``."""

    code = "busy"


class JournalUnavailable(CarError):
    """The journal cannot be written (G11): told with the machine code ``journal``."""

    code = "journal"


class AuthRequired(CarError):
    """A method before a successful ``session.auth``."""


class DeadlineExceeded(CarError):
    """A handler that took longer than its deadline."""


class Cancelled(CarError):
    """A request whose own work was given up."""


class ApprovalDenied(CarError):
    """An approval that was denied or not given in time."""


class HandshakeRequired(CarError):
    """A method that needs a protocol handshake first."""


class VersionMismatch(CarError):
    """A handshake for a protocol version that we do not speak."""


class CapabilityMismatch(CarError):
    """A handshake that requires a capability that we do not have."""


class Forbidden(CarError):
    """A method that this connection's role may not call."""


CODES: dict[type[Exception], int] = {
    InvalidParams: codes.INVALID_PARAMS,
    PolicyError: codes.INVALID_PARAMS,
    SchemaError: codes.INVALID_PARAMS,
    StateLimitError: codes.INVALID_PARAMS,
    InvalidFact: codes.INVALID_PARAMS,
    UnknownFact: codes.INVALID_PARAMS,
    ContentRefused: codes.CONTENT_REFUSED,
    InvalidRequest: codes.INVALID_PARAMS,
    ScriptError: codes.INVALID_PARAMS,
    BadArguments: codes.INVALID_PARAMS,
    RecordError: codes.INVALID_PARAMS,
    JsonLimitError: codes.INVALID_REQUEST,
    JsonSyntaxError: codes.PARSE_ERROR,
    MethodNotFound: codes.METHOD_NOT_FOUND,
    AuthRequired: codes.AUTH_REQUIRED,
    ApprovalDenied: codes.APPROVAL_DENIED,
    DeadlineExceeded: codes.DEADLINE_EXCEEDED,
    HandshakeRequired: codes.HANDSHAKE_REQUIRED,
    VersionMismatch: codes.VERSION_MISMATCH,
    CapabilityMismatch: codes.CAPABILITY_MISMATCH,
}
"""What is not here is -32603."""

PREFIXES = {
    codes.PARSE_ERROR: "parse error: ",
    codes.INVALID_REQUEST: "invalid request: ",
    codes.INVALID_PARAMS: "invalid params: ",
    codes.METHOD_NOT_FOUND: "method not found: ",
}
"""Message conventions by code."""


def error_answer(id: bytes, failure: Failure, method: str) -> bytes:
    """The frame that tells a request's failure; a defect of ours is logged, not told."""
    problem = failure.value
    if isinstance(problem, ProtocolError):
        return error_frame(problem.id, problem.code, str(problem))
    if not isinstance(problem, CarError):
        error_id = secrets.token_hex(8)
        _log.failure("error {error_id} in {method}", failure, error_id=error_id, method=method)
        return error_frame(id, codes.INTERNAL_ERROR, "internal error", {"error_id": error_id})
    code = next((CODES[t] for t in type(problem).__mro__ if t in CODES), codes.INTERNAL_ERROR)
    data: JsonObject | None = None
    machine_code = (
        "journal" if isinstance(problem, JournalError) else getattr(problem, "code", None)
    )
    if isinstance(machine_code, str):
        data = {"code": machine_code}
    return error_frame(id, code, PREFIXES.get(code, "") + str(problem), data)
