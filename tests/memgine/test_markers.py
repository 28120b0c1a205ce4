"""Tests of car.memgine.markers, brackets and pieces."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.authority import DIRECTOR, EXECUTIVE, PEER, required_rank
from car.memgine.markers import marker
from car.memgine.pieces import pieces

BODY = "Bolt is for sale"


class MarkerTests(SynchronousTestCase):
    """Where a marker may stand, and in which forms."""

    def test_head(self) -> None:
        """As a label, a sentence, an order, a tag or a key."""
        for label in (
            "HR only:",
            "Only HR may know this:",
            "This one is only for HR.",
            "Not to be shared outside HR:",
            "Don't let it slip to anyone but HR:",
            "Nobody outside HR should hear this:",
            "Hidden from everyone but HR:",
            "If you are not in HR, don't read this:",
            "Readers: HR.",
            "Intended audience: HR.",
            "scope=HR;",
            "access: HR |",
            "#HR-only",
            "Access limited to HR, as it is on wages:",
            "Wages and perks (restricted: HR):",
            "Wages may be read by HR alone.",
            "HR only.",
            "Strictly HR.",
            "HR // wages //",
            "Off limits to all but HR:",
            "HR staff alone may see this:",
            "This is about wages, which only HR may see.",
        ):
            self.assertEqual(required_rank(f"{label} {BODY}"), DIRECTOR, label)

    def test_foot(self) -> None:
        """After a mark, as a clause, as a sentence."""
        for foot in (
            " - HR only",
            " // HR only",
            "; HR only",
            ", for HR only",
            ", which is restricted to HR",
            ", but only HR may know",
            ". For HR only.",
            ". Please keep this to HR.",
            " (not beyond HR)",
            " (this is on wages and only HR may see it)",
            " | visibility: HR",
            ". Strictly HR.",
            ". Access: HR.",
            " Please don't let this go any further than HR (wages).",
        ):
            self.assertEqual(required_rank(f"{BODY}{foot}"), DIRECTOR, foot)

    def test_joined(self) -> None:
        """A marker may go over into the text itself."""
        self.assertEqual(required_rank("Only VPs should know that Bolt is for sale"), EXECUTIVE)
        self.assertEqual(required_rank("Nobody at HR told them that Bolt is for sale"), 0)

    def test_topic_in_brackets(self) -> None:
        """A group beside a matter, or in whose hands it is."""
        for label in (
            "[wages and perks: HR]",
            "(HR; wages and perks)",
            "[perks data - HR]",
            "[wages and perks stay with HR]",
            "[wages and perks, shared with HR]",
        ):
            self.assertEqual(required_rank(f"{label} {BODY}"), DIRECTOR, label)
            self.assertEqual(required_rank(f"{BODY} {label}"), DIRECTOR, label)

    def test_groups(self) -> None:
        """Of several groups the lowest is cleared; outsiders are only kept out."""
        self.assertEqual(required_rank(f"For directors and VPs only: {BODY}"), DIRECTOR)
        self.assertEqual(required_rank(f"Not for contractors: {BODY}"), PEER)
        self.assertEqual(required_rank(f"Vice presidents and higher only: {BODY}"), EXECUTIVE)

    def test_secret(self) -> None:
        """A tag, a lock, a grade, without a group."""
        for label in ("#confidential", "\U0001f512", "Clearance level 4:", "[hush-hush]"):
            self.assertEqual(required_rank(f"{label} {BODY}"), DIRECTOR, label)

    def test_sources(self) -> None:
        """Whose word it is, what somebody may do and what somebody kept is no marker."""
        for text in (
            "Ann (VP Sales) [VP level]: Anything above 15 needs a signature.",
            "Take Bolt here. [said by Ed, Engineer; level: outside contractor]",
            "Please stop now. All of it has to use keys. -- Security, Security Team",
            "Posted by Ann (VP HR). Sharing this here. New: leave needs a form.",
            "The board, on its part, has kept a cap of $5 on it. Fine.",
            "Prizes at executive level are limited to $5. (order of the board)",
            "The product manager needs access to the shop. Ask IT.",
            "The team lead keeps the minutes. They are on the wiki.",
            "I told nobody at HR about it. They found out anyway.",
            "HR needs to know: the shop is closed",
            "Share it only with care. It is new.",
            "[HR policy] Leave is 3 weeks",
        ):
            self.assertEqual(required_rank(text), 0, text)

    def test_none(self) -> None:
        """Plain text has none."""
        self.assertIsNone(marker("The lamp is green"))
        self.assertIsNone(marker(""))


class PieceTests(SynchronousTestCase):
    """The segments of a text as a marker's words."""

    def test_parts(self) -> None:
        """A tag and the value of a key stand alone; a compound is taken apart."""
        found = pieces("#secret Bolt is for sale", 0, 40)
        self.assertEqual(found[0].words, ["secret"])
        self.assertEqual([piece.marking for piece in found], [True, False])
        found = pieces("acl:HR Bolt is for sale", 0, 40)
        self.assertEqual([piece.words for piece in found][:2], [["acl"], ["hr"]])
        self.assertEqual(pieces("HR-only", 0, 40)[0].words, ["hr", "only"])

    def test_names(self) -> None:
        """A word written large before a group's is of its name; IT is one when written large."""
        self.assertTrue(pieces("CS leadership", 0, 40)[0].marking)
        self.assertFalse(pieces("zq leadership", 0, 40)[0].marking)
        self.assertEqual(pieces("share IT", 0, 40)[0].words, ["share", "i.t."])
