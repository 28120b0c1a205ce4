"""Tests of car.state.changes."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonObject, JsonValue
from car.state.store import StateStore
from tests.ir.strategies import KEYS, STATES, VALUES


class RollbackTests(SynchronousTestCase):
    """Changes.rollback: what the proposal wrote goes, what others wrote stays."""

    def setUp(self) -> None:
        self.store = StateStore()
        self.store.set("old", 1)

    def test_restores(self) -> None:
        """Old values return, new keys vanish; the log forgets, the size is as before."""
        before = self.store.size_bytes
        changes = self.store.begin()
        changes.set("old", 2, action_id="a", at=3.0)
        changes.set("old", 3)
        changes.set("new", 4)
        self.assertEqual(changes.rollback(5.0), {"old": 1, "new": {"$absent": True}})
        self.assertEqual(self.store.snapshot(), {"old": 1})
        self.assertEqual([one.new_value for one in self.store.transitions], [1])
        self.assertEqual(self.store.size_bytes, before)

    def test_nothing_written(self) -> None:
        """Rolling nothing back, or twice, changes nothing."""
        changes = self.store.begin()
        self.assertEqual(changes.rollback(0.0), {})
        changes.set("old", 2)
        changes.rollback(0.0)
        self.store.set("old", 3)
        self.assertEqual(changes.rollback(0.0), {})
        self.assertEqual(self.store.get("old"), 3)

    def test_somebody_else_wrote_since(self) -> None:
        """A key that somebody else has written since is left alone."""
        changes = self.store.begin()
        changes.set("old", 2)
        changes.set("new", 2)
        self.store.set("old", 9)
        self.assertEqual(changes.rollback(0.0), {"new": {"$absent": True}})
        self.assertEqual(self.store.snapshot(), {"old": 9})

    def test_somebody_else_wrote_between(self) -> None:
        """What somebody else wrote between two writes of ours comes back."""
        changes = self.store.begin()
        changes.set("old", 2)
        self.store.set("old", 9)
        changes.set("old", 3)
        self.assertEqual(changes.rollback(0.0), {"old": 9})

    def test_values_of_an_undone_proposal_do_not_return(self) -> None:
        """Two proposals on one key, both undone, leave the first value, in either order."""
        for order in ((0, 1), (1, 0)):
            pair = [self.store.begin(), self.store.begin()]
            for value in (5, 6, 7):
                pair[value % 2].set("old", value)
            for which in order:
                pair[which].rollback(0.0)
            self.assertEqual(self.store.snapshot(), {"old": 1}, order)

    def test_tenant(self) -> None:
        """Changes begun on a view write and tell its keys."""
        view = self.store.tenant("t")
        changes = view.begin()
        changes.set("k", 1)
        self.assertEqual(view.snapshot(), {"k": 1})
        self.assertEqual(changes.rollback(0.0), {"k": {"$absent": True}})
        self.assertEqual(self.store.snapshot(), {"old": 1})

    @settings(deadline=None, max_examples=100)
    @given(STATES, st.lists(st.tuples(KEYS, VALUES), max_size=8))
    def test_snapshot(self, state: JsonObject, writes: list[tuple[str, JsonValue]]) -> None:
        """Rollback restores the snapshot, whatever was written."""
        store = StateStore()
        store.replace(state)
        size = store.size_bytes
        changes = store.begin()
        for key, value in writes:
            changes.set(key, value)
        changes.rollback(0.0)
        self.assertEqual((store.snapshot(), store.size_bytes), (state, size))
        self.assertEqual(store.transitions, [])

    @settings(deadline=None, max_examples=100)
    @given(
        st.lists(st.tuples(st.integers(0, 3), KEYS, st.integers()), max_size=20),
        st.permutations(range(4)),
        st.sets(st.integers(0, 3)),
    )
    def test_interleaved(
        self, writes: list[tuple[int, str, int]], order: list[int], undone: set[int]
    ) -> None:
        """Whatever the order, what remains are the last writes of those not undone."""
        store = StateStore()
        proposals = [store.begin() for _ in range(4)]
        for who, key, value in writes:
            proposals[who].set(key, value)
        for who in order:
            if who in undone:
                proposals[who].rollback(0.0)
        kept = {key: value for who, key, value in writes if who not in undone}
        self.assertEqual(store.snapshot(), kept)
