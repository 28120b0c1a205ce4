"""Tests of car.memgine.dialogue.restatements, and of what falls with a retired node."""

from tests.memgine.dialogue.talk import Talk, TalkTestCase


class RestatementTests(TalkTestCase):
    """A turn that repeats a dead value is shown without it, or not at all."""

    def test_echo_of_the_assistant(self) -> None:
        """Echoes fall with what they echo, whether they come before or after."""
        self.leaves(
            [
                "The launch is on May 4.",
                "assistant> Launch: May 4.",
                "Actually, move the launch to June 9.",
                "assistant> So the launch is on May 4.",
            ],
            kept=["June 9"],
            gone=["May 4"],
        )

    def test_recap(self) -> None:
        """A recap keeps what is still true."""
        talk = Talk(
            "The launch is on May 4.",
            "Move the launch to June 9.",
            "To recap: the launch was originally planned for May 4. Marta does the slides.",
        )
        self.assertEqual(talk.holds()[-1], "Marta does the slides.")

    def test_same_value_of_another_slot(self) -> None:
        """A day that died as one date is alive as another."""
        talk = Talk(
            "The launch is on Friday.", "The choir sings on Friday.", "Move the launch to Monday."
        )
        self.assertIn("choir sings on Friday", talk.text())

    def test_fact_written_late(self) -> None:
        """A fact written before the correction, but handed in after it, is dead on arrival."""
        talk = Talk("We meet in Porto.", "Correction: we meet in Faro.")
        talk.fact("meeting_town", "Porto", minutes_ago=10)
        talk.fact("dinner_town", "Braga", minutes_ago=10)
        self.assertNotIn("meeting_town: Porto", talk.text())
        self.assertIn("Braga", talk.text())

    def test_tombstone(self) -> None:
        """A text that declares itself dead is."""
        talk = Talk()
        talk.fact("total", "[SUPERSEDED: old price list] Total is $40")
        self.assertEqual(talk.holds(), [])


class DerivedTests(TalkTestCase):
    """What was concluded from a value that fell falls with it."""

    def test_conclusion(self) -> None:
        """Any way of drawing the conclusion will do."""
        for mark in ("So: ", "Therefore ", "That means ", "Consequently: ", "This results in: "):
            self.leaves(
                [
                    "According to the list a ticket costs $12.",
                    f"{mark}ten tickets cost $120.",
                    "Correction: a ticket costs $15.",
                ],
                kept=["$15"],
                gone=["$120", "$12."],
            )

    def test_structured(self) -> None:
        """A corrected fact takes the turns along that state it, and their conclusion."""
        talk = Talk()
        old = talk.fact("ticket_price", "A ticket costs $12")
        talk.say("From the list: A ticket costs $12")
        talk.say("So: ten tickets cost $120")
        talk.supersede(old, "ticket_price_corrected", "A ticket costs $15 (the $12 was last year)")
        self.assertEqual(talk.holds(), ["A ticket costs $15"])

    def test_strangers(self) -> None:
        """A fact that replaces one it has nothing to do with leaves the turns alone."""
        talk = Talk("The investors expect a report tomorrow.")
        old = talk.fact("note_3", "The investors expect a report tomorrow.")
        talk.supersede(old, "note_4", "The database does not answer")
        self.assertIn("investors expect a report", talk.text())


class SignalTests(TalkTestCase):
    """The newest signal on a subject stands."""

    def test_same_key(self) -> None:
        """The turn that states the older value goes with it."""
        talk = Talk()
        talk.signal("weather", "Storm warning until 6 PM")
        talk.say("Note: Storm warning until 6 PM")
        talk.signal("weather", "All clear")
        self.assertEqual(talk.holds(), ["All clear"])

    def test_other_key(self) -> None:
        """A signal under another key replaces it where the subject is one."""
        talk = Talk()
        talk.signal("deadline", "Hooli lease ends in 30 days")
        talk.signal("power", "Generator B is in stock")
        talk.signal("alert", "Hooli lease ends tomorrow")
        self.assertEqual(talk.holds(), ["Generator B is in stock", "Hooli lease ends tomorrow"])

    def test_by_a_turn(self) -> None:
        """What somebody says of it later counts as well."""
        talk = Talk()
        talk.signal("build", "Build #31 passed")
        talk.say("Just in: Build #31 failed in the security scan")
        self.assertNotIn("passed", talk.text())
