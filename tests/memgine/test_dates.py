"""Tests of car.memgine.dates."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.dates import TIMED, question_terms, turn_terms

MONDAY = 1_683_547_200.0
"""8 May 2023, noon UTC."""

TODAY = ["@2023-05-08", "@2023-05", "@2023", "@-05", "@-05-08"]


def spoken(text: str) -> set[str]:
    """The terms of a turn beyond those of its day."""
    return set(turn_terms(text, MONDAY)) - set(TODAY)


class TurnTests(SynchronousTestCase):
    """turn_terms."""

    def test_day(self) -> None:
        """A turn has the terms of the day it was said."""
        self.assertEqual(turn_terms("Hello there", MONDAY), TODAY)

    def test_relative(self) -> None:
        """Days are counted from the day of the turn."""
        cases = {
            "yesterday": "@2023-05-07",
            "three days ago": "@2023-05-05",
            "two weeks ago": "@2023-04",
            "a couple of months ago": "@2023-03",
            "last month": "@2023-04",
            "next year": "@2024",
            "last Friday": "@2023-05-05",
            "next Monday": "@2023-05-15",
            "this Wednesday": "@2023-05-10",
            "last Monday": "@2023-05-01",
        }
        for text, term in cases.items():
            self.assertIn(term, spoken(f"We met {text}."), text)
            self.assertIn(TIMED, spoken(f"We met {text}."), text)

    def test_year_boundary(self) -> None:
        """Months are counted over the end of a year."""
        self.assertIn("@2022-12", spoken("five months ago"))

    def test_absolute(self) -> None:
        """Dates as people write them."""
        for text in ("on June 3rd, 2022", "on 3 June 2022", "the 3rd of June, 2022", "2022-06-03"):
            self.assertLessEqual({"@2022-06-03", "@2022-06", "@-06-03"}, spoken(text), text)
        self.assertIn("@-12-05", spoken("see you on Dec. 5"))
        self.assertIn("@1999", spoken("back in 1999"))

    def test_words_that_look_like_months(self) -> None:
        """Words that begin like a month, or are spelt like one, are none."""
        for text in ("Mark decided to marry", "you may go", "we march on", "a novel octopus"):
            self.assertEqual(spoken(text), set(), text)

    def test_no_such_day(self) -> None:
        """Figures that make no date are passed over."""
        self.assertFalse({term for term in spoken("2022-13-40") if term.startswith("@2022-")})

    def test_loose(self) -> None:
        """Words of time without a date still say that a time is spoken of."""
        self.assertEqual(spoken("the other day it rained"), {TIMED})

    @settings(deadline=None)
    @given(st.text(max_size=40), st.floats(allow_nan=False))
    def test_any_text(self, text: str, at: float) -> None:
        """Any text at any time has terms, each once."""
        terms = turn_terms(text, at)
        self.assertEqual(len(terms), len(set(terms)))


class QuestionTests(SynchronousTestCase):
    """question_terms."""

    def test_asked(self) -> None:
        """A question asks for a date as far as it gives one."""
        self.assertEqual(question_terms("What in May 2023?", MONDAY), ["@2023-05", "@2023"])
        self.assertEqual(question_terms("What on May 8?", MONDAY), ["@-05-08", "@-05"])
        self.assertEqual(question_terms("What in 2022?", MONDAY), ["@2022"])
        self.assertEqual(question_terms("May I ask?", MONDAY), [])

    def test_asks_when(self) -> None:
        """A question for a time."""
        for text in ("When did she go?", "In which month was it?", "How long ago was that?"):
            self.assertEqual(question_terms(text, MONDAY), [TIMED], text)

    def test_meets_the_turn(self) -> None:
        """What a question asks for is among the terms of the turn that is meant."""
        turn = turn_terms("I went yesterday", MONDAY)
        for question in ("on 7 May, 2023", "May 7", "in May 2023", "in 2023"):
            self.assertLessEqual(set(question_terms(question, MONDAY)), set(turn), question)
