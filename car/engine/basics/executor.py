"""BuiltinToolExecutor: runs the built-in agent tools inside the runtime."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

from twisted.internet.defer import Deferred, DeferredSemaphore, execute, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from zope.interface import implementer

from car.engine.basics.calculator import calculate
from car.engine.basics.files import edit_file, list_dir, read_file, write_file
from car.engine.basics.root import ToolsRoot
from car.engine.basics.search import find_files, grep_files
from car.engine.errors import ToolError, ToolTimeout
from car.engine.interfaces import IToolExecutor
from car.ir.json import JsonObject, JsonValue
from car.ir.tools import ToolCall

DEFAULT_TIMEOUT = 60.0
"""Seconds for a call without a budget of its own (decision 9)."""

AT_ONCE = 8
"""Calls that have a thread at the same time, of the ten that a reactor's pool has."""

InThread = Callable[..., "Deferred[Any]"]
"""Calls a function with arguments in a thread; its Deferred fires with the result."""

_FILE_TOOLS: dict[str, Callable[..., JsonObject]] = {
    "read_file": read_file,
    "write_file": write_file,
    "edit_file": edit_file,
    "list_dir": list_dir,
}
_SEARCH_TOOLS: dict[str, Callable[..., JsonObject]] = {
    "find_files": find_files,
    "grep_files": grep_files,
}


@implementer(IToolExecutor)
class BuiltinToolExecutor:
    """Runs file tools in threads, below *root*, and arithmetic at once.

    Without a *root* the file tools are refused.  *clock* provides IReactorTime; *timeout* is
    the wait in seconds for a call without a budget of its own; *at_once* bounds the threads.
    A thread cannot be stopped: one whose call was given up keeps its place until it ends,
    and its result is dropped; a search looks now and then whether it should go on.
    """

    trusted = True

    def __init__(
        self,
        root: Path | None,
        clock: Any,
        in_thread: InThread,
        timeout: float = DEFAULT_TIMEOUT,
        at_once: int = AT_ONCE,
    ) -> None:
        self._root = None if root is None else ToolsRoot(root)
        self._clock = IReactorTime(clock)
        self._in_thread = in_thread
        self._timeout = timeout
        self._places = DeferredSemaphore(at_once)
        self._reserved = 0

    def reserve(self) -> str:
        """The id of the next call."""
        self._reserved += 1
        return f"local-{self._reserved}"

    def execute(self, call: ToolCall) -> "Deferred[JsonValue]":
        """Run a built-in tool; fires with its output, a JSON object.

        The call's parameters have been checked against the tool's schema.  Fails with
        ToolError, or with ToolTimeout at the deadline, which counts from now: waiting for a
        place takes of it.  Cancelling fires at once; what was begun may still take effect.
        """
        if call.tool == "calculate":
            return execute(calculate, **call.parameters)
        work = self._work(call)
        if work is None:
            return fail(ToolError(f"'{call.tool}' is not a built-in tool"))
        if self._root is None:
            return fail(
                ToolError(
                    f"tool '{call.tool}' needs a tools root: start the daemon with --tools-root DIR"
                )
            )
        return self._run(call, work)

    def _work(self, call: ToolCall) -> Callable[[Event], JsonObject] | None:
        """What a thread has to do for *call*, given the event that the call was given up."""
        parameters = call.parameters
        if call.tool in _FILE_TOOLS:
            function = _FILE_TOOLS[call.tool]
            return lambda _: function(self._root, **parameters)
        if call.tool in _SEARCH_TOOLS:
            search = _SEARCH_TOOLS[call.tool]
            return lambda given_up: search(self._root, given_up.is_set, **parameters)
        return None

    def _run(self, call: ToolCall, work: Callable[[Event], JsonObject]) -> "Deferred[JsonValue]":
        """Have a thread do the work once there is a place, within the call's time."""
        given_up = Event()
        answer: Deferred[JsonValue] = Deferred(lambda _: given_up.set())
        seconds = self._timeout if call.timeout_ms is None else call.timeout_ms / 1000

        def too_late(_result: object, _seconds: float) -> JsonValue:
            raise ToolTimeout(f"tool '{call.tool}' timed out ({round(seconds * 1000)} ms)")

        answer.addTimeout(seconds, self._clock, too_late)

        def begin() -> "Deferred[Any]":
            return succeed(None) if given_up.is_set() else self._in_thread(work, given_up)

        def succeeded(output: JsonObject) -> None:
            if not given_up.is_set():
                answer.callback(output)

        def failed(failure: Failure) -> None:
            if not given_up.is_set():
                answer.errback(failure)

        self._places.run(begin).addCallbacks(succeeded, failed)
        return answer
