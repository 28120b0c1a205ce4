"""Tests of car.memgine.utility."""

from math import inf, nan

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.graph import Graph
from car.memgine.utility import (
    RECALLS,
    Utility,
    count_recall,
    recalls_of,
    set_utility,
    utility_of,
)
from tests.memgine.doubles import NOON


class SettingTests(SynchronousTestCase):
    """utility_of and set_utility."""

    def test_kept(self) -> None:
        """What is set is kept with the graph; what is left out stays."""
        graph = Graph()
        self.assertEqual(set_utility(graph, 0.5, None), Utility(0.5, 1.0))
        self.assertEqual(set_utility(graph, None, 2.0), Utility(0.5, 2.0))
        self.assertEqual(utility_of(graph), Utility(0.5, 2.0))

    def test_range(self) -> None:
        """Values are brought into their range; what is no number is 0."""
        graph = Graph()
        self.assertEqual(set_utility(graph, 7.0, 7.0), Utility(1.0, 4.0))
        self.assertEqual(set_utility(graph, -1.0, -1.0), Utility(0.0, 0.0))
        self.assertEqual(set_utility(graph, inf, nan), Utility(0.0, 0.0))

    def test_unchanged(self) -> None:
        """Setting what is there changes no row."""
        graph = Graph(tracked=True)
        set_utility(graph, 0.25, 1.0)
        self.assertEqual(graph.drain(), [])


class WorthTests(SynchronousTestCase):
    """Utility.worth and score."""

    def test_experience(self) -> None:
        """Each recall lowers a fact's worth, being told again raises it."""
        graph = Graph()
        node = graph.add_node("fact", "a", "b", at=NOON)
        cautious = Utility(0.5, 0.0)
        untried = cautious.worth(node, 0)
        for _ in range(3):
            count_recall(graph, node)
        self.assertEqual((recalls_of(node), graph.setting(RECALLS)), (3, 3))
        tired = cautious.worth(node, 3)
        self.assertLess(tired, untried)
        graph.update(node, usage_count=5)
        self.assertGreater(cautious.worth(node, 3), tired)

    def test_exploration(self) -> None:
        """With exploration the untried is worth more than the often recalled."""
        graph = Graph()
        old = graph.add_node("fact", "a", "b", at=NOON)
        for _ in range(30):
            count_recall(graph, old)
        new = graph.add_node("fact", "c", "d", at=NOON)
        bold = Utility(0.5, 1.0)
        self.assertGreater(bold.worth(new, 30), bold.worth(old, 30))

    @given(st.floats(0, 1), st.floats(0, 4), st.floats(0, 1), st.integers(0, 99))
    def test_bounds(self, weight: float, venture: float, relevance: float, total: int) -> None:
        """Worth and score stay within 0 to 1, and a score never beyond its relevance."""
        node = Graph().add_node("fact", "a", "b", at=NOON)
        utility = Utility(weight, venture)
        worth = utility.worth(node, total)
        self.assertTrue(0 <= worth <= 1)
        self.assertTrue(0 <= utility.score(relevance, worth) <= relevance)
