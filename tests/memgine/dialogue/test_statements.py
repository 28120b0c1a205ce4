"""Tests of car.memgine.dialogue.statements: how much of a text is taken apart."""

from car.memgine.dialogue.analysis import MOST, read_statements
from car.memgine.dialogue.statements import ANALYSED, UNREAD
from car.memgine.nodes import Node
from tests.memgine.dialogue.talk import Talk, TalkTestCase


def parts(text: str) -> list[str]:
    """The texts of the statements of a user's turn, UNREAD ones aside."""
    node = Node(0, "conversation", "user", text, 1_764_583_200.0)
    return [said.text for said in read_statements(node) if said.topic is not UNREAD]


class LengthTests(TalkTestCase):
    """A long text is read up to a bound, and kept beyond it."""

    def test_ends_with_a_sentence(self) -> None:
        """What is read ends with a whole sentence."""
        sentence = (
            "The gardener from the next village planted seven tall trees beside the old well."
        )
        read = parts(" ".join([sentence] * (ANALYSED // len(sentence) + 3)))
        self.assertEqual(set(read), {sentence})

    def test_ends_with_a_word(self) -> None:
        """Where no sentence ends in time, a word does."""
        text = "gardeners " * (ANALYSED // 5)
        self.assertEqual(set(" ".join(parts(text)).split()), {"gardeners"})
        self.assertTrue(parts("x" * (2 * ANALYSED)))

    def test_most(self) -> None:
        """Of a list so many items are read."""
        self.assertEqual(len(parts(" ".join(f"Tree {n} is an oak." for n in range(30)))), MOST)

    def test_rest_stays(self) -> None:
        """The rest is still there when a statement before it falls."""
        tail = "The seeds are in the shed. " * (ANALYSED // 20)
        self.leaves(
            [f"The fair is on May 3. {tail}", "Correction: the fair is on May 9."],
            kept=[tail.strip()[-200:], "May 9"],
            gone=["May 3"],
        )

    def test_rule(self) -> None:
        """What stands below a line that is drawn, or is drawn itself, is not read, and stays."""
        text = f"The fair is on May 3.\n{'-' * 60}\nThe fair is on May 5."
        self.assertEqual(parts(text), ["The fair is on May 3."])
        self.leaves_alone([text])
        self.leaves_alone([f"{'(o)' * 200}"])

    def test_repetition(self) -> None:
        """Words said over and over, in whatever marks, are read without going back and forth."""
        for word in ("So", "and", "finally", "sorry", "back", "We:", "no", "it's", "Ida", "5"):
            for mark in (" ", ", ", ". ", ": ", " - "):
                text = (word + mark) * 120
                Talk("The fair is on May 3.", text, "Correction: the fair is on May 9.")
                self.assertIn(word, " ".join(parts(text)), text[:40])
