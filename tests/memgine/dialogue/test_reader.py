"""Tests of car.memgine.dialogue.reader: clearance, resuming, bounds, determinism."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.dialogue.effects import Restrict
from car.memgine.dialogue.ledger import DEAD_VALUES, TURNS
from car.memgine.dialogue.reader import DialogueReader
from tests.memgine.dialogue.talk import Talk

LINES = [
    "The launch is on May 4.",
    "assistant> Launch noted for May 4.",
    "Move the launch to June 9.",
    "The venue costs $900.",
    "So: we have $100 left.",
    "Correction: the venue costs $950.",
    "What does the band cost?",
    "Hold on - phone call",
    "The parcel is late",
    "Back to the launch",
    "Let's brainstorm, just exploring.",
    "We could rent a boat.",
    "Enough brainstorming. Back to reality.",
    "Order #5 is approved.",
    "Order #5 was cancelled.",
    "We're going with Hooli for the tents.",
    "Let's use Raviga for the tents.",
]


class RestrictionTests(SynchronousTestCase):
    """Markers of clearance."""

    def test_turn_and_fact(self) -> None:
        """Both are restricted as they come in."""
        talk = Talk("Confidential, directors only: the plant closes.")
        talk.fact("floor", "[VP+] the floor is $30")
        talk.fact("list", "the list price is $50")
        self.assertEqual([node.min_authority for node in talk.nodes], [40, 50, 0])
        self.assertEqual(talk.effects, [Restrict(0, 40), Restrict(1, 50)])


class ResumeTests(SynchronousTestCase):
    """A reader rebuilt from the nodes goes on as if it had never stopped."""

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(st.sampled_from(LINES), max_size=12), st.lists(st.sampled_from(LINES), max_size=5)
    )
    def test_what_falls_stays_fallen(self, before: list[str], after: list[str]) -> None:
        """No turn shows after a load what it would not have shown without it."""
        talk = Talk(*before)
        talk.reader = DialogueReader()
        talk.reader.resume(talk.nodes)
        dead = [node.index for node in talk.nodes if not node.live]
        for line in after:
            talk.say(line)
        self.assertTrue(all(not talk.nodes[index].live for index in dead))

    def test_goes_on(self) -> None:
        """Dead values, the open scope and the open detour survive."""
        for cut in range(len(LINES) + 1):
            whole, halves = Talk(*LINES), Talk(*LINES[:cut])
            halves.reader = DialogueReader()
            halves.reader.resume(halves.nodes)
            for line in LINES[cut:]:
                halves.say(line)
            self.assertEqual(halves.holds(), whole.holds(), cut)


class BoundsTests(SynchronousTestCase):
    """The working state does not grow."""

    def test_bounded(self) -> None:
        """Many turns and many deaths leave a bounded ledger."""
        talk = Talk()
        for number in range(TURNS + 150):
            talk.say(f"The price is ${number}.")
        ledger = talk.reader._ledger
        self.assertEqual(sum(1 for _ in ledger.back()), TURNS)
        self.assertLessEqual(len(ledger._dead), DEAD_VALUES)
        self.assertEqual(talk.holds(), [f"The price is ${TURNS + 149}."])

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=40)), max_size=10))
    def test_deterministic(self, lines: list[str]) -> None:
        """The same talk has the same effects; no text breaks it."""
        self.assertEqual(Talk(*lines).effects, Talk(*lines).effects)
