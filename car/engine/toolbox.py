"""The tools of one runtime: their schemas, who runs them, their rate limits."""

from collections.abc import Mapping
from typing import Any

from twisted.internet.interfaces import IReactorTime

from car.engine.interfaces import IToolExecutor
from car.engine.rates import TokenBucket
from car.ir.tools import ToolSchema
from car.validator.schemas import CompiledTool, compile_tool


class ToolBox:
    """Registered tools by name.

    Every tool is run by the runtime's executor, except those that were registered with an
    executor of their own (the built-in agent tools).
    """

    def __init__(self, executor: IToolExecutor) -> None:
        self._executor = executor
        self._own_executors: dict[str, Any] = {}
        self._buckets: dict[str, TokenBucket] = {}
        self._tools: dict[str, CompiledTool] = {}
        self.compiled: Mapping[str, CompiledTool] = self._tools
        """The compiled tools by name; live, not to be changed."""

    def add(self, tool: CompiledTool, executor: IToolExecutor | None = None) -> None:
        """Add a compiled tool or replace the one of its name."""
        name = tool.schema.name
        self._tools[name] = tool
        self._buckets.pop(name, None)
        if executor is None:
            self._own_executors.pop(name, None)
        else:
            self._own_executors[name] = executor

    def register(self, schema: ToolSchema, executor: IToolExecutor | None = None) -> None:
        """Compile and add a tool; raises SchemaError."""
        self.add(compile_tool(schema), executor)

    def unregister(self, name: str) -> bool:
        """Remove a tool; whether there was one."""
        self._own_executors.pop(name, None)
        self._buckets.pop(name, None)
        return self._tools.pop(name, None) is not None

    def schemas(self) -> list[ToolSchema]:
        """The registered tools, sorted by name."""
        return [self._tools[name].schema for name in sorted(self._tools)]

    def executor(self, name: str) -> Any:
        """The IToolExecutor that runs the tool *name*."""
        if self._own_executors:
            return self._own_executors.get(name, self._executor)
        return self._executor

    def bucket(self, name: str, clock: IReactorTime) -> TokenBucket | None:
        """The token bucket of a tool with a rate limit, or None; a tool gone has none."""
        tool = self._tools.get(name)
        if tool is None or tool.plain or tool.schema.rate_limit is None:
            return None
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = TokenBucket(tool.schema.rate_limit, clock.seconds())
        return bucket
