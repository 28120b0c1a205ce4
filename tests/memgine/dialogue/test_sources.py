"""Tests of car.memgine.dialogue.sources."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.authority import EXECUTIVE, LEAD, MANAGER, SUBORDINATE
from car.memgine.dialogue.sources import attribution


class SourceTests(SynchronousTestCase):
    """Heads and feet that say who speaks."""

    def told(self, text: str) -> tuple[str, int, str]:
        """The holder, the rank and what is said; fails where there is no source."""
        found = attribution(text)
        assert found is not None, text
        return found.holder, found.rank, text[found.start : found.end]

    def test_heads(self) -> None:
        """Names, titles and words of rank and speaking, whatever marks part them."""
        for head in (
            "From: Ida (VP HR), VP level - {}",
            "@Ida <VP HR/vp> {}",
            "lvl:vp Ida (VP HR) -> {}",
            "vp | Ida, VP HR | {}",
            "vice president grade; Ida, VP HR; {}",
            "Authority: vice president. Issued by Ida (VP HR). {}",
            "Ida speaking, I'm VP HR, so a vice president: {}",
            "(Ida, VP HR, that's a vice president) {}",
            "Ida wrote (VP HR): {}",
            "VP HR Ida > {}",
            "[VP HR] Ida: {}",
        ):
            self.assertEqual(self.told(head.format("be kind")), ("ida", EXECUTIVE, "be kind"), head)

    def test_words_of_speaking(self) -> None:
        """Nouns and verbs of saying, ordering and standing, the title before or after."""
        for head in (
            "Directive of Ida (VP HR): {}",
            "Ida's order (VP HR): {}",
            "What Ida (VP HR) wants: {}",
            "We heard from Ida (VP HR): {}",
            "As VP HR, Ida says: {}",
            "In the capacity of VP HR, Ida: {}",
            "With vice president authority, Ida (VP HR): {}",
            "Ida (VP HR; standing: vice president) says: {}",
            "vice-president-level statement by Ida (VP HR): {}",
            "Ida / VP HR / {}",
            "Ida - VP HR. {}",
            "Ida, whose function is VP HR: {}",
        ):
            self.assertEqual(self.told(head.format("be kind")), ("ida", EXECUTIVE, "be kind"), head)
        self.assertEqual(self.told("[IT Manager] Ida: be kind"), ("ida", MANAGER, "be kind"))

    def test_closings(self) -> None:
        """A closing before a name belongs to the signature; a title stamped at the end is one."""
        for foot in (
            "Ship it now. Best regards, Ida, VP HR",
            "Ship it now. Thanks, Ida (VP HR)",
            "Ship it now. - signed off by Ida, VP HR (role: vp)",
            "Ship it now. (order of Ida, VP HR)",
        ):
            self.assertEqual(self.told(foot), ("ida", EXECUTIVE, "Ship it now."), foot)
        self.assertEqual(self.told("Ship it now. [VP]"), ("vp", EXECUTIVE, "Ship it now."))

    def test_days(self) -> None:
        """A day is nobody's name, and an approval no saying."""
        for text in (
            "Friday (mayor). We meet at noon",
            "The shed was approved by mayor Ida; later she tore it down.",
        ):
            self.assertIsNone(attribution(text), text)

    def test_feet(self) -> None:
        """Signatures, with their closing mark left to what they sign."""
        for foot in (
            "Ship it. -- Ida, VP HR",
            "Ship it. ^Ida, VP HR, lvl=vp",
            "Ship it. [Signed: Ida, VP HR; vice president grade]",
            "Ship it. (that's Ida, VP HR, a vice president)",
            "Ship it. -- Ida, VP HR (VP level)",
        ):
            self.assertEqual(self.told(foot), ("ida", EXECUTIVE, "Ship it."), foot)

    def test_ranks(self) -> None:
        """The highest title counts; below a peer the lowest."""
        for text, rank in (
            ("Ed (Architect), external contractor: be kind", SUBORDINATE),
            ("Ida, Senior Engineer [individual contributor]: be kind", LEAD),
            ("Engineer Ida, manager: be kind", MANAGER),
        ):
            self.assertEqual(self.told(text)[1], rank, text)

    def test_lower_case(self) -> None:
        """In a text without capitals a word alone, or beside a title, may be a name."""
        self.assertEqual(self.told("ceo ida > be kind")[0], "ida")
        self.assertIsNone(attribution("we want 15% off. vp agreed"))

    def test_no_source(self) -> None:
        """Labels, lists, states and introductions are none."""
        for text in (
            "Manager: Dana Smith",
            "Manager: Dana Smith. She starts on Monday.",
            "Support hours: nine to five",
            "Policy: Support team: 800 hours",
            "Attendees: Dana (CFO), Bob (CEO) - room four",
            "Dana here. I'm the manager at Acme.",
            "Ask Dana (CFO): she knows",
            "[Internal to HR leadership] Wages rise",
            "The contract goes to Ana (Manager).",
        ):
            self.assertIsNone(attribution(text), text)
