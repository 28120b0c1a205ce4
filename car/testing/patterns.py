"""Patterns that conformance cases expect answers to match (``conformance/README.md``)."""

import math
from collections.abc import Callable, Iterator

from car.ir.instants import InstantError, seconds
from car.ir.json import JsonValue, same

_TOLERANCE = 1e-9
"""Of ``$approx``: absolute, relative above 1."""


def mismatches(pattern: JsonValue, value: JsonValue, place: str = "$") -> list[str]:
    """Sentences for all that keeps *value* from matching *pattern*; empty when it does.

    An object asks for its own keys, an absent key equals null; a list has the same length,
    item by item; anything else is equal, ``1``, ``1.0`` and ``true`` being three values.
    """
    return list(_mismatches(pattern, value, place))


def _mismatches(pattern: JsonValue, value: JsonValue, place: str) -> Iterator[str]:
    if isinstance(pattern, dict):
        matcher = _matcher(pattern)
        if matcher is not None:
            if not matcher(pattern[next(iter(pattern))], value):
                yield f"{place}: expected {pattern}, got {value!r}"
        elif not isinstance(value, dict):
            yield f"{place}: expected an object, got {value!r}"
        else:
            for key, wanted in pattern.items():
                yield from _mismatches(wanted, value.get(key), f"{place}.{key}")
    elif isinstance(pattern, list):
        if not isinstance(value, list) or len(value) != len(pattern):
            yield f"{place}: expected a list of {len(pattern)}, got {value!r}"
        else:
            for index, wanted in enumerate(pattern):
                yield from _mismatches(wanted, value[index], f"{place}[{index}]")
    elif not same(pattern, value):
        yield f"{place}: expected {pattern!r}, got {value!r}"


def _matcher(pattern: dict[str, JsonValue]) -> "Callable[[JsonValue, JsonValue], bool] | None":
    """The matcher that a one-key object names, or None where it is an ordinary object."""
    return _MATCHERS.get(next(iter(pattern))) if len(pattern) == 1 else None


def _any(_argument: JsonValue, _value: JsonValue) -> bool:
    return True


def _type(name: JsonValue, value: JsonValue) -> bool:
    return _TYPES[name](value)


def _unordered(patterns: JsonValue, value: JsonValue) -> bool:
    """Whether each item can be given a pattern of its own (augmenting paths)."""
    if not isinstance(value, list) or len(value) != len(patterns):
        return False
    taken: dict[int, int] = {}

    def place(item: int, tried: set[int]) -> bool:
        for index, pattern in enumerate(patterns):
            if index in tried or mismatches(pattern, value[item]):
                continue
            tried.add(index)
            if index not in taken or place(taken[index], tried):
                taken[index] = item
                return True
        return False

    return all(place(item, set()) for item in range(len(value)))


def _approx(wanted: JsonValue, value: JsonValue) -> bool:
    return _is_number(value) and math.isclose(value, wanted, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)


def mentions(words: list[str], text: JsonValue) -> bool:
    """Whether *text* is text that contains every word, whatever its case."""
    return isinstance(text, str) and all(word.lower() in text.lower() for word in words)


def _null(_argument: JsonValue, value: JsonValue) -> bool:
    return value is None


def _len(length: JsonValue, value: JsonValue) -> bool:
    return isinstance(value, list | dict | str) and len(value) == length


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_timestamp(value: JsonValue) -> bool:
    if not isinstance(value, str):
        return False
    try:
        seconds(value)
    except InstantError:
        return False
    return True


def _instance_of(kind: type) -> Callable[[JsonValue], bool]:
    return lambda value: isinstance(value, kind)


_TYPES: dict[str, Callable[[JsonValue], bool]] = {
    "string": _instance_of(str),
    "number": _is_number,
    "integer": _is_integer,
    "boolean": _instance_of(bool),
    "array": _instance_of(list),
    "object": _instance_of(dict),
    "timestamp": _is_timestamp,
}

_MATCHERS: dict[str, Callable[[JsonValue, JsonValue], bool]] = {
    "$any": _any,
    "$type": _type,
    "$exact": same,
    "$unordered": _unordered,
    "$approx": _approx,
    "$mentions": mentions,
    "$null": _null,
    "$len": _len,
}
