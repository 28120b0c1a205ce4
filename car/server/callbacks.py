"""Tools run by the client: IToolExecutor over the callback channel (``protocol.md`` §6)."""

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from zope.interface import implementer

from car.engine.errors import ToolError, ToolTimeout
from car.engine.interfaces import IToolExecutor
from car.ir.json import JsonValue, encode
from car.ir.tools import ToolCall
from car.proto.messages import notification_frame
from car.server.channel import CallbackChannel, CallbackError, CallbackTimeout, ChannelClosed


@implementer(IToolExecutor)
class ClientToolExecutor:
    """Asks the client to run a tool.

    *timeout* is the wait in seconds for an action without a budget of its own; *notify*
    sends a notification frame.
    """

    trusted = True

    def __init__(
        self, channel: CallbackChannel, timeout: float, notify: Callable[[bytes], None]
    ) -> None:
        self._channel = channel
        self._timeout = timeout
        self._notify = notify

    def reserve(self) -> str:
        """Take the id of the next request."""
        return self._channel.reserve()

    def execute(self, call: ToolCall) -> "Deferred[JsonValue]":
        """Ask the client to run the call's tool; fires with its output.

        Fails with ToolError (the client's text, or that the connection went) or ToolTimeout.
        Cancelling tells the client (``tools.cancel``) and forgets the request.
        """
        request_id = call.request_id or self._channel.reserve()
        action_id = request_id if call.action_id is None else call.action_id
        timeout_ms = call.timeout_ms
        params = b'{"action_id":%b,"tool":%b,"parameters":%b,"timeout_ms":%b,"attempt":%d,' % (
            encode(action_id),
            encode(call.tool),
            encode(call.parameters),
            b"null" if timeout_ms is None else b"%d" % timeout_ms,
            call.attempt,
        )
        params = b'%b"request_id":"%b"%b}' % (
            params,
            request_id.encode(),
            b"" if call.session_id is None else b',"session_id":%b' % encode(call.session_id),
        )
        answer = self._channel.call(
            request_id,
            "tools.execute",
            params,
            self._timeout if timeout_ms is None else timeout_ms / 1000,
            lambda reason: self._notify(cancel_frame(request_id, action_id, reason)),
        )
        ids = (request_id, action_id)
        return answer.addCallbacks(
            _unwrap, _translate, callbackArgs=(ids,), errbackArgs=(call,)
        )


def cancel_frame(request_id: str, action_id: str, reason: str) -> bytes:
    """The notification that a pending ``tools.execute`` was given up."""
    return notification_frame(
        "tools.cancel",
        encode({"request_id": request_id, "action_id": action_id, "reason": reason}),
    )


def _unwrap(result: JsonValue, ids: tuple[str, str]) -> JsonValue:
    """The output in an answer.

    The first release's response object ``{action_id, output?, error?}`` is taken apart, but
    only if its ``action_id`` is one that we sent: any other object is the output itself.
    """
    if type(result) is dict and result.get("action_id") in ids:
        if result.keys() <= {"action_id", "output", "error"}:
            error = result.get("error")
            if error is not None:
                raise ToolError(error if isinstance(error, str) else str(error))
            return result.get("output")
    return result


def _translate(failure: Failure, call: ToolCall) -> Failure:
    """A failure of the channel in the words of an action's error."""
    problem = failure.value
    if isinstance(problem, CallbackTimeout):
        limit = f"{problem.timeout:.0f}s" if call.timeout_ms is None else f"{call.timeout_ms} ms"
        return Failure(ToolTimeout(f"tool '{call.tool}' callback timed out ({limit})"))
    if isinstance(problem, ChannelClosed):
        return Failure(ToolError(f"tool '{call.tool}' callback channel closed"))
    if isinstance(problem, CallbackError):
        return Failure(ToolError(str(problem)))
    return failure
