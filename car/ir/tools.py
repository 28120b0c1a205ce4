"""What a tool is: its name, the schemas of what goes in and comes out, its limits."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from car.ir.json import JsonObject, JsonValue
from car.ir.proposal import U64


class RateLimit(Struct, frozen=True, kw_only=True):
    """At most ``max_calls`` calls at once, refilled over ``interval_secs`` seconds."""

    max_calls: U64
    interval_secs: Annotated[float, Meta(gt=0)]


class ToolSchema(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A registered tool (``ToolDefinition`` on the wire).

    ``parameters`` and ``returns`` are JSON Schemas; empty or absent checks nothing.
    ``idempotent`` lets results be reused without end, ``cache_ttl_secs`` for that long.
    """

    name: str
    description: str = ""
    parameters: JsonObject = msgspec.field(default_factory=dict)
    returns: JsonValue = None
    idempotent: bool = False
    cache_ttl_secs: U64 | None = None
    rate_limit: RateLimit | None = None


class ToolCall(Struct, frozen=True, kw_only=True, gc=False):
    """One dispatch of a tool: what the engine hands to its executor (``engine.md`` §4).

    Its members are the params of ``tools.execute`` by name.

    ``request_id`` was reserved from the executor beforehand, so that it could be written
    to the journal; ``attempt`` counts from 1.  ``timeout_ms`` is the action's own budget
    in milliseconds, None for the executor's default.
    """

    tool: str
    parameters: JsonObject
    action_id: str | None = None
    request_id: str | None = None
    timeout_ms: int | None = None
    attempt: int = 1
    session_id: str | UnsetType = UNSET
