"""Policies as clients register them, and the rules they become (``engine.md`` §6).

Which rules are in force, and where, is left to the book.
"""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import UNSET, Struct, UnsetType

from car.ir.json import JsonObject, JsonValue, encode, same
from car.ir.proposal import Action
from car.policy.errors import PolicyError
from car.state.reader import StateReader

_MISSING = object()

_SHOWN_CHARS = 80
"""How much of a required value a description shows."""


class PolicyDefinition(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One policy on the wire; null equals absent, but for ``value``.

    ``session_id`` names the scope it is meant for: where it goes is the caller's to say.
    """

    name: str
    rule: str
    target: str | None = None
    key: str | None = None
    pattern: str | None = None
    value: JsonValue | UnsetType = UNSET
    session_id: str | None = None


class Violation(NamedTuple):
    """A policy that forbids an action, and the sentence that says so."""

    name: str
    text: str


Check = Callable[[Action, JsonObject, StateReader], bool]
"""Whether a rule forbids an action, given its parameters with references resolved."""


class Rule(NamedTuple):
    """A rule in force.

    With a ``tool`` it looks only at calls of that tool, else at every action.  ``text`` is
    what a violation says; ``definition`` is what the digest of the rules is taken over.
    """

    name: str
    description: str
    text: str
    tool: str | None
    forbids: Check
    definition: JsonValue


def rule_of(definition: PolicyDefinition) -> Rule:
    """The rule that *definition* asks for; raises PolicyError."""
    make = _MAKERS.get(definition.rule)
    if make is None:
        raise PolicyError(f"unknown rule type: {definition.rule}")
    return make(definition)


def _deny_tool(definition: PolicyDefinition) -> Rule:
    tool = _argument(definition, "target", definition.target)
    return _rule(definition, f"tool '{tool}' is denied", tool, _always)


def _always(_action: Action, _parameters: JsonObject, _state: StateReader) -> bool:
    return True


def _deny_tool_param(definition: PolicyDefinition) -> Rule:
    tool = _argument(definition, "target", definition.target)
    key = _argument(definition, "key", definition.key)
    pattern = _argument(definition, "pattern", definition.pattern)

    def forbids(_action: Action, parameters: JsonObject, _state: StateReader) -> bool:
        value = parameters.get(key, _MISSING)
        if value is _MISSING:
            return False
        return pattern in (value if isinstance(value, str) else encode(value).decode())

    return _rule(definition, f"tool '{tool}' is denied with '{pattern}' in '{key}'", tool, forbids)


def _require_state(definition: PolicyDefinition) -> Rule:
    key = _argument(definition, "key", definition.key)
    value = definition.value
    if value is UNSET:
        raise PolicyError(f"policy '{definition.name}': {definition.rule} needs value")

    def forbids(_action: Action, _parameters: JsonObject, state: StateReader) -> bool:
        actual = state.get(key, _MISSING)
        return actual is _MISSING or not same(actual, value)

    shown = encode(value).decode()
    if len(shown) > _SHOWN_CHARS:
        shown = f"{shown[:_SHOWN_CHARS]}…"
    return _rule(definition, f"state '{key}' must equal {shown}", None, forbids)


def _argument(definition: PolicyDefinition, field: str, value: str | None) -> str:
    if value is None:
        raise PolicyError(f"policy '{definition.name}': {definition.rule} needs {field}")
    return value


def _rule(definition: PolicyDefinition, description: str, tool: str | None, forbids: Check) -> Rule:
    return Rule(
        name=definition.name,
        description=description,
        text=f"policy '{definition.name}': {description}",
        tool=tool,
        forbids=forbids,
        definition=definition,
    )


_MAKERS: dict[str, Callable[[PolicyDefinition], Rule]] = {
    "deny_tool": _deny_tool,
    "deny_tool_param": _deny_tool_param,
    "require_state": _require_state,
}
