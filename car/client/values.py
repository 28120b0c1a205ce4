"""Python values on their way to the wire."""

from typing import Any

from car.ir.json import JsonValue, check_value, to_value


def plain(value: Any) -> JsonValue:
    """*value* as a JSON value: records become objects, tuples arrays.

    Raises JsonError for what JSON cannot hold, a NaN for instance, and TypeError for objects
    of a type that is no record.
    """
    found = _with_lists(to_value(value))
    check_value(found)
    return found


def _with_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_lists(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_with_lists(member) for member in value]
    return value
