"""Tests of car.memgine.dialogue.courtesies, alone and in whole talks."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.dialogue.courtesies import is_courtesy, plain
from tests.memgine.dialogue.talk import Talk, TalkTestCase

COURTESIES = (
    "Hello.",
    "Good evening, everybody!",
    "Dear colleagues,",
    "Thank you very much.",
    "Thanks for your patience.",
    "Best wishes to you all.",
    "Yours sincerely",
    "I hope this is convenient.",
    "May I say something?",
    "I would like to ask something.",
    "Please forgive me.",
    "Just to inform you",
    "Just a short note.",
    "Following up on this.",
    "For the minutes",
    "Would you be so kind",
)
STATEMENTS = (
    "It is good.",
    "Thanks, June 9 it is.",
    "We are there.",
    "Ann said hello.",
    "No.",
    "Something came up.",
    "One moment.",
    "Be kind.",
)


class CourtesyTests(SynchronousTestCase):
    """What is said for politeness alone."""

    def test_recognised(self) -> None:
        """By its vocabulary, whatever its wording."""
        for text in COURTESIES:
            self.assertTrue(is_courtesy(text), text)
        for text in STATEMENTS:
            self.assertFalse(is_courtesy(text), text)

    def test_leads(self) -> None:
        """A courtesy before a statement is left off, however many there are."""
        for text in ("If you permit me: X is Y", "Hello, please: X is Y", "Good morning! X is Y"):
            self.assertEqual(plain(text), "X is Y")
        self.assertEqual(plain("Launch: May 4"), "Launch: May 4")


class TalkTests(TalkTestCase):
    """Courtesies are no topic, no answer and no statement of their own."""

    def test_goes_with_the_rest(self) -> None:
        """Where all else of a turn is dropped, its courtesy goes too."""
        talk = Talk(
            "Good morning. The launch is on May 4. Thank you very much.",
            "Move the launch to June 9. Best wishes.",
        )
        self.assertEqual(talk.holds(), ["Move the launch to June 9. Best wishes."])

    def test_stays_by_itself(self) -> None:
        """A turn of nothing else is left as it is."""
        self.leaves_alone(["Hello.", "Thank you very much."])

    def test_between(self) -> None:
        """A courtesy before it hides no correction."""
        for lead in ("If you permit: ", "Thanks for listening. ", "Dear all, "):
            self.leaves(
                ["The fee is $20.", f"{lead}correction: the fee is $25."],
                kept=["$25"],
                gone=["$20"],
            )
