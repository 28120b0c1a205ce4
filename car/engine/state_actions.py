"""What a ``state_write``, a ``state_read`` and an ``assertion`` do (``engine.md`` §4)."""

from typing import NamedTuple

from car.engine.errors import ActionFailed
from car.ir.json import JsonObject, JsonValue, same
from car.ir.proposal import ActionType
from car.state.reader import StateReader


class Done(NamedTuple):
    """The output of a state action, and what it is to write."""

    output: JsonValue
    written: JsonObject


_NOTHING: JsonObject = {}


def act(kind: ActionType, parameters: JsonObject, state: StateReader) -> Done:
    """Run a state action against *state*, which is not changed; raises ActionFailed."""
    key = parameters.get("key")
    if not isinstance(key, str):
        raise ActionFailed(f"{kind} needs a text parameter 'key'")
    if kind == "state_write":
        return Done(f"written: {key}", {key: parameters.get("value")})
    value = state.get(key)
    if kind == "state_read":
        return Done(value, _NOTHING)
    expected = parameters.get("expected")
    if not same(value, expected):
        raise ActionFailed(f"assertion failed: '{key}' is {value!r:.200}, not {expected!r:.200}")
    return Done({"asserted": key, "value": value}, _NOTHING)
