"""Redaction: values of configured keys never reach the journal, only a keyed digest.

The digest is HMAC-SHA-256 over the value's canonical JSON, so equal values of one daemon
can be recognised (a replay compares them) and none can be guessed without the key.
"""

import hmac
from collections.abc import Collection

from car.ir.json import JsonObject, JsonValue, canonical

_STATE_MEMBERS = ("value", "expected")


class Redactor:
    """Replaces the values of *keys*, at any depth, by ``{"$redacted": "<hmac>"}``.

    A state key is a key too: where an object names one of *keys* in its ``key`` member
    (``state.set``, the parameters of a ``state_write``, a precondition), its ``value`` and
    ``expected`` are replaced.
    """

    def __init__(self, keys: Collection[str], secret: bytes) -> None:
        self._keys = frozenset(keys)
        self._secret = secret

    def redact(self, data: JsonObject) -> JsonObject:
        """*data* with its secrets replaced; the original is left alone."""
        state_key = data.get("key")
        hidden: Collection[str] = ()
        if isinstance(state_key, str) and state_key in self._keys:
            hidden = _STATE_MEMBERS
        return {
            key: self._digest(value) if key in self._keys or key in hidden else self._inside(value)
            for key, value in data.items()
        }

    def _inside(self, value: JsonValue) -> JsonValue:
        if isinstance(value, dict):
            return self.redact(value)
        if isinstance(value, list):
            return [self._inside(member) for member in value]
        return value

    def _digest(self, value: JsonValue) -> JsonObject:
        return {"$redacted": hmac.digest(self._secret, canonical(value), "sha256").hex()}
