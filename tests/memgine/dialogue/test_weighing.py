"""Tests of car.memgine.dialogue.weighing, conflicts and agents."""

from tests.memgine.dialogue.talk import Talk, TalkTestCase


class WeighingTests(TalkTestCase):
    """Whose word counts."""

    def test_rank(self) -> None:
        """The higher one's choice stands, in whichever order they speak."""
        higher = "Ida (Plant Director): All new pumps must be from Acme."
        lower = "Ed (Consulting Engineer): I'd suggest Bolt instead, it suits us better."
        for lines in ([higher, lower], [lower, higher]):
            self.leaves(lines, kept=["Acme"], gone=["Bolt"])

    def test_report(self) -> None:
        """Who was overruled is so where their wish is reported as well."""
        self.leaves(
            [
                "Ida (Plant Director): All new pumps must be from Acme.",
                "Ed (Consulting Engineer): I'd suggest Bolt instead, it suits us better.",
                "Contractor Ed is all for Bolt.",
            ],
            kept=["Acme"],
            gone=["Bolt"],
        )

    def test_side_by_side(self) -> None:
        """Of two views in one sentence the part that counts is shown."""
        self.leaves(
            ["The bonus: $9,000 (CEO Ed's wish) vs a $2,000 cap (the Board)"],
            kept=["$2,000"],
            gone=["$9,000"],
        )

    def test_same_rank(self) -> None:
        """Of two of one rank both stay."""
        self.leaves(
            [
                "Ida (Plant Director): All new pumps must be from Acme.",
                "Ed (Sales Director): All new pumps should be from Bolt.",
            ],
            kept=["Acme", "Bolt"],
            gone=[],
        )

    def test_rule_revised(self) -> None:
        """A rule that its maker lays down anew takes the place of the old one."""
        self.leaves(
            [
                "Ida (VP HR): Travel of 5 days at most may be approved by team leads.",
                "Ida (VP HR): Travel over 2 days now needs VP approval.",
            ],
            kept=["2 days"],
            gone=["5 days"],
        )

    def test_reports_stay(self) -> None:
        """Other numbers in other matters, and names that nobody is for, contradict nothing."""
        talk = Talk(
            "Ida (CFO): The rent is $9,000.",
            "Ed (Clerk): Printing costs $50.",
            "Ed (Clerk): Bolt called twice.",
        )
        for text in ("$9,000", "$50", "Bolt"):
            self.assertIn(text, talk.text())


class CancellationByOfficeTests(TalkTestCase):
    """What somebody in office takes back."""

    def test_said_again(self) -> None:
        """A cancellation that had been told before still takes the approval back."""
        self.leaves(
            [
                "Project Heron was approved by CEO Ida; later she cancelled it.",
                "Ida (CEO): Project Heron is approved for June.",
                "Ida (CEO): Project Heron is cancelled for lack of funds.",
            ],
            kept=["cancelled for lack"],
            gone=["for June"],
        )
