"""Tests of car.memgine.tokens."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine import tokens
from car.memgine.tokens import LONGEST_KEPT, Tokeniser, pieces


class WordTests(SynchronousTestCase):
    """Words, stems, identifiers."""

    def setUp(self) -> None:
        self.terms = Tokeniser().terms

    def test_marks_and_plurals(self) -> None:
        """A word is found with a mark behind it and in its plural."""
        self.assertEqual(self.terms("meeting?"), self.terms("meeting"))
        self.assertEqual(self.terms("Meetings"), self.terms("meeting"))

    def test_whole_words(self) -> None:
        """One word inside another is not the same word."""
        self.assertFalse(set(self.terms("sea")) & set(self.terms("Seattle")))

    def test_irregular_forms(self) -> None:
        """Forms that share no suffix rule meet."""
        self.assertEqual(self.terms("went bought children"), self.terms("go buy child"))

    def test_stop_words(self) -> None:
        """Words without a topic are left out; an acronym spelt like one is not."""
        self.assertEqual(self.terms("what is it"), [])
        self.assertEqual(self.terms("IT WHO"), ["it", "who"])

    def test_identifiers(self) -> None:
        """Names of code are found by their words."""
        wanted = self.terms("meeting location")
        self.assertEqual(self.terms("meeting_location"), wanted)
        self.assertLessEqual(set(wanted), set(self.terms("meetingLocation")))

    def test_apostrophes(self) -> None:
        """Endings after an apostrophe go, names keep theirs together."""
        self.assertEqual(self.terms("Anna's"), ["anna"])
        self.assertEqual(self.terms("we’ll don't"), [])
        self.assertIn("obrien", self.terms("O'Brien"))

    def test_initials(self) -> None:
        """Letters between dots are one word."""
        self.assertEqual(self.terms("U.S.A. p.m."), ["usa", "pm"])

    def test_compatible_characters(self) -> None:
        """Width and case make no difference."""
        self.assertEqual(self.terms("Ｆｕｌｌ STRASSE"), self.terms("full straße"))

    def test_pairs(self) -> None:
        """Text without spaces is cut into pairs; other script inside it stays whole."""
        self.assertEqual(self.terms("会議室"), ["会議", "議室"])
        self.assertEqual(self.terms("東京meeting"), ["東京", "meet"])
        self.assertEqual(self.terms("東"), ["東"])

    def test_other_languages(self) -> None:
        """Another language has its own stems, and no English stop words."""
        german = Tokeniser("german").terms
        self.assertEqual(german("Häuser"), german("Hause"))
        self.assertEqual(german("will"), ["will"])
        self.assertRaises(KeyError, Tokeniser, "klingon")

    @settings(deadline=None)
    @given(st.text(max_size=60))
    def test_any_text(self, text: str) -> None:
        """Any text has terms, none empty, the same each time, and again from its own pieces."""
        found = self.terms(text)
        self.assertTrue(all(found) if found else True)
        self.assertEqual(found, Tokeniser().terms(text))
        self.assertEqual(self.terms(text + " " + text), found + found)


class NumberTests(SynchronousTestCase):
    """Numbers, money, dates, reference numbers."""

    def setUp(self) -> None:
        self.terms = Tokeniser().terms

    def test_money(self) -> None:
        """An amount is the same however it is written."""
        for written in ("$50,000", "$50k", "50K", "50000", "50,000.00"):
            self.assertEqual(self.terms(written), ["50000"])
        self.assertEqual(self.terms("50000 dollars")[0], "50000")
        self.assertEqual(self.terms("2.5M $3m"), ["2500000", "3000000"])

    def test_units(self) -> None:
        """A small letter behind a plain number is a unit."""
        self.assertEqual(self.terms("5m"), ["5m"])

    def test_shares(self) -> None:
        """A percentage is found as itself and by its number."""
        self.assertEqual(self.terms("15%"), ["15", "15%"])

    def test_whole(self) -> None:
        """Decimals, times and dates are one term each."""
        self.assertEqual(self.terms("3.5 10:30 2025-01-15"), ["3.5", "10:30", "2025-01-15"])

    def test_references(self) -> None:
        """A reference number is found whole and by its parts."""
        self.assertEqual(self.terms("#4521"), ["4521"])
        self.assertEqual(self.terms("PO-17"), ["po", "17", "po-17"])


class PiecesTests(SynchronousTestCase):
    """pieces: a text cut at white space."""

    @settings(deadline=None)
    @given(st.text(max_size=30))
    def test_same_terms(self, text: str) -> None:
        """No term reaches across white space: the pieces have the terms that the text has."""
        tokeniser = Tokeniser()
        by_piece = [term for piece in pieces(text) for term in tokeniser.terms_of(piece)]
        self.assertEqual(by_piece, tokeniser.terms(text))

    def test_marks_about_words(self) -> None:
        """A piece may be several words, or none."""
        tokeniser = Tokeniser()
        self.assertEqual(pieces("(owl)barn...\u3000-- 5"), ["(owl)barn...", "--", "5"])
        self.assertEqual(tokeniser.terms_of("(owl)barn..."), ("owl", "barn"))
        self.assertEqual(tokeniser.terms_of("--"), ())


class CacheTests(SynchronousTestCase):
    """What is remembered of written forms."""

    def test_bounded(self) -> None:
        """The table never outgrows its size, and what it forgot is found again."""
        self.patch(tokens, "CACHE_SIZE", 4)
        tokeniser = Tokeniser()
        for number in range(20):
            tokeniser.terms(f"word{number}")
            self.assertLessEqual(len(tokeniser._known), 4)
        self.assertEqual(tokeniser.terms("word0"), ["word0"])

    def test_long_forms(self) -> None:
        """What is too long to come again is not remembered; the words in it are."""
        tokeniser = Tokeniser()
        self.assertEqual(tokeniser.terms("owl;" * LONGEST_KEPT), ["owl"] * LONGEST_KEPT)
        self.assertEqual(list(tokeniser._known), ["owl"])
