"""Tests of car.memgine.spreading."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.edges import EdgeKind
from car.memgine.graph import Graph
from car.memgine.spreading import spread

EDGES = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 5),
        st.sampled_from(["RelatedTo", "DependsOn", "Supersedes", "CitesPremise", "TemporalNext"]),
    ),
    max_size=15,
)


def linked(*edges: tuple[int, int, EdgeKind], count: int = 6) -> Graph:
    """A graph of *count* facts with these edges."""
    graph = Graph()
    for number in range(count):
        graph.add_node("fact", f"key {number}", "value", at=0.0)
    for source, target, kind in edges:
        graph.add_edge(kind, source, target, at=0.0)
    return graph


def everyone(index: int) -> bool:
    """Mass may reach every node."""
    return True


class SpreadTests(SynchronousTestCase):
    """spread."""

    def test_alone(self) -> None:
        """A node without edges keeps its half, and the rest is lost."""
        self.assertEqual(spread(linked(), {0: 1.0}, everyone), {0: 0.5})

    def test_one_edge(self) -> None:
        """What arrives is damped and weighed by the kind of the edge."""
        active = spread(linked((0, 1, "CitesPremise")), {0: 1.0}, everyone)
        self.assertAlmostEqual(active[1], 0.5 * 0.85 * 0.5)

    def test_direction(self) -> None:
        """Supersedes is walked one way, DependsOn both."""
        self.assertNotIn(0, spread(linked((0, 1, "Supersedes")), {1: 1.0}, everyone))
        self.assertIn(0, spread(linked((0, 1, "DependsOn")), {1: 1.0}, everyone))

    def test_turns(self) -> None:
        """The order of turns is not walked here."""
        self.assertNotIn(1, spread(linked((0, 1, "TemporalNext")), {0: 1.0}, everyone))

    def test_divided(self) -> None:
        """A node divides what it passes on over its edges."""
        one = spread(linked((0, 1, "CitesPremise")), {0: 1.0}, everyone)
        two = spread(linked((0, 1, "CitesPremise"), (0, 2, "CitesPremise")), {0: 1.0}, everyone)
        self.assertAlmostEqual(two[1] * 2, one[1])

    def test_shut_out(self) -> None:
        """What mass may not reach leads nowhere."""
        graph = linked((0, 1, "RelatedTo"), (1, 2, "RelatedTo"))
        self.assertEqual(set(spread(graph, {0: 1.0}, lambda index: index != 1)), {0})

    def test_hub(self) -> None:
        """A node of a great many edges is not worth passing on to."""
        graph = linked(*[(0, n, "RelatedTo") for n in range(1, 3000)], count=3000)
        active = spread(graph, {1: 0.1, 2: 0.1}, everyone)
        self.assertEqual(set(active), {0, 1, 2})

    @settings(deadline=None)
    @given(EDGES, st.dictionaries(st.integers(0, 5), st.floats(0.01, 1.0), min_size=1))
    def test_bounds(self, edges: list[tuple[int, int, EdgeKind]], seeds: dict[int, float]) -> None:
        """Loops end; activation is positive and never more than was put in."""
        active = spread(linked(*edges), seeds, everyone)
        self.assertTrue(all(mass > 0 for mass in active.values()))
        self.assertLessEqual(sum(active.values()), sum(seeds.values()) + 1e-9)
        self.assertLessEqual(set(seeds), set(active))
