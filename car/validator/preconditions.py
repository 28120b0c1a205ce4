"""Preconditions: whether one holds in a state, and the sentence when it does not.

Operators are those of ``engine.md`` §1.  A missing key fails every operator except
``not_exists``; an unknown operator is a check that fails.
"""

import operator
from collections.abc import Callable

from car.ir.json import JsonValue, encode, same
from car.ir.proposal import Precondition
from car.state.reader import StateReader

_MISSING = object()

_SHOWN_CHARS = 80
"""How much of a value a sentence shows."""


def failure(precondition: Precondition, state: StateReader) -> str | None:
    """Why *precondition* does not hold in *state*, a sentence, or None where it holds."""
    key, name = precondition.key, precondition.operator
    actual = state.get(key, _MISSING)
    if name == "not_exists":
        return (
            None if actual is _MISSING else f"precondition '{key} not_exists': the key is present"
        )
    check = _CHECKS.get(name)
    if check is None:
        return f"precondition '{key} {name}': unknown operator '{name}'"
    if actual is _MISSING:
        return f"precondition '{key} {name}': the key is absent"
    if check(actual, precondition.value):
        return None
    return f"precondition '{key} {name} {_shown(precondition.value)}': it is {_shown(actual)}"


def _differs(actual: JsonValue, value: JsonValue) -> bool:
    return not same(actual, value)


def _exists(_actual: JsonValue, _value: JsonValue) -> bool:
    return True


def _ordered(compare: Callable[[float, float], bool]) -> Callable[[JsonValue, JsonValue], bool]:
    """A comparison of two JSON numbers, taken exactly; false for all else."""

    def holds(actual: JsonValue, value: JsonValue) -> bool:
        if not (_is_number(actual) and _is_number(value)):
            return False
        return bool(compare(actual, value))

    return holds


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _contains(actual: JsonValue, value: JsonValue) -> bool:
    """A list has the element, everything else has the text form of *value* in its own.

    A number, boolean or null in a list also answers to its text form, as ``3`` to ``"3"``.
    """
    if not isinstance(actual, list):
        return _text(value) in _text(actual)
    return any(same(element, value) or _is_text_of(value, element) for element in actual)


def _is_text_of(value: JsonValue, element: JsonValue) -> bool:
    """Whether *value* is the text form of *element*, a number, boolean or null."""
    return (
        isinstance(value, str)
        and not isinstance(element, str | list | dict)
        and value == _text(element)
    )


def _text(value: JsonValue) -> str:
    """Text itself, everything else as compact JSON."""
    return value if isinstance(value, str) else encode(value).decode()


def _shown(value: JsonValue) -> str:
    text = encode(value).decode()
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


_CHECKS: dict[str, Callable[[JsonValue, JsonValue], bool]] = {
    "eq": same,
    "neq": _differs,
    "gt": _ordered(operator.gt),
    "lt": _ordered(operator.lt),
    "gte": _ordered(operator.ge),
    "lte": _ordered(operator.le),
    "exists": _exists,
    "contains": _contains,
}
