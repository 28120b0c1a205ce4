"""Tests of car.memgine.dialogue.cancellations."""

from tests.memgine.dialogue.talk import Talk, TalkTestCase


class CancellationTests(TalkTestCase):
    """What takes back an approval or a plan."""

    def test_approval(self) -> None:
        """The approval goes with its details and its echoes."""
        for words in (
            "Order #77 was cancelled because of the strike.",
            "They called off order #77.",
            "Order #77 is off the table.",
        ):
            self.leaves(
                [
                    "Order #77 is approved for $3,000. Go ahead with it.",
                    "assistant> Noted, order #77 approved for $3,000.",
                    words,
                ],
                kept=["#77"],
                gone=["$3,000", "approved", "Go ahead"],
            )

    def test_request(self) -> None:
        """ "That purchase" answers the request for one."""
        self.leaves(
            ["Please purchase a new printer. Budget is $400.", "Cancel that purchase."],
            kept=["Cancel"],
            gone=["printer", "$400"],
        )

    def test_other_thing(self) -> None:
        """Another order's cancellation changes nothing."""
        talk = Talk("Order #77 is approved for $3,000.", "Order #78 was cancelled.")
        self.assertIn("$3,000", talk.text())

    def test_condition(self) -> None:
        """ "Unless cancelled" cancels nothing."""
        self.leaves_alone(
            ["We approved the renewal of Piedpaper.", "Piedpaper renews in May unless cancelled."]
        )

    def test_by_a_structured_fact(self) -> None:
        """A fact that revokes another takes the turn along that asked for it."""
        talk = Talk("Renew the Piedpaper plan for 6 months.")
        old = talk.fact("piedpaper_plan", "approved renewal of the Piedpaper plan for 6 months")
        talk.supersede(old, "piedpaper_plan", "do not renew the Piedpaper plan")
        self.assertEqual(talk.holds(), ["do not renew the Piedpaper plan"])
