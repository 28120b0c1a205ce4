"""What a runtime may do: budget, capabilities, replanning."""

from typing import Literal

import msgspec
from msgspec import Struct

from car.ir.json import JsonValue
from car.ir.proposal import U32, U64, Action, ActionProposal
from car.verify.writers import written_keys


class CostBudget(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much one proposal may use; None is unlimited.

    Checked before each action; once something is used up the remaining actions are
    skipped and nothing is rolled back.
    """

    max_tool_calls: U32 | None = None
    max_duration_ms: U64 | None = None
    max_actions: U32 | None = None

    def exceeded(self, tool_calls: int, duration_ms: float, actions: int) -> str | None:
        """What is used up, as the text of a skipped action, or None."""
        if self.max_tool_calls is not None and tool_calls >= self.max_tool_calls:
            return f"cost budget used up: {tool_calls} of {self.max_tool_calls} tool calls"
        if self.max_duration_ms is not None and duration_ms >= self.max_duration_ms:
            return f"cost budget used up: {duration_ms:.0f} of {self.max_duration_ms} ms"
        if self.max_actions is not None and actions >= self.max_actions:
            return f"cost budget used up: {actions} of {self.max_actions} actions"
        return None


class Capabilities(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a runtime may touch.

    Empty ``allowed_tools`` and ``allowed_state_keys`` allow all; ``denied_tools`` wins.
    ``max_actions`` bounds a proposal.
    """

    allowed_tools: frozenset[str] = frozenset()
    denied_tools: frozenset[str] = frozenset()
    allowed_state_keys: frozenset[str] = frozenset()
    max_actions: U32 | None = None

    def violations(self, action: Action) -> list[str]:
        """Sentences for all that *action* may not do."""
        found: list[str] = []
        tool = action.tool_name
        if action.type == "tool_call" and tool is not None:
            if tool in self.denied_tools:
                found.append(f"capability: tool '{tool}' is denied")
            elif self.allowed_tools and tool not in self.allowed_tools:
                found.append(f"capability: tool '{tool}' is not among the allowed tools")
        if self.allowed_state_keys:
            found.extend(
                f"capability: state key '{key}' is not among the allowed keys"
                for key in sorted(touched_keys(action) - self.allowed_state_keys)
            )
        return found

    def proposal_violation(self, proposal: ActionProposal) -> str | None:
        """A sentence that rejects every action of *proposal*, or None."""
        count = len(proposal.actions)
        if self.max_actions is not None and count > self.max_actions:
            return f"capability: {count} actions, at most {self.max_actions} are allowed"
        return None


Replanner = Literal["none", "client", "model"]
"""Who is asked for another plan (decision 24)."""


class ReplanConfig(Struct, frozen=True, kw_only=True):
    """What to do after an abort (params of ``replan.set_config``)."""

    max_replans: U32 = 0
    delay_ms: U32 = 0
    verify_before_execute: bool = True
    replan_on_rejected: bool = False
    replanner: Replanner = "none"


def touched_keys(action: Action) -> set[str]:
    """The state keys that *action* reads or writes."""
    keys = set(written_keys(action))
    keys.update(action.state_dependencies)
    keys.update(condition.key for condition in action.preconditions)
    if action.type in ("state_read", "assertion"):
        key: JsonValue = action.parameters.get("key")
        if isinstance(key, str):
            keys.add(key)
    return keys


class Checkpoint(Struct, frozen=True, kw_only=True):
    """A runtime's state and tools at one moment, as JSON."""

    checkpoint_id: str
    created_at: str
    state: dict[str, JsonValue]
    tools: list[JsonValue]
    metadata: dict[str, JsonValue] = msgspec.field(default_factory=dict)
