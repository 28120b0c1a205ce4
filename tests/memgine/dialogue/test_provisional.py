"""Tests of car.memgine.dialogue.provisional: of two choices, the one that gives way."""

from tests.memgine.dialogue.talk import TalkTestCase

PAIRS = (
    "I've settled on the Harbour venue. Round tables will do at present.",
    "We have decided on Harbour, and for now I favour round tables.",
    "I'm sticking with Harbour. Round tables to start with.",
    "Round tables for the time being. I have chosen Harbour.",
    "I'm committed to Harbour - round tables are fine with me for the moment.",
)
CHANGES = (
    "Let's switch to long benches instead.",
    "On reflection, change it to long benches. That suits us better.",
    "Make that long benches, which work better for us.",
)


class ProvisionalTests(TalkTestCase):
    """What is so for now, beside what is firm."""

    def test_firm_stays(self) -> None:
        """A change that names nothing is about what was so for now."""
        for pair in PAIRS:
            for change in CHANGES:
                self.leaves([pair, change], kept=["Harbour", "long benches"], gone=["tables"])

    def test_promised(self) -> None:
        """So is it beside what somebody has bound themselves to, whatever they call that."""
        for bound in ("I owe them Harbour.", "I gave my word on Harbour.", "Harbour: pledged."):
            lines = [f"{bound} For now I like round tables.", "Let's switch to benches instead."]
            self.leaves(lines, kept=["Harbour", "benches"], gone=["tables"])

    def test_no_other_choice(self) -> None:
        """What is the only choice gives way, for now or not."""
        lines = ["For now we are going with Harbour.", "Let's switch to Lakeside instead."]
        self.leaves(lines, kept=["Lakeside"], gone=["Harbour"])

    def test_state_of_now(self) -> None:
        """A value of another family that is so at present is no rival choice."""
        lines = [
            "We are going with Harbour. At present the price is $900.",
            "Let's switch to Lakeside instead.",
        ]
        self.leaves(lines, kept=["Lakeside"], gone=["Harbour"])
