"""Tests of car.memgine.dialogue.weighing, conflicts and agents."""

from car.memgine.dialogue.precedence import spoken_for
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

    def test_rules_bounded(self) -> None:
        """Two bounds on one thing by one person are two versions of a rule."""
        self.leaves(
            [
                "Ida (VP HR): I leave travel of up to 5 days to the team leads.",
                "Ida (VP HR): A VP's signature is compulsory for travel over 2 days.",
            ],
            kept=["2 days"],
            gone=["5 days"],
        )

    def test_office(self) -> None:
        """The one known by office and the one with a name are one, where only one is."""
        self.leaves(
            [
                "The CEO can approve travel of up to 5 days.",
                "Ida (CEO): Travel over 2 days must go to the board.",
            ],
            kept=["2 days"],
            gone=["5 days"],
        )

    def test_brought_back(self) -> None:
        """A higher word stands again what a lower one had overruled, and backs what agrees."""
        higher = "Ida (Board of Directors): The bonus is limited to $500."
        for first in ("The line is at $500 for the bonus.", higher):
            self.leaves(
                [first, "Ed (CEO): Make the bonus $900.", higher], kept=["$500"], gone=["$900"]
            )
        self.leaves(
            [higher, "Ed (Clerk): The bonus -> $900.", "Policy: the bonus is at most $500."],
            kept=["Policy", "limited to $500"],
            gone=[],
        )

    def test_told_of(self) -> None:
        """Names before their titles, irregular verbs, and whose a thing is."""
        for text, holder in (
            ("You have Ida, the engineer, who reckons on May", "ida"),
            ("The discount, owner VP Sales, is small", "vp sales"),
        ):
            found = spoken_for(text)
            self.assertEqual(None if found is None else found.holder, holder, text)
        for text in ("The VP's car is blue", "It used to be Manager Ida's job"):
            self.assertIsNone(spoken_for(text), text)

    def test_reports_stay(self) -> None:
        """Other numbers in other matters, and names that nobody is for, contradict nothing."""
        talk = Talk(
            "Ida (CFO): The rent is $9,000.",
            "Ed (Clerk): Printing costs $50.",
            "Ed (Clerk): Bolt called twice.",
        )
        for text in ("$9,000", "$50", "Bolt"):
            self.assertIn(text, talk.text())

    def test_known_by_name(self) -> None:
        """Whose rank is known need not have it told again."""
        self.leaves(
            [
                "Ed (Engineer): The roof takes 3 weeks to do well.",
                "Ed reckoned on 3 weeks for the roof. VP Ida wants the roof done by Friday.",
            ],
            kept=["by Friday"],
            gone=["3 weeks"],
        )

    def test_contractor(self) -> None:
        """What somebody on contract is for gives way to the rule, however either is put."""
        for rule in (
            "All new walls run on Granit.",
            "Anything new that we build goes on Granit.",
            "See that Granit is what each new wall uses.",
        ):
            self.leaves(
                [
                    f"Ida (Engineering Director): {rule}",
                    "Ed, who's on contract, is pitching Ziegel for the next wall.",
                ],
                kept=["Granit"],
                gone=["Ziegel"],
            )


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

    def test_told_in_one_turn(self) -> None:
        """Of an approval and its cancellation, told one after the other, the latter is left."""
        for lines in (
            ["CEO Ida approved Project Heron for June. Then the CEO cancelled it for good."],
            [
                "First CEO Ida approved Project Heron for June; since then the same CEO has"
                " cancelled it."
            ],
        ):
            self.leaves(lines, kept=["cancelled"], gone=["June"])

    def test_brief_word(self) -> None:
        """ "It is cancelled" takes back what the sentence before it names."""
        talk = Talk()
        old = talk.fact("a", "I have approved the start of Project Heron in June. (Ida, CEO)")
        talk.fact("b", "CEO Ida - We are ending Project Heron; it is cancelled.")
        self.assertFalse(old.live)
