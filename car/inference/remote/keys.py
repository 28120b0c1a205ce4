"""Several keys for one endpoint: taken in turns, put aside when a provider complains of one.

Keys themselves are never kept here, told or written: a key is known by the name of the
variable or secret that holds it.  The statistics outlive the daemon in
``<root>/models/key_pool_stats.json``.
"""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from car.inference.errors import InferenceError, MissingKey, ProviderError
from car.inference.interfaces import InThread
from car.inference.keeping import KeptDocument
from car.inference.remote.urls import told
from car.ir.json import JsonObject

LIMITED_SECONDS = 60.0
"""How long a key that is over its limit rests where the provider does not say; [ours]."""

REFUSED_SECONDS = 300.0
"""How long a key that was refused rests: it may be replaced under the same name; [ours]."""

_UNAUTHORIZED = (401, 403)
_TOO_MANY = 429

Outcome = Literal["success", "limited", "refused", "failure"]


class KeyStatistics(Struct):
    """What became of the requests with one key; times are seconds since the epoch."""

    requests: int = 0
    successes: int = 0
    failures: int = 0
    rate_limited: int = 0
    refused: int = 0
    last_used_at: float = 0.0
    rests_until: float = 0.0


_Pools: TypeAlias = dict[str, dict[str, KeyStatistics]]


class KeyPools:
    """The statistics of all keys, by endpoint and name; *path* None keeps them in memory.

    They only help to choose.  *now* is the time in seconds since the epoch.
    """

    def __init__(
        self,
        path: Path | None,
        clock: IReactorTime,
        in_thread: InThread,
        now: Callable[[], float],
    ) -> None:
        self._now = now
        self._pools: _Pools = {}
        self._kept = KeptDocument(path, _Pools, clock, in_thread, self.snapshot)

    async def load(self) -> None:
        """Read what was saved; what is known already stays."""
        self._pools = (await self._kept.read() or {}) | self._pools

    def flush(self) -> Deferred[None]:
        """Save what has not been saved; fires when it is on disk, or has failed and is logged."""
        return self._kept.flush()

    def snapshot(self) -> JsonObject:
        """The statistics as JSON: endpoint, then name, then numbers."""
        found: JsonObject = msgspec.to_builtins(self._pools)
        return found

    def choose(
        self, endpoint: str, keys: Sequence[tuple[str, str]], tried: Collection[str] = ()
    ) -> tuple[str, str]:
        """One of *keys*, (name, key) pairs, for a request to *endpoint*.

        The one used longest ago among those that do not rest, else the one whose rest ends
        first; names in *tried* come last.
        """
        now = self._now()

        def rank(pair: tuple[str, str]) -> tuple[bool, float, float, int]:
            known = self._of(endpoint, pair[0])
            rest = known.rests_until if known.rests_until > now else 0.0
            return pair[0] in tried, rest, known.last_used_at, known.requests

        name, key = min(keys, key=rank)
        known = self._of(endpoint, name)
        known.requests += 1
        known.last_used_at = now
        return name, key

    def ended(self, endpoint: str, name: str, error: InferenceError | None) -> None:
        """A request with the key *name* has ended, with *error* or well."""
        known = self._of(endpoint, name)
        match outcome(error):
            case "success":
                known.successes += 1
                known.rests_until = 0.0
            case "limited":
                known.rate_limited += 1
                known.rests_until = self._now() + _rest(error)
            case "refused":
                known.refused += 1
                known.rests_until = self._now() + REFUSED_SECONDS
            case "failure":
                known.failures += 1
        self._kept.changed()

    def _of(self, endpoint: str, name: str) -> KeyStatistics:
        return self._pools.setdefault(told(endpoint), {}).setdefault(name, KeyStatistics())


def outcome(error: InferenceError | None) -> Outcome:
    """What *error* says of the key that was used."""
    status = error.status if isinstance(error, ProviderError) else None
    if error is None:
        return "success"
    if status in _UNAUTHORIZED:
        return "refused"
    return "limited" if status == _TOO_MANY else "failure"


def missing_key(endpoint: str, names: Sequence[str]) -> MissingKey:
    """The failure where none of *names* holds a key (subsystem-inference, texts)."""
    checked = ", ".join(f'"{name}"' for name in names)
    return MissingKey(
        f"no API keys available for endpoint {told(endpoint)} "
        f"(checked env vars: [{checked}] and the secret store)"
    )


def _rest(error: InferenceError | None) -> float:
    after = error.retry_after if isinstance(error, ProviderError) else None
    return LIMITED_SECONDS if after is None else after
