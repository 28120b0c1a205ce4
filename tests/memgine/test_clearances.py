"""Tests of car.memgine.clearances."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.clearances import (
    denies,
    groups,
    insiders,
    is_group,
    is_secret,
    limits,
    may_be_marked,
    may_mark,
    narrates,
    reserves,
    tells,
)


class ClearanceTests(SynchronousTestCase):
    """The words of markers."""

    def test_groups(self) -> None:
        """Ranks and departments, in the plural and with a plus as well."""
        for word in ("vp+", "directors", "hr", "c-suite", "board"):
            self.assertTrue(is_group(word), word)
        self.assertFalse(is_group("friend"))

    def test_what_words_do(self) -> None:
        """They limit, deny or call secret."""
        self.assertTrue(limits(["for", "vp+"]))
        self.assertTrue(limits(["directors", "and", "up"]))
        self.assertFalse(limits(["the", "directors"]))
        self.assertTrue(denies(["not", "the", "board"]))
        self.assertTrue(is_secret(["need", "to", "know"]))
        self.assertFalse(is_secret(["please", "know"]))

    def test_forms(self) -> None:
        """A word counts in all its forms; others may not stand in a marker."""
        for word in ("circulated", "sharing", "visible", "only"):
            self.assertTrue(may_mark(word), word)
        self.assertFalse(may_mark("bicycle"))

    def test_group_phrases(self) -> None:
        """A department called by its matter is a group only with a word for people."""
        words = ["head", "of", "hr", "and", "the", "board"]
        self.assertEqual(groups(words), [["head", "hr"], ["board"]])
        self.assertEqual(groups(["only", "the", "data"]), [])
        self.assertEqual(groups(["the", "data", "team"]), [["data"]])
        self.assertEqual(insiders(["contractors", "and", "managers"]), [["managers"]])

    def test_drawing(self) -> None:
        """What tells among other words, and what brackets leave in a group's hands."""
        self.assertTrue(tells(["only", "hr", "may", "see"]))
        self.assertFalse(tells(["hr", "may", "see"]))
        self.assertFalse(tells(["limited", "to", "executives", "are"][::-1]))
        self.assertTrue(tells(["is", "limited", "to", "hr"]))
        self.assertTrue(reserves(["stays", "with", "hr"]))
        self.assertFalse(reserves(["hr", "stays"]))
        self.assertTrue(narrates(["told", "nobody", "at", "hr"]))

    def test_pairs(self) -> None:
        """Words that draw a line only together."""
        for words in ("nobody else", "all but", "below director", "cleared for only"):
            self.assertTrue(limits([*words.split(), "hr"]), words)
        self.assertFalse(limits(["under", "way"]))

    def test_gate(self) -> None:
        """Plain text does not come in question."""
        self.assertFalse(may_be_marked("The lamp costs $50 and is green"))
        self.assertTrue(may_be_marked("Visible to HR"))
