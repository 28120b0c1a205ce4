"""Consolidation on a beat, and in slices."""

from pathlib import Path

from twisted.internet.defer import Deferred

from car.memgine.facts import NewFact
from car.server.dreams import Dreams
from tests.server.doubles import EPOCH, ServerCase


class DreamTests(ServerCase):
    """Dreams: every kept memory, each interval."""

    def setUp(self) -> None:
        super().setUp()
        self.serve(shared_memgine=":memory:", state_dir=Path(self.mktemp()).absolute())
        self.dreams = Dreams(self.state.memories, self.clock, 60.0, self.state.now)

    def add_expiring(self) -> None:
        """A fact that ends half a minute after now."""
        memory = self.state.memories.fresh().memgine
        now = self.state.now()
        memory.add_fact(NewFact(subject="gate", body="4711", expires_at=now + 30), now)

    def nodes(self) -> int:
        """How many nodes the shared memory has."""
        return len(self.state.memories.fresh().memgine.graph.nodes)

    def test_beat(self) -> None:
        """What has expired is gone after an interval, and not before."""
        self.add_expiring()
        self.dreams.startService()
        self.clock.pump([59.0])
        self.assertEqual(self.nodes(), 1)
        self.clock.pump([1.0, *[0.0] * 20])
        self.assertEqual(self.nodes(), 0)
        self.add_expiring()
        self.clock.pump([60.0, *[0.0] * 20])
        self.assertEqual(self.nodes(), 0)
        self.dreams.stopService()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_slices(self) -> None:
        """A long consolidation lets others have their turn, and a second one waits for it."""
        memory = self.state.memories.fresh()
        for number in range(3_000):
            memory.memgine.add_fact(NewFact(subject=f"s{number}", body="x"), EPOCH)
        first = self.state.memories.consolidate(memory, EPOCH)
        running = Deferred.fromCoroutine(first)
        second = Deferred.fromCoroutine(self.state.memories.consolidate(memory, EPOCH))
        self.assertNoResult(running)
        count = self.peer().call("memory.add_fact", {"subject": "between", "body": "slices"})
        self.assertEqual(count, 3_001)
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(running).expired_pruned, 0)
        self.successResultOf(second)
        self.assertEqual(memory.memgine.fact_count, 3_001)
