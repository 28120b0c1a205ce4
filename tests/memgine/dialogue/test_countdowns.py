"""Tests of car.memgine.dialogue.countdowns, alone and in whole talks."""

from car.memgine.dialogue.values import Kind, values_in
from tests.memgine.dialogue.talk import BEGIN, Talk, TalkTestCase

LEFT = (
    "in 3 days",
    "3 days to go",
    "We have 3 days.",
    "That leaves us 3 days.",
    "another 3 days",
    "Saturday (3 days)",
    "It is 3 days off.",
    "3 days from now",
    "good until Saturday, so 3 days",
    "3 days remain until the fair",
    "3 days to opening",
)
LASTING = (
    "It took 3 days to dry.",
    "We have 3 days of rain here.",
    "The fair lasts 3 days.",
    "a 3-day fair",
    "for 3 days",
)
EARLIER = (
    "The fair opens on June 30th (3 weeks away).",
    "We have three weeks until the fair on June 30th.",
    "June 30th is the fair; that gives us 3 weeks.",
    "The fair is in 3 weeks, on June 30th.",
)
LATER = (
    "The fair opens tomorrow, June 30.",
    "Tomorrow, June 30, is our last day to prepare the fair.",
    "Only one day remains before the fair.",
    "The fair is tomorrow - anything still open has to be done.",
)


class SpanTests(TalkTestCase):
    """What is left of a time, and what only lasts."""

    def test_left(self) -> None:
        """A span that is left names an instant."""
        for text in LEFT:
            last = values_in(text, BEGIN)[-1]
            self.assertEqual(
                (last.kind, last.normal, last.counted), (Kind.WHEN, "12-04", "3 day"), text
            )

    def test_lasting(self) -> None:
        """A span that only lasts stays one."""
        for text in LASTING:
            self.assertEqual([value.kind for value in values_in(text, BEGIN)], [Kind.SPAN], text)

    def test_same_again(self) -> None:
        """What is so many minutes away is so a moment later; less is left once it is said anew."""
        (one,) = values_in("due in 4 hours", BEGIN)
        (again,) = values_in("within 4 hours", BEGIN + 120)
        (less,) = values_in("in 15 minutes", BEGIN + 13_500)
        self.assertTrue(one.same(again) and not one.rivals(again))
        self.assertTrue(less.rivals(one))

    def test_no_countdown(self) -> None:
        """What "to go" leads on from, and what is asked for, is only a span."""
        for text in (
            "Leave over 3 days has to go through Ida",
            "Give me 3 weeks and I'll build it",
        ):
            kinds = {value.kind for value in values_in(text, BEGIN)}
            self.assertEqual(kinds & {Kind.WHEN, Kind.SPAN}, {Kind.SPAN}, text)


class PassedTests(TalkTestCase):
    """What time was left has passed once it is said anew."""

    def test_replaced(self) -> None:
        """In whatever words, and where only the date is shared."""
        for first in EARLIER:
            for words in LATER:
                talk = Talk()
                talk.signal("deadline", first)
                talk.say(words)
                self.assertNotIn("weeks", talk.text(), (first, words))
                self.assertIn(words, talk.holds())

    def test_two_instants(self) -> None:
        """Of two instants told side by side neither replaces the other when told again."""
        talk = Talk()
        talk.signal("lease", "The lease renews tomorrow. Cancel it by 5 PM today.")
        talk.say("As of tomorrow the lease renews; the last moment to cancel is 5 PM today.")
        self.assertIn("today", talk.holds()[-1])

    def test_other_things(self) -> None:
        """What is left until something else says nothing of this."""
        self.leaves_alone(["The fair is in 3 weeks.", "The dentist is tomorrow."])
