"""Tests of car.memgine.dialogue.refutations in whole talks."""

from tests.memgine.dialogue.talk import Talk, TalkTestCase

FINDING = "[Ann (Support)]: I looked at it. It has to be the router."
PLAN = "Painting starts May 11, finished by May 25"


class SpeakerTests(TalkTestCase):
    """Whose word is called wrong has said nothing."""

    def test_called_wrong(self) -> None:
        """In whatever words, as long as the speaker is named."""
        for words in (
            "We have to reject Ann's finding.",
            "The diagnosis by Ann does not hold.",
            "I disagree with the Ann diagnosis.",
            "We can rule out what Ann said too.",
            "It isn't what Ann said.",
            "The Ann explanation doesn't hold either.",
            "Ann misdiagnosed it.",
            "Ann's theory doesn't add up.",
        ):
            self.leaves([FINDING, f"[Bob (Senior Support)]: {words}"], kept=[], gone=["router"])

    def test_left_alone(self) -> None:
        """Somebody who is right, is asked, or has no part in what is wrong."""
        for words in (
            "Ann is not wrong about that.",
            "Can we rule out what Ann said?",
            "I reject the offer of the cable company.",
        ):
            self.leaves([FINDING, f"[Bob (Senior Support)]: {words}"], kept=["router"], gone=[])

    def test_shared_name(self) -> None:
        """A word that two speakers go by names neither."""
        self.leaves(
            [
                "[Desk North (Support)]: It has to be the router.",
                "[Desk South (Support)]: It has to be the modem.",
                "[Bob (Senior Support)]: The desk was wrong.",
            ],
            kept=["router", "modem"],
            gone=[],
        )


class WordsTests(TalkTestCase):
    """What is given in full and called wrong falls, as a fact too."""

    def test_given_in_full(self) -> None:
        """In whatever words, in quotation marks or not."""
        for words in (
            f"'{PLAN}' doesn't hold anymore.",
            f"Which also kills the conclusion that {PLAN}.",
            f"Consequently we must redo this: {PLAN}.",
            f"We can't rely on '{PLAN}' any longer, please recompute.",
            f"And with that, {PLAN} falls apart.",
            f"Don't use '{PLAN}'.",
        ):
            talk = Talk(f"So: {PLAN}")
            talk.fact("plan", PLAN)
            talk.say(words)
            self.assertNotIn("May", talk.text(), words)

    def test_meant(self) -> None:
        """A judgement on what was just said in other words of the same turn."""
        talk = Talk("The stall is free from May 10 on.")
        talk.say(
            "The stall is free from May 10 on? That's outdated. The stall is free from June 2 on."
        )
        self.assertNotIn("May 10", talk.text())
        self.assertIn("June 2", talk.text())

    def test_other_values(self) -> None:
        """What brings another value is an amendment, and is kept."""
        talk = Talk("The stall is free from May 10 on.")
        talk.say("It is wrong that the stall is free from May 10 on, it's free from June 2 on.")
        self.assertIn("June 2", talk.text())

    def test_lapsed(self) -> None:
        """Whoever speaks of a conclusion whose ground has gone need not call it wrong."""
        lines = [
            "The stall is free from May 10 on.",
            "Hence: the opening is on May 12 with 40 guests.",
            "Correction: the stall is free from June 2 on.",
        ]
        given = "the opening is on May 12 with 40 guests"
        self.leaves([*lines, f"'{given}' wants another look."], kept=["June 2"], gone=["May 12"])

    def test_said_anew(self) -> None:
        """A value that the same turn gives again is not taken back with the old words."""
        self.leaves(
            [
                "The vet comes at 2pm on Tuesday.",
                "'The vet comes at 2pm on Tuesday' no longer holds. It is now at 10am on Tuesday.",
            ],
            kept=["10am on Tuesday"],
            gone=["2pm"],
        )
