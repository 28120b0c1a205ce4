"""The tools of one client: what they are, running them for the daemon, giving them up.

A tool outlives the connections on which it is offered; its running calls do not.  Here a call
comes in as the params of ``tools.execute`` and ends as a value or a failure: what of it goes
over the wire is the link's affair.
"""

import inspect
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred, maybeDeferred

from car.client.errors import ToolDefinitionError, Unhandled
from car.client.signatures import Signature
from car.client.values import plain
from car.ir.json import JsonObject, JsonValue
from car.ir.tools import ToolSchema

ToolFunction = Callable[..., Any]
"""Takes the parameters as keyword arguments; returns a value, a Deferred or a coroutine."""


class Tool(Struct, frozen=True):
    """A registered function with its schema; *signature* is None where a schema was given."""

    schema: ToolSchema
    function: ToolFunction
    signature: Signature | None

    def run(self, parameters: JsonObject) -> "Deferred[JsonValue]":
        """Call the function; fires with its result as a JSON value.

        Fails with whatever the function raises, with RecordError for parameters that do not
        fit its annotations, or JsonError for a result that is no JSON value.  Cancelling
        cancels the function's Deferred or coroutine.
        """
        done: Deferred[JsonValue] = maybeDeferred(self._call, parameters)
        return done.addCallback(plain)

    def _call(self, parameters: JsonObject) -> Any:
        signature = self.signature
        arguments = parameters if signature is None else signature.arguments(parameters)
        return self.function(**arguments)


class Call(Struct, frozen=True):
    """The params of ``tools.execute`` that matter here."""

    tool: str
    parameters: JsonObject = msgspec.field(default_factory=dict)
    request_id: str = ""


class Toolbox:
    """The tools that a client has registered, by name."""

    def __init__(self) -> None:
        self._tools: dict[str, Tool] = {}

    def add(self, tool: Tool) -> None:
        """Put a tool in; one of the same name is replaced."""
        self._tools[tool.schema.name] = tool

    def remove(self, name: str) -> None:
        """Take a tool out; an unknown name is no error."""
        self._tools.pop(name, None)

    def schemas(self) -> list[ToolSchema]:
        """The schemas of all tools, in the order of their registration."""
        return [tool.schema for tool in self._tools.values()]

    def execute(self, call: Call) -> "Deferred[JsonValue]":
        """Run the tool that *call* names, as `Tool.run` does; raises Unhandled."""
        tool = self._tools.get(call.tool)
        if tool is None:
            raise Unhandled(f"no tool '{call.tool}' is registered by this client")
        return tool.run(call.parameters)


def make_tool(
    function: ToolFunction,
    *,
    name: str | None = None,
    description: str | None = None,
    schema: JsonObject | None = None,
    **more: Any,
) -> Tool:
    """A tool of *function*.

    Name and description default to the function's name and the first line of its docstring,
    *schema*, the JSON Schema of the parameters, to what its annotations say; *more* are
    further members of ToolSchema.  Raises ToolDefinitionError.
    """
    if name is None:
        name = getattr(function, "__name__", "")
        if not name.isidentifier():
            raise ToolDefinitionError(f"{function!r} has no name; give one with name=")
    if description is None:
        description = (inspect.getdoc(function) or "").partition("\n")[0]
    signature = Signature(function) if schema is None else None
    parameters = schema if signature is None else signature.schema
    return Tool(
        ToolSchema(name=name, description=description, parameters=parameters or {}, **more),
        function,
        signature,
    )
