"""Owning up to an error, refusing what was just said, and who only passes a value on."""

from tests.memgine.dialogue.talk import TalkTestCase


class AdmissionTests(TalkTestCase):
    """What corrects without naming its subject."""

    def test_corrected(self) -> None:
        """A slip that is owned up to is about what was said last."""
        for line in (
            "I misread the sheet: $95.",
            "Second thoughts: $95.",
            "Let me fix that: $95.",
            "Nope. $95.",
            "Actually, $95.",
            "We had to settle for $95.",
            "It turned out to be $95.",
            "Finance says $95.",
        ):
            self.leaves(
                ["The licence fee is $70.", "assistant> Noted: the licence fee is $70.", line],
                kept=["$95"],
                gone=["$70"],
            )

    def test_state(self) -> None:
        """A state is called off by another, whatever verb puts it there."""
        for line in ("It's red now.", "The audit is no longer green: red.", "Update: red."):
            self.leaves(
                ["The audit is green.", "assistant> The audit: green.", line],
                kept=["red"],
                gone=["The audit is green", "The audit: green"],
            )

    def test_left_alone(self) -> None:
        """How things once were, and what is not to be had, changes nothing."""
        for line in (
            "Last year it was $95.",
            "They wanted $95 first, but no.",
            "Nope, nothing else.",
        ):
            lines = ["The licence fee is $70.", "assistant> Noted: $70.", line]
            self.leaves(lines, kept=["The licence fee is $70."], gone=[])
