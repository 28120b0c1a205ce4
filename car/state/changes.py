"""What one proposal wrote, and how to undo it without undoing others.

An entry is a new object at every write and knows whether it was withdrawn, so proposals
that ran at the same time can be rolled back in any order; no version numbers are kept.
"""

from typing import TYPE_CHECKING

from msgspec import Struct

from car.ir.json import JsonObject, JsonValue
from car.state.reader import absent

if TYPE_CHECKING:
    from car.state.store import StateStore


class Entry(Struct, eq=False, gc=False):
    """A value as one write left it, with the size of key and value as JSON in bytes.

    ``withdrawn`` says that the proposal which wrote it was rolled back; then ``before`` is
    what stands in its place.
    """

    value: JsonValue
    size: int
    withdrawn: bool = False
    before: "Entry | None" = None


class Written(Struct, frozen=True, eq=False, gc=False):
    """A write as the log of transitions keeps it; ``at`` in seconds since the epoch."""

    key: str
    before: Entry | None
    entry: Entry
    action_id: str | None
    at: float
    owner: "Changes | None"


class Changes:
    """The undo record of one proposal; keys are those of the view it was begun on."""

    __slots__ = ("_prefix", "_store", "_writes")

    def __init__(self, store: "StateStore", prefix: str) -> None:
        self._store = store
        self._prefix = prefix
        self._writes: list[Written] = []

    def set(
        self, key: str, value: JsonValue, *, action_id: str | None = None, at: float = 0.0
    ) -> None:
        """Write *value*; raises StateLimitError, and then nothing is written."""
        self._writes.append(self._store.write(self._prefix + key, value, action_id, at, self))

    def set_all(self, values: JsonObject, *, action_id: str | None = None, at: float = 0.0) -> None:
        """Write several keys; raises StateLimitError, and then nothing is written."""
        if len(values) > 1:
            self._store.check({self._prefix + key: value for key, value in values.items()})
        for key, value in values.items():
            self.set(key, value, action_id=action_id, at=at)

    def rollback(self, at: float) -> dict[str, JsonValue]:
        """Take every write back; answer what stands again under each key restored.

        A key that somebody else has written since is left alone.  A key that was absent is
        absent again, told as ``{"$absent": true}``.  The transitions of these writes leave
        the log; *at* is the moment, for symmetry with ``set``: nothing is recorded under it.
        """
        writes, self._writes = self._writes, []
        for written in writes:
            written.entry.withdrawn = True
            written.entry.before = _standing(written.before)
        restored: dict[str, JsonValue] = {}
        for key in dict.fromkeys(written.key for written in writes):
            entry = self._store.entry(key)
            if entry is not None and entry.withdrawn:
                entry = entry.before
                self._store.put_back(key, entry)
                restored[key[len(self._prefix) :]] = absent() if entry is None else entry.value
        if writes:
            self._store.forget(self)
        return restored


def _standing(entry: Entry | None) -> Entry | None:
    """*entry*, or what stands in its place since its proposal was rolled back."""
    while entry is not None and entry.withdrawn:
        entry = entry.before
    return entry
