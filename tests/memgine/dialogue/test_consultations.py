"""Tests of car.memgine.dialogue.consultations: a user who tells of themselves and is advised."""

from car.memgine.dialogue.course import QUESTION
from tests.memgine.dialogue.talk import Talk, TalkTestCase

ADVICE = "assistant> That is a good thing to think about. " + " ".join(
    f"Step {number}: look at what you have, write down what it costs and decide by May {number}."
    for number in range(1, 9)
)
"""An answer at length."""


def advised(*lines: str) -> list[str]:
    """*lines* of a user, each answered at length."""
    return [one for line in lines for one in (line, ADVICE)]


class AnswerTests(TalkTestCase):
    """An answer at length is kept as it is, and retires nothing of the user's."""

    def test_kept_whole(self) -> None:
        """No part of it falls when the user settles something else."""
        talk = Talk(*advised("The party is on May 3.", "Correction: the party is on May 6."))
        self.assertEqual(talk.holds().count(ADVICE.partition("> ")[2]), 2)

    def test_grants_nothing(self) -> None:
        """What it proposes does not take the place of what the user said."""
        lines = ["My savings are $900.", ADVICE + " With savings of $1,500 you would be safe."]
        self.assertIn("My savings are $900.", Talk(*lines).holds())

    def test_opens_no_scope(self) -> None:
        """The words for a play that it has in it begin none."""
        talk = Talk(
            "How do I get better at chess?",
            ADVICE + " Let's start with a short exercise.",
            "My club meets on Mondays.",
        )
        self.assertEqual([node.setting for node in talk.nodes[1:]], [None, None])

    def test_brief_answer(self) -> None:
        """A brief answer is the echo of what it takes down, and falls with it."""
        talk = Talk("The party is on May 3.", "assistant> Noted: the party is on May 3.")
        talk.say("Correction: the party is on May 6.")
        self.assertNotIn("May 3", talk.text())


class TellingTests(TalkTestCase):
    """What the user tells freely is retired only by what is plainly of the same thing."""

    def test_other_things(self) -> None:
        """Another event, sum or share in another sentence leaves the first alone."""
        for first, second in (
            (
                "I met Paula at the pottery fair on March 2.",
                "I've changed my pottery class to April 9 because of the holidays.",
            ),
            ("I paid $300 for the kiln last month.", "I've raised my glaze budget to $80."),
            ("My oven failed on Sunday.", "I decided to go with the Saturday market stall."),
            (
                "I've sold 40 percent of the bowls online.",
                "I've increased the price of the cups by 15 percent, up to what others ask.",
            ),
        ):
            self.leaves_alone(advised(first, second))

    def test_mixed_sentence(self) -> None:
        """A long sentence stays though one of its values has changed."""
        long = (
            "I'm planning a garden fair with my neighbours and I've set the flower budget at $65,"
            " so that we can order seeds from the nursery on Elm Street"
        )
        self.leaves(advised(long, "I've raised the flower budget to $75."), kept=[long], gone=[])

    def test_changed_thing(self) -> None:
        """A brief sentence falls when the very thing changes, however it is put."""
        for new in (
            "I've raised the flower budget to $75, can you suggest what to plant with that?",
            "The flower budget was raised to $75 after a talk with my neighbour, so what now?",
            "I've moved the flower budget from $65 to $75.",
        ):
            self.leaves(
                advised("The flower budget is $65.", new), kept=["$75"], gone=["budget is $65"]
            )

    def test_taken_back_at_once(self) -> None:
        """What the user takes back at once need not be named."""
        lines = advised("The flower budget is $65.", "No wait, make it $70.")
        self.leaves(lines, kept=["$70"], gone=["$65"])

    def test_named_old_value(self) -> None:
        """Who names the value that is given up means that one and no other."""
        lines = advised(
            "The seed budget is $40 for spring.", "I moved my seed budget from $55 to $60."
        )
        self.leaves(lines, kept=["$40", "$60"], gone=[])

    def test_said_again(self) -> None:
        """What only has a value that changed elsewhere is not taken for its repetition."""
        lines = advised(
            "The flower budget is $65.",
            "I've raised the flower budget to $75.",
            "My aunt spent $65 on a fountain.",
        )
        self.leaves(lines, kept=["$75", "aunt"], gone=["budget is $65"])

    def test_long_silence(self) -> None:
        """Long after the last explanation the user speaks for the record again."""
        talk = Talk(*advised("The party is on May 3."))
        for number in range(14):
            talk.say(f"Guest {number} has confirmed.")
        talk.say("The hall is booked for June.")
        talk.say("The hall is booked for July instead.")
        self.assertNotIn("June", talk.text())


class AskingTests(TalkTestCase):
    """What is asked for help with is told as well."""

    def test_told_with_a_question(self) -> None:
        """A long question that tells something is no mere question."""
        lines = advised(
            "How do I lead a team?",
            "I was made head of the nursery on June 1 with a raise of 12%, and I'm wondering how"
            " to tell my old team about all of it without hurting anybody",
        )
        self.assertIsNone(Talk(*lines).nodes[2].setting)

    def test_mere_question(self) -> None:
        """A short one is."""
        lines = advised("How do I tell my team?")
        self.assertEqual(Talk(*lines).nodes[0].setting, QUESTION)

    def test_standing_order(self) -> None:
        """An order for good is kept."""
        for order in (
            "Always give me dates as day and month when I ask about the fair.",
            "Please always tell me the price in euros.",
            "Never show me more than three choices.",
        ):
            self.assertIsNone(Talk(order).nodes[0].setting, order)
