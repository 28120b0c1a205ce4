"""A runtime on a clock whose tools are answered by the test."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from car.engine.errors import ToolError
from car.engine.interfaces import IToolExecutor
from car.engine.runtime import Runtime
from car.eventlog.errors import JournalError
from car.eventlog.log import EventLog
from car.ir.json import JsonObject, JsonValue, decode
from car.ir.proposal import ActionProposal, proposal_of
from car.ir.results import ActionResult, ProposalResult
from car.ir.tools import ToolCall, ToolSchema

EPOCH = 1_772_600_000.0
"""When a test's clock starts, in seconds since the epoch."""


@implementer(IToolExecutor)
class ManualExecutor:
    """Keeps each call until the test answers it; ``instant`` outputs are given at once."""

    trusted = False

    def __init__(self) -> None:
        self.calls: list[ToolCall] = []
        self.pending: dict[str, list[Deferred[Any]]] = {}
        self.cancelled: list[str] = []
        self.instant: dict[str, JsonValue] = {}
        self._reserved = 0

    def reserve(self) -> str:
        """The next id."""
        self._reserved += 1
        return f"cb-{self._reserved}"

    def execute(self, call: ToolCall) -> "Deferred[JsonValue]":
        """Keep the call."""
        self.calls.append(call)
        id = str(call.action_id)
        answer: Deferred[Any] = Deferred(lambda _: self.cancelled.append(id))
        self.pending.setdefault(id, []).append(answer)
        if call.tool in self.instant:
            self.answer(id, self.instant[call.tool])
        return answer

    @property
    def called(self) -> list[str]:
        """The action ids of all calls, in order."""
        return [str(call.action_id) for call in self.calls]

    def answer(self, action_id: str, output: JsonValue = None) -> None:
        """The oldest open call of an action succeeds."""
        self.pending[action_id].pop(0).callback(output)

    def fail(self, action_id: str, problem: str | Exception = "no") -> None:
        """It fails."""
        error = ToolError(problem) if isinstance(problem, str) else problem
        self.pending[action_id].pop(0).errback(error)


class LineKeeper:
    """A journal in memory; it takes no line that holds ``refused``."""

    failed: JournalError | None = None
    refused: bytes | None = None

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def append(self, line: bytes) -> None:
        """Keep it."""
        if self.refused is not None and self.refused in line:
            raise JournalError("disk full")
        self.lines.append(line)

    def flush(self) -> None:
        """Nothing to do."""

    def parts(self) -> list[Any]:
        """No file."""
        return []


class RuntimeCase(SynchronousTestCase):
    """A runtime with the tools ``t`` and ``u``."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.executor = ManualExecutor()
        self.journal = LineKeeper()
        self.events = EventLog("c-1", self.now, self.journal, monotonic=self.clock.seconds)
        self.runtime = Runtime(
            self.executor, self.clock, events=self.events, now=self.now, session_id="c-1"
        )
        for name in ("t", "u"):
            self.runtime.register_tool(ToolSchema(name=name))

    def now(self) -> float:
        """The wall clock."""
        return EPOCH + self.clock.seconds()

    def begin(self, *actions: JsonObject, **options: Any) -> "Deferred[ProposalResult]":
        """Start a proposal of these actions."""
        return self.runtime.execute(proposal(*actions), **options)

    def run_now(self, *actions: JsonObject, **options: Any) -> ProposalResult:
        """The result of a proposal that ends at once."""
        return self.successResultOf(self.begin(*actions, **options))

    def result(self, *actions: JsonObject) -> ActionResult:
        """The last action's result of a proposal that ends at once."""
        return self.run_now(*actions).results[-1]

    def lines(self, *kinds: str) -> list[JsonObject]:
        """The journal's lines, of these kinds if any are named."""
        lines = [decode(line) for line in self.journal.lines]
        return [line for line in lines if not kinds or line["kind"] in kinds]

    def kinds(self) -> list[str]:
        """The kinds of all lines."""
        return [line["kind"] for line in self.lines()]

    def assertNothingLeft(self) -> None:
        """Nothing waits and nothing runs."""
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.runtime.running, 0)


def proposal(*actions: JsonObject, **members: Any) -> ActionProposal:
    """A proposal ``p1``."""
    return proposal_of({"id": "p1", "actions": list(actions), **members})


def call(id: str, tool: str | None = "t", **members: Any) -> JsonObject:
    """A ``tool_call``; ``skip=True`` and ``retry=n`` set the failure behaviour."""
    return _action(id, "tool_call", {"tool": tool} if tool else {}, members)


def write(id: str, key: str, value: JsonValue = 1, **members: Any) -> JsonObject:
    """A ``state_write``."""
    return _action(id, "state_write", {"parameters": {"key": key, "value": value}}, members)


def read(id: str, key: str, **members: Any) -> JsonObject:
    """A ``state_read``."""
    return _action(id, "state_read", {"parameters": {"key": key}}, members)


def check(id: str, key: str, expected: JsonValue, **members: Any) -> JsonObject:
    """An ``assertion``."""
    parameters = {"key": key, "expected": expected}
    return _action(id, "assertion", {"parameters": parameters}, members)


def _action(id: str, type: str, own: JsonObject, members: JsonObject) -> JsonObject:
    if members.pop("skip", False):
        members["failure_behavior"] = "skip"
    if "retry" in members:
        members["failure_behavior"] = "retry"
        members["max_retries"] = members.pop("retry")
    return {"id": id, "type": type, **own, **members}


def statuses(result: ProposalResult) -> list[str]:
    """The statuses of the results, in order."""
    return [found.status for found in result.results]
