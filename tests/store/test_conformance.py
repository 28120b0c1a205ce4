"""The SQLite back ends against the suite that defines their interfaces."""

from pathlib import Path

from car.store.database import Database
from car.store.leases import SqliteLeases
from car.store.memory import SqliteMemoryStore
from car.store.schema import STATE
from car.store.state import SqliteStateStore
from car.testing.store import LeasesSuite, MemoryStoreSuite, StateStoreSuite
from tests.store.doubles import SettableClock, at_once


class SqliteStateStoreTests(StateStoreSuite):
    """IStateStore over SQLite."""

    def store(self) -> SqliteStateStore:
        """A store in a new file."""
        return SqliteStateStore(Database(Path(self.mktemp()), STATE, at_once))


class SqliteLeasesTests(LeasesSuite):
    """ILeases over SQLite."""

    def store(self) -> SqliteLeases:
        """A store in a new file."""
        self.clock = SettableClock()
        self.path = Path(self.mktemp())
        self.database = Database(self.path, STATE, at_once, now=self.clock)
        return SqliteLeases(self.database)

    def pass_time(self, seconds: float) -> None:
        """Set the clock."""
        self.clock.at += seconds

    def reopened(self) -> SqliteLeases:
        """A store on the same file."""
        self.result(self.database.close())
        return SqliteLeases(Database(self.path, STATE, at_once, now=self.clock))


class SqliteMemoryStoreTests(MemoryStoreSuite):
    """IMemoryStore over SQLite."""

    def store(self) -> SqliteMemoryStore:
        """A store in a new directory."""
        self.directory = Path(self.mktemp())
        return self.opened()

    def reopened(self) -> SqliteMemoryStore:
        """A store on the same directory."""
        self.result(self.memory.close())
        return self.opened()

    def opened(self) -> SqliteMemoryStore:
        """A store on the directory."""
        return SqliteMemoryStore(lambda name: self.directory / f"{name}.db", at_once)


del StateStoreSuite, LeasesSuite, MemoryStoreSuite  # not to be collected here by themselves
