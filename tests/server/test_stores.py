"""The stores of a daemon: what is opened when, and closed."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.graph import Change
from car.server.stores import NoStateRoot, Stores, stores_of
from tests.store.doubles import SettableClock, at_once


class StoresTests(SynchronousTestCase):
    """Stores: files under a root."""

    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.mktemp())

    def stores(self, **options: Any) -> Stores:
        """Stores without threads."""
        return Stores(self.root, None, at_once, now=SettableClock(), writer=at_once, **options)

    def files(self) -> list[str]:
        """What lies under the root."""
        found = (path for path in self.root.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.root)) for path in found)

    def test_unused(self) -> None:
        """Nothing is made before it is used, and there is nothing to close then."""
        stores = self.stores()
        stores.startService()
        self.successResultOf(stores.stopService())
        self.assertFalse(self.root.exists())

    def test_files(self) -> None:
        """State and leases share a database; a graph has a file; the relay comes with a pump."""
        stores = self.stores()
        stores.startService()
        self.successResultOf(stores.state.put_if("task", "a", {}, 0))
        self.successResultOf(stores.leases.acquire("x", "one", 1.0))
        self.successResultOf(stores.memory.append("agent:mender", [Change("n0", b"{}")]))
        self.successResultOf(Deferred.fromCoroutine(stores.sync.exchange.pump()))
        device_id = self.successResultOf(Deferred.fromCoroutine(stores.sync.device_id()))
        self.successResultOf(stores.stopService())
        self.assertEqual(
            self.files(),
            ["car.db", "memory/agents/mender.db", f"sync/relay/devices/{device_id}.json"],
        )
        again = self.stores()
        row = self.successResultOf(again.state.get("task", "a"))
        assert row is not None
        self.assertEqual(row.version, 1)
        self.successResultOf(again.stopService())

    def test_power(self) -> None:
        """With durability ``power`` memory is forced to the disk too."""
        for durability, synchronous in (("none", 1), ("process", 1), ("power", 2)):
            stores = self.stores(durability=durability)
            self.successResultOf(stores.memory.load("agent:a"))
            database = stores.memory._open["agent:a"]
            found = database.run(lambda sql: sql.execute("PRAGMA synchronous").fetchone()[0])
            self.assertEqual(self.successResultOf(found), synchronous)
            self.successResultOf(stores.stopService())

    def test_without(self) -> None:
        """A daemon without a root says so."""
        session: Any = SimpleNamespace(state=SimpleNamespace(stores=None))
        problem = self.assertRaises(NoStateRoot, stores_of, session)
        self.assertIn("state directory", str(problem))
        session.state.stores = self.stores()
        self.assertIs(stores_of(session), session.state.stores)
