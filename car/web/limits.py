"""How often the web is asked, and what is remembered instead of asking again."""

import math
from collections import OrderedDict, deque
from typing import Generic, TypeVar

from twisted.internet.interfaces import IReactorTime

from car.web.errors import RateLimited

MINUTE = 60.0

_T = TypeVar("_T")


class RateLimit:
    """Lets *most* calls of *name* through in any 60 s; the others are refused."""

    def __init__(self, name: str, most: int, clock: IReactorTime) -> None:
        self._name = name
        self._most = most
        self._clock = clock
        self._calls: deque[float] = deque()

    def take(self) -> None:
        """Count a call; raises RateLimited."""
        now = self._clock.seconds()
        while self._calls and self._calls[0] <= now - MINUTE:
            self._calls.popleft()
        if len(self._calls) >= self._most:
            seconds = math.ceil(self._calls[0] + MINUTE - now)
            raise RateLimited(
                f"{self._name}: {self._most} requests a minute are made; "
                f"the next one may be in {seconds} s"
            )
        self._calls.append(now)


class Cache(Generic[_T]):
    """Remembers values for *seconds*, up to *most_chars* of them; the oldest go first."""

    def __init__(self, seconds: float, most_chars: int, clock: IReactorTime) -> None:
        self._seconds = seconds
        self._most_chars = most_chars
        self._clock = clock
        self._chars = 0
        self._kept: OrderedDict[str, tuple[float, int, _T]] = OrderedDict()

    def get(self, key: str) -> _T | None:
        """The value kept under *key*, None if there is none or it is too old."""
        self._expire()
        kept = self._kept.get(key)
        return None if kept is None else kept[2]

    def put(self, key: str, value: _T, chars: int) -> None:
        """Keep a value whose size is about *chars*."""
        self._drop(key)
        self._kept[key] = (self._clock.seconds() + self._seconds, chars, value)
        self._chars += chars
        while self._chars > self._most_chars:
            self._drop(next(iter(self._kept)))

    def _expire(self) -> None:
        now = self._clock.seconds()
        while self._kept:
            key, (until, _, _) = next(iter(self._kept.items()))
            if until > now:
                return
            self._drop(key)

    def _drop(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._chars -= kept[1]
