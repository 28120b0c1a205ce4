"""Tests of car.memgine.termcounts."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.termcounts import TermCounts, count_terms
from car.memgine.tokens import Tokeniser

TEXTS = st.lists(
    st.text(st.sampled_from("owlsOWLS05 \n.,-/'$%東京\u0301ｆ"), max_size=14), max_size=8
)
FURTHER = st.lists(st.sampled_from(["=ana", "@2024", "owl"]), max_size=3)


def table(counted: TermCounts) -> list[tuple[int, str, int]]:
    """The lines of *counted*: text, term, count."""
    names = [counted.names[term] for term in counted.terms.tolist()]
    return list(zip(counted.texts.tolist(), names, counted.counts.tolist(), strict=True))


class CountTermsTests(SynchronousTestCase):
    """count_terms: which text has which term how often."""

    def test_counts(self) -> None:
        """Forms of a word are one term; what stands beside a text adds nothing to its length."""
        counted = count_terms(
            ["Owls, an owl", "", "barn owl"], [("@2024", "owl"), (), ("@2024",)], Tokeniser()
        )
        self.assertEqual(
            table(counted),
            [(0, "owl", 3), (0, "@2024", 1), (2, "owl", 1), (2, "barn", 1), (2, "@2024", 1)],
        )
        self.assertEqual(counted.lengths.tolist(), [2, 0, 2])

    def test_nothing(self) -> None:
        """No text, and texts without a term, have no lines."""
        for texts in ([], ["", "the"]):
            counted = count_terms(texts, [()] * len(texts), Tokeniser())
            self.assertEqual(table(counted), [])
            self.assertEqual(counted.lengths.tolist(), [0] * len(texts))

    @settings(deadline=None)
    @given(TEXTS, st.data())
    def test_same_as_one_by_one(self, texts: list[str], data: st.DataObject) -> None:
        """All at once are counted as each by itself, in the order that is promised."""
        further = [data.draw(FURTHER) for _ in texts]
        tokeniser = Tokeniser()
        counted = count_terms(texts, further, tokeniser)
        found: list[Counter[str]] = [Counter() for _ in texts]
        for text, name, count in table(counted):
            found[text][name] = count
        terms = [tokeniser.terms(text) for text in texts]
        wanted = [Counter([*own, *words]) for own, words in zip(terms, further, strict=True)]
        self.assertEqual(found, wanted)
        self.assertEqual(counted.lengths.tolist(), [len(own) for own in terms])
        order = list(zip(counted.texts.tolist(), counted.terms.tolist(), strict=True))
        self.assertEqual(order, sorted(set(order)))
        self.assertEqual(len(counted.names), len(set(counted.names)))
