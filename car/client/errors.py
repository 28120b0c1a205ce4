"""What goes wrong between a client and its daemon.

A daemon that cannot be reached at all is ``car.wsclient.errors.CannotConnect``.
"""

from car.errors import CarError
from car.ir.json import JsonValue


class ClientError(CarError):
    """Root of the failures of calls."""


class RpcError(ClientError):
    """The daemon answered with an error: its code, its text and its data, if any.

    ``protocol.md`` §3 has the codes; machine codes stand in ``data["code"]``.
    """

    def __init__(self, code: int, message: str, data: JsonValue = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class AuthRefused(RpcError):
    """The daemon does not accept our token, or wants one and we have found none."""


class IncompatibleDaemon(ClientError):
    """The daemon speaks another version of the protocol."""


class Disconnected(ClientError):
    """The connection has gone, or there is none now.

    Whether a call that was in flight took effect is not known: read the state before
    calling again.
    """


class DeadlineExceeded(ClientError):
    """No answer came in time; ``timeout`` is in seconds.  The call may still take effect."""

    def __init__(self, method: str, timeout: float) -> None:
        super().__init__(f"{method}: no answer within {timeout:g} s")
        self.timeout = timeout


class TooManyCalls(ClientError):
    """More calls wait for answers than this client keeps; none was sent."""


class UnreadableAnswer(ClientError):
    """The daemon's answer is not what the method answers."""


class ToolDefinitionError(ClientError):
    """A function that cannot be registered as a tool; the message says why."""


class Unhandled(ClientError):
    """The daemon asks for a tool or a method that is not registered here."""


class ToolFailed(ClientError):
    """Raise it in a tool to fail the call with exactly this text, and *data* if given."""

    def __init__(self, message: str, data: JsonValue = None) -> None:
        super().__init__(message)
        self.data = data
