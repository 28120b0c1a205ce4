"""Tests of car.memgine.compaction: the rules; how it runs is tested with consolidation."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.compaction import (
    COMPACTED_ABOVE,
    KEPT_TURNS,
    LARGEST_SUMMARY,
    Compaction,
    close_gap,
    condensed,
    is_small_talk,
)
from car.memgine.memgine import Memgine
from car.memgine.nodes import Node
from tests.memgine.doubles import NOON


class SmallTalkTests(SynchronousTestCase):
    """is_small_talk."""

    def test_small(self) -> None:
        """Greetings, laughter, acknowledgements and bare punctuation."""
        for text in (
            "Hi!",
            "hello everyone",
            "Hey, Caroline!",
            "Good morning team",
            "see you tomorrow",
            "haha",
            "LOL",
            "hmm...",
            "ok",
            "Okay, thanks!",
            "Got it, thank you so much.",
            "Sounds good",
            "You're welcome",
            "👍",
            "...",
        ):
            self.assertTrue(is_small_talk(text, asked=False), text)

    def test_told(self) -> None:
        """What says something is kept, however short."""
        for text in (
            "yes",
            "no",
            "42",
            "Friday",
            "ok, but make it Friday",
            "Thanks, the code is 7741",
            "Hi, can you move the call?",
            "hey stop the deploy",
            "Great Falls",
            "fine dining at eight",
        ):
            self.assertFalse(is_small_talk(text, asked=False), text)

    def test_answers(self) -> None:
        """After a question an acknowledgement is an answer; a laugh is none."""
        self.assertFalse(is_small_talk("Sounds good", asked=True))
        self.assertTrue(is_small_talk("haha", asked=True))


class CondensedTests(SynchronousTestCase):
    """condensed."""

    def test_short(self) -> None:
        """Up to 500 characters a turn is left alone, and one of few sentences always."""
        short = "One. Two. Three. Four. Five. Six."
        self.assertEqual(condensed(short), short)
        long_winded = "word " * 200 + "end."
        self.assertEqual(condensed(long_winded), long_winded)

    def test_long(self) -> None:
        """A long turn keeps its two first and two last sentences."""
        middle = "This is in the middle. " * 40
        text = f"First. Second. {middle}Last but one. Last."
        self.assertEqual(condensed(text), "First. Second. Last but one. Last.")

    def test_huge(self) -> None:
        """So does one of a megabyte, in no time."""
        text = "First. Second. " + "Then $1.50 more. " * 60_000 + "Last but one. Last."
        self.assertEqual(condensed(text), "First. Second. Last but one. Last.")


class CompactionTests(SynchronousTestCase):
    """Compaction of a conversation that is long enough."""

    def setUp(self) -> None:
        """An empty memory."""
        self.memory = Memgine()
        self.absorbed: list[tuple[int, list[int]]] = []

    def say(self, speaker: str, *texts: str) -> list[Node]:
        """Let *speaker* say *texts*, a second apart, and nobody read anything into them."""
        return [
            self.memory.conversation.add(speaker, text, NOON + len(self.memory.graph.nodes))
            for text in texts
        ]

    def fill(self) -> None:
        """Say enough that nothing of it can be joined, so that what came before is old."""
        for number in range(COMPACTED_ABOVE + KEPT_TURNS):
            self.say(f"guest {number}", f"I brought dish number {number}")

    def compact(self, referred: set[int] | None = None) -> Compaction:
        """Compact everything."""
        compaction = Compaction(
            self.memory.knowledge,
            referred or set(),
            lambda node, gone: self.absorbed.append((node.index, list(gone))),
        )
        for _ in compaction.work(sorted(self.memory.graph.nodes)):
            pass
        return compaction

    def said(self, *speakers: str) -> list[str]:
        """What is left of what *speakers* said."""
        nodes = self.memory.graph.nodes
        return [nodes[index].value for index in sorted(nodes) if nodes[index].key in speakers]

    def test_joined(self) -> None:
        """Neighbours of one speaker become one summary in the place of the first."""
        first, second = self.say("Ana", "The hall is booked.", "It seats ninety people.")
        self.fill()
        compaction = self.compact()
        self.assertEqual(self.said("Ana"), ["The hall is booked. It seats ninety people."])
        self.assertEqual((compaction.turns_compacted, compaction.summaries_created), (2, 1))
        self.assertEqual(first.kind, "conversation_summary")
        self.assertEqual(self.absorbed, [(first.index, [second.index])])
        hits = self.memory.query("how many people does the hall seat", 1, NOON + 1000)
        self.assertEqual([hit.node.index for hit in hits], [first.index])

    def test_few_turns(self) -> None:
        """Up to a hundred turns nothing is done."""
        self.say("Ana", *(f"Point number {number} stands." for number in range(COMPACTED_ABOVE)))
        self.assertEqual(self.compact().turns_compacted, 0)

    def test_last_turns(self) -> None:
        """The last six turns stay as they are."""
        self.fill()
        last = [f"Closing remark number {number}." for number in range(KEPT_TURNS)]
        self.say("Ana", *last)
        self.compact()
        self.assertEqual(self.said("Ana"), last)

    def test_links(self) -> None:
        """The turns on either side of what went are neighbours."""
        (before,) = self.say("Ben", "The invitations went out.")
        self.say("Ana", "ok", "The hall is booked.", "It seats ninety people.", "thanks")
        self.fill()
        self.compact()
        nodes = self.memory.graph.nodes
        chain = [before.index]
        while edges := self.memory.graph.edges_from(chain[-1]):
            self.assertEqual([edge.kind for edge in edges], ["TemporalNext"])
            chain.append(edges[0].target)
        self.assertEqual(chain, sorted(nodes))

    def test_manners(self) -> None:
        """Other settings, digressions, sessions and ranks are not joined."""
        turns = self.say("Ana", *(f"The plan has part number {number}." for number in range(5)))
        graph = self.memory.graph
        graph.update(turns[1], setting="what-if")
        graph.update(turns[2], digression=True)
        graph.update(turns[3], min_authority=40)
        self.memory.conversation.add("Ana", "A new day it is.", NOON + 9, session=7)
        self.fill()
        self.assertEqual(self.compact().turns_compacted, 0)

    def test_dead_and_referred(self) -> None:
        """A dead turn, one with edges, and one that something names stay and part the others."""
        turns = self.say("Ana", *(f"The list has line number {number}." for number in range(7)))
        memory = self.memory
        memory.knowledge.retire(turns[1], NOON, "superseded")
        memory.graph.add_edge("Supersedes", turns[3].index, turns[1].index, at=NOON)
        self.fill()
        self.assertEqual(self.compact({turns[5].index}).turns_compacted, 0)
        self.assertEqual(len(self.said("Ana")), 7)

    def test_answers(self) -> None:
        """An acknowledgement goes, unless it answers somebody's question."""
        self.say("Ana", "The hall is booked.")
        self.say("Ben", "ok")
        self.say("Ana", "Shall we take Friday?")
        self.say("Ben", "Sounds good")
        self.fill()
        self.compact()
        self.assertEqual(self.said("Ben"), ["Sounds good"])
        self.assertEqual(self.said("Ana"), ["The hall is booked. Shall we take Friday?"])

    def test_long_turn(self) -> None:
        """A long turn alone is cut, and found by what is left of it."""
        self.say("Ana", "First. Second. " + "Something zebra in between. " * 40 + "Third. Fourth.")
        self.fill()
        compaction = self.compact()
        self.assertEqual(self.said("Ana"), ["First. Second. Third. Fourth."])
        self.assertEqual((compaction.turns_compacted, compaction.summaries_created), (1, 1))
        self.assertEqual(self.memory.query("zebra", 3, NOON + 1000), [])

    def test_long_speech(self) -> None:
        """A speech becomes summaries that fit a context, and again nothing is left to do."""
        self.say(
            "Ana", *(f"Point number {number} is about topic {number}." for number in range(150))
        )
        self.fill()
        self.compact()
        texts = self.said("Ana")
        self.assertLess(len(texts), 10)
        self.assertTrue(all(len(text) <= LARGEST_SUMMARY for text in texts))
        self.assertEqual(self.compact().turns_compacted, 0)

    def test_gap(self) -> None:
        """A turn at either end of a session leaves no link behind."""
        first, second = self.say("Ana", "One thing.", "Another thing.")
        close_gap(self.memory.graph, first)
        self.memory.knowledge.remove(first)
        self.assertEqual(self.memory.graph.edges_to(second.index), [])
