"""What the client does for the engine: tools and other plans, over the callback channel.

IToolExecutor and IReplanner of the engine (``protocol.md`` §6).
"""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace
from twisted.internet.defer import Deferred
from zope.interface import implementer

from car.engine.errors import ToolError, ToolTimeout
from car.engine.interfaces import IReplanner, IToolExecutor
from car.errors import CarError
from car.ir.json import JsonValue, convert, encode
from car.ir.proposal import ActionProposal
from car.ir.results import ProposalResult
from car.ir.tools import ToolCall
from car.proto.messages import notification_frame
from car.server.channel import CallbackChannel, CallbackTimeout, ChannelClosed, ClientRequest

Notify = Callable[[bytes], None]
"""Sends a notification frame to the client."""


_SEED_MEMBERS = frozenset(("action_id", "output", "error"))
"""The members of the first release's response object."""


class ToolRequest(ClientRequest):
    """``tools.execute``: one tool call; its params are the ToolCall itself."""

    __slots__ = ("_call", "_notify")

    method = b"tools.execute"

    def __init__(self, call: ToolCall, id: str, timeout: float, notify: Notify) -> None:
        ClientRequest.__init__(self, id, timeout)
        self._call = call
        self._notify = notify

    def params(self) -> bytes:
        """The ToolCall as JSON."""
        return encode(self._call)

    def read(self, result: JsonValue) -> JsonValue:
        """The output in an answer; raises ToolError for one that tells an error.

        The first release's response object ``{action_id, output?, error?}`` is taken apart,
        but only if its ``action_id`` is one that we sent: any other object is the output.
        """
        if (
            type(result) is dict
            and "action_id" in result
            and result["action_id"] in (self.id, self._call.action_id)
            and result.keys() <= _SEED_MEMBERS
        ):
            error = result.get("error")
            if error is not None:
                raise ToolError(error if isinstance(error, str) else str(error))
            return result.get("output")
        return result

    def problem(self, problem: CarError) -> CarError:
        """A failure of the channel in the words of an action's error."""
        tool = self._call.tool
        if isinstance(problem, CallbackTimeout):
            budget = self._call.timeout_ms
            limit = f"{self.timeout:.0f}s" if budget is None else f"{budget} ms"
            return ToolTimeout(f"tool '{tool}' callback timed out ({limit})")
        if isinstance(problem, ChannelClosed):
            return ToolError(f"tool '{tool}' callback channel closed")
        return ToolError(str(problem))

    def given_up(self, reason: str) -> None:
        """Tell the client that nobody waits for this any more (``tools.cancel``)."""
        params = {"request_id": self.id, "action_id": self._call.action_id, "reason": reason}
        self._notify(notification_frame("tools.cancel", encode(params)))


class ReplanRequest(ClientRequest):
    """``proposal.replan``: other plans for one that was aborted (``protocol.md`` §6)."""

    __slots__ = ("_params",)

    method = b"proposal.replan"

    def __init__(self, id: str, timeout: float, params: bytes) -> None:
        super().__init__(id, timeout)
        self._params = params

    def params(self) -> bytes:
        """The params as JSON."""
        return self._params

    def read(self, result: JsonValue) -> list[ActionProposal]:
        """The proposals of the answer; raises RecordError for anything else."""
        return convert(result, Alternatives).proposals


class Alternatives(Struct, frozen=True):
    """The answer to ``proposal.replan``; an empty list gives up."""

    proposals: list[ActionProposal]


@implementer(IReplanner)
class ClientReplanner:
    """Asks the client for another plan; *timeout* is the wait in seconds."""

    def __init__(self, channel: CallbackChannel, timeout: float, max_replans: int) -> None:
        self._channel = channel
        self._timeout = timeout
        self._max_replans = max_replans

    def alternatives(
        self, proposal: ActionProposal, results: ProposalResult, attempt: int
    ) -> "Deferred[list[ActionProposal]]":
        """Fires with the client's proposals; fails with CarError if it has none to give."""
        id = self._channel.reserve()
        reason = next(
            (r.error for r in results.results if r.status == "failed"), "an action was rejected"
        )
        params = encode(
            {
                "proposal": proposal,
                "results": results.results,
                "reason": reason,
                "attempt": attempt,
                "max_replans": self._max_replans,
                "request_id": id,
            }
        )
        return self._channel.call(ReplanRequest(id, self._timeout, params))


@implementer(IToolExecutor)
class ClientToolExecutor:
    """Asks the client to run a tool.

    *timeout* is the wait in seconds for an action without a budget of its own.
    """

    trusted = True

    def __init__(self, channel: CallbackChannel, timeout: float, notify: Notify) -> None:
        self._channel = channel
        self._timeout = timeout
        self._notify = notify
        self.reserve = channel.reserve

    def execute(self, call: ToolCall) -> "Deferred[JsonValue]":
        """Ask the client to run the call's tool; fires with its output.

        Fails with ToolError (the client's text, or that the connection went) or ToolTimeout.
        Cancelling tells the client (``tools.cancel``) and forgets the request.
        """
        id = call.request_id
        if id is None:
            id = self._channel.reserve()
            call = replace(call, request_id=id, action_id=call.action_id or id)
        budget = call.timeout_ms
        timeout = self._timeout if budget is None else budget / 1000
        return self._channel.call(ToolRequest(call, id, timeout, self._notify))
