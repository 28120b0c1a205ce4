"""Tests of car.memgine.signs."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.signs import ASKING, PLACED, asks_of_self, asks_where, turn_signs


class TurnSignsTests(SynchronousTestCase):
    """turn_signs."""

    def test_asking(self) -> None:
        """A short turn that mostly asks has the sign."""
        for text in ("Where was that?", "Oh really? Since when?", "Nice! And how did it go?"):
            self.assertIn(ASKING, turn_signs(text), text)

    def test_telling(self) -> None:
        """A turn that tells something has not, whatever it asks besides."""
        for text in (
            "I sold it.",
            "We moved the piano out. Right?",
            "I put in for the night shift and they gave it to me, can you believe that?",
        ):
            self.assertNotIn(ASKING, turn_signs(text), text)

    def test_placed(self) -> None:
        """A turn that names a place after a preposition has the sign of a place."""
        for text in ("We met at the harbour", "She is from Porto", "Next door to a bakery"):
            self.assertIn(PLACED, turn_signs(text), text)
        for text in ("We met yesterday", "What the man said", "She went in"):
            self.assertNotIn(PLACED, turn_signs(text), text)


class QuestionSignsTests(SynchronousTestCase):
    """asks_where and asks_of_self."""

    def test_where(self) -> None:
        """Questions for a place, with *where* or its name."""
        for text in ("Where did Anna go?", "In which city does he live?", "What country is it?"):
            self.assertTrue(asks_where(text), text)
        for text in ("When did Anna go?", "Whereas Bob", "What is his name?"):
            self.assertFalse(asks_where(text), text)

    def test_of_self(self) -> None:
        """Questions of who asks, and of nobody else."""
        for text in ("What did I buy?", "when is my exam", "Who called me?", "I'm where?"):
            self.assertTrue(asks_of_self(text), text)
        for text in ("What did Anna buy?", "Is it in the mine shaft II?", "Who called them?"):
            self.assertEqual(asks_of_self(text), "mine" in text, text)
