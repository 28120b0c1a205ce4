"""Several who want one lease or one new file, each with a connection and a thread of its own."""

import threading
from pathlib import Path
from typing import Any

from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from car.store.database import Database
from car.store.errors import LeaseHeld
from car.store.leases import SqliteLeases
from car.store.schema import STATE
from tests.store.doubles import at_once

CONTENDERS = 3
TRIES = 60
FRESH_FILES = 100
"""Nine in a hundred were locked for somebody while nobody waited for the switch to WAL."""


class ContentionTests(SynchronousTestCase):
    """Leases under contention (G10)."""

    def test_epochs(self) -> None:
        """Never two holders at once, and no epoch twice or left out."""
        path = Path(self.mktemp())
        held = threading.Lock()
        epochs: list[int] = []
        problems: list[Failure] = []

        def contend(name: str) -> None:
            database = Database(path, STATE, at_once, synchronous="NORMAL")
            leases = SqliteLeases(database)
            for _ in range(TRIES):
                leases.acquire("x", name, 60.0).addCallback(acquired, leases).addErrback(missed)
            database.close()

        def acquired(lease: Any, leases: SqliteLeases) -> Any:
            if not held.acquire(blocking=False):
                raise AssertionError("two have it at once")
            epochs.append(lease.epoch)
            held.release()
            return leases.release(lease)

        def missed(failure: Failure) -> None:
            if not failure.check(LeaseHeld):
                problems.append(failure)

        threads = [threading.Thread(target=contend, args=(f"c{n}",)) for n in range(CONTENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        self.assertGreaterEqual(len(epochs), TRIES)
        self.assertEqual(epochs, list(range(1, len(epochs) + 1)))


class FreshFileTests(SynchronousTestCase):
    """A database that several make at once."""

    def test_made_at_once(self) -> None:
        """Everybody's first call is done, whoever was first."""
        directory = Path(self.mktemp())
        barrier = threading.Barrier(CONTENDERS)
        done: list[Any] = []

        def begin() -> None:
            for number in range(FRESH_FILES):
                database = Database(directory / f"{number}.db", STATE, at_once)
                barrier.wait(60)
                database.run(lambda connection: True).addBoth(done.append)
                database.close()

        threads = [threading.Thread(target=begin) for _ in range(CONTENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(done, [True] * (CONTENDERS * FRESH_FILES))
