"""References from one action's parameters to another's output (decision 3).

A parameter value that is exactly ``$<id>.output`` or ``$<id>.output.<path>`` stands for the
output of action *id*, or the part of it that the dotted path of keys and list indexes names.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from car.errors import CarError
from car.ir.json import JsonValue

_MARK = ".output"

_MARKS = 8
"""How many times ``.output`` may stand in a text that is still looked at for a reference: an
id may hold it, but a text full of it would cost the square of its length."""


class ReferenceFault(CarError):
    """A reference that cannot be resolved; the message names it."""


class Reference(NamedTuple):
    """``$<action_id>.output.<path>``, taken apart; ``text`` is the whole."""

    text: str
    action_id: str
    path: tuple[str, ...]


def read_reference(value: JsonValue, action_ids: Mapping[str, object]) -> Reference | None:
    """The reference that *value* is, or None: only ids of the proposal make one."""
    if type(value) is not str or not value.startswith("$"):
        return None
    end = value.find(_MARK, 1)
    for _ in range(_MARKS):
        if end == -1:
            return None
        action_id, rest = value[1:end], value[end + len(_MARK) :]
        if action_id in action_ids and (not rest or (rest[0] == "." and len(rest) > 1)):
            return Reference(value, action_id, tuple(rest[1:].split(".")) if rest else ())
        end = value.find(_MARK, end + 1)
    return None


def find_references(value: JsonValue, action_ids: Mapping[str, object]) -> Iterator[Reference]:
    """Every reference inside *value*, at any depth."""
    if type(value) is dict:
        for member in value.values():
            yield from find_references(member, action_ids)
    elif type(value) is list:
        for member in value:
            yield from find_references(member, action_ids)
    else:
        reference = read_reference(value, action_ids)
        if reference is not None:
            yield reference


def resolve(value: JsonValue, outputs: Mapping[str, JsonValue]) -> JsonValue:
    """*value* with each reference to an action of *outputs* replaced by what it names.

    Untouched parts are shared with the original.  Raises ReferenceFault where a path leads
    nowhere.
    """
    if type(value) is dict:
        return {key: resolve(member, outputs) for key, member in value.items()}
    if type(value) is list:
        return [resolve(member, outputs) for member in value]
    reference = read_reference(value, outputs)
    return value if reference is None else _follow(reference, outputs[reference.action_id])


def _follow(reference: Reference, output: JsonValue) -> JsonValue:
    for step in reference.path:
        if type(output) is dict and step in output:
            output = output[step]
        elif type(output) is list and step.isascii() and step.isdigit() and int(step) < len(output):
            output = output[int(step)]
        else:
            raise ReferenceFault(f"reference '{reference.text}': the output has no '{step}'")
    return output
