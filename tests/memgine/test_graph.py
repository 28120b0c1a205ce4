"""Graph: look-up tables, edges, and the rows it is kept as."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.errors import BrokenMemory
from car.memgine.graph import Change, Graph


class GraphTests(SynchronousTestCase):
    """Nodes and edges, found by index, id and key."""

    def setUp(self) -> None:
        self.graph = Graph(tracked=True)
        self.older = self.graph.add_node("fact", "ci", "runs nightly", at=1.0, id="a")
        self.newer = self.graph.add_node("fact", "ci", "runs on push", at=2.0, id="b")

    def test_found_by_id_and_key(self) -> None:
        """A node is found by its id, and under its key in the order of coming."""
        self.assertIs(self.graph.by_id("a"), self.older)
        self.assertIsNone(self.graph.by_id("c"))
        self.assertEqual(self.graph.by_key("ci"), [self.older, self.newer])
        self.assertEqual(list(self.graph.newest_of_key("ci")), [self.newer, self.older])

    def test_taken_id(self) -> None:
        """Two nodes cannot have one id."""
        self.assertRaises(ValueError, self.graph.add_node, "fact", "x", "y", at=1.0, id="a")

    def test_edge_twice(self) -> None:
        """A second edge of a kind between two nodes takes the place of the first."""
        self.graph.add_edge("RelatedTo", 1, 0, at=1.0, weight=0.5)
        self.graph.add_edge("RelatedTo", 1, 0, at=2.0, weight=0.9)
        self.assertEqual([edge.weight for edge in self.graph.edges_from(1)], [0.9])
        self.assertEqual(self.graph.edge_count, 1)

    def test_remove_takes_edges_along(self) -> None:
        """A node that goes leaves no edge behind, and its id and key are free."""
        self.graph.add_edge("Supersedes", 1, 0, at=2.0)
        self.graph.remove(self.older)
        self.assertEqual(self.graph.edges_from(1), [])
        self.assertEqual(self.graph.edge_count, 0)
        self.assertIsNone(self.graph.by_id("a"))
        self.assertEqual(self.graph.by_key("ci"), [self.newer])

    def test_drain_gives_each_row_once_as_it_stands(self) -> None:
        """What changed twice is one row, what went is a row without a value, then nothing."""
        self.graph.update(self.newer, usage_count=3)
        self.graph.remove(self.older)
        self.graph.set_setting("mood", {"good": True})
        rows = {change.key: change.value for change in self.graph.drain()}
        self.assertEqual(set(rows), {"n0", "n1", "mmood", "m#next"})
        self.assertIsNone(rows["n0"])
        self.assertIn(b'"usage_count":3', rows["n1"] or b"")
        self.assertEqual(rows["mmood"], b'{"good":true}')
        self.assertEqual(self.graph.drain(), [])

    def test_untracked_drains_nothing(self) -> None:
        """A graph that nobody keeps notes no changes."""
        graph = Graph()
        graph.add_node("fact", "a", "b", at=1.0)
        self.assertEqual(graph.drain(), [])

    def test_marked_rows_are_drained_again(self) -> None:
        """Rows that were not kept come once more, as they stand by then."""
        edge = self.graph.add_edge("RelatedTo", 1, 0, at=1.0)
        changes = self.graph.drain()
        self.graph.update(self.newer, usage_count=7)
        self.graph.mark(changes)
        again = {change.key: change.value for change in self.graph.drain()}
        self.assertEqual(set(again), {"n0", "n1", "e1:RelatedTo:0", "m#next"})
        self.assertIn(b'"usage_count":7', again["n1"] or b"")
        self.graph.remove_edge(edge)
        self.graph.mark([Change("e1:RelatedTo:0", b"{}")])
        self.assertIn(Change("e1:RelatedTo:0", None), self.graph.drain())


class RowTests(SynchronousTestCase):
    """A graph as rows, and back."""

    def graph(self) -> Graph:
        graph = Graph()
        first = graph.add_node("fact", "a", "b", at=1.0, id="one", tags=("x",))
        second = graph.add_node("conversation", "Ann", "hello", at=2.0, session=3)
        graph.add_edge("RelatedTo", second.index, first.index, at=2.0, weight=0.25)
        graph.set_setting("unknowns", ["why?"])
        graph.remove(graph.add_node("fact", "gone", "", at=3.0))
        return graph

    def rows(self) -> list[tuple[str, bytes]]:
        return [(row.key, row.value or b"") for row in self.graph().rows()]

    def test_round_trip(self) -> None:
        """The rows in any order make the same graph; indexes of what went are not reused."""
        loaded = Graph.from_rows(reversed(self.rows()))
        self.assertEqual(
            sorted(loaded.rows(), key=lambda row: row.key),
            sorted(self.graph().rows(), key=lambda row: row.key),
        )
        self.assertEqual(loaded.add_node("fact", "next", "", at=4.0).index, 3)

    def test_broken_rows(self) -> None:
        """A row that is no record, of no kind, or an edge to nowhere: told by its key."""
        for row, words in (
            (("n9", b"{"), "row 'n9'"),
            (("n9", b'{"index":"nine"}'), "row 'n9'"),
            (("x1", b"{}"), "row 'x1' is of no kind"),
            (
                ("e0:RelatedTo:8", b'{"kind":"RelatedTo","source":0,"target":8,"created_at":1}'),
                "edge e0:RelatedTo:8 leads to a node that is not there",
            ),
        ):
            with self.assertRaises(BrokenMemory) as caught:
                Graph.from_rows([*self.rows(), row])
            self.assertIn(words, str(caught.exception))
