"""What the store interfaces mean: one suite, whatever back end stands behind them.

Mix a class of these into a ``SynchronousTestCase`` that hands in the store; its calls must
have fired when they return.  *pass_time* lets the store's clock go on.
"""

from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from car.ir.json import JsonObject, JsonValue
from car.memgine.graph import Change
from car.store.errors import LeaseHeld, LeaseLost, StaleVersion
from car.store.interfaces import ILeases, IMemoryStore, IStateStore
from car.store.records import Delete, Put

_T = TypeVar("_T")


class _Suite(SynchronousTestCase):
    """Calls with their results at hand."""

    def result(self, deferred: "Deferred[_T]") -> _T:
        """What *deferred* has fired with."""
        value: _T = self.successResultOf(deferred)
        return value


class StateStoreSuite(_Suite):
    """IStateStore.  Override `store`."""

    def store(self) -> Any:
        """An empty store."""
        raise NotImplementedError

    def setUp(self) -> None:
        super().setUp()
        self.state = self.store()

    def put(self, key: str, version: int = 0, **value: JsonValue) -> int:
        """Write a task; its version."""
        new_version: int = self.result(self.state.put_if("task", key, value, version))
        return new_version

    def keys(self, **question: Any) -> list[str]:
        """The keys of the tasks that a query finds."""
        return [row.key for row in self.result(self.state.query("task", **question))]

    def test_interface(self) -> None:
        """The store provides IStateStore."""
        self.assertTrue(verifyObject(IStateStore, self.state))

    def test_put_and_get(self) -> None:
        """A row is read as it was written; one that is not there is None."""
        value: JsonObject = {
            "text": "ä\x00\U0001f600",
            "big": 2**70,
            "nested": [{"x": None}, 1.5, True],
        }
        self.assertIsNone(self.result(self.state.get("task", "a")))
        version = self.put("a", **value)
        row = self.result(self.state.get("task", "a"))
        self.assertEqual((row.kind, row.key, row.version, row.value), ("task", "a", version, value))
        self.assertIsNone(self.result(self.state.get("run", "a")))

    def test_versions(self) -> None:
        """Only who knows a row's version changes it."""
        first = self.put("a", n=1)
        second = self.put("a", first, n=2)
        self.assertNotIn(second, (0, first))
        for version in (0, first, second + 1):
            self.failureResultOf(self.state.put_if("task", "a", {}, version), StaleVersion)
            self.failureResultOf(self.state.delete_if("task", "a", version), StaleVersion)
        self.failureResultOf(self.state.put_if("task", "b", {}, 1), StaleVersion)
        self.assertEqual(self.result(self.state.get("task", "a")).value, {"n": 2})
        self.result(self.state.delete_if("task", "a", second))
        self.assertEqual(self.keys(), [])
        self.put("a", n=3)

    def test_query(self) -> None:
        """Rows come in the order of their keys, within prefix, cursor and limit."""
        names = ["", "a", "a\uffff", "a\U0010ffff", "a\U0010ffffz", "ab", "b", "é", "\U0001f600"]
        for name in names:
            self.put(name)
        self.assertEqual(self.keys(), sorted(names))
        for prefix in ("a", "a\U0010ffff", "\U0001f600", "x", "\ud7ff"):
            found = sorted(name for name in names if name.startswith(prefix))
            self.assertEqual(self.keys(prefix=prefix), found)
        self.assertEqual(self.keys(limit=2), sorted(names)[:2])
        self.assertEqual(self.keys(after="ab", limit=2), sorted(names)[3:5])
        self.assertEqual(self.keys(prefix="a", after="ab"), sorted(names)[3:6])

    def test_query_where(self) -> None:
        """Every member asked for is there and equal; JSON's types are kept apart."""
        self.put("a", state="open", n=1)
        self.put("b", state="open", n=1.0)
        self.put("c", state="open", n=True)
        self.put("d", state="shut", n=None)
        self.put("e", state={"x": [1]})
        self.assertEqual(self.keys(where={"state": "open"}), ["a", "b", "c"])
        self.assertEqual(self.keys(where={"n": 1}), ["a"])
        self.assertEqual(self.keys(where={"n": True}), ["c"])
        self.assertEqual(self.keys(where={"n": None}), ["d"])
        self.assertEqual(self.keys(where={"state": {"x": [1]}}), ["e"])
        self.assertEqual(self.keys(where={"state": "open"}, after="a", limit=1), ["b"])

    def test_transact(self) -> None:
        """All operations of a call happen, each on what the one before left."""
        first = self.put("a", n=1)
        operations = [Put("task", "b", {}, 0), Delete("task", "a", first), Put("task", "a", {}, 0)]
        versions = self.result(self.state.transact(operations))
        self.assertEqual(versions[1], 0)
        self.assertEqual(self.keys(), ["a", "b"])
        self.put("b", versions[0], n=2)
        self.assertEqual(self.result(self.state.transact([])), [])

    def test_transact_none(self) -> None:
        """If one does not apply, none does."""
        first = self.put("a", n=1)
        operations = [Put("task", "a", {}, first), Put("task", "b", {}, 0), Put("task", "a", {}, 9)]
        self.failureResultOf(self.state.transact(operations), StaleVersion)
        self.assertEqual(self.keys(), ["a"])
        self.assertEqual(self.result(self.state.get("task", "a")).value, {"n": 1})


class LeasesSuite(_Suite):
    """ILeases.  Override `store`, `pass_time` and `reopened`."""

    def store(self) -> Any:
        """An empty store."""
        raise NotImplementedError

    def pass_time(self, seconds: float) -> None:
        """Let the store's clock go on."""
        raise NotImplementedError

    def reopened(self) -> Any:
        """The same store after a restart."""
        raise NotImplementedError

    def setUp(self) -> None:
        super().setUp()
        self.leases = self.store()

    def acquire(self, holder: str = "one", ttl: float = 10.0) -> Any:
        """Take the lease "x"."""
        return self.result(self.leases.acquire("x", holder, ttl))

    def test_interface(self) -> None:
        """The store provides ILeases."""
        self.assertTrue(verifyObject(ILeases, self.leases))

    def test_held(self) -> None:
        """While one has it, another is told who; leases of other names are free."""
        lease = self.acquire()
        self.assertEqual((lease.name, lease.holder), ("x", "one"))
        problem = self.failureResultOf(self.leases.acquire("x", "two", 10.0), LeaseHeld).value
        self.assertEqual(problem.lease, lease)
        self.assertIn("'one'", str(problem))
        self.assertEqual(self.result(self.leases.status("x")), lease)
        self.assertIsNone(self.result(self.leases.status("y")))
        self.result(self.leases.acquire("y", "two", 10.0))

    def test_expiry(self) -> None:
        """When its time is over another may take it, and the first has lost it."""
        lease = self.acquire()
        self.pass_time(9.5)
        self.assertIsNotNone(self.result(self.leases.status("x")))
        self.pass_time(0.5)
        self.assertIsNone(self.result(self.leases.status("x")))
        taken = self.acquire("two")
        self.assertGreater(taken.epoch, lease.epoch)
        self.failureResultOf(self.leases.renew(lease, 10.0), LeaseLost)
        self.failureResultOf(self.leases.release(lease), LeaseLost)
        self.assertEqual(self.result(self.leases.status("x")), taken)

    def test_renew(self) -> None:
        """Renewal counts from now, and works past expiry until somebody else comes."""
        lease = self.acquire()
        self.pass_time(5.0)
        renewed = self.result(self.leases.renew(lease, 10.0))
        self.assertEqual(renewed.epoch, lease.epoch)
        self.assertAlmostEqual(renewed.expires_at, lease.expires_at + 5.0, places=3)
        self.pass_time(60.0)
        self.assertIsNone(self.result(self.leases.status("x")))
        self.result(self.leases.renew(renewed, 10.0))
        self.assertIsNotNone(self.result(self.leases.status("x")))

    def test_release(self) -> None:
        """What was given back is free at once, and its bearer can do nothing with it."""
        lease = self.acquire()
        self.result(self.leases.release(lease))
        self.assertIsNone(self.result(self.leases.status("x")))
        self.failureResultOf(self.leases.renew(lease, 10.0), LeaseLost)
        self.failureResultOf(self.leases.release(lease), LeaseLost)
        self.assertGreater(self.acquire("two").epoch, lease.epoch)

    def test_again(self) -> None:
        """Its holder may take it anew, which fences off what it began before."""
        lease = self.acquire()
        again = self.acquire()
        self.assertGreater(again.epoch, lease.epoch)
        self.failureResultOf(self.leases.renew(lease, 10.0), LeaseLost)

    def test_epochs(self) -> None:
        """No epoch is given twice: not after release, expiry or a restart (G10)."""
        epochs = [self.acquire().epoch]
        self.result(self.leases.release(self.acquire()))
        epochs.append(self.acquire("two").epoch)
        self.pass_time(60.0)
        epochs.append(self.acquire("three").epoch)
        self.leases = self.reopened()
        epochs.append(self.acquire("three").epoch)
        self.assertEqual(epochs, sorted(set(epochs)))


class MemoryStoreSuite(_Suite):
    """IMemoryStore.  Override `store` and `reopened`."""

    def store(self) -> Any:
        """An empty store."""
        raise NotImplementedError

    def reopened(self) -> Any:
        """The same store after a restart."""
        raise NotImplementedError

    def setUp(self) -> None:
        super().setUp()
        self.memory = self.store()

    def append(self, *changes: Change, namespace: str = "one") -> int:
        """Append to a namespace; the number of the change."""
        number: int = self.result(self.memory.append(namespace, changes))
        return number

    def rows(self, namespace: str = "one") -> dict[str, bytes]:
        """What a namespace holds."""
        rows = self.result(self.memory.load(namespace))
        self.assertEqual(len(rows), len(dict(rows)))
        return dict(rows)

    def test_interface(self) -> None:
        """The store provides IMemoryStore."""
        self.assertTrue(verifyObject(IMemoryStore, self.memory))

    def test_append(self) -> None:
        """The last change of a key counts; a deletion takes it away; numbers grow."""
        self.assertEqual(self.rows(), {})
        first = self.append(Change("n0", b"{}"), Change("n1", b"1"), Change("é", b"\x00\xff"))
        second = self.append(Change("n0", b"0"), Change("n1", None), Change("n9", None))
        self.assertGreater(second, first)
        self.assertEqual(self.rows(), {"n0": b"0", "é": b"\x00\xff"})

    def test_namespaces(self) -> None:
        """Namespaces know nothing of each other."""
        self.append(Change("a", b"1"))
        self.append(Change("b", b"2"), namespace="two")
        self.assertEqual(self.rows(), {"a": b"1"})
        self.assertEqual(self.rows("two"), {"b": b"2"})

    def test_replace(self) -> None:
        """What is given is then all there is."""
        before = self.append(Change("a", b"1"), Change("b", b"2"))
        after = self.result(self.memory.replace("one", [("b", b"3"), ("c", b"4")]))
        self.assertGreater(after, before)
        self.assertEqual(self.rows(), {"b": b"3", "c": b"4"})
        self.assertGreater(self.append(Change("d", b"")), after)

    def test_restart(self) -> None:
        """What was acknowledged is there after a restart, and the numbers go on."""
        before = self.append(Change("a", b"1"))
        self.memory = self.reopened()
        self.assertEqual(self.rows(), {"a": b"1"})
        self.assertGreater(self.append(Change("b", b"2")), before)
