"""Tests of lease.* as far as the wire goes; what leases do is tested with the store."""

from pathlib import Path
from typing import Any

from car.ir.json import JsonObject
from car.proto import codes
from car.server.stores import Stores
from tests.server.methods.calling import MethodTestCase
from tests.store.doubles import EPOCH, SettableClock, at_once


class StoresCase(MethodTestCase):
    """A daemon that keeps what it is told, under a root of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.mktemp())
        self.now = SettableClock()
        self.session.state.stores = self.stores = self.open(self.root)

    def open(self, root: Path) -> Stores:
        """Stores without threads."""
        return Stores(root, None, at_once, now=self.now, writer=at_once)

    def break_store(self) -> None:
        """Make the database unusable."""
        (self.root / "car.db").mkdir(parents=True)

    def assertStoreMissing(self, *calls: tuple[str, JsonObject]) -> None:
        """Each call is told when there is no store, and when there is a broken one."""
        self.break_store()
        for stores, code in ((None, None), (self.stores, "store")):
            self.session.state.stores = stores
            for name, params in calls:
                error = self.error(name, params)
                self.assertEqual(error["code"], codes.INTERNAL_ERROR, name)
                self.assertNotIn("internal error", error["message"])
                self.assertNotIn(str(self.root), error["message"])
                self.assertEqual(error.get("data", {}).get("code"), code, name)


class LeaseTests(StoresCase):
    """lease.*: the device is the holder."""

    def setUp(self) -> None:
        super().setUp()
        sync: Any = self.stores.sync
        self.device_id = self.call("sync.status")["device_id"]
        self.assertIs(self.stores.sync, sync)

    def acquire(self, **params: Any) -> JsonObject:
        """Take the lease of an agent."""
        lease: JsonObject = self.call("lease.acquire", {"agent_id": "mender", **params})
        return lease

    def test_acquire(self) -> None:
        """A lease in the form of the protocol, for 30 s unless told."""
        lease = self.acquire()
        self.assertEqual(
            lease,
            {
                "agent_id": "mender",
                "holder": self.device_id,
                "epoch": 1,
                "expires_at_ms": round(EPOCH * 1000) + 30_000,
            },
        )
        self.assertEqual(self.call("lease.status", {"agent_id": "mender"}), {"lease": lease})
        self.assertEqual(self.call("lease.status", {"agent_id": "other"}), {"lease": None})
        again = self.acquire(ttl_ms=1)
        self.assertEqual((again["epoch"], again["expires_at_ms"]), (2, round(EPOCH * 1000) + 1))

    def test_held(self) -> None:
        """While another has it, one is told who."""
        self.successResultOf(self.stores.leases.acquire("agent:mender", "dev-other", 10.0))
        error = self.error("lease.acquire", {"agent_id": "mender"})
        self.assertEqual((error["code"], error["data"]), (-32603, {"code": "held"}))
        self.assertIn("dev-other", error["message"])
        self.now.at += 10
        self.assertEqual(self.acquire()["epoch"], 2)

    def test_renew(self) -> None:
        """Renewal works past expiry, until somebody else takes the lease."""
        lease = self.acquire()
        self.now.at += 100
        self.assertEqual(self.call("lease.status", {"agent_id": "mender"}), {"lease": None})
        params = {"agent_id": "mender", "epoch": lease["epoch"], "ttl_ms": 5000}
        renewed = self.call("lease.renew", params)
        self.assertEqual(renewed["expires_at_ms"], round(self.now.at * 1000) + 5000)
        self.now.at += 100
        self.successResultOf(self.stores.leases.acquire("agent:mender", "dev-other", 10.0))
        for name in ("lease.renew", "lease.release"):
            error = self.error(name, {"agent_id": "mender", "epoch": lease["epoch"]})
            self.assertEqual(error["data"], {"code": "lost"})
            self.assertIn("Lost", error["message"])

    def test_release(self) -> None:
        """A lease is given back once."""
        params = {"agent_id": "mender", "epoch": self.acquire()["epoch"]}
        self.assertEqual(self.call("lease.release", params), {"released": True})
        self.assertEqual(self.call("lease.status", {"agent_id": "mender"}), {"lease": None})
        self.assertIn("Lost", self.error("lease.release", params)["message"])
        self.assertIn("Lost", self.error("lease.renew", params)["message"])

    def test_wrong_params(self) -> None:
        """Params of other types and out of range are refused, and named."""
        self.assertWrongParams("lease.acquire", {"agent_id": "mender", "ttl_ms": 1000})
        self.assertWrongParams("lease.renew", {"agent_id": "mender", "epoch": 1, "ttl_ms": 1000})
        self.assertWrongParams("lease.release", {"agent_id": "mender", "epoch": 1})
        self.assertWrongParams("lease.status", {"agent_id": "mender"})
        for wrong in ({"ttl_ms": 0}, {"ttl_ms": 10**9}, {"agent_id": ""}, {"agent_id": "x" * 600}):
            error = self.error("lease.acquire", {"agent_id": "mender", **wrong})
            self.assertEqual(error["code"], codes.INVALID_PARAMS, wrong)


class MissingTests(StoresCase):
    """lease.* without a store."""

    def test_store_missing(self) -> None:
        """Every method says so."""
        held = {"agent_id": "mender", "epoch": 1}
        self.assertStoreMissing(
            ("lease.acquire", {"agent_id": "mender"}),
            ("lease.renew", held),
            ("lease.release", held),
            ("lease.status", {"agent_id": "mender"}),
        )
