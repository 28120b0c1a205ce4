"""Memory graphs in SQLite: one file a namespace, each change committed before it is told.

What the rows mean is for ``car.memgine``; which file is whose, for the owner.
"""

import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, gatherResults
from twisted.python.failure import Failure
from zope.interface import implementer

from car.memgine.graph import Change
from car.store.database import Database, Synchronous
from car.store.errors import StoreCorrupt
from car.store.interfaces import IMemoryStore
from car.store.schema import MEMORY
from car.store.thread import InThread

_T = TypeVar("_T")

OPEN_FILES = 64
"""Files kept open [ours]; of more, those that were idle longest are closed."""

_UPSERT = "INSERT OR REPLACE INTO rows VALUES (?, ?)"
_DELETE = "DELETE FROM rows WHERE key = ?"
_NEXT = "UPDATE head SET seq = seq + 1 RETURNING seq"


@implementer(IMemoryStore)
class SqliteMemoryStore:
    """The files that *path_of* names, by namespace.

    A file that proves damaged when it is loaded or replaced is moved aside and an empty one
    begun, loudly (G6): ``recovered`` names those.  An append to such a file fails, as the
    rows that it builds on are not to be had.
    """

    def __init__(
        self,
        path_of: Callable[[str], Path],
        in_thread: InThread,
        *,
        synchronous: Synchronous = "NORMAL",
        now: Callable[[], float] = time.time,
    ) -> None:
        self.recovered: list[Path] = []
        self._path_of = path_of
        self._in_thread = in_thread
        self._synchronous = synchronous
        self._now = now
        self._open: OrderedDict[str, Database] = OrderedDict()

    def append(self, namespace: str, changes: Sequence[Change]) -> "Deferred[int]":
        """As IMemoryStore has it."""
        return self._database(namespace).run(partial(_append, changes))

    def load(self, namespace: str) -> "Deferred[list[tuple[str, bytes]]]":
        """As IMemoryStore has it."""
        return self._run_anew(namespace, _load)

    def replace(self, namespace: str, rows: Sequence[tuple[str, bytes]]) -> "Deferred[int]":
        """As IMemoryStore has it."""
        return self._run_anew(namespace, partial(_replace, rows))

    def close(self) -> "Deferred[Any]":
        """Close every file; fires when the calls that wait are done."""
        closing = [database.close() for database in self._open.values()]
        self._open.clear()
        return gatherResults(closing)

    def _run_anew(
        self, namespace: str, operation: Callable[[sqlite3.Connection], _T]
    ) -> "Deferred[_T]":
        """Run *operation*, if need be on an empty file in the place of a damaged one."""
        database = self._database(namespace)
        return database.run(operation).addErrback(self._begin_anew, database, operation)

    def _begin_anew(
        self, failure: Failure, database: Database, operation: Callable[[sqlite3.Connection], _T]
    ) -> "Deferred[_T]":
        failure.trap(StoreCorrupt)
        moved = database.set_aside().addCallback(self._moved)
        return moved.addCallback(lambda _: database.run(operation))

    def _moved(self, aside: Path | None) -> None:
        if aside is not None:
            self.recovered.append(aside)

    def _database(self, namespace: str) -> Database:
        database = self._open.get(namespace)
        if database is None:
            self._close_idle()
            database = self._open[namespace] = Database(
                self._path_of(namespace),
                MEMORY,
                self._in_thread,
                synchronous=self._synchronous,
                now=self._now,
            )
        self._open.move_to_end(namespace)
        return database

    def _close_idle(self) -> None:
        """Make room for one more; a file in use stays.  One thread keeps the order of calls."""
        idle = (name for name, database in self._open.items() if database.idle)
        for name in list(idle)[: max(0, len(self._open) - OPEN_FILES + 1)]:
            self._open.pop(name).close()


def _append(changes: Sequence[Change], connection: sqlite3.Connection) -> int:
    for change in changes:
        if change.value is None:
            connection.execute(_DELETE, (change.key,))
        else:
            connection.execute(_UPSERT, (change.key, change.value))
    return _next(connection)


def _load(connection: sqlite3.Connection) -> list[tuple[str, bytes]]:
    return connection.execute("SELECT key, value FROM rows").fetchall()


def _replace(rows: Sequence[tuple[str, bytes]], connection: sqlite3.Connection) -> int:
    connection.execute("DELETE FROM rows")
    connection.executemany(_UPSERT, rows)
    return _next(connection)


def _next(connection: sqlite3.Connection) -> int:
    seq: int = connection.execute(_NEXT).fetchone()[0]
    return seq
