"""Tests of car.state.store and car.state.reader."""

from twisted.trial.unittest import SynchronousTestCase

from car.state import store as module
from car.state.errors import StateLimitError
from car.state.reader import RecordingReader, ValuesReader
from car.state.store import StateStore, Transition


class StoreTests(SynchronousTestCase):
    """StateStore: values, transitions, limits."""

    def test_values(self) -> None:
        """A null is present, an absent key is not; keys come sorted."""
        store = StateStore()
        store.set("b", None)
        store.set("", [1])
        self.assertEqual((store.get("b", 7), store.get("c", 7), store.get("c")), (None, 7, None))
        self.assertEqual((store.exists("b"), store.exists("c")), (True, False))
        self.assertEqual(store.keys(), ["", "b"])
        self.assertEqual(len(store), 2)

    def test_snapshot_is_a_copy(self) -> None:
        """What happens later does not show in a snapshot."""
        store = StateStore()
        store.set("k", 1)
        snapshot = store.snapshot()
        store.set("k", 2)
        self.assertEqual(snapshot, {"k": 1})

    def test_transitions(self) -> None:
        """Every write is a transition; the first of a key has no old value."""
        store = StateStore()
        self.assertEqual(store.transitions, [])
        store.set("k", 1, action_id="a", at=5.0)
        store.set("k", 2)
        self.assertEqual(
            store.transitions,
            [
                Transition(key="k", new_value=1, action_id="a", timestamp=5.0),
                Transition(key="k", old_value=1, new_value=2, action_id=None, timestamp=0.0),
            ],
        )

    def test_transitions_are_bounded(self) -> None:
        """Only so many transitions are kept, and only so many bytes of their values."""
        self.patch(module, "MAX_TRANSITIONS", 3)
        store = StateStore(max_bytes=100)
        for number in range(5):
            store.set("k", number)
        self.assertEqual([one.new_value for one in store.transitions], [2, 3, 4])
        store.set("k", "x" * 90)
        self.assertEqual([one.new_value for one in store.transitions], ["x" * 90])

    def test_limits(self) -> None:
        """A write beyond a limit names it and leaves everything as it was."""
        store = StateStore(max_keys=2, max_bytes=40)
        store.set("a", 1)
        store.set("b", 2)
        problem = self.assertRaises(StateLimitError, store.set, "c", 3)
        self.assertIn("2 keys", str(problem))
        problem = self.assertRaises(StateLimitError, store.set, "a", "x" * 40)
        self.assertIn("40 bytes", str(problem))
        self.assertEqual(store.snapshot(), {"a": 1, "b": 2})
        store.set("a", "x" * 10)
        self.assertEqual(store.size_bytes, len('["a","xxxxxxxxxx"]') + len('["b",2]'))

    def test_replace(self) -> None:
        """A checkpoint replaces all, without transitions, and within the limits."""
        store = StateStore(max_keys=2)
        store.set("old", 1)
        store.replace({"new": 2})
        self.assertEqual((store.snapshot(), store.transitions), ({"new": 2}, []))
        self.assertRaises(StateLimitError, store.replace, dict.fromkeys("abc"))
        self.assertEqual(store.snapshot(), {"new": 2})


class TenantTests(SynchronousTestCase):
    """StateView: each tenant sees its own keys, and nobody else does."""

    def test_namespaces(self) -> None:
        """A tenant's keys come without their prefix and are hidden from unscoped listings."""
        store = StateStore()
        store.set("k", 0)
        acme = store.tenant("acme")
        acme.set("k", 1)
        self.assertEqual((acme.get("k"), acme.keys(), acme.snapshot()), (1, ["k"], {"k": 1}))
        self.assertEqual((acme.exists("j"), len(acme)), (False, 1))
        for nobody in (None, ""):
            self.assertEqual(store.tenant(nobody).snapshot(), {"k": 0})
            self.assertEqual(len(store.tenant(nobody)), 1)
        self.assertEqual(store.keys(), ["k", "tenant:acme:k"])

    def test_no_id_reaches_another(self) -> None:
        """Ids with separators in them stay in their own namespace."""
        store = StateStore()
        names = ["a", "a:b", "a%3Ab", "a/b", "é", ":", "tenant:a"]
        for name in names:
            store.tenant(name).set("b:k", name)
            store.tenant(name).set("k", name)
        for name in names:
            self.assertEqual(store.tenant(name).snapshot(), {"b:k": name, "k": name})


class ReaderTests(SynchronousTestCase):
    """RecordingReader and ValuesReader."""

    def test_record(self) -> None:
        """Every key looked at is kept with its value, an absent one as such."""
        reader = RecordingReader(ValuesReader({"k": None, "l": 2}))
        self.assertEqual((reader.get("k", 7), reader.get("m", 7), reader.get("m")), (None, 7, None))
        self.assertEqual((reader.exists("l"), reader.exists("n")), (True, False))
        absent = {"$absent": True}
        self.assertEqual(reader.reads, {"k": None, "m": absent, "l": 2, "n": absent})

    def test_over_a_store(self) -> None:
        """A store and a view are readers."""
        store = StateStore()
        store.tenant("t").set("k", 1)
        self.assertEqual(RecordingReader(store.tenant("t")).get("k"), 1)
        self.assertFalse(RecordingReader(store).exists("k"))
