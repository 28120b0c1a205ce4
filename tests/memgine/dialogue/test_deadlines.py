"""Tests of car.memgine.dialogue.deadlines."""

from tests.memgine.dialogue.talk import TalkTestCase

HEAD = "Ida (Project Manager): "


class DeadlineTests(TalkTestCase):
    """A plan that is put off."""

    def test_date_alone(self) -> None:
        """What spoke of the old day and of nothing else goes with it; the rest of a plan stays."""
        for new in (
            "The audit costs us 2 days. So the museum tour opens on Monday.",
            "New plan: the museum tour opens on Monday.",
            "Because of the audit we need 2 days more, so the museum tour opens on Monday.",
        ):
            self.leaves(
                [
                    HEAD + "The museum tour opens by Friday.",
                    HEAD + "We still have to make Friday. Leave the shop out.",
                    HEAD + "Great, put the café back in for Friday.",
                    HEAD + new,
                ],
                kept=["Monday", "Leave the shop out", "put the café back in"],
                gone=["Friday"],
            )

    def test_consent(self) -> None:
        """Who agreed to the old day agreed to the plan."""
        self.leaves(
            [
                HEAD + "The museum tour opens by Friday.",
                "Bo (Director): The museum tour on Friday is fine with me.",
                HEAD + "Revised plan: the museum tour opens on Monday.",
            ],
            kept=["Monday"],
            gone=["Friday"],
        )

    def test_other_days(self) -> None:
        """What is due on the same day for another reason stays."""
        self.leaves(
            [
                HEAD + "The museum tour opens by Friday.",
                "Bo (Director): My dentist expects me on Friday.",
                HEAD + "Revised plan: the museum tour opens on Monday.",
            ],
            kept=["Monday", "dentist expects me on Friday"],
            gone=["by Friday"],
        )

    def test_said_by_nobody(self) -> None:
        """Of what is in nobody's name no plan is put off."""
        self.leaves_alone(
            [
                "I have to make Friday for the parcel.",
                "The course takes 2 days more. Its exam is on Monday.",
            ]
        )
