"""Tests of car.memgine.clearances."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.clearances import GATE, denies, is_group, is_secret, limits, may_mark


class ClearanceTests(SynchronousTestCase):
    """The words of markers."""

    def test_groups(self) -> None:
        """Ranks and departments, in the plural and with a plus as well."""
        for word in ("vp+", "directors", "hr", "c-suite", "board"):
            self.assertTrue(is_group(word), word)
        self.assertFalse(is_group("customer"))

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

    def test_gate(self) -> None:
        """Plain text does not come in question."""
        self.assertIsNone(GATE.search("The lamp costs $50 and is green"))
        self.assertIsNotNone(GATE.search("Visible to HR"))
