"""All that can be said against one action before policies are asked (``engine.md`` §4)."""

from collections.abc import Mapping, Sequence

from car.ir.json import JsonObject
from car.ir.proposal import Action
from car.state.reader import StateReader
from car.validator.preconditions import failure
from car.validator.schemas import CompiledTool

_NOTHING: Sequence[str] = ()


def reasons(
    action: Action,
    parameters: JsonObject,
    tools: Mapping[str, CompiledTool],
    state: StateReader,
) -> Sequence[str]:
    """Sentences for all that forbids *action*, with its references resolved in *parameters*.

    In order: tool not registered, parameters against its schema, preconditions, state
    dependencies.  A tool call without a tool is not caught here: it runs and fails.  The
    answer may be shared and is not to be changed.
    """
    if action.type != "tool_call" or (name := action.tool_name) is None:
        return state_reasons(action, state)
    tool = tools.get(name)
    if tool is None:
        found = [unregistered(name)]
    elif errors := tool.parameter_errors(parameters):
        found = [invalid_parameters(name, error) for error in errors]
    else:
        return state_reasons(action, state)
    found.extend(state_reasons(action, state))
    return found


def state_reasons(action: Action, state: StateReader) -> Sequence[str]:
    """The part of ``reasons`` that looks at the state: preconditions, then dependencies."""
    if not action.preconditions and not action.state_dependencies:
        return _NOTHING
    found: list[str] = []
    for precondition in action.preconditions:
        sentence = failure(precondition, state)
        if sentence is not None:
            found.append(sentence)
    for key in action.state_dependencies:
        if not state.exists(key):
            found.append(f"dependency '{key}' is absent from the state")
    return found


def unregistered(tool: str) -> str:
    """The sentence about a tool nobody has registered."""
    return f"tool '{tool}' is not registered"


def invalid_parameters(tool: str, error: str) -> str:
    """The sentence about parameters that do not match the tool's schema."""
    return f"tool '{tool}' parameter validation: {error}"
