"""Tests of car.memgine.authority."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.authority import EXECUTIVE, authority_rank, required_rank, title_rank


class RankTests(SynchronousTestCase):
    """Words and titles as numbers."""

    def test_order(self) -> None:
        """The order of memgine §2, with the steps in between."""
        for rank, words in (
            (authority_rank, "subordinate peer lead manager director executive c-level board"),
            (title_rank, "Intern|Clerk|Team Lead|HR Manager|Sales Director|VP Sales|CFO|Board"),
        ):
            names = words.split("|") if "|" in words else words.split()
            ranks = [rank(name) for name in names]
            self.assertEqual(ranks, sorted(set(ranks)), names)

    def test_words(self) -> None:
        """Case does not count; a policy stands as high as the board; unknown words are peers."""
        self.assertEqual(authority_rank("Policy"), authority_rank("board"))
        self.assertEqual(authority_rank("whoever"), authority_rank("peer"))

    def test_titles(self) -> None:
        """A title is read for its rank, not for its department."""
        self.assertEqual(title_rank("Account Executive"), title_rank("Sales Rep"))
        self.assertEqual(title_rank("Vice President, Sales"), title_rank("SVP Sales"))
        self.assertEqual(title_rank("Chief of Staff"), title_rank("CHRO"))
        self.assertLess(title_rank("Senior Engineer"), title_rank("Engineering Manager"))

    def test_hired(self) -> None:
        """Who is paid for a piece of work decides nothing."""
        for told in ("on contract", "on a short contract", "freelancer", "hired-in hand"):
            self.assertEqual(title_rank(told), authority_rank("contractor"), told)


class RequiredRankTests(SynchronousTestCase):
    """What a marker asks of its reader."""

    def test_marked(self) -> None:
        """Brackets, labels, closing remarks; above, below, only."""
        for rank, texts in {
            50: ("[RESTRICTED: prices restricted to VP+] x", "Confidential (VP and above): x"),
            40: ("Directors only - x", "(For HR leadership only) x", "x is sold. (Finance only)"),
            60: ("Eyes only, C-suite: x", "CONFIDENTIAL - for C-suite only. x"),
            70: ("Reserved for the board. x",),
        }.items():
            for text in texts:
                self.assertEqual(required_rank(text), rank, text)
        self.assertEqual(required_rank("Not for anyone below director level: x"), 40)
        self.assertEqual(required_rank("Need to know. Merger talks."), 40)

    def test_structure(self) -> None:
        """What counts is the words of a segment, not the marks around it or where it stands."""
        for rank, texts in {
            40: (
                "acl=finance :: wages rise",
                "#HR-only# wages rise",
                "Wages rise <<HR eyes only, pay data>>",
                "Wages rise - but that stays with HR, please, it's pay data",
                "Wages rise [Distribution: HR. Subject: pay data.]",
                "Keep this inside Finance. Wages rise",
                "Not for wider circulation, directors only (pay). Wages rise",
                "This one only HR should hear, it's pay data, okay: wages rise",
            ),
            50: (
                "Wages rise (execs only)",
                "Please don't tell anyone below VP: wages rise",
                "vis=VP+ (pay) | wages rise",
                "Pay data for VP+ only: wages rise",
            ),
            70: ("Wages rise. This must not go beyond the board.",),
        }.items():
            for text in texts:
                self.assertEqual(required_rank(text), rank, text)

    def test_talk(self) -> None:
        """People speak of HR and the board without hiding anything."""
        for text in (
            "Only HR. The rest can go home.",
            "I talked to HR, nobody else. They said no.",
            "Not the board: they said no",
            "It's just us and the managers. We can talk.",
            "Heads up - the API is down",
            "[Ida (CFO)]: No exceptions. Find another way or wait for the next quarter.",
            "Be kind. -- Ida, VP HR (VP level)",
            "HR+",
        ):
            self.assertEqual(required_rank(text), 0, text)

    def test_unmarked(self) -> None:
        """Titles and the word "only" are not markers by themselves."""
        for text in (
            "Max 15% discount without VP approval",
            "Only VPs can approve this: $5k",
            "Board of directors: capped at $500k",
            "[C_LEVEL] Charles (CEO): hello",
            "Access to salaries requires HR Director approval",
            "The budget is limited to $5,000",
            "Secret Santa is on Friday",
            "Use C++ for the core",
        ):
            self.assertEqual(required_rank(text), 0, text)

    def test_words_of_keeping(self) -> None:
        """A caller is somebody who asks, and a reason may follow before the text begins."""
        for text in (
            "Don't read this out unless the caller is VP+. Why: prices. What: the floor is $30.",
            "visible to VP+, hidden for all others, since this is on salaries. The pool is $2M.",
        ):
            self.assertEqual(required_rank(text), EXECUTIVE, text)
