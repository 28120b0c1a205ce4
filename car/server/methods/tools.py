"""``tools.*``: what a session's proposals may call."""

from msgspec import Struct

from car.ir.json import JsonObject, to_value
from car.ir.tools import ToolSchema
from car.server.registry import NoParams, method
from car.server.session import ClientSession
from car.validator.schemas import compile_tool


class ToolList(Struct, frozen=True):
    """The object form of ``tools.register``; official clients send the bare array."""

    tools: list[ToolSchema]


class ToolName(Struct, frozen=True):
    """One tool."""

    name: str


def register_tools(session: ClientSession, schemas: list[ToolSchema]) -> int:
    """Register and record *schemas*, all or none; how many."""
    session.require_journal()
    tools = session.runtime.tools
    for compiled in [compile_tool(schema) for schema in schemas]:
        tools.add(compiled)
    if schemas:
        session.record("record_tools", {"registered": [to_value(schema) for schema in schemas]})
    return len(schemas)


@method("tools.register")
def tools_register(session: ClientSession, params: list[ToolSchema] | ToolList) -> int:
    """Register tools that the client will run; a name registered before is replaced.

    Params: an array of ToolDefinition, or ``{tools: […]}``.  Result: how many this call
    registered, an integer.  Errors: -32602 naming a schema that cannot be used; then none
    of the call's tools is registered.
    """
    return register_tools(session, params.tools if isinstance(params, ToolList) else params)


@method("tools.list")
def tools_list(session: ClientSession, params: NoParams) -> JsonObject:
    """This connection's tools, built-in ones included, sorted by name.

    Result: ``{tools: ToolSchema[], count}``.
    """
    schemas = session.runtime.tools.schemas()
    return {"tools": [full_schema(schema) for schema in schemas], "count": len(schemas)}


def full_schema(schema: ToolSchema) -> JsonObject:
    """A ToolSchema with the members that have defaults filled in."""
    return {
        "description": schema.description,
        "parameters": schema.parameters,
        "idempotent": schema.idempotent,
        **to_value(schema),
    }


@method("tools.unregister")
def tools_unregister(session: ClientSession, params: ToolName) -> JsonObject:
    """Remove a tool; an unknown name is no error.

    Result: ``{unregistered: name, removed: 0 | 1}``.
    """
    session.require_journal()
    removed = session.runtime.tools.unregister(params.name)
    if removed:
        session.record("record_tools", {"unregistered": params.name})
    return {"unregistered": params.name, "removed": int(removed)}
