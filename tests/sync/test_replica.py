"""Replicas: the same operations make the same state."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.sync.operations import Operation
from car.sync.replica import Replica
from tests.sync.doubles import op, turn

PAYLOADS = st.one_of(
    st.fixed_dictionaries({"id": st.sampled_from("xyz"), "n": st.integers(0, 3)}).map(
        lambda payload: ("knowledge", payload)
    ),
    st.just(("conversation", turn())),
    st.fixed_dictionaries(
        {
            "agent_id": st.sampled_from("ab"),
            "run_id": st.just("r"),
            "epoch": st.integers(0, 3),
            "status": st.sampled_from(["pending", "committed", "failed"]),
        }
    ).map(lambda payload: ("intent", payload)),
)

HISTORIES = st.lists(
    st.tuples(st.sampled_from(["dev-a", "dev-b", "dev-c"]), st.integers(1, 9), PAYLOADS)
)


def recorded(history: list[Any]) -> list[Operation]:
    """Operations numbered by device."""
    counts: dict[str, int] = {}
    found = []
    for device, wall_ms, (surface, payload) in history:
        counts[device] = counts.get(device, 0) + 1
        found.append(op(device, counts[device], wall_ms, surface, payload))
    return found


def folded(operations: list[Operation], at_once: int = 3) -> Replica:
    """A replica that has read *operations*, some at a time."""
    replica = Replica("dev-z")
    for start in range(0, len(operations), at_once):
        unread, replica.frontier = replica.unread(operations[start : start + at_once])
        replica.adopt(replica.winners(unread))
    return replica


class ReplicaTests(SynchronousTestCase):
    """Replica."""

    @settings(deadline=None)
    @given(HISTORIES, st.integers(1, 5), st.integers())
    def test_converges(self, history: list[Any], at_once: int, seed: int) -> None:
        """Any order, in any portions, more than once: one state, one hash."""
        operations = recorded(history)
        one = folded(operations)
        # Another interleaving: each device's own order is kept, as the relay keeps it.
        queues = {
            o.device_id: [p for p in operations if p.device_id == o.device_id] for o in operations
        }
        draw, other = random.Random(seed), []
        while any(queues.values()):
            queue = queues[draw.choice([device for device in queues if queues[device]])]
            other.append(queue.pop(0))
        two = folded(other + operations, at_once)
        three = Replica("dev-y")
        three.adopt(three.winners(draw.sample(operations, len(operations))))
        for replica in (two, three):
            self.assertEqual(replica.state_hash, one.state_hash)
            self.assertEqual(replica.entries(), one.entries())
        self.assertEqual(two.frontier, one.frontier)
        self.assertEqual(two.knowledge(), one.knowledge())

    @given(HISTORIES)
    def test_hash(self, history: list[Any]) -> None:
        """Another state has another hash."""
        hashes: dict[str, list[Operation]] = {}
        replica = Replica("dev-z")
        for operation in recorded(history):
            replica.adopt(replica.winners([operation]))
            entries = replica.entries()
            self.assertEqual(hashes.setdefault(replica.state_hash, entries), entries)

    def test_gap(self) -> None:
        """What follows a gap waits; what was read is left out."""
        replica = folded([op(seq=1), op(seq=2)])
        unread, frontier = replica.unread([op(seq=2), op(seq=4), op("dev-b", 1)])
        self.assertEqual([(o.device_id, o.seq) for o in unread], [("dev-b", 1)])
        self.assertEqual(frontier, {"dev-a": 2, "dev-b": 1})

    def test_illegal(self) -> None:
        """What a later version recorded is read and left out."""
        future = Operation("op-1", "dev-a", 1, op().hlc, "dreams", "personal", {})
        replica = folded([future, op(seq=2, payload={"id": "x"})])
        self.assertEqual(replica.frontier, {"dev-a": 2})
        self.assertEqual(replica.knowledge(), [{"id": "x"}])

    def test_views(self) -> None:
        """Facts and turns in their order; deleted facts are gone; the latest conversation."""
        replica = folded(
            [
                op(seq=1, wall_ms=5, payload={"id": "x", "n": 1}),
                op("dev-b", 1, 3, payload={"n": 2}),
                op(seq=2, wall_ms=6, payload={"id": "y"}),
                op("dev-b", 2, 7, payload={"id": "y", "deleted": True}),
                op("dev-c", 1, 8, "conversation", turn(content="one")),
                op("dev-c", 2, 9, "conversation", turn(content="two", conversation_id="c2")),
                op("dev-d", 1, 4, "conversation", turn(content="zero")),
            ]
        )
        self.assertEqual(replica.knowledge(), [{"n": 2}, {"id": "x", "n": 1}])
        self.assertEqual([t.content for _, t in replica.turns()], ["zero", "one", "two"])
        self.assertEqual([t.content for _, t in replica.turns("c1")], ["zero", "one"])
        self.assertEqual(replica.latest_conversation(), "c2")
        self.assertIsNone(Replica("dev-a").latest_conversation())
        self.assertIsNone(replica.intent("a", "r"))
