"""Tests of car.memgine.dialogue.reader: clearance, resuming, bounds, determinism."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.dialogue.course import SETTINGS_KEPT
from car.memgine.dialogue.effects import Restrict
from car.memgine.dialogue.ledger import DEAD_VALUES, TURNS
from car.memgine.dialogue.reader import DialogueReader
from car.memgine.nodes import Node
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

    def test_other_words(self) -> None:
        """A group, a word that limits and small words make a marker; unknown forms are strict."""
        for rank, texts in {
            40: (
                "Internal to Finance: x",
                "For HR only: x",
                "Not to be shared below director level: x",
                "HR-internal: x",
                "Access: HR. x is sold",
                "Nobody outside HR is to see this: x",
                "Kept within Finance: x",
                "Audience: directors only. x is sold",
            ),
            50: (
                "For nobody under VP rank: x",
                "From VP level on: x",
                "This stays among executives: x",
                "*VP or higher* x",
                "Clearance VP: x",
            ),
            70: ("For the eyes of the board: x", "Board members alone may read this: x"),
            0: (
                "HR: Ann starts on Monday",
                "Managers like it: yes",
                "The board meets in private on Friday: room 3",
                "Our director said: go ahead",
            ),
        }.items():
            for text in texts:
                self.assertEqual(Talk(text).nodes[0].min_authority, rank, text)


class FactTests(SynchronousTestCase):
    """Facts that come late, and nodes that go."""

    def test_again_at_the_same_instant(self) -> None:
        """A fact that comes in after its value fell to another fact, and states it again, holds."""
        talk = Talk()
        old = talk.fact("colour", "red")
        new = talk.supersede(old, "colour", "blue")
        again = talk.fact("colour", "red", minutes_ago=1)
        self.assertEqual(again.created_at, new.created_at)
        self.assertTrue(again.live)

    def test_removed_nodes(self) -> None:
        """A correction of a node that has been removed is passed over."""

        class Removing(Talk):
            def node(self, index: int) -> Node:
                if index == 0:
                    raise KeyError(index)
                return super().node(index)

        talk = Removing("Order: 40 chairs to the Lyon warehouse.", "Change the quantity to 55.")
        self.assertEqual([effect for effect in talk.effects if effect.node == 0], [])

    def test_absorbed(self) -> None:
        """A turn that took others in is read anew; theirs are forgotten."""
        talk = Talk("The launch is on May 4.", "The venue costs $900.", "We meet at noon.")
        kept = talk.nodes[1]
        kept.value = "The launch is on May 4. The venue costs $900."
        talk.nodes[0].retired_at = kept.created_at
        talk.reader.absorbed(kept, [0])
        talk.say("Correction: the launch is on June 9.")
        self.assertEqual(kept.shown, "The venue costs $900.")


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

    def test_long_text(self) -> None:
        """Of a very long text the beginning is read; the rest stands as it is."""
        tail = "and so on " * 10_000
        talk = Talk("The launch is on May 4.", f"Move the launch to June 9. {tail}")
        self.assertFalse(talk.nodes[0].live)
        self.assertTrue(talk.nodes[1].live)
        for text in ("([" * 50_000, "A. " * 30_000, "\n" * 100_000, '"a ' * 30_000):
            self.assertEqual(Talk(text).holds(), [text])

    def test_settings(self) -> None:
        """Of many scopes the last are remembered."""
        talk = Talk(*(f"context> [SCOPE: plan {number}] x" for number in range(150)))
        self.assertEqual(len(talk.reader._course.settings), SETTINGS_KEPT)

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=40)), max_size=10))
    def test_deterministic(self, lines: list[str]) -> None:
        """The same talk has the same effects; no text breaks it."""
        self.assertEqual(Talk(*lines).effects, Talk(*lines).effects)
