"""Calls in a thread, one at a time, each with an end to its patience."""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IReactorTime

from car.secrets.errors import SecretsUnavailable

InThread: TypeAlias = Callable[..., "Deferred[Any]"]
"""Calls a function with arguments in a thread; fires with its result."""

SECONDS = 30.0
"""What a call may take, waiting for its turn included: a keyring may ask its user."""

MOST_WAITING = 64
"""Calls that may wait for their turn [ours]."""

_HINT = "is a prompt to unlock it waiting for somebody?"


class Turns:
    """Makes calls by way of *in_thread*, never two at once.

    A thread cannot be interrupted: a call that is given up goes on, and the next one waits
    until it has ended.
    """

    def __init__(self, in_thread: InThread, clock: IReactorTime) -> None:
        self._in_thread = in_thread
        self._clock = clock
        self._running: Deferred[Any] | None = None
        self._stuck = False
        self._waiting: deque[tuple[Deferred[Any], Callable[[], Any]]] = deque()

    def call(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        """Call *function* once it is its turn; fires with its result or fails as it does.

        Fails with SecretsUnavailable after 30 s; at once when too many wait, or while one that
        was given up for that still runs.  Cancelling takes a call that waits out of the queue,
        and leaves one that runs alone.
        """
        if self._stuck:
            return fail(SecretsUnavailable(f"it has not answered for {SECONDS:g} s; {_HINT}"))
        if len(self._waiting) >= MOST_WAITING:
            return fail(SecretsUnavailable(f"{MOST_WAITING} calls wait for it already"))
        answer: Deferred[Any] = Deferred(self._forget)
        self._waiting.append((answer, partial(function, *args)))
        answer.addTimeout(SECONDS, self._clock, lambda *_: self._too_late(answer))
        self._next()
        return answer

    def _next(self) -> None:
        while self._waiting and self._running is None:
            self._running, call = self._waiting.popleft()
            self._in_thread(call).addBoth(self._ended, self._running)

    def _ended(self, result: Any, answer: "Deferred[Any]") -> None:
        self._running, self._stuck = None, False
        if not answer.called:
            answer.callback(result)
        self._next()

    def _forget(self, answer: "Deferred[Any]") -> None:
        self._waiting = deque(entry for entry in self._waiting if entry[0] is not answer)

    def _too_late(self, answer: "Deferred[Any]") -> None:
        self._stuck = self._stuck or self._running is answer
        raise SecretsUnavailable(f"it did not answer within {SECONDS:g} s; {_HINT}")
