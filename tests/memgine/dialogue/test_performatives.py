"""Tests of car.memgine.dialogue.performatives: questions in form only."""

from car.memgine.dialogue.performatives import performs
from tests.memgine.dialogue.talk import TalkTestCase


class PerformativeTests(TalkTestCase):
    """performs."""

    def test_performs(self) -> None:
        """What tells something, orders it to be arranged, or proposes to meet over it."""
        for text in (
            "May I remind you that the cap is $90?",
            "Could I just point out that the bridge is shut?",
            "Would you please note down 4 PM for the fitting?",
            "Could you see to it that the gate is locked?",
            "May I ask you to hold the order?",
            "Can we sit down on Tuesday and go through it?",
        ):
            self.assertTrue(performs(text), text)

    def test_asks(self) -> None:
        """What wants an answer is a question."""
        for text in (
            "May I ask what it costs?",
            "Could you tell me the way?",
            "Would you find out who won?",
            "Can we see the list?",
            "Could you send me the list?",
        ):
            self.assertFalse(performs(text), text)

    def test_evidence(self) -> None:
        """What is told in the form of a question holds."""
        self.leaves(["May I remind you that the cap on gifts is $90?"], kept=["$90"], gone=[])
        self.leaves(["Can you check the cap on gifts?"], kept=[], gone=["cap"])
