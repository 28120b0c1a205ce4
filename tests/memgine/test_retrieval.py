"""Tests of car.memgine.retrieval."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.graph import Graph
from car.memgine.index import TextIndex
from car.memgine.nodes import Node, NodeKind
from car.memgine.retrieval import Hit, Retriever
from car.memgine.rows import DocKind
from car.memgine.weights import RetrievalOptions

NOW = 1_700_000_000.0
DAY = 86_400.0
FACTS = frozenset({DocKind.FACT})


class Store:
    """A graph and a retriever over it."""

    def __init__(self, options: RetrievalOptions | None = None) -> None:
        self.graph = Graph()
        self.retriever = Retriever(TextIndex(), self.graph, options)

    def fact(self, key: str, value: str, *, kind: NodeKind = "fact", at: float = 0.0) -> Node:
        """Add a fact, or another node that is none of the conversation."""
        node = self.graph.add_node(kind, key, value, at=at)
        self.retriever.add(node)
        return node

    def turn(self, speaker: str, text: str, *, at: float = NOW, session: int = 1) -> Node:
        """Add a turn."""
        node = self.graph.add_node("conversation", speaker, text, at=at, session=session)
        self.retriever.add(node)
        return node

    def found(self, query: str, k: int = 10) -> list[int]:
        """The indexes of the hits."""
        return [hit.node.index for hit in self.retriever.search(query, k, at=NOW)]


class FactTests(SynchronousTestCase):
    """Facts: words, filters, ties."""

    def setUp(self) -> None:
        self.store = Store()

    def test_no_match(self) -> None:
        """A question whose words match nothing finds nothing."""
        self.store.fact("budget", "5000 dollars")
        for query in ("zebra", "", "the", "?!"):
            self.assertEqual(self.store.found(query), [], query)

    def test_observed_faults(self) -> None:
        """A mark or a plural loses nothing, a part of a word finds nothing (memgine §4)."""
        meeting = self.store.fact("meeting_location", "Room 5")
        self.store.fact("city", "Seattle")
        for query in ("meeting?", "meetings", "Where is the meeting location?"):
            self.assertEqual(self.store.found(query), [meeting.index], query)
        self.assertEqual(self.store.found("sea"), [])

    def test_validity_before_the_cut(self) -> None:
        """What does not hold at the instant takes no place among the k."""
        dead = [self.store.fact("owl", "barn owl", at=NOW) for _ in range(5)]
        live = self.store.fact("owl", "a large owl of the northern woods")
        self.store.graph.update(dead[0], retired_at=1.0)
        self.store.graph.update(dead[1], expires_at=NOW)
        self.store.graph.update(dead[2], valid_from=NOW + 1)
        self.store.graph.update(dead[3], valid_to=NOW)
        self.store.graph.update(dead[4], kind="fact_superseded")
        self.assertEqual(self.store.found("owl", 1), [live.index])

    def test_allowed_before_the_cut(self) -> None:
        """What the asker may not see takes no place among the k."""
        for _ in range(300):
            self.store.fact("owl", "secret owl")
        seen = self.store.fact("owl", "an owl that everybody has heard of")
        hits = self.store.retriever.search(
            "secret owl", 1, at=NOW, allowed=lambda node: "secret" not in node.value
        )
        self.assertEqual([hit.node for hit in hits], [seen])

    def test_kinds(self) -> None:
        """Only the kinds asked for are found."""
        fact = self.store.fact("owl", "barn")
        turn = self.store.turn("Anna", "I saw an owl")
        self.store.fact("owl", "tawny", kind="environment")
        hits = self.store.retriever.search("owl", 5, at=NOW, kinds=FACTS)
        self.assertEqual([hit.node for hit in hits], [fact])
        hits = self.store.retriever.search("owl", 5, at=NOW, kinds=frozenset({DocKind.TURN}))
        self.assertEqual([hit.node for hit in hits], [turn])

    def test_kinds_not_searched(self) -> None:
        """Skills and identity are no documents."""
        self.store.fact("owl", "owl", kind="skill")
        self.store.fact("owl", "owl", kind="identity")
        self.assertEqual(self.store.found("owl"), [])

    def test_ties(self) -> None:
        """Equals go by the newest, then by index, however many there are."""
        old = [self.store.fact("owl", "barn").index for _ in range(100)]
        new = self.store.fact("owl", "barn", at=5.0).index
        self.assertEqual(self.store.found("owl", 3), [new, old[0], old[1]])
        self.assertEqual(self.store.found("owl", 200), [new, *old])

    def test_removed_and_changed(self) -> None:
        """What is removed is not found; what is added again is found as it stands."""
        one, two = self.store.fact("owl", "barn"), self.store.fact("mouse", "field")
        self.store.retriever.remove(one.index)
        self.store.graph.update(two, value="moon")
        self.store.retriever.add(two)
        self.assertEqual(self.store.found("owl barn field"), [])
        self.assertEqual(self.store.found("moon"), [two.index])

    @settings(deadline=None, max_examples=50)
    @given(st.lists(st.sampled_from(["owl", "owl barn", "barn", "moon owl"]), max_size=40))
    def test_prefix(self, values: list[str]) -> None:
        """The best few are the beginning of the best many."""
        store = Store()
        for value in values:
            store.fact("", value)
        every = store.found("owl moon", 100)
        for k in (0, 1, 5, 17):
            self.assertEqual(store.found("owl moon", k), every[:k])


class EdgeTests(SynchronousTestCase):
    """Activation over edges."""

    def setUp(self) -> None:
        self.store = Store()
        self.owl = self.store.fact("owl", "hunts at night")
        self.barn = self.store.fact("barn", "roof needs repair")
        self.mouse = self.store.fact("mouse", "lives below")

    def search(self, query: str) -> list[Hit]:
        """The hits of *query*."""
        return self.store.retriever.search(query, 5, at=NOW)

    def test_linked(self) -> None:
        """A linked fact is found behind the one whose words match."""
        self.store.graph.add_edge("RelatedTo", self.owl.index, self.barn.index, at=0.0)
        hits = self.search("owl")
        self.assertEqual([hit.node for hit in hits], [self.owl, self.barn])
        self.assertEqual(hits[1].lexical, 0.0)
        self.assertGreater(hits[1].activation, 0.0)

    def test_dead_ends(self) -> None:
        """A fact that no longer holds leads to nothing."""
        self.store.graph.add_edge("RelatedTo", self.owl.index, self.barn.index, at=0.0)
        self.store.graph.add_edge("RelatedTo", self.barn.index, self.mouse.index, at=0.0)
        self.store.graph.update(self.barn, retired_at=1.0)
        self.assertEqual([hit.node for hit in self.search("owl")], [self.owl])

    def test_off(self) -> None:
        """Without spreading only words count."""
        self.store.graph.add_edge("RelatedTo", self.owl.index, self.barn.index, at=0.0)
        retriever = Retriever(self.store.retriever._index, self.store.graph, plain())
        self.assertEqual([hit.node for hit in retriever.search("owl", 5, at=NOW)], [self.owl])


class TurnTests(SynchronousTestCase):
    """What turns have from where they stand."""

    def test_neighbours(self) -> None:
        """The answer beside the turn that matches is found, nearer before farther."""
        store = Store(replace(plain(), neighbours=(0.5, 0.25)))
        asked = store.turn("Bob", "How was the pottery class?")
        answer = store.turn("Anna", "I made a blue mug!")
        later = store.turn("Bob", "Lovely.")
        store.turn("Anna", "Bye now.")
        store.turn("Bob", "Hello again.", session=2)
        self.assertEqual(store.found("pottery"), [asked.index, answer.index, later.index])

    def test_sessions_are_apart(self) -> None:
        """Turns of different sessions are no neighbours."""
        store = Store()
        one = store.turn("Bob", "How was the pottery class?", session=1)
        store.turn("Anna", "Something else entirely", session=2)
        self.assertEqual(store.found("pottery"), [one.index])

    def test_session(self) -> None:
        """Of two turns alike, the one whose session has the other word comes first."""
        store = Store(replace(plain(), session=0.6))
        first = store.turn("Anna", "It cost twenty pounds", session=1)
        store.turn("Bob", "And the vet?", session=1)
        second = store.turn("Anna", "It cost twenty pounds", session=2, at=NOW + 1)
        store.turn("Bob", "And the car?", session=2)
        found = store.found("what did the vet cost")
        self.assertLess(found.index(first.index), found.index(second.index))

    def test_brevity(self) -> None:
        """A turn of one word says less than one that tells more."""
        store = Store(replace(plain(), brevity=2.0))
        store.turn("Anna", "Pottery?")
        told = store.turn("Anna", "I went to pottery and I made a mug")
        self.assertEqual(store.found("pottery", 1), [told.index])

    def test_speaker(self) -> None:
        """The turns of the speaker who is named come first."""
        store = Store(replace(plain(), speaker=3.0))
        anna = store.turn("Anna", "My favourite animal is the owl, Bob")
        bob = store.turn("Bob", "My favourite animal is the fox, Anna")
        self.assertEqual(store.found("Anna's favourite animal", 1), [anna.index])
        self.assertEqual(store.found("Bob's favourite animal", 1), [bob.index])

    def test_dates(self) -> None:
        """A day that a turn speaks of is found by the date, whenever it was said."""
        store = Store(replace(plain(), dates=1.0))
        store.turn("Anna", "I went running in the morning", at=NOW - 90 * DAY)
        meant = store.turn("Anna", "I went running last month", at=NOW)  # November 2023
        store.turn("Anna", "I went running again", at=NOW - 200 * DAY)
        self.assertEqual(store.found("Who went running in October 2023?", 1), [meant.index])

    def test_timed(self) -> None:
        """Who asks when finds the turn that speaks of a time."""
        store = Store(replace(plain(), timed=0.4))
        told = store.turn("Anna", "I passed my driving test yesterday")
        store.turn("Anna", "I passed my driving test, really", at=NOW + 1)
        self.assertEqual(store.found("When was the driving test?", 1), [told.index])

    def test_placed(self) -> None:
        """Who asks where finds the turn that speaks of a place."""
        store = Store(replace(plain(), placed=0.4))
        told = store.turn("Anna", "I passed my driving test in Leeds")
        store.turn("Anna", "I passed my driving test, really", at=NOW + 1)
        self.assertEqual(store.found("Where was the driving test?", 1), [told.index])

    def test_asking(self) -> None:
        """A turn that only asks comes behind one that tells."""
        store = Store(replace(plain(), asking=0.2))
        told = store.turn("Anna", "About the driving test")
        store.turn("Anna", "How about the driving test?", at=NOW + 1)
        self.assertEqual(store.found("the driving test", 1), [told.index])

    def test_who_asks(self) -> None:
        """Who asks of *me* asks of what the user said."""
        store = Store(replace(plain(), speaker=2.0))
        user = store.turn("user", "The budget is five hundred")
        agent = store.turn("assistant", "The budget is five hundred", at=NOW + 1)
        self.assertEqual(store.found("What is my budget?", 1), [user.index])
        self.assertEqual(store.found("What is the budget?", 1), [agent.index])

    def test_related(self) -> None:
        """A turn is found by a related word, behind one that has the question's own."""
        store = Store(replace(plain(), related=0.3))
        kitten = store.turn("Anna", "A kitten moved in with me")
        pet = store.turn("Anna", "A pet moved in with me", session=2)
        for number in range(20):
            store.turn("Bob", f"Nothing of the sort {number}", session=3)
        self.assertEqual(store.found("Which pet?"), [pet.index, kitten.index])

    def test_related_facts(self) -> None:
        """Facts are found by their own words alone."""
        store = Store()
        store.fact("animal", "a kitten")
        store.turn("Bob", "Something else entirely")
        self.assertEqual(store.found("Which pet?"), [])

    def test_prefixed_value(self) -> None:
        """A value that begins with its speaker says no more than the text."""
        one, two = Store(), Store()
        one.turn("Anna", "I saw an owl")
        two.turn("Anna", "Anna: I saw an owl")
        self.assertEqual(
            one.retriever.search("Anna owl", 1, at=NOW)[0].score,
            two.retriever.search("Anna owl", 1, at=NOW)[0].score,
        )


class DenseTests(SynchronousTestCase):
    """Similarities handed in."""

    def setUp(self) -> None:
        self.store = Store()
        self.nodes = [self.store.fact("", f"owl number{n}") for n in range(4)]

    def search(self, query: str, dense: dict[int, float]) -> list[int]:
        """The indexes of the hits, with similarities."""
        hits = self.store.retriever.search(query, 9, at=NOW, dense=dense)
        return [hit.node.index for hit in hits]

    def test_reorders(self) -> None:
        """Of equals in words the more similar comes first, on any scale."""
        for scale in (1.0, 1000.0):
            dense = {0: 0.1 * scale, 1: 0.2 * scale, 2: 0.9 * scale, 3: 0.3 * scale}
            self.assertEqual(self.search("owl", dense)[0], 2)

    def test_no_words(self) -> None:
        """Without a matching word only what stands far out is found."""
        for number in range(8):
            self.store.fact("", f"mouse number{number}")
        flat = {index: 0.5 + 0.01 * (index % 2) for index in range(12)}
        self.assertEqual(self.search("zebra", flat), [])
        self.assertEqual(self.search("zebra", {**flat, 3: 0.95}), [3])

    def test_strangers(self) -> None:
        """Similarities of nodes that are not searched are nothing."""
        self.assertEqual(self.search("zebra", {77: 1.0, 78: 0.0}), [])


def plain() -> RetrievalOptions:
    """BM25 and nothing else."""
    return RetrievalOptions(
        neighbours=(), session=0, brevity=0, speaker=0, dates=0, timed=0, placed=0, asking=0,
        frame=0, related=0, spread=0,
    )  # fmt: skip
