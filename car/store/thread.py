"""The one thread that a database is used in."""

from collections.abc import Callable
from threading import Thread
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

InThread: TypeAlias = Callable[..., "Deferred[Any]"]
"""Calls a function with arguments in a thread, one call at a time and in order."""


class _Helper(Thread):
    """A thread that does not hold up a process which ends without stopping it: nothing that
    was acknowledged can be lost by that."""

    def __init__(self, **options: Any) -> None:
        super().__init__(daemon=True, **options)


class WriterThread:
    """Calls functions in a thread of its own, one after the other; an InThread.

    The thread begins with the first call.  *reactor* provides IReactorThreads.
    """

    def __init__(self, reactor: Any, name: str) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(minthreads=0, maxthreads=1, name=name)
        self._pool.threadFactory = _Helper  # type: ignore[assignment]  # takes what Thread takes

    def __call__(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        """Call *function* once all earlier calls are done; fires with its result."""
        if not self._pool.started:
            self._pool.start()
        return deferToThreadPool(self._reactor, self._pool, function, *args)

    def stop(self) -> None:
        """End the thread once its calls are done, and wait for that."""
        if self._pool.started:
            self._pool.stop()
