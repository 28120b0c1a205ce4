"""Tests of car.memgine.dialogue.values, states and clauses."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.dialogue.clauses import clauses, sentences
from car.memgine.dialogue.values import Kind, values_in
from tests.memgine.dialogue.talk import BEGIN


def found(text: str) -> list[tuple[Kind, str]]:
    """The values of *text* by family and normal form."""
    return [(value.kind, value.normal) for value in values_in(text, BEGIN)]


class ValueTests(SynchronousTestCase):
    """Typed values and their normal forms."""

    def test_one_form(self) -> None:
        """Spellings of one value have one normal form."""
        for spellings in (
            ("$50k", "$50,000", "50000 dollars", "USD 50,000", "$50 thousand"),
            ("$1.5M", "$1,500,000", "1.5 million dollars"),
            ("15%", "15 percent", "15 per cent"),
            ("March 5", "Mar 5th", "5 March", "the 5th of March", "2026-03-05"),
            ("2pm", "2:00 PM", "14:00"),
            ("Monday", "Mon"),
            ("a week", "one week", "1 week"),
            ("3 years", "3-year"),
        ):
            forms = {tuple(found(spelling)) for spelling in spellings}
            self.assertEqual(len(forms), 1, spellings)
            self.assertEqual(len(forms.pop()), 1, spellings)

    def test_families(self) -> None:
        """What kind of value a phrase is."""
        for text, kind in (
            ("Room 302", Kind.PLACE),
            ("the Lisbon office", Kind.PLACE),
            ("order #4521", Kind.IDENTIFIER),
            ("INC-9012", Kind.IDENTIFIER),
            ("phase 2", Kind.IDENTIFIER),
            ("40 chairs", Kind.COUNT),
            ("next week", Kind.WHEN),
            ("end of day", Kind.WHEN),
            ("it is delayed", Kind.STATE),
        ):
            self.assertEqual([value.kind for value in values_in(text, BEGIN)], [kind], text)

    def test_relative_days(self) -> None:
        """Tomorrow counts from when it was said; so does what is so many days away."""
        self.assertEqual(found("tomorrow"), [(Kind.WHEN, "12-02")])
        self.assertEqual(found("in 3 days"), [(Kind.WHEN, "12-04")])
        self.assertEqual(found("2 weeks away"), [(Kind.WHEN, "12-15")])
        self.assertEqual(found("2 weeks until the fair"), [(Kind.WHEN, "12-15")])
        self.assertEqual(found("for 3 days"), [(Kind.SPAN, "3 day")])

    def test_identifiers(self) -> None:
        """A long number goes by itself, a short one with its noun."""
        for text in ("#4521", "order #4521", "on #4521"):
            self.assertEqual(found(text), [(Kind.IDENTIFIER, "#4521")])
        self.assertNotEqual(found("deal #1"), found("lot #1"))
        self.assertEqual(found("quick one - small thing"), [])

    def test_rivals(self) -> None:
        """Only values of one family, and one unit, stand in for one another."""
        chairs, tables, bare, price = values_in("40 chairs 9 tables 7 $3", BEGIN)
        self.assertTrue(chairs.rivals(bare))
        self.assertFalse(chairs.rivals(tables))
        self.assertFalse(chairs.rivals(price))
        self.assertFalse(chairs.rivals(chairs))

    def test_words_that_are_states_only_as_predicates(self) -> None:
        """ "Red" is a colour unless something is red."""
        self.assertEqual(found("a red door"), [])
        self.assertEqual(found("the build is red"), [(Kind.STATE, "failed")])

    @given(st.text(max_size=80))
    def test_spans(self, text: str) -> None:
        """Whatever the text, values lie inside it and in order of their kind's search."""
        for value in values_in(text, BEGIN):
            self.assertTrue(0 <= value.start < value.end <= len(text))


class ClauseTests(SynchronousTestCase):
    """Sentences and clauses."""

    def test_kept_whole(self) -> None:
        """Amounts, abbreviations and clock times do not end a sentence."""
        for text in (
            "Dr. Osei paid $1,000.50 on Jan. 5.",
            "We met at Acme Inc. headquarters.",
            "The call is at 2 p.m. Tuesday.",
            "See No. 5 for details.",
        ):
            self.assertEqual(sentences(text), [text])

    def test_cut(self) -> None:
        """Sentences end, and turn."""
        self.assertEqual(
            clauses("It was at noon, but now it is at six. Come early!"),
            ["It was at noon", "but now it is at six.", "Come early!"],
        )
        self.assertEqual(
            sentences("I work at Acme Corp. In May I leave."),
            [
                "I work at Acme Corp.",
                "In May I leave.",
            ],
        )

    def test_tag(self) -> None:
        """A statement with a question behind it is cut off from it."""
        self.assertEqual(clauses("I changed jobs, did I tell you?")[0], "I changed jobs")

    @given(st.text(max_size=120))
    def test_nothing_lost(self, text: str) -> None:
        """Every letter of the text is in one of its sentences."""
        letters = [character for character in text if character.isalnum()]
        joined = [c for sentence in sentences(text) for c in sentence if c.isalnum()]
        self.assertEqual(joined, letters)
