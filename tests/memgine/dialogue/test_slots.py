"""Tests of car.memgine.dialogue.slots: what a value is of."""

from car.memgine.dialogue.analysis import read_statements
from car.memgine.dialogue.slots import one_matter, same_thing
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.values import Kind
from car.memgine.nodes import Node
from tests.memgine.dialogue.talk import TalkTestCase


def said(text: str, index: int = 0) -> Statement:
    """The first statement of a user's turn."""
    return read_statements(Node(index, "conversation", "user", text, 1_764_583_200.0))[0]


def matter(new: str, old: str) -> bool:
    """Whether the first value of *old* is of what *new* has one for."""
    before = said(old)
    return one_matter(said(new, 1), before, before.values[0])


class MatterTests(TalkTestCase):
    """Enough of the subject has to be shared."""

    def test_brief(self) -> None:
        """One word in three of the shorter subject will do."""
        self.assertTrue(matter("The fence costs $90 now.", "The fence costs $70."))
        self.assertTrue(matter("Move the launch to May 4.", "The launch in Rome is on May 2."))

    def test_far_from_the_value(self) -> None:
        """In a long statement only what stands near the value counts."""
        long = (
            "Since the fence in the east meadow fell over in that awful storm the old farmer next"
            " door and his two sons have asked us for a loan of $700"
        )
        self.assertFalse(matter("The fence costs $90 now.", long))

    def test_choices(self) -> None:
        """Choices that share no word are left to who makes them."""
        before = said("We picked Hooli.")
        choice = before.of(Kind.CHOICE)[0]
        self.assertTrue(one_matter(said("The CEO wants Raviga.", 1), before, choice))

    def test_people(self) -> None:
        """Among people a date falls only with the thing that it is of."""
        self.leaves_alone(
            ["Tom> The concert is on Friday.", "Ann> I had to move my dentist to Monday."]
        )
        self.leaves(
            ["Tom> The concert is on Friday.", "Ann> They moved the concert to Monday."],
            kept=["Monday"],
            gone=["Friday"],
        )


class SameThingTests(TalkTestCase):
    """Whether another value is plainly one for the same thing."""

    def test_value_said_again(self) -> None:
        """What *old* has as well is no other value."""
        before = said("I save $200 a month for a car of $5,000.")
        again = said("My goal is to save $5,000 for a car.", 1)
        self.assertFalse(same_thing(again, before, before.values[0]))
