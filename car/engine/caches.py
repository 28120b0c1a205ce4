"""Results that need not be computed twice (``engine.md`` §4).

Two caches with one key: an idempotent call is answered for as long as the runtime lives, a
call of a tool with ``cache_ttl_secs`` for that long.  Both hold successes only, and the
oldest entry goes when there are too many.
"""

from typing import NamedTuple

from car.ir.json import JsonObject, JsonValue, canonical

MAX_ENTRIES = 10_000
"""Entries a cache holds; [ours], so that a long session stays bounded."""


class CachedCall(NamedTuple):
    """What a successful call gave: its output and the state changes of its action."""

    output: JsonValue
    changes: JsonObject


class CallKey(NamedTuple):
    """What makes two calls the same: the tool and the canonical text of its parameters."""

    tool: str
    parameters: bytes


def call_key(tool: str, parameters: JsonObject) -> CallKey:
    """The key of a call."""
    return CallKey(tool, canonical(parameters))


class IdempotencyCache:
    """Outputs of idempotent calls, kept across proposals."""

    def __init__(self) -> None:
        self._calls: dict[CallKey, CachedCall] = {}

    def get(self, key: CallKey) -> CachedCall | None:
        """An equal call, or None."""
        return self._calls.get(key)

    def put(self, key: CallKey, cached: CachedCall) -> None:
        """Remember a call."""
        if key not in self._calls and len(self._calls) >= MAX_ENTRIES:
            del self._calls[next(iter(self._calls))]
        self._calls[key] = cached

    def drop(self, keys: set[CallKey]) -> None:
        """Forget the entries of *keys*: their proposal was rolled back."""
        for key in keys:
            self._calls.pop(key, None)


class ResultCache:
    """Outputs of tools that allow reuse for some seconds."""

    def __init__(self) -> None:
        self._calls: dict[CallKey, tuple[CachedCall, float]] = {}

    def get(self, key: CallKey, at: float) -> CachedCall | None:
        """An equal call that is still fresh at time *at*, or None."""
        entry = self._calls.get(key)
        if entry is None:
            return None
        cached, expires = entry
        if at >= expires:
            del self._calls[key]
            return None
        return cached

    def put(self, key: CallKey, cached: CachedCall, expires: float) -> None:
        """Remember a call until *expires*."""
        self._calls.pop(key, None)
        if len(self._calls) >= MAX_ENTRIES:
            del self._calls[next(iter(self._calls))]
        self._calls[key] = (cached, expires)
