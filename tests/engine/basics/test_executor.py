"""Tests of car.engine.basics.executor."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from car.engine.basics.executor import BuiltinToolExecutor
from car.engine.basics.schemas import BASICS
from car.engine.errors import ToolError, ToolTimeout
from car.engine.interfaces import IToolExecutor
from car.engine.runtime import Runtime
from car.ir.json import JsonObject
from car.ir.proposal import proposal_of
from car.ir.tools import ToolCall


class Threads:
    """Keeps what a thread was asked to do until ``end_one`` does it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Deferred[Any], Callable[[], Any]]] = []

    def in_thread(self, function: Callable[..., Any], *arguments: Any) -> "Deferred[Any]":
        """Keep the call."""
        done: Deferred[Any] = Deferred()
        self.waiting.append((done, lambda: function(*arguments)))
        return done

    def end_one(self) -> None:
        """Do the oldest call."""
        done, work = self.waiting.pop(0)
        try:
            result = work()
        except ToolError as problem:
            done.errback(problem)
        else:
            done.callback(result)


class ExecutorTestCase(SynchronousTestCase):
    """An executor with room for two threads, and a root with one file."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        self.root.mkdir()
        (self.root / "a.txt").write_text("alpha\n")
        self.clock = Clock()
        self.threads = Threads()
        self.executor = BuiltinToolExecutor(
            self.root, self.clock, self.threads.in_thread, timeout=60.0, at_once=2
        )

    def call(self, tool: str, timeout_ms: int | None = None, **parameters: Any) -> "Deferred[Any]":
        """Have the executor run a tool."""
        return self.executor.execute(
            ToolCall(tool=tool, parameters=parameters, timeout_ms=timeout_ms)
        )


class ExecutorTests(ExecutorTestCase):
    """execute: answers, errors, deadlines, cancelling, places."""

    def test_interface(self) -> None:
        """It provides IToolExecutor; ids count from 1."""
        verifyObject(IToolExecutor, self.executor)
        self.assertEqual([self.executor.reserve() for _ in "ab"], ["local-1", "local-2"])

    def test_file_tool(self) -> None:
        """A file tool runs in a thread; its answer is the output."""
        called = self.call("read_file", path="a.txt")
        self.assertNoResult(called)
        self.threads.end_one()
        self.assertEqual(self.successResultOf(called)["content"], "alpha\n")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_every_tool(self) -> None:
        """Every schema has its tool, which takes what the schema requires."""
        parameters: dict[str, JsonObject] = {
            "read_file": {"path": "a.txt"},
            "write_file": {"path": "b.txt", "content": "x", "create_parents": True},
            "edit_file": {"path": "b.txt", "old_text": "x", "new_text": "y"},
            "list_dir": {"path": "."},
            "find_files": {"pattern": "*", "path": ".", "max_results": 5},
            "grep_files": {
                "pattern": "y",
                "path": ".",
                "glob": "*",
                "ignore_case": True,
                "max_results": 5,
            },
            "calculate": {"expression": "1+1"},
        }
        self.assertEqual([schema.name for schema in BASICS], list(parameters))
        for schema in BASICS:
            given = parameters[schema.name]
            self.assertEqual(list(given), list(schema.parameters["properties"]))
            called = self.call(schema.name, **given)
            if self.threads.waiting:
                self.threads.end_one()
            self.successResultOf(called)

    def test_calculate(self) -> None:
        """Arithmetic needs no thread and no root."""
        self.executor = BuiltinToolExecutor(None, self.clock, self.threads.in_thread)
        called = self.call("calculate", expression="6*7")
        self.assertEqual(self.successResultOf(called), {"expression": "6*7", "result": 42})
        self.failureResultOf(self.call("calculate", expression="1/0"), ToolError)
        self.assertEqual(self.threads.waiting, [])

    def test_no_root(self) -> None:
        """Without a root the file tools say how to give one."""
        self.executor = BuiltinToolExecutor(None, self.clock, self.threads.in_thread)
        failure = self.failureResultOf(self.call("read_file", path="a.txt"), ToolError)
        self.assertEqual(
            str(failure.value),
            "tool 'read_file' needs a tools root: start the daemon with --tools-root DIR",
        )

    def test_unknown_tool(self) -> None:
        """A tool that is not built in fails."""
        failure = self.failureResultOf(self.call("rm_rf"), ToolError)
        self.assertIn("'rm_rf' is not a built-in tool", str(failure.value))

    def test_error(self) -> None:
        """A tool's error is the call's."""
        called = self.call("read_file", path="none")
        self.threads.end_one()
        failure = self.failureResultOf(called, ToolError)
        self.assertEqual(str(failure.value), "'none' does not exist")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_deadline(self) -> None:
        """The default deadline, and a thread that ends after it."""
        called = self.call("read_file", path="a.txt")
        self.clock.advance(59.9)
        self.assertNoResult(called)
        self.clock.advance(0.2)
        failure = self.failureResultOf(called, ToolTimeout)
        self.assertEqual(str(failure.value), "tool 'read_file' timed out (60000 ms)")
        self.threads.end_one()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_own_deadline(self) -> None:
        """A call's own budget wins; a late failure is dropped like a late answer."""
        called = self.call("read_file", timeout_ms=1500, path="none")
        self.clock.advance(1.5)
        failure = self.failureResultOf(called, ToolTimeout)
        self.assertIn("(1500 ms)", str(failure.value))
        self.threads.end_one()

    def test_cancel(self) -> None:
        """Cancelling fires at once; the thread's answer is dropped."""
        called = self.call("read_file", path="a.txt")
        called.cancel()
        self.failureResultOf(called, CancelledError)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.threads.end_one()

    def test_search_is_told(self) -> None:
        """A search that was given up looks no further."""
        called = self.call("find_files", pattern="*")
        called.cancel()
        self.failureResultOf(called, CancelledError)
        done, work = self.threads.waiting.pop()
        self.assertEqual(work(), {"files": [], "truncated": True})
        done.callback(None)

    def test_places(self) -> None:
        """Further calls wait for a place, and one that was given up waiting never runs."""
        called = [self.call("read_file", path="a.txt") for _ in range(4)]
        self.assertEqual(len(self.threads.waiting), 2)
        called[2].cancel()
        self.failureResultOf(called[2], CancelledError)
        called[0].cancel()
        self.failureResultOf(called[0], CancelledError)
        self.assertEqual(len(self.threads.waiting), 2)  # its thread still has its place
        self.threads.end_one()
        self.threads.end_one()
        self.threads.end_one()
        self.assertEqual(self.threads.waiting, [])
        self.successResultOf(called[1])
        self.successResultOf(called[3])
        self.assertEqual(self.clock.getDelayedCalls(), [])


class RuntimeTests(ExecutorTestCase):
    """The built-in tools as a runtime's."""

    def run_action(self, tool: str, parameters: JsonObject) -> Any:
        """The result of one action."""
        executor = BuiltinToolExecutor(
            self.root, self.clock, lambda function, *rest: succeed(function(*rest))
        )
        runtime = Runtime(executor, self.clock)
        runtime.register_basics(executor, BASICS)
        action = {"id": "a", "type": "tool_call", "tool": tool, "parameters": parameters}
        result = self.successResultOf(runtime.execute(proposal_of({"actions": [action]})))
        return result.results[0]

    def test_proposal(self) -> None:
        """An action runs a built-in tool like any other."""
        result = self.run_action("calculate", {"expression": "2**10"})
        self.assertEqual((result.status, result.output["result"]), ("succeeded", 1024))
        result = self.run_action("read_file", {"path": "a.txt"})
        self.assertEqual((result.status, result.output["content"]), ("succeeded", "alpha\n"))

    def test_schemas(self) -> None:
        """Parameters that are missing, of a wrong type or unknown are rejected by name."""
        for tool, parameters, words in (
            ("read_file", {}, "path"),
            ("edit_file", {"path": "x"}, "old_text"),
            ("calculate", {"expression": 1}, "string"),
            ("grep_files", {"pattern": "x", "max_results": 0}, "minimum"),
            ("list_dir", {"path": ".", "recursive": True}, "recursive"),
        ):
            result = self.run_action(tool, parameters)
            self.assertEqual(result.status, "rejected")
            self.assertIn(words, result.error)
