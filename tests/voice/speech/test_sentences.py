"""Tests of car.voice.speech.sentences."""

import time

from twisted.trial.unittest import SynchronousTestCase

from car.voice.speech.sentences import FIRST_CHARS, LONGEST_CHARS, cut, grouped
from tests.voice.needed import needs


@needs("sentencex")
class CutTests(SynchronousTestCase):
    """cut: sentences, one line each."""

    def test_abbreviations(self) -> None:
        """A title, an amount or "e.g." ends no sentence."""
        text = "Dr. Smith paid $5.20, e.g. to Mr. Jones. Really? Yes!"
        self.assertEqual(
            cut(text, "en"),
            ["Dr. Smith paid $5.20, e.g. to Mr. Jones.", "Really?", "Yes!"],
        )

    def test_languages(self) -> None:
        """Each language ends sentences its own way."""
        self.assertEqual(
            cut("Am 3. Mai kam Dr. Müller. Er blieb.", "de-DE"),
            ["Am 3. Mai kam Dr. Müller.", "Er blieb."],
        )
        self.assertEqual(cut("今日は。元気ですか？", "ja"), ["今日は。", "元気ですか？"])
        self.assertEqual(cut("One. Two.", "xx"), ["One.", "Two."])

    def test_lines(self) -> None:
        """No piece has a line end in it, whatever line ends there are."""
        text = "One\ntwo\r\nthree\x0bfour\x1efive\u2028six.\n\nSeven."
        self.assertEqual(cut(text, None), ["One two three four five six.", "Seven."])

    def test_nothing_to_speak(self) -> None:
        """Pieces without a letter or digit are left out."""
        self.assertEqual(cut("Well ... — !!! *** \n\n---\n\n Yes.", "en")[-1], "Yes.")
        self.assertEqual(cut("... !!! —", "en"), [])

    def test_first(self) -> None:
        """A long first sentence is cut at a comma, so that it is heard soon; others are not."""
        long = "When the rain had stopped, they went on, and on, up to the old house on the hill."
        pieces = cut(f"{long} {long}", "en")
        self.assertEqual(pieces[0], "When the rain had stopped, they went on, and on,")
        self.assertLessEqual(len(pieces[0]), FIRST_CHARS)
        self.assertEqual(pieces[1:], ["up to the old house on the hill.", long])

    def test_longest(self) -> None:
        """What has no sentences is cut at pauses, blanks, or anywhere; nothing is lost."""
        for text in ("word " * 4_000, "word, " * 3_000, "a" * 20_000):
            pieces = cut(text, "en")
            self.assertLessEqual(max(map(len, pieces)), LONGEST_CHARS)
            self.assertEqual("".join(pieces).replace(" ", ""), text.replace(" ", ""))

    def test_quick(self) -> None:
        """The longest text takes few milliseconds, hostile ones too."""
        for text in ("It is so, Mr. Jones. " * 950, '"(.!?' * 4_000, ", " * 10_000, "a. " * 6_666):
            began = time.perf_counter()
            cut(text, "en")
            self.assertLess(time.perf_counter() - began, 0.25)


class GroupedTests(SynchronousTestCase):
    """grouped: pieces joined for requests."""

    def test_groups(self) -> None:
        """The first is alone; the others are joined as far as they fit."""
        self.assertEqual([*grouped(["a.", "b.", "c.", "d."], 5)], ["a.", "b. c.", "d."])
        self.assertEqual([*grouped([], 5)], [])
        self.assertEqual([*grouped(["longer than five", "b"], 5)], ["longer than five", "b"])
