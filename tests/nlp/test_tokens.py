"""Tests of car.nlp.tokens and car.nlp.entities."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.nlp.entities import Entity, extract_entities
from car.nlp.tokens import tokenize


class TokenTests(SynchronousTestCase):
    """tokenize"""

    def test_words(self) -> None:
        """Words with what joins them, marks by themselves, signs of East Asia one by one."""
        self.assertEqual(
            "|".join(tokenize("Don't e-mail me at 3.14, ok?! 東京タワー1つ snake_case")),
            "Don't|e-mail|me|at|3.14|,|ok|?|!|東|京|タ|ワ|ー|1|つ|snake_case",
        )
        self.assertEqual(tokenize(" \n"), [])

    @given(st.text())
    def test_nothing_lost(self, text: str) -> None:
        """Together the tokens are the text without its blanks."""
        self.assertEqual("".join(tokenize(text)), "".join(text.split()))


class EntityTests(SynchronousTestCase):
    """extract_entities"""

    def names(self, text: str) -> list[str]:
        """The names found; each stands where its range says."""
        found = extract_entities(text)
        for entity in found:
            start, end = entity.byte_range
            self.assertEqual(text.encode()[start:end].decode(), entity.text)
            self.assertEqual(entity.kind, "entity")
        return [entity.text for entity in found]

    def test_names(self) -> None:
        """Names of one word and more, with small words inside, numbers behind."""
        found = self.names(
            "Ada Lovelace met Charles Babbage in London. The White House is in Washington, D.C. "
            "He was at the University of Oxford when NASA flew Apollo 11. In Paris, Marie Curie's "
            "lab; Jean-Luc O'Brien and Zoë saw Köln."
        )
        self.assertEqual(
            "|".join(found),
            "Ada Lovelace|Charles Babbage|London|White House|Washington|University of Oxford|NASA|"
            "Apollo 11|Paris|Marie Curie|Jean-Luc O'Brien|Zoë|Köln",
        )

    def test_sentences(self) -> None:
        """A word that only begins a sentence is no name, unless it stands within one as well."""
        self.assertEqual(self.names("Owls hunt at night. They are quiet."), [])
        self.assertEqual(
            self.names("Zürich is big. Zürich is old, and I like Zürich."), ["Zürich"] * 3
        )

    def test_range(self) -> None:
        """The range counts octets."""
        self.assertEqual(extract_entities("… é Ada"), [Entity("Ada", (7, 10))])
        self.assertEqual(extract_entities(""), [])
        self.assertEqual(
            self.names("à Paris était Émile Zola, Αθήνα"), ["Paris", "Émile Zola", "Αθήνα"]
        )

    @given(st.text(st.sampled_from("Aa éÉßẞ.'’-\n1of tëǅ")))
    def test_any(self, text: str) -> None:
        """Ranges are right in anything, in order and apart."""
        self.names(text)
        at = 0
        for entity in extract_entities(text):
            start, end = entity.byte_range
            self.assertLessEqual(at, start)
            at = end
