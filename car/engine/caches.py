"""Results that need not be computed twice (``engine.md`` §4).

Two caches with one key: an idempotent call is answered for as long as the runtime lives, a
call of a tool with ``cache_ttl_secs`` for that long.  Both hold successes only, and the
oldest entry goes when there are too many.
"""

from typing import NamedTuple

from car.ir.json import JsonObject, JsonValue, canonical

MAX_ENTRIES = 10_000
"""Entries a cache holds; [ours], so that a long session stays bounded."""


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
        self._outputs: dict[CallKey, JsonValue] = {}

    def get(self, key: CallKey, default: JsonValue = None) -> JsonValue:
        """The output of an equal call, or *default*."""
        return self._outputs.get(key, default)

    def put(self, key: CallKey, output: JsonValue) -> None:
        """Remember an output."""
        if len(self._outputs) >= MAX_ENTRIES:
            del self._outputs[next(iter(self._outputs))]
        self._outputs[key] = output

    def drop(self, keys: set[CallKey]) -> None:
        """Forget the entries of *keys*: their proposal was rolled back."""
        for key in keys:
            self._outputs.pop(key, None)


class ResultCache:
    """Outputs of tools that allow reuse for some seconds."""

    def __init__(self) -> None:
        self._outputs: dict[CallKey, tuple[JsonValue, float]] = {}

    def get(self, key: CallKey, at: float, default: JsonValue = None) -> JsonValue:
        """The output of an equal call that is still fresh at time *at*, or *default*."""
        entry = self._outputs.get(key)
        if entry is None:
            return default
        output, expires = entry
        if at >= expires:
            del self._outputs[key]
            return default
        return output

    def put(self, key: CallKey, output: JsonValue, expires: float) -> None:
        """Remember an output until *expires*."""
        self._outputs.pop(key, None)
        if len(self._outputs) >= MAX_ENTRIES:
            del self._outputs[next(iter(self._outputs))]
        self._outputs[key] = (output, expires)
