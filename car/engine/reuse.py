"""Calls of one proposal that are not made twice (``engine.md`` §4).

Looks into the runtime's caches, and lets a call wait for an equal one under way: twins of a
concurrent level are dispatched once.
"""

from typing import TYPE_CHECKING

from car.engine.caches import CachedCall, CallKey, IdempotencyCache, ResultCache

if TYPE_CHECKING:
    from car.engine.action_run import ActionRun


class CallReuse:
    """The idempotent calls of one proposal, over the caches of its runtime."""

    __slots__ = ("_idempotent", "_made", "_results", "_under_way")

    def __init__(self, idempotent: IdempotencyCache, results: ResultCache) -> None:
        self._idempotent = idempotent
        self._results = results
        self._under_way: dict[CallKey, list[ActionRun]] = {}
        self._made: set[CallKey] = set()

    def earlier(self, key: CallKey) -> CachedCall | None:
        """An equal idempotent call that has succeeded, or None."""
        return self._idempotent.get(key)

    def fresh(self, key: CallKey, at: float) -> CachedCall | None:
        """An equal call whose result may still be used at time *at*, or None."""
        return self._results.get(key, at)

    def join(self, key: CallKey, action_run: "ActionRun") -> bool:
        """Wait for an equal idempotent call if one is under way, else lead; whether it waits."""
        waiters = self._under_way.get(key)
        if waiters is None:
            self._under_way[key] = []
            return False
        waiters.append(action_run)
        return True

    def succeeded(self, key: CallKey, cached: CachedCall) -> list["ActionRun"]:
        """A call that led has succeeded: remember it; those who waited for it."""
        waiters = self._under_way.pop(key, None)
        if waiters is None:
            return []
        self._idempotent.put(key, cached)
        self._made.add(key)
        return waiters

    def keep(self, key: CallKey, cached: CachedCall, expires: float) -> None:
        """Let equal calls use this result until *expires*."""
        self._results.put(key, cached, expires)

    def failed(self, key: CallKey) -> list["ActionRun"]:
        """A call that led has failed: those who waited for it."""
        return self._under_way.pop(key, None) or []

    def forget(self) -> None:
        """The proposal was rolled back: its idempotent calls count for nothing."""
        self._idempotent.drop(self._made)
