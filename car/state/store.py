"""The state of a session: text keys to JSON values, with a log of its last transitions.

The store knows tenants by the prefix of their keys only (``protocol-core.md`` §7).  Undoing
what a proposal wrote is left to ``car.state.changes``, saving and loading to whoever
holds the checkpoint.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from msgspec import UNSET, Struct, UnsetType

from car.ir.json import JsonObject, JsonValue, encode
from car.state.changes import Changes, Entry, Written
from car.state.errors import StateLimitError

MAX_KEYS = 100_000
"""Keys a store may hold (``reliability.md`` §3)."""

MAX_BYTES = 64 * 1024 * 1024
"""Bytes of keys and values as JSON that a store may hold (``reliability.md`` §3)."""

MAX_TRANSITIONS = 10_000
"""Transitions kept, those of the last writes; fewer where they would hold too many bytes."""

TENANT_MARK = "tenant:"
"""Keys that begin so belong to a tenant and are hidden from unscoped listings."""


class Transition(Struct, frozen=True, kw_only=True):
    """One write; ``old_value`` is left out where the key was absent.

    ``timestamp`` is in seconds since the epoch.
    """

    key: str
    old_value: JsonValue | UnsetType = UNSET
    new_value: JsonValue
    action_id: str | None
    timestamp: float


class StateStore:
    """All values, those of every tenant included.

    *max_bytes* also bounds the values that the log of transitions keeps alive.
    """

    __slots__ = ("_bytes", "_entries", "_log", "_log_bytes", "_max_bytes", "_max_keys")

    def __init__(self, max_keys: int = MAX_KEYS, max_bytes: int = MAX_BYTES) -> None:
        self._max_keys = max_keys
        self._max_bytes = max_bytes
        self._entries: dict[str, Entry] = {}
        self._bytes = 0
        self._log: deque[Written] | None = None
        self._log_bytes = 0

    def get(self, key: str, default: JsonValue = None) -> JsonValue:
        """The value of *key*, or *default* where it is absent."""
        entry = self._entries.get(key)
        return default if entry is None else entry.value

    def exists(self, key: str) -> bool:
        """Whether *key* is present; a null value is."""
        return key in self._entries

    def keys(self) -> list[str]:
        """All keys, sorted."""
        return sorted(self._entries)

    def snapshot(self) -> JsonObject:
        """All keys and values; the values are shared and not to be changed."""
        return {key: entry.value for key, entry in self._entries.items()}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size_bytes(self) -> int:
        """The length of all keys and values as JSON text."""
        return self._bytes

    @property
    def transitions(self) -> list[Transition]:
        """The last writes, oldest first."""
        return [
            Transition(
                key=written.key,
                old_value=UNSET if written.before is None else written.before.value,
                new_value=written.entry.value,
                action_id=written.action_id,
                timestamp=written.at,
            )
            for written in self._log or ()
        ]

    def set(
        self, key: str, value: JsonValue, *, action_id: str | None = None, at: float = 0.0
    ) -> None:
        """Write *value*; raises StateLimitError, and then nothing is written."""
        self.write(key, value, action_id, at, None)

    def begin(self) -> Changes:
        """A record of the writes of one proposal, to undo them by."""
        return Changes(self, "")

    def tenant(self, tenant_id: str | None) -> "StateView":
        """What one tenant sees; None or the empty text is nobody in particular."""
        if not tenant_id:
            return StateView(self, "")
        return StateView(self, f"{TENANT_MARK}{quote(tenant_id, safe='')}:")

    def replace(self, values: Mapping[str, JsonValue]) -> None:
        """Hold *values* and nothing else; the log of transitions is cleared.

        Raises StateLimitError, and then nothing changes.
        """
        entries = {key: _entry(key, value) for key, value in values.items()}
        size = sum(entry.size for entry in entries.values())
        self._check(len(entries), size)
        self._entries = entries
        self._bytes = size
        self._log = None
        self._log_bytes = 0

    # For ``Changes`` alone.

    def entry(self, key: str) -> Entry | None:
        """What stands under *key* now."""
        return self._entries.get(key)

    def write(
        self, key: str, value: JsonValue, action_id: str | None, at: float, owner: Changes | None
    ) -> Written:
        """Write *value* on behalf of *owner*; raises StateLimitError."""
        entry = _entry(key, value)
        before = self._entries.get(key)
        size = self._bytes + entry.size - (0 if before is None else before.size)
        self._check(len(self._entries) + (before is None), size)
        self._entries[key] = entry
        self._bytes = size
        written = Written(key, before, entry, action_id, at, owner)
        self._remember(written)
        return written

    def check(self, values: JsonObject) -> None:
        """Raise StateLimitError if *values* cannot all be written."""
        keys, size = len(self._entries), self._bytes
        for key, value in values.items():
            before = self._entries.get(key)
            keys += before is None
            size += _entry(key, value).size - (0 if before is None else before.size)
        self._check(keys, size)

    def put_back(self, key: str, entry: Entry | None) -> None:
        """Let *entry* stand under *key* again, or nothing; no transition is written."""
        current = self._entries.pop(key, None)
        self._bytes -= 0 if current is None else current.size
        if entry is not None:
            self._entries[key] = entry
            self._bytes += entry.size

    def forget(self, owner: Changes) -> None:
        """Drop the transitions of *owner* from the log."""
        kept = deque(written for written in self._log or () if written.owner is not owner)
        self._log = kept
        self._log_bytes = sum(written.entry.size for written in kept)

    def _remember(self, written: Written) -> None:
        if self._log is None:
            self._log = deque()
        self._log.append(written)
        self._log_bytes += written.entry.size
        while len(self._log) > MAX_TRANSITIONS or self._log_bytes > self._max_bytes:
            self._log_bytes -= self._log.popleft().entry.size

    def _check(self, keys: int, size: int) -> None:
        if keys > self._max_keys:
            raise StateLimitError(f"the state holds at most {self._max_keys} keys")
        if size > self._max_bytes:
            raise StateLimitError(f"the state holds at most {self._max_bytes} bytes as JSON")


class StateView:
    """The keys of one tenant without their prefix, or those that belong to none."""

    __slots__ = ("_prefix", "_store")

    def __init__(self, store: StateStore, prefix: str) -> None:
        self._store = store
        self._prefix = prefix

    def get(self, key: str, default: JsonValue = None) -> JsonValue:
        """The value of *key*, or *default* where it is absent."""
        return self._store.get(self._prefix + key, default)

    def exists(self, key: str) -> bool:
        """Whether *key* is present; a null value is."""
        return self._store.exists(self._prefix + key)

    def keys(self) -> list[str]:
        """The keys of this view, sorted."""
        return list(self._visible())

    def snapshot(self) -> JsonObject:
        """The keys of this view and their values, which are shared and not to be changed."""
        return {key: self.get(key) for key in self._visible()}

    def __len__(self) -> int:
        return sum(1 for _ in self._visible())

    def set(
        self, key: str, value: JsonValue, *, action_id: str | None = None, at: float = 0.0
    ) -> None:
        """Write *value*; raises StateLimitError, and then nothing is written."""
        self._store.set(self._prefix + key, value, action_id=action_id, at=at)

    def begin(self) -> Changes:
        """A record of the writes of one proposal, to undo them by."""
        return Changes(self._store, self._prefix)

    def _visible(self) -> Iterator[str]:
        everybodys = self._store.keys()
        if self._prefix:
            start = len(self._prefix)
            return (key[start:] for key in everybodys if key.startswith(self._prefix))
        return (key for key in everybodys if not key.startswith(TENANT_MARK))


def _entry(key: str, value: JsonValue) -> Entry:
    return Entry(value, len(encode((key, value))))
