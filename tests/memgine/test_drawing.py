"""Tests of drawings: what is chosen, where it stands, and that the text is well formed."""

from itertools import combinations
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.drawing import (
    BOX_HEIGHT,
    BOX_WIDTH,
    Neighbourhood,
    arrange,
    draw_svg,
    neighbourhood,
)
from car.memgine.drawing_page import draw_html
from car.memgine.edges import Edge
from car.memgine.graph import Graph
from car.memgine.memgine import Memgine
from tests.memgine.doubles import NOON, given_fact

SVG = "{http://www.w3.org/2000/svg}"


def chain(length: int) -> Graph:
    """Turns, each linked to the next."""
    graph = Graph()
    for number in range(length):
        graph.add_node("conversation", "Ann", f"turn {number}", at=NOON)
    for number in range(length - 1):
        graph.add_edge("TemporalNext", number, number + 1, at=NOON)
    return graph


def owls() -> Memgine:
    """A memory of a replaced fact, a constraint, and what rests on them."""
    memory = Memgine()
    given_fact(memory, "perch", "the owl sits in the oak", id="old")
    given_fact(memory, "perch", "the owl sits in the barn", id="new", supersedes="old")
    given_fact(memory, "quiet", "no drums <near> the owl & her \x07 young", kind="constraint")
    given_fact(memory, "food", "mice are left at the perch", depends_on=["new"])
    return memory


def indexes(picture: Neighbourhood) -> list[int]:
    """The indexes of what is drawn, in order."""
    return [node.index for node in picture.nodes]


class NeighbourhoodTests(SynchronousTestCase):
    """Which nodes are drawn."""

    def test_hits_then_neighbours(self) -> None:
        """A quarter is hits, then come nodes within two edges, then the other hits."""
        picture = neighbourhood(chain(20), [10, 0, 19], 8)
        self.assertEqual(indexes(picture), [10, 0, 9, 11, 1, 8, 12, 2])
        self.assertEqual(picture.hits, {10, 0})

    def test_limit(self) -> None:
        """No more than the limit, and only edges between them."""
        picture = neighbourhood(chain(9), [4], 2)
        self.assertEqual(len(picture.nodes), 2)
        self.assertEqual(len(picture.edges), 1)

    def test_heavier_edges_first(self) -> None:
        """What pulls more is nearer."""
        graph = chain(1)
        for kind in ("RelatedTo", "DependsOn", "Supersedes"):
            node = graph.add_node("fact", kind, "", at=NOON)
            graph.add_edge(kind, 0, node.index, at=NOON)
        picture = neighbourhood(graph, [0], 4)
        self.assertEqual(
            [node.key for node in picture.nodes], ["Ann", "DependsOn", "RelatedTo", "Supersedes"]
        )

    def test_without_hits(self) -> None:
        """Without hits the newest nodes are drawn, and none is marked as found."""
        picture = neighbourhood(chain(9), [], 3)
        self.assertEqual(indexes(picture), [8, 7, 6])
        self.assertEqual(picture.hits, frozenset())

    def test_empty(self) -> None:
        """An empty memory is an empty picture, and that can be drawn."""
        picture = neighbourhood(Graph(), [], 40)
        self.assertEqual(indexes(picture), [])
        ElementTree.fromstring(draw_svg(picture, "nothing"))


class ArrangeTests(SynchronousTestCase):
    """Where boxes stand."""

    @given(
        st.integers(1, 40),
        st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39)), max_size=80),
    )
    def test_no_overlap(self, count: int, pairs: list[tuple[int, int]]) -> None:
        """Whatever is linked to what, no box covers another, and none is off the paper."""
        graph = Graph()
        for number in range(count):
            graph.add_node("fact", f"f{number}", "", at=NOON)
        for source, target in pairs:
            graph.add_edge("RelatedTo", source % count, target % count, at=NOON)
        places = arrange(neighbourhood(graph, [], 40))
        self.assertEqual(len(places), count)
        for (ax, ay), (bx, by) in combinations(places.values(), 2):
            self.assertTrue(abs(ax - bx) >= BOX_WIDTH or abs(ay - by) >= BOX_HEIGHT)
        for x, y in places.values():
            self.assertTrue(x >= BOX_WIDTH / 2 and y >= BOX_HEIGHT / 2)

    def test_deterministic(self) -> None:
        """The same picture is laid out the same way, in whatever order it is told."""
        first = neighbourhood(chain(12), [3], 12)
        turned = Neighbourhood(first.nodes[::-1], first.edges[::-1], first.hits)
        self.assertEqual(arrange(first), arrange(turned))

    def test_coincident(self) -> None:
        """An edge of a node to itself is drawn without harm."""
        graph = chain(1)
        graph.add_edge("RelatedTo", 0, 0, at=NOON)
        picture = neighbourhood(graph, [0], 4)
        self.assertEqual([type(edge) for edge in picture.edges], [Edge])
        ElementTree.fromstring(draw_svg(picture, "itself"))


class SvgTests(SynchronousTestCase):
    """The SVG document."""

    def setUp(self) -> None:
        memory = owls()
        self.picture = neighbourhood(memory.graph, [1, 2], 40)
        self.text = draw_svg(self.picture, 'owls & "mice"')
        self.root = ElementTree.fromstring(self.text)

    def classes(self, key: str) -> list[set[str]]:
        """The classes of the boxes whose first line is *key*."""
        return [
            set(str(group.get("class")).split())
            for group in self.root.iter(f"{SVG}g")
            if group.get("data-node") is not None
            and any(text.text == key for text in group.iter(f"{SVG}text"))
        ]

    def test_accessible(self) -> None:
        """Title and description are there, and named as the label."""
        self.assertEqual(self.root.get("role"), "img")
        self.assertEqual(self.root.get("aria-labelledby"), "title desc")
        self.assertEqual(self.root.findtext(f"{SVG}title"), 'owls & "mice"')
        self.assertIn("4 nodes", str(self.root.findtext(f"{SVG}desc")))

    def test_states(self) -> None:
        """The replaced fact is struck, the found one marked, the constraint too."""
        self.assertCountEqual(
            self.classes("perch"), [{"node", "fact", "dead"}, {"node", "fact", "hit"}]
        )
        self.assertEqual(self.classes("⚠ quiet"), [{"node", "fact", "hit", "constraint"}])
        self.assertIn("line-through", self.text)

    def test_full_text(self) -> None:
        """What is clipped in the box is whole in its title; control characters are gone."""
        titles = [str(title.text) for title in self.root.iter(f"{SVG}title")]
        told = next(title for title in titles if "drums" in title)
        self.assertIn("no drums <near> the owl & her � young", told)

    def test_edges(self) -> None:
        """Edges carry kind and ends; those with a direction have a head."""
        edges = {
            str(group.get("class")): group
            for group in self.root.iter(f"{SVG}g")
            if group.get("data-source")
        }
        replaced = edges["edge Supersedes"]
        self.assertEqual((replaced.get("data-source"), replaced.get("data-target")), ("1", "0"))
        self.assertEqual(replaced.findtext(f"{SVG}title"), "Supersedes: perch → perch")
        self.assertIsNotNone(replaced.find(f"{SVG}polygon"))

    def test_wide_text(self) -> None:
        """Wide characters are clipped by the room they take."""
        graph = Graph()
        graph.add_node("fact", "鳥" * 40, "", at=NOON)
        root = ElementTree.fromstring(draw_svg(neighbourhood(graph, [], 1), "t"))
        shown = next(text.text for text in root.iter(f"{SVG}text") if text.get("class") == "key")
        self.assertEqual(shown, "鳥" * 10 + "…")

    @given(st.text(max_size=60), st.text(max_size=60))
    def test_any_text(self, key: str, value: str) -> None:
        """Whatever a memory holds, the document is well formed."""
        graph = Graph()
        graph.add_node("fact", key, value, at=NOON)
        ElementTree.fromstring(draw_svg(neighbourhood(graph, [], 1), key).encode())


class PageTests(SynchronousTestCase):
    """The HTML page."""

    def test_whole(self) -> None:
        """It holds the drawing, and says that nothing may be loaded."""
        picture = neighbourhood(owls().graph, [], 40)
        page = draw_html(picture, "<owls>")
        self.assertIn("<title>&lt;owls&gt;</title>", page)
        self.assertIn(draw_svg(picture, "<owls>"), page)
        self.assertIn("default-src 'none'", page)
        for outside in ("src=", "href=", "url(", "@import"):
            self.assertNotIn(outside, page)
