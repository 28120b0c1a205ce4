"""What the engine needs from above it: somebody to run tools, somebody to plan again."""

from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from car.ir.json import JsonValue
from car.ir.proposal import ActionProposal
from car.ir.results import ProposalResult
from car.ir.tools import ToolCall


class IToolExecutor(Interface):
    """Runs the tools that the runtime does not run itself."""

    trusted = Attribute("Whether outputs were decoded from JSON text and so need no check; a bool.")

    def reserve() -> str:
        """Take the id of the next request.

        The engine asks first because the id stands in the journal before the call leaves.
        """

    def execute(call: ToolCall) -> Deferred[JsonValue]:
        """Run a tool; fires with its output, a JSON value.

        Fails with ToolError: the tool's own text, a deadline (``call.timeout_ms``, else
        the executor's default), a connection that went.  The deadline is kept here and
        nowhere else.  Cancelling gives the call up: an answer that comes later changes
        nothing.
        """


class IReplanner(Interface):
    """Thinks of another way after a proposal was aborted and rolled back."""

    def alternatives(
        proposal: ActionProposal, results: ProposalResult, attempt: int
    ) -> Deferred[list[ActionProposal]]:
        """Fires with other proposals, best guess first; an empty list gives up.

        *results* is that of the attempt that failed, *attempt* counts from 1.
        """
