"""Transactions, failures, files: what a database does for every store."""

import os
import sqlite3
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from car.store import database as database_module
from car.store.database import Database
from car.store.errors import NewerSchema, StaleVersion, StoreCorrupt, StoreUnavailable
from car.store.schema import MEMORY, STATE, Schema
from tests.store.doubles import HeldThread, SettableClock, at_once

NUMBERS = Schema(0x54455354, (("CREATE TABLE numbers (n INTEGER PRIMARY KEY, blob BLOB)",),))


def insert(n: int, size: int = 0) -> Any:
    """An operation that adds a number with some bulk."""

    def operation(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO numbers VALUES (?, zeroblob(?))", (n, size))
        return n

    return operation


def numbers(connection: sqlite3.Connection) -> list[int]:
    """An operation that reads them all."""
    return [n for (n,) in connection.execute("SELECT n FROM numbers ORDER BY n")]


class _DatabaseCase(SynchronousTestCase):
    """A database on a file that a test names, with a thread that it holds."""

    def setUp(self) -> None:
        super().setUp()
        self.path = Path(self.mktemp()) / "deep" / "x.db"
        self.thread = HeldThread()
        self.database = self.open()

    def open(self, schema: Schema = NUMBERS, in_thread: Any = None, **options: Any) -> Database:
        """A database on the test's file."""
        return Database(self.path, schema, in_thread or self.thread, **options)

    def begin(self, operation: Any) -> "Deferred[Any]":
        """Start a call."""
        return self.database.run(operation)

    def result(self, operation: Any) -> Any:
        """Make a call."""
        called = self.begin(operation)
        self.thread.run()
        return self.successResultOf(called)


class DatabaseTests(_DatabaseCase):
    """Database: what is committed together, what fails alone."""

    def test_together(self) -> None:
        """Calls that wait when the thread gets to work share one transaction."""
        calls = [self.begin(insert(n)) for n in range(5)]
        calls.append(self.begin(lambda connection: connection.in_transaction))
        self.assertEqual(len(self.thread.calls), 1)
        self.assertFalse(self.database.idle)
        self.assertEqual(self.thread.run(), 1)
        self.assertTrue(self.database.idle)
        self.assertEqual([self.successResultOf(call) for call in calls], [0, 1, 2, 3, 4, True])

    def test_meanwhile(self) -> None:
        """What comes while the thread works goes with the next transaction."""
        inner: list[Deferred[Any]] = []

        def operation(connection: sqlite3.Connection) -> None:
            inner.append(self.begin(insert(2)))
            insert(1)(connection)

        first = self.begin(operation)
        self.assertEqual(self.thread.run(), 2)
        self.successResultOf(first)
        self.successResultOf(inner[0])
        self.assertEqual(self.result(numbers), [1, 2])

    def test_alone(self) -> None:
        """A call that fails takes back its own changes and nobody else's."""

        def stale(connection: sqlite3.Connection) -> None:
            insert(7)(connection)
            raise StaleVersion("the row moved on")

        good, bad, twice = self.begin(insert(1)), self.begin(stale), self.begin(insert(1))
        defect, last = self.begin(lambda connection: 1 / 0), self.begin(insert(2))
        self.thread.run()
        self.successResultOf(good)
        self.failureResultOf(bad, StaleVersion)
        self.failureResultOf(twice, sqlite3.IntegrityError)
        self.failureResultOf(defect, ZeroDivisionError)
        self.successResultOf(last)
        self.assertEqual(self.result(numbers), [1, 2])

    def test_full(self) -> None:
        """A full disk fails every call of the transaction; none happened; then it works again."""
        self.result(insert(1))
        self.result(lambda connection: connection.execute("PRAGMA max_page_count = 8").fetchone())
        small, large = self.begin(insert(2)), self.begin(insert(3, size=1_000_000))
        self.thread.run()
        for call in (small, large):
            problem = self.failureResultOf(call, StoreUnavailable).value
            self.assertEqual(problem.code, "store")
            self.assertNotIn(str(self.path), str(problem))
        self.assertEqual(self.result(numbers), [1])
        self.result(insert(2))

    def test_unreachable(self) -> None:
        """A place where no file can be made fails calls, until one can."""
        self.path.parent.parent.write_text("in the way")
        called = self.begin(numbers)
        self.thread.run()
        self.failureResultOf(called, StoreUnavailable)
        self.path.parent.parent.unlink()
        self.assertEqual(self.result(numbers), [])

    def test_thread_fails(self) -> None:
        """A thread that cannot be had fails the calls, and does not lose them."""
        self.patch(self.database, "_commit_waiting", lambda: 1 / 0)
        called = self.begin(numbers)
        self.database._batch = [self.database._queue.popleft()]
        self.thread.run()
        self.failureResultOf(called, StoreUnavailable)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertTrue(self.database.idle)

    def test_busy(self) -> None:
        """So many calls may wait; one more is refused."""
        self.patch(database_module, "QUEUE_LIMIT", 2)
        calls = [self.begin(insert(n)) for n in range(3)]
        problem = self.failureResultOf(calls.pop(), StoreUnavailable).value
        self.assertIn("busy", str(problem))
        self.thread.run()
        for call in calls:
            self.successResultOf(call)

    def test_cancelled(self) -> None:
        """Cancelling gives up the answer; the change is made."""
        called = self.begin(insert(1))
        called.addErrback(lambda failure: None)
        called.cancel()
        self.thread.run()
        self.assertEqual(self.result(numbers), [1])

    def test_close(self) -> None:
        """What waits is done first; what comes later is refused; closing twice is closing."""
        called = self.begin(insert(1))
        closings = [self.database.close(), self.database.close()]
        self.failureResultOf(self.begin(numbers), StoreUnavailable)
        self.assertNoResult(closings[0])
        self.thread.run()
        self.successResultOf(called)
        for closing in (*closings, self.database.close()):
            self.successResultOf(closing)
        self.database = self.open()
        self.assertEqual(self.result(numbers), [1])

    def test_modes(self) -> None:
        """Nobody else may read the files, whatever the umask."""
        mask = os.umask(0)
        try:
            self.result(insert(1))
        finally:
            os.umask(mask)
        self.assertEqual(self.path.parent.stat().st_mode & 0o777, 0o700)
        files = list(self.path.parent.iterdir())
        self.assertEqual(len(files), 3)
        for file in files:
            self.assertEqual(file.stat().st_mode & 0o777, 0o600, file)

    def test_directory_left(self) -> None:
        """A directory that was there keeps its modes."""
        self.path.parent.mkdir(parents=True)
        self.path.parent.chmod(0o755)
        self.result(insert(1))
        self.assertEqual(self.path.parent.stat().st_mode & 0o777, 0o755)

    def test_synchronous(self) -> None:
        """FULL unless NORMAL is asked for; WAL always."""

        def pragmas(connection: sqlite3.Connection) -> list[Any]:
            names = ("synchronous", "journal_mode")
            return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

        self.assertEqual(self.result(pragmas), [2, "wal"])
        self.database = self.open(synchronous="NORMAL")
        self.assertEqual(self.result(pragmas), [1, "wal"])

    def test_another_process(self) -> None:
        """Two databases on one file see each other's commits; a held lock is waited for."""
        other = Database(self.path, NUMBERS, at_once)
        self.successResultOf(other.run(insert(1)))
        self.assertEqual(self.result(numbers), [1])
        self.patch(database_module, "BUSY_SECONDS", 0.01)
        blocked = Database(self.path, NUMBERS, at_once)
        self.successResultOf(blocked.run(numbers))
        holder = sqlite3.connect(self.path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        self.failureResultOf(blocked.run(insert(2)), StoreUnavailable)
        holder.execute("ROLLBACK")
        holder.close()
        self.successResultOf(blocked.run(insert(2)))


class DamageTests(_DatabaseCase):
    """Files that are no database of ours, or no longer."""

    def test_damaged(self) -> None:
        """A file that is no database is told, stays, and is moved aside when asked."""
        clock = SettableClock()
        self.database = self.open(now=clock)
        self.path.parent.mkdir(parents=True)
        self.path.write_bytes(b"not a database at all" * 100)
        called = self.begin(numbers)
        self.thread.run()
        self.failureResultOf(called, StoreCorrupt)
        moves = [self.database.set_aside(), self.database.set_aside()]
        self.thread.run()
        aside = self.path.with_name("x.db.corrupt-20260304T045320Z")
        self.assertEqual([self.successResultOf(move) for move in moves], [aside, None])
        self.assertTrue(aside.read_bytes().startswith(b"not a database"))
        self.assertEqual(self.result(numbers), [])

    def test_names_apart(self) -> None:
        """A second damaged file of the same second gets a name of its own."""
        self.database = self.open(now=SettableClock())
        self.path.parent.mkdir(parents=True)
        names = set()
        for _ in range(2):
            self.path.write_bytes(b"rubbish" * 1000)
            called = self.begin(numbers)
            self.thread.run()
            self.failureResultOf(called, StoreCorrupt)
            moved = self.database.set_aside()
            self.thread.run()
            names.add(self.successResultOf(moved))
        self.assertEqual(len(names), 2)

    def test_not_moved(self) -> None:
        """A database that is not damaged is not moved."""
        self.result(insert(1))
        moved = self.database.set_aside()
        self.thread.run()
        self.assertIsNone(self.successResultOf(moved))
        self.assertEqual(self.result(numbers), [1])

    def test_other_kind(self) -> None:
        """A database of another kind is refused and left alone."""
        self.result(insert(1))
        for schema in (STATE, MEMORY):
            problem = self.failureResultOf(self.open(schema, at_once).run(numbers)).value
            self.assertIsInstance(problem, StoreUnavailable)
            self.assertNotIsInstance(problem, StoreCorrupt)
        foreign = Path(self.mktemp())
        connection = sqlite3.connect(foreign)
        connection.execute("CREATE TABLE theirs (x)")
        connection.close()
        refused = Database(foreign, NUMBERS, at_once).run(numbers)
        self.failureResultOf(refused, StoreUnavailable)

    def test_newer(self) -> None:
        """A schema from the future is refused and left alone."""
        newer = Schema(NUMBERS.application_id, (*NUMBERS.versions, ("CREATE TABLE more (x)",)))
        self.result(insert(1))
        self.successResultOf(self.open(newer, at_once).run(lambda connection: None))
        self.database = self.open()
        called = self.begin(numbers)
        self.thread.run()
        problem = self.failureResultOf(called, NewerSchema).value
        self.assertIn("version 2", str(problem))
        self.assertIn("up to 1", str(problem))
        self.assertEqual(self.successResultOf(self.open(newer, at_once).run(numbers)), [1])

    def test_migration_fails(self) -> None:
        """A migration happens whole or not at all."""
        broken = Schema(1, (("CREATE TABLE a (x)", "CREATE TABLE a (x)"),))
        self.failureResultOf(self.open(broken, at_once).run(numbers), StoreUnavailable)
        connection = sqlite3.connect(self.path)
        self.assertEqual(connection.execute("SELECT count(*) FROM sqlite_master").fetchone(), (0,))
        connection.close()
