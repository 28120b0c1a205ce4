"""Rate limits of tools: a token bucket that says how long to wait."""

from car.ir.tools import RateLimit


class TokenBucket:
    """Holds up to ``max_calls`` tokens and refills continuously over ``interval_secs``.

    A call takes its token at once, also one that is not there yet: it then waits for it,
    and later calls wait behind it.
    """

    __slots__ = ("_at", "_capacity", "_rate", "_tokens")

    def __init__(self, limit: RateLimit, at: float) -> None:
        self._capacity = float(limit.max_calls)
        self._rate = limit.max_calls / limit.interval_secs
        self._tokens = self._capacity
        self._at = at

    def take(self, at: float) -> float:
        """Take a token at time *at*; answer how many seconds to wait before using it."""
        self._tokens = min(self._capacity, self._tokens + (at - self._at) * self._rate) - 1
        self._at = at
        return max(0.0, -self._tokens / self._rate)

    def give_back(self) -> None:
        """Return a token that will not be used after all."""
        self._tokens += 1
