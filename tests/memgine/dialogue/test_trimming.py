"""Tests of car.memgine.dialogue.trimming: what of a statement is still shown."""

from tests.memgine.dialogue.talk import Talk, TalkTestCase


class FromToTests(TalkTestCase):
    """What goes from one value to another has changed, or lies between the two."""

    def test_changed(self) -> None:
        """Of a change only the new value is shown."""
        for line in (
            "We moved the tasting from May 3 to May 9.",
            "The rent went up from $900 to $950.",
            "The share was raised from 5% to 8%.",
        ):
            text = Talk(line).text()
            self.assertNotIn(" from ", text, line)

    def test_between(self) -> None:
        """A stretch of time or a range of prices keeps both its ends."""
        self.leaves_alone(
            [
                "The shop is open from 9 AM to 5 PM.",
                "My course lasts from April 4 to May 30.",
                "Tickets cost from $20 to $45.",
            ]
        )


class PassiveTests(TalkTestCase):
    """What was changed is as it was changed to."""

    def test_was_changed(self) -> None:
        """A value that was moved or raised is no value of the past."""
        for old, new in (
            ("The deadline is May 3.", "The deadline was moved to May 9."),
            ("The budget is $900.", "The budget was later raised to $950."),
        ):
            self.leaves([old, new], kept=[new[-5:-1]], gone=[old])


class TryingTests(TalkTestCase):
    """What somebody tries to do is no choice between things."""

    def test_trying_to(self) -> None:
        """It takes the place of nothing that was chosen."""
        self.leaves_alone(
            ["We'll use Hooli for the hosting.", "I'm trying to sleep more at the weekend."]
        )
