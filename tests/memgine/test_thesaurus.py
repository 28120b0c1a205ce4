"""Tests of car.memgine.thesaurus."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.thesaurus import related_words
from car.memgine.tokens import Tokeniser


class RelatedWordsTests(SynchronousTestCase):
    """related_words."""

    def setUp(self) -> None:
        self.term = Tokeniser().term
        self.related = related_words("english")

    def of(self, word: str) -> tuple[str, ...]:
        """What may stand for *word*."""
        return self.related.get(self.term(word), ())

    def test_alike(self) -> None:
        """Words for the same stand for one another, in whatever form."""
        self.assertIn(self.term("mum"), self.of("mothers"))
        self.assertIn(self.term("mother"), self.of("mum"))
        self.assertIn(self.term("destruction"), self.of("destroyed"))

    def test_kinds(self) -> None:
        """Who asks for a kind is told of its members; who asks for one is not told of others."""
        self.assertIn(self.term("hamster"), self.of("pets"))
        self.assertNotIn(self.term("hamster"), self.of("kitten"))
        self.assertNotIn(self.term("violin"), self.of("piano"))
        self.assertIn(self.term("brother"), self.of("sibling"))
        self.assertNotIn(self.term("brother"), self.of("sister"))

    def test_not_itself(self) -> None:
        """No word stands for itself, and none twice."""
        for word, others in self.related.items():
            self.assertNotIn(word, others)
            self.assertEqual(len(set(others)), len(others), word)

    def test_other_languages(self) -> None:
        """There are English words only, and none for a word that is not known."""
        self.assertEqual(related_words("german"), {})
        self.assertEqual(self.of("zyx"), ())
