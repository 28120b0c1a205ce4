"""One SQLite database, used from one thread; calls that wait are committed together.

What the calls do is for the stores above.  Each runs in a savepoint of its own, so that
one that fails leaves its neighbours alone; a failure of the storage itself fails all calls
of the transaction, and none of them has happened (``reliability.md`` G11).
"""

import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger
from twisted.python.failure import Failure

from car.places import make_private_directory
from car.store.errors import StoreCorrupt, StoreUnavailable
from car.store.schema import Schema, migrate
from car.store.thread import InThread

_log = Logger()
_T = TypeVar("_T")

QUEUE_LIMIT = 10_000
"""Calls that may wait for a database [ours]: some 0.2 s of work; more are refused."""

BUSY_SECONDS = 5.0
"""How long another process may hold the database before a call fails [ours]."""

_SWITCH_SECONDS = 0.005
"""How long to wait before the switch to write-ahead logging is tried again [ours]."""

Synchronous: TypeAlias = Literal["NORMAL", "FULL"]
"""What a commit outlives: NORMAL the process's death, FULL power loss too (G2)."""

_SIDE_FILES = ("", "-wal", "-shm")


class Database:
    """The calls of one database file, which is made at the first of them.

    *in_thread* must keep to one thread.  *now* gives seconds since the epoch; statements
    call it as ``now_seconds()``.  A connection that failed is closed, and the next call
    opens another.
    """

    def __init__(
        self,
        path: Path,
        schema: Schema,
        in_thread: InThread,
        *,
        synchronous: Synchronous = "FULL",
        now: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self._schema = schema
        self._in_thread = in_thread
        self._synchronous = synchronous
        self._now = now
        self._queue: deque[_Call] = deque()
        self._batch: list[_Call] = []
        self._working = False
        self._closed: Deferred[None] | None = None
        # The thread's own.
        self._connection: sqlite3.Connection | None = None
        self._damaged = False

    @property
    def idle(self) -> bool:
        """Whether no call waits or is under way."""
        return not self._working

    def run(self, operation: Callable[[sqlite3.Connection], _T]) -> "Deferred[_T]":
        """Call *operation* within the next transaction; fires with its result once committed.

        Fails with what it raises, its own changes undone; with StoreUnavailable when the
        database cannot be used, is closed, or has QUEUE_LIMIT calls waiting.
        """
        if self._closed is not None:
            return fail(StoreUnavailable("the store is closed"))
        if len(self._queue) >= QUEUE_LIMIT:
            return fail(StoreUnavailable(f"the store is busy: {QUEUE_LIMIT} calls wait for it"))
        answer: Deferred[_T] = Deferred()
        self._queue.append((operation, answer))
        if not self._working:
            self._work()
        return answer

    def set_aside(self) -> "Deferred[Path | None]":
        """Move a file that proved damaged out of the way, so that the next call begins anew.

        Fires with its new name, ``<name>.corrupt-<time>``, and None if it has been moved
        meanwhile.  Fails with StoreUnavailable if it cannot be moved.
        """
        return self._in_thread(self._move_aside)

    def close(self) -> "Deferred[None]":
        """Refuse new calls; fires when those that wait are done and the file is closed."""
        if self._closed is None:
            self._closed = Deferred()
            if not self._working:
                self._end(self._closed)
        closed: Deferred[None] = Deferred()
        self._closed.addBoth(_pass_on, closed)
        return closed

    # ---- on the reactor's side ---------------------------------------------------------

    def _work(self) -> None:
        self._working = True
        self._in_thread(self._commit_waiting).addErrback(self._thread_failed).addCallback(
            self._worked
        )

    def _thread_failed(self, failure: Failure) -> list[Any]:
        _log.failure("the thread of {path}", failure, path=self.path)
        problem = StoreUnavailable(f"the store's thread failed: {failure.getErrorMessage()}")
        return [Failure(problem) for _ in self._batch]

    def _worked(self, outcomes: list[Any]) -> None:
        batch, self._batch = self._batch, []
        if self._queue:
            self._work()
        else:
            self._working = False
            if self._closed is not None:
                self._end(self._closed)
        for (_, answer), outcome in zip(batch, outcomes, strict=True):
            answer.callback(outcome)  # a Failure makes it fail

    def _end(self, closed: "Deferred[None]") -> None:
        self._in_thread(self._disconnect).chainDeferred(closed)

    # ---- in the thread -----------------------------------------------------------------

    def _commit_waiting(self) -> list[Any]:
        """One transaction of all calls that wait; the result or Failure of each."""
        self._batch = [self._queue.popleft() for _ in range(len(self._queue))]
        try:
            connection = self._connected()
            connection.execute("BEGIN IMMEDIATE")
            outcomes = [_attempt(connection, operation) for operation, _ in self._batch]
            connection.execute("COMMIT")
        except (sqlite3.Error, OSError, StoreUnavailable) as problem:
            told = self._unavailable(problem)
            return [Failure(told) for _ in self._batch]
        return outcomes

    def _unavailable(self, problem: Exception) -> StoreUnavailable:
        """Close the connection, which undoes what was not committed; what to tell."""
        self._disconnect()
        _log.error("the store {path} failed: {problem}", path=self.path, problem=problem)
        if isinstance(problem, StoreUnavailable):
            told = problem
        elif isinstance(problem, OSError):
            told = StoreUnavailable(f"the store is unavailable: {problem.strerror}")
        elif getattr(problem, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
            told = StoreCorrupt(f"the store is damaged: {problem}")
        else:
            told = StoreUnavailable(f"the store is unavailable: {problem}")
        self._damaged = isinstance(told, StoreCorrupt)
        return told

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            _make_private(self.path)
            connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection = connection
            _write_ahead(connection)
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            connection.create_function("now_seconds", 0, self._now)
            migrate(connection, self._schema)
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _move_aside(self) -> Path | None:
        if not self._damaged:
            return None
        self._disconnect()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._now()))
        aside = _free_name(self.path.with_name(f"{self.path.name}.corrupt-{stamp}"))
        try:
            for suffix in _SIDE_FILES:
                source = self.path.with_name(self.path.name + suffix)
                if source.exists():
                    source.rename(aside.with_name(aside.name + suffix))
        except OSError as problem:
            raise StoreUnavailable(
                f"the damaged store cannot be moved aside: {problem.strerror}"
            ) from problem
        self._damaged = False
        _log.critical(
            "the store {path} is damaged; it was moved to {aside}, and an empty one begun",
            path=self.path,
            aside=aside,
        )
        return aside


_Call: TypeAlias = tuple[Callable[[sqlite3.Connection], Any], "Deferred[Any]"]

_DAMAGE = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; raises sqlite3.Error.

    SQLite's own waiting leaves the switch out: a database that several open for the first time
    at once is "locked" for all but one of them.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as problem:
            is_busy = problem.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > deadline:
                raise
            time.sleep(_SWITCH_SECONDS)
        else:
            return


def _attempt(connection: sqlite3.Connection, operation: Callable[[sqlite3.Connection], Any]) -> Any:
    """The result of *operation*, or its Failure with its changes undone.

    Raises only what says that the storage itself has failed.
    """
    connection.execute("SAVEPOINT operation")
    try:
        result = operation(connection)
    except Exception as problem:  # whatever it is, it is this call's own and told to its owner
        if _is_of_storage(problem):
            raise
        failure = Failure()
        connection.execute("ROLLBACK TO operation")
        connection.execute("RELEASE operation")
        return failure
    connection.execute("RELEASE operation")
    return result


def _is_of_storage(problem: Exception) -> bool:
    """Whether SQLite complains of its file and not of what it was asked to do."""
    return isinstance(problem, sqlite3.OperationalError) or type(problem) is sqlite3.DatabaseError


def _make_private(path: Path) -> None:
    """Make *path* 0600 in a directory of its owner's if it does not exist; raises OSError.

    SQLite gives the files beside it the same mode.
    """
    if not path.parent.exists():
        make_private_directory(path.parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600))


def _free_name(path: Path) -> Path:
    """*path*, or with a number behind it where there is such a file already."""
    free, count = path, 1
    while free.exists():
        count += 1
        free = path.with_name(f"{path.name}-{count}")
    return free


def _pass_on(result: Any, waiter: "Deferred[None]") -> None:
    waiter.callback(result)
