"""Tests of car.memgine.dialogue.stories, alone and in whole talks."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.dialogue.stories import is_over, steps
from tests.memgine.dialogue.talk import BEGIN, Talk, TalkTestCase


class StepTests(SynchronousTestCase):
    """A sentence is cut where a later value of one story begins."""

    def test_cut(self) -> None:
        """By words, by what was and what is, by arrows."""
        for text, found in (
            (
                "at first the fair was on Monday, then on Tuesday and in the end on Friday",
                ["at first the fair was on Monday", "on Tuesday", "in the end on Friday"],
            ),
            (
                "May 4 was planned, May 9 was considered, and May 12 is the day",
                ["May 4 was planned", "May 9 was considered", "May 12 is the day"],
            ),
            ("fair: Monday -> Friday (rain)", ["fair: Monday", "Friday (rain)"]),
            ("neither $40 nor $45, but $50", ["neither $40", "$45", "but $50"]),
        ):
            self.assertEqual(steps(text, BEGIN), found)

    def test_whole(self) -> None:
        """Lists, quotations, single values and additions to a value tell no story."""
        for text in (
            "we meet on Monday, Wednesday and Friday",
            "the fair was on Friday, May 4",
            "it was settled: bought a van for $9,000, $400 is left",
            "he had written 'Monday, then Tuesday' at first",
            "the first of May, then lunch",
        ):
            self.assertEqual(steps(text, BEGIN), [text])

    def test_over(self) -> None:
        """What a step says to be no more; a remark in brackets does not count."""
        self.assertTrue(is_over("Tuesday we only thought about"))
        self.assertTrue(is_over("that's the old plan"))
        self.assertFalse(is_over("Friday (it was Monday)"))


class TalkTests(TalkTestCase):
    """Only the last step of a story holds."""

    def test_last_step(self) -> None:
        """Whatever the wording, and whoever said an earlier value before."""
        for story in (
            "We started out with Monday for the fair, went to Tuesday because of the rain, and the"
            " mayor has made it Friday for good.",
            "The fair: Monday -> Tuesday (rain) -> Friday (band).",
            "In brief, neither Monday, our first plan, nor Tuesday, which we weighed, but Friday.",
            "Monday, that's the old plan, and Tuesday we only thought about. It's Friday.",
        ):
            left = Talk("The fair is on Monday.", f"user> {story}").text()
            self.assertIn("Friday", left, story)
            self.assertNotIn("Monday", left, story)
            self.assertNotIn("Tuesday", left, story)

    def test_denied(self) -> None:
        """What a turn says not to be so gives way to what it says next."""
        self.leaves(
            ["The fair is on Monday.", "So not Monday (as first thought). Friday."],
            kept=["Friday"],
            gone=["Monday"],
        )

    def test_listed(self) -> None:
        """What a label calls earlier is over, all of it; numbered versions are steps."""
        self.leaves(
            ["Final: the fair is on May 12. Earlier candidates: May 4 (plan), May 9 (looked at)."],
            kept=["May 12"],
            gone=["May 4", "May 9"],
        )
        self.assertEqual(len(steps("v1 May 4, v2 May 9, v3 May 12", BEGIN)), 3)
