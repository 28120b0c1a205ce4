"""A change that is taken back: what took another's place falls, and the other holds again."""

from car.memgine.memgine import Memgine
from tests.memgine.dialogue.talk import BEGIN, Talk, TalkTestCase

CHANGED = [
    "We've picked oak panels for the attic.",
    "assistant> Noted: oak panels.",
    "Actually, cork panels instead.",
    "assistant> Okay, cork panels.",
]


class UndoneTests(TalkTestCase):
    """Undoings in a talk."""

    def brought_back(self, *lines: str) -> None:
        """*lines* after the change bring the first choice back."""
        talk = Talk(*CHANGED, *lines)
        first, _, second, echo = talk.nodes[:4]
        self.assertEqual([first.live, second.live, echo.live], [True, False, False], lines)

    def test_unnamed(self) -> None:
        """No word of what it was is needed."""
        for line in (
            "Undo that.",
            "Let's go back to what we had before.",
            "Put it back the way it was.",
            "I'd rather keep what we had.",
            "Cancel that change.",
            "The former one was better.",
            "Never mind the change, leave it as it was.",
        ):
            self.brought_back(line)

    def test_named(self) -> None:
        """The choice alone, or with a word for its return, is enough."""
        for line in (
            "Oak panels again, please.",
            "Scrap that, we're returning to oak panels.",
            "Oak panels, like before.",
            "In the end we'll stay with oak panels.",
            "Undo that. Oak panels.",
        ):
            self.brought_back(line)

    def test_to_the_beginning(self) -> None:
        """What was so first comes back over all that came between."""
        talk = Talk(*CHANGED, "Make that pine panels.", "Let's return to the very first one.")
        self.assertTrue(talk.nodes[0].live)
        self.assertEqual([talk.nodes[2].live, talk.nodes[4].live], [False, False])

    def test_conclusion(self) -> None:
        """With a ground, what was concluded from it comes back."""
        talk = Talk(
            "The hall costs $900.",
            "So that leaves $100.",
            "Correction: the hall costs $950.",
            "Undo that change.",
        )
        self.assertEqual(
            talk.holds(), ["The hall costs $900.", "So that leaves $100.", talk.nodes[3].value]
        )

    def test_left_alone(self) -> None:
        """Going back to a topic, or speaking well of what is gone, takes nothing back."""
        for line in (
            "Oak panels cost my uncle a fortune.",
            "We shouldn't undo that.",
        ):
            talk = Talk(*CHANGED, line)
            self.assertEqual([talk.nodes[0].live, talk.nodes[2].live], [False, True], line)

    def test_in_memory(self) -> None:
        """The turn that comes back is found again."""
        memory = Memgine()
        for number, line in enumerate(CHANGED):
            speaker, mark, text = line.partition("> ")
            memory.ingest_conversation(
                speaker if mark else "user", text if mark else line, BEGIN + 60 * number
            )
        memory.ingest_conversation("user", "Undo that.", BEGIN + 600)
        self.assertIn("oak panels", memory.build_context("Which panels?", at=BEGIN + 700))


class LateTests(TalkTestCase):
    """A correction far down in a long turn."""

    PADDING = "Everybody had something to say about the lamps and the long way home. " * 10

    def test_marked(self) -> None:
        """A sentence that is marked as a correction is read wherever it stands."""
        long = f"{self.PADDING}Actually, the hall costs $950. That is all."
        talk = Talk("The hall costs $900.", long)
        self.assertEqual(talk.holds(), [long])

    def test_unmarked(self) -> None:
        """Any other sentence stands as it is."""
        self.leaves_alone(["The hall costs $900.", f"{self.PADDING}The hall costs $950 in May."])
