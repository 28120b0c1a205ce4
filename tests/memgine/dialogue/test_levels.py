"""Tests of car.memgine.dialogue.levels: later readings, and what is left until something."""

from tests.memgine.dialogue.talk import TalkTestCase

READINGS = (
    ("The pressure in the boiler is at 40%.", "The pressure in the boiler reads 85%."),
    ("We hold 120 sacks of the rye flour.", "Only 7 sacks of the rye flour are left."),
    ("Tin price: $31 a kilo.", "Tin is at $34 a kilo today."),
    ("The tank was measured at 60%.", "The tank has fallen to 20%."),
)
APART = (
    ["The pressure in the boiler is at 40%.", "The pressure in the pipes reads 85%."],
    ["We hold 120 sacks of the rye flour.", "We hold 7 sacks of the oat flour."],
    ["Tin is at $31 a kilo.", "Zinc is at $34 a kilo today."],
)


class LevelTests(TalkTestCase):
    """rises and counts_down."""

    def test_later_reading(self) -> None:
        """Of the same thing in the same unit, the last one counts, without a word of change."""
        for old, new in READINGS:
            self.leaves([old, new], kept=[new], gone=[old])

    def test_other_things(self) -> None:
        """Readings of different things stand side by side."""
        for lines in APART:
            self.leaves_alone(lines)

    def test_count_down(self) -> None:
        """How long it is until the same thing is told anew, in whatever order of words."""
        for old in (
            "The season closes on May 31st, 2 weeks from now.",
            "The end of the season was given as May 31st, 2 weeks ahead.",
            "With 2 weeks still to go, I note that the season closes on May 31st.",
        ):
            self.leaves([old, "The season closes tomorrow."], kept=["tomorrow"], gone=["2 weeks"])

    def test_waits_for_the_next_sentence(self) -> None:
        """How long it is may be told before what it is until."""
        self.leaves(
            [
                "We have 5 days, that is until Monday, and then the bid on the barn lapses.",
                "The bid on the barn lapses today at 5:00 PM.",
            ],
            kept=["today at 5:00 PM"],
            gone=["5 days"],
        )

    def test_incident(self) -> None:
        """A fault is over whatever it was called."""
        for new in ("Incident resolved.", "The outage is resolved."):
            self.leaves(["The pump is down.", new], kept=[], gone=["is down"])
