"""The stores of a daemon with a state root: opened when first used, closed with the service."""

import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred

from car.errors import CarError
from car.server.config import Durability
from car.server.memories import memory_file
from car.server.session import ClientSession
from car.store.database import Database
from car.store.leases import SqliteLeases
from car.store.memory import SqliteMemoryStore
from car.store.schema import STATE
from car.store.state import SqliteStateStore
from car.store.thread import InThread, WriterThread
from car.sync.device import SyncDevice
from car.sync.relay import FileRelay


class NoStateRoot(CarError):
    """A method that keeps something, of a daemon that has no place to keep it."""


class Stores(Service):
    """What is kept under *root*: ``state`` and ``leases`` in ``car.db``, ``memory``, ``sync``.

    *reactor* provides IReactorThreads.  *in_thread* calls a function in any thread, for
    plain files.  Each kind of database has a writer thread of its own; *writer* stands in for
    both in a test.
    """

    def __init__(
        self,
        root: Path,
        reactor: Any,
        in_thread: InThread,
        durability: Durability = "process",
        *,
        now: Callable[[], float] = time.time,
        writer: InThread | None = None,
    ) -> None:
        self._root = root
        self._in_thread = in_thread
        self._durability = durability
        self._now = now
        self._threads = (WriterThread(reactor, "car.db"), WriterThread(reactor, "memory"))
        self._state_writer, self._memory_writer = (writer or thread for thread in self._threads)

    @cached_property
    def _database(self) -> Database:
        return Database(self._root / "car.db", STATE, self._state_writer, now=self._now)

    @cached_property
    def state(self) -> SqliteStateStore:
        """Rows that must outlive a session."""
        return SqliteStateStore(self._database)

    @cached_property
    def leases(self) -> SqliteLeases:
        """Leases, in the same database."""
        return SqliteLeases(self._database)

    @cached_property
    def memory(self) -> SqliteMemoryStore:
        """Memory graphs; `memory_file` says which namespace is which file."""
        return SqliteMemoryStore(
            lambda namespace: memory_file(self._root, namespace),
            self._memory_writer,
            synchronous="FULL" if self._durability == "power" else "NORMAL",
            now=self._now,
        )

    @cached_property
    def sync(self) -> SyncDevice:
        """This device among those of its user."""
        relay = FileRelay(self._root / "sync" / "relay")
        return SyncDevice(self.state, self.leases, relay, self._in_thread, now=self._now)

    def stopService(self) -> "Deferred[Any]":
        """Do what waits, close the files; fires when the threads have ended."""
        super().stopService()
        return Deferred.fromCoroutine(self._close())

    async def _close(self) -> None:
        opened = vars(self)
        if "memory" in opened:
            await self.memory.close()
        if "_database" in opened:
            await self._database.close()
        for thread in self._threads:
            thread.stop()


def stores_of(session: ClientSession) -> Stores:
    """The stores of the daemon that *session* is with; raises NoStateRoot."""
    stores: Stores | None = session.state.stores
    if stores is None:
        raise NoStateRoot("this daemon keeps nothing: start it with a state directory")
    return stores
