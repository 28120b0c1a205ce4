"""What a field of a record may be, where only certain values are legal.

msgspec says that a value is wrong, not which would be right; this looks it up in the type,
by the place that msgspec names.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import inspect

_STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>[^\]]*)\]")
"""One step of a place: ``.name`` of an object, ``[0]`` of an array, ``[...]`` of any member."""


def choices_at(type_: Any, place: str) -> list[str | int]:
    """The values that may stand at *place* (``.trigger.kind``, ``[0].type``) of a *type_*.

    In their order; empty where *place* takes other values as well, or is not in the type.
    """
    types: list[inspect.Type] = [_type_info(type_)]
    for step in _STEP.finditer(place):
        tags = list(_tags(types, step["name"]))
        if tags and step.end() == len(place):
            return _ordered(tags)
        types = [inner for one in types for inner in _within(one, step["name"])]
    return _ordered(
        value
        for one in _flat(types)
        if isinstance(one, inspect.LiteralType)
        for value in one.values
    )


@lru_cache(maxsize=256)
def _type_info(type_: Any) -> inspect.Type:
    return inspect.type_info(type_)


def _flat(types: Iterable[inspect.Type]) -> Iterator[inspect.Type]:
    """The alternatives of *types*, without what msgspec wraps them in."""
    for one in types:
        if isinstance(one, inspect.UnionType):
            yield from _flat(one.types)
        elif isinstance(one, inspect.Metadata):
            yield from _flat([one.type])
        else:
            yield one


def _within(type_: inspect.Type, name: str | None) -> Iterator[inspect.Type]:
    """The types of what stands in a *type_* under *name*, or in an array if that is None."""
    for one in _flat([type_]):
        match one:
            case inspect.StructType():
                yield from (field.type for field in one.fields if field.encode_name == name)
            case inspect.DictType():
                yield one.value_type
            case inspect.ListType() | inspect.SetType() | inspect.VarTupleType():
                yield one.item_type
            case inspect.TupleType():
                yield from one.item_types


def _tags(types: Iterable[inspect.Type], name: str | None) -> Iterator[str | int]:
    """The tags of those records among *types* that are told apart by their member *name*."""
    for one in _flat(types):
        if isinstance(one, inspect.StructType) and one.tag_field == name and one.tag is not None:
            yield one.tag


def _ordered(values: Iterable[Any]) -> list[str | int]:
    return list(dict.fromkeys(values))


def choice_sentence(type_: Any, place: str) -> str:
    """What is right at *place*: ``; it must be "a" or "b"``, empty where nothing can be said."""
    choices = choices_at(type_, place)
    if not choices:
        return ""
    *most, last = [msgspec.json.encode(value).decode() for value in choices]
    return f"; it must be {', '.join(most)} or {last}" if most else f"; it must be {last}"
