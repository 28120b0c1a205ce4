"""Reading the state: what a check may ask of it, and a record of what was asked.

Who holds the values is left to the provider: the store, a tenant's view of it, or a plain
mapping in an analysis.
"""

from collections.abc import Mapping
from typing import Protocol

from car.ir.json import JsonObject, JsonValue

_MISSING = object()

_ABSENT_MARK = "$absent"


def absent() -> JsonObject:
    """What stands for the value of an absent key in a record: ``{"$absent": true}``."""
    return {_ABSENT_MARK: True}


class StateReader(Protocol):
    """The two questions that a precondition, a dependency or a policy asks."""

    def get(self, key: str, default: JsonValue = None) -> JsonValue:
        """The value of *key*, or *default* where it is absent."""

    def exists(self, key: str) -> bool:
        """Whether *key* is present; a null value is."""


class ValuesReader:
    """A StateReader over a mapping that somebody else holds and may change."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, JsonValue]) -> None:
        self._values = values

    def get(self, key: str, default: JsonValue = None) -> JsonValue:
        """The value of *key*, or *default* where it is absent."""
        return self._values.get(key, default)

    def exists(self, key: str) -> bool:
        """Whether *key* is present."""
        return key in self._values


class RecordingReader:
    """A StateReader that remembers what it was asked.

    ``reads`` maps every key looked at to the value it had, or to ``{"$absent": true}``.
    """

    __slots__ = ("_reader", "reads")

    def __init__(self, reader: StateReader) -> None:
        self._reader = reader
        self.reads: dict[str, JsonValue] = {}

    def get(self, key: str, default: JsonValue = None) -> JsonValue:
        """The value of *key*, or *default* where it is absent."""
        value = self._look(key)
        return default if value is _MISSING else value

    def exists(self, key: str) -> bool:
        """Whether *key* is present."""
        return self._look(key) is not _MISSING

    def _look(self, key: str) -> JsonValue:
        value = self._reader.get(key, _MISSING)
        self.reads[key] = absent() if value is _MISSING else value
        return value
