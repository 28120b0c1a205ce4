"""What an agent proposes: ActionProposal, its actions and their preconditions.

The fields, their defaults and their order are those of the protocol reference
("Shared shapes") and ``engine.md`` §1; the order matters to the planner, which counts the
bytes of a serialised proposal.  Unknown fields are ignored; a wrong type, an unknown enum
value and a null where only "absent" has a default are errors that name the field.
"""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from car.ir.json import JsonObject, JsonValue, convert, decode_as

ActionType = Literal["tool_call", "state_write", "state_read", "assertion"]
FailureBehavior = Literal["abort", "retry", "skip"]
InvocationMode = Literal["one_shot", "streaming", "long_running"]
Reversibility = Literal["reversible", "compensable", "irreversible"]

U32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
"""An unsigned 32-bit integer."""

U64 = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A count that the reference holds in 64 bits."""


def new_id() -> str:
    """Twelve random lower-case hex digits: the id of a proposal or action that came without."""
    return secrets.token_hex(6)


def _now() -> datetime:
    return datetime.now(UTC)


class Precondition(Struct, frozen=True, kw_only=True, gc=False):
    """A condition on the state that must hold before an action runs.

    ``operator`` is text and not an enum: an unknown one is a check that fails, not a
    proposal that cannot be read.
    """

    key: str
    operator: str = "eq"
    value: JsonValue = None
    description: str = ""


class Assumption(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A value of the state that the agent took for granted (carried, not interpreted)."""

    key: str
    expected_value: JsonValue | UnsetType = UNSET
    read_version: int | UnsetType | None = UNSET


class ToolCompensation(Struct, frozen=True, kw_only=True, tag_field="type", tag="tool", gc=False):
    """Undo an action by calling a tool."""

    tool: str
    parameters: JsonObject = msgspec.field(default_factory=dict)


class ActionCompensation(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="action_ref", gc=False
):
    """Undo an action by another action of the proposal."""

    action_id: str


class Action(Struct, frozen=True, kw_only=True, gc=False):
    """One step of a proposal.

    ``parameters`` of a ``state_write``, ``state_read`` or ``assertion`` are
    ``{key, value?, expected?}``.  ``timeout_ms`` bounds one attempt, in milliseconds.
    """

    id: str = msgspec.field(default_factory=new_id)
    type: ActionType
    tool: str | UnsetType | None = UNSET
    parameters: JsonObject = msgspec.field(default_factory=dict)
    preconditions: list[Precondition] = msgspec.field(default_factory=list)
    expected_effects: JsonObject = msgspec.field(default_factory=dict)
    state_dependencies: list[str] = msgspec.field(default_factory=list)
    idempotent: bool = False
    max_retries: U32 = 3
    failure_behavior: FailureBehavior = "abort"
    timeout_ms: U64 | UnsetType | None = UNSET
    metadata: JsonObject = msgspec.field(default_factory=dict)
    # Later than the first release of the reference; left out when not given.
    dependencies: list[str] | UnsetType = UNSET
    read_set: list[str] | UnsetType = UNSET
    write_set: list[str] | UnsetType = UNSET
    assumptions: list[Assumption] | UnsetType = UNSET
    invocation_mode: InvocationMode | UnsetType = UNSET
    reversibility: Reversibility | UnsetType = UNSET
    compensation: ToolCompensation | ActionCompensation | UnsetType | None = UNSET

    @property
    def tool_name(self) -> str | None:
        """The tool of a tool call, or None where none is named."""
        return self.tool if isinstance(self.tool, str) else None

    @property
    def timeout(self) -> float | None:
        """The time that one attempt may take, in seconds, or None."""
        return self.timeout_ms / 1000 if isinstance(self.timeout_ms, int) else None

    @property
    def written_key(self) -> str | None:
        """The state key that a ``state_write`` names, or None."""
        if self.type != "state_write":
            return None
        key = self.parameters.get("key")
        return key if isinstance(key, str) else None


class ActionProposal(Struct, frozen=True, kw_only=True, gc=False):
    """A plan: what somebody wants done, not yet done."""

    id: str = msgspec.field(default_factory=new_id)
    source: str = "unknown"
    actions: list[Action]
    timestamp: Annotated[datetime, Meta(tz=True)] = msgspec.field(default_factory=_now)
    context: JsonObject = msgspec.field(default_factory=dict)


class RuntimeScope(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """On whose behalf a proposal runs (``{callerId?, tenantId?, claims?}`` on the wire)."""

    caller_id: str | None = None
    tenant_id: str | None = None
    claims: JsonObject | None = None


_decoder = msgspec.json.Decoder(ActionProposal)


def parse_proposal(text: bytes | str) -> ActionProposal:
    """Read a proposal from JSON text.

    Raises JsonSyntaxError, JsonLimitError, or RecordError naming the field.
    """
    return decode_as(_decoder, text)


def proposal_of(value: JsonValue) -> ActionProposal:
    """Read a proposal from a JSON value; raises RecordError naming the field."""
    return convert(value, ActionProposal)
