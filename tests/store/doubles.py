"""A thread that is none, a clock that a test sets, and calls that wait for a word."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred

EPOCH = 1_772_600_000.0


def at_once(function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
    """An InThread that calls here and now."""
    return maybeDeferred(function, *args)


class HeldThread:
    """An InThread whose calls are made when a test says so."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], object]] = []

    def __call__(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        """Keep the call."""
        called: Deferred[Any] = Deferred()
        self.calls.append(lambda: maybeDeferred(function, *args).chainDeferred(called))
        return called

    def run(self) -> int:
        """Make the calls there are, and those that follow from them; how many."""
        count = 0
        while self.calls:
            self.calls.pop(0)()
            count += 1
        return count


class SettableClock:
    """Seconds since the epoch, as a test has them."""

    def __init__(self) -> None:
        self.at = EPOCH

    def __call__(self) -> float:
        """Now."""
        return self.at
