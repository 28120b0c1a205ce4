"""Contexts: exact text, order, budget, purity, clearance, and the reference's faults avoided."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.budget import allot, budget_tokens
from car.memgine.memgine import Memgine
from car.memgine.shown import Asker
from car.memgine.skills.records import Skill, Trigger
from tests.memgine.doubles import NOON, bodies, given_fact


def login(code: str) -> Skill:
    """A skill that the word `login` finds."""
    return Skill(
        name="log in", code=code, description="sign in", trigger=Trigger(task_keywords=["login"])
    )


class ContextCase(SynchronousTestCase):
    """A test of contexts from one memory."""

    def setUp(self) -> None:
        self.memory = Memgine()

    def fact(self, subject: str, body: str, **fields: Any) -> None:
        """Put a fact in."""
        given_fact(self.memory, subject, body, **fields)

    def context(self, query: str = "anything", **options: object) -> str:
        """The context for *query*."""
        return self.memory.build_context(query, NOON, **options)  # type: ignore[arg-type]


class TextTests(ContextCase):
    """What is printed, to the letter."""

    def test_every_section(self) -> None:
        """The sections in their order, each under its heading, joined by one blank line."""
        self.memory.set_identity(Asker("Ann", "Buyer", "Procurement", "Acme"), NOON)
        self.fact("budget", "Budget must not exceed $5000", kind="constraint")
        self.fact("supplier", "Hansa delivers on Mondays")
        self.fact("leave", "Two weeks need a manager's word", authority="policy")
        self.memory.ingest_conversation("Ann", "The paper order went out today.", NOON)
        self.memory.ingest_conversation("Bob", "Which colour did we choose for the paper?", NOON)
        self.memory.set_environment("quarter", "Q4", NOON)
        self.assertEqual(
            self.context("When does the paper order of the supplier come?"),
            "## Identity\nUser: Ann\nRole: Buyer\nDepartment: Procurement\nOrganization: Acme\n\n"
            "## ⚠️ Active Constraints (CHECK ALL)\n"
            "⚠️ [ws-0] budget: Budget must not exceed $5000\n\n"
            "## Current Facts\n"
            "- [ws-2] [org] leave: Two weeks need a manager's word\n"
            "- [ws-1] [usr] supplier: Hansa delivers on Mondays\n\n"
            "## Conversation\n### Recent\n"
            "Ann: The paper order went out today.\n\n"
            "## Environment\n- quarter: Q4\n\n"
            "## Known Unknowns\n- Which colour did we choose for the paper?",
        )

    def test_empty(self) -> None:
        """A memory without anything gives an empty text."""
        self.assertEqual(self.context(), "")

    def test_best_fact_last(self) -> None:
        """Facts ascend in relevance, so that the best stands nearest the query."""
        for subject, body in (
            ("harbour", "the crane lifts forty tons"),
            ("office", "the kettle is new"),
            ("garden", "the hedge is cut in May"),
        ):
            self.fact(subject, body)
        lines = self.context("how much does the harbour crane lift").splitlines()
        self.assertEqual(lines[-1], "- [ws-0] [usr] harbour: the crane lifts forty tons")

    def test_fast(self) -> None:
        """Fast mode prints constraints, the top facts, the last turns and the environment."""
        self.fact("limit", "never over $10", kind="constraint")
        self.fact("harbour", "the crane lifts forty tons")
        self.memory.ingest_conversation("Ann", "Good crane, that.", NOON)
        self.memory.set_environment("tide", "low", NOON)
        text = self.context("crane", fast=True)
        for heading in ("Active Constraints", "Current Facts", "Conversation", "Environment"):
            self.assertIn(heading, text)


class BudgetTests(ContextCase):
    """The whole text is inside the budget."""

    def test_window(self) -> None:
        """8,000 without a window; 0.4 of what one leaves, 2,000 at least; less for tiny ones."""
        self.assertEqual(
            [budget_tokens(window) for window in (None, 128_000, 32_000, 8_000, 2_000)],
            [8_000, 49_561, 11_161, 2_000, 500],
        )

    def test_unused_shares_flow_on(self) -> None:
        """What one section does not need the others get; nobody gets more than wanted."""
        shares = {"a": 0.5, "b": 0.25, "c": 0.25}
        self.assertEqual(allot(100, {"a": 10, "b": 100, "c": 30}, shares)["a"], 10)
        granted = allot(100, {"a": 10, "b": 100, "c": 30}, shares)
        self.assertEqual((granted["b"], granted["c"]), (60, 30))
        self.assertEqual(allot(100, {"a": 1, "b": 2, "c": 3}, shares), {"a": 1, "b": 2, "c": 3})

    def test_within(self) -> None:
        """However much there is, the text keeps to the budget, with at least one fact."""
        for number in range(500):
            self.fact(f"subject {number}", "many words about one and the same thing " * 4)
            self.memory.ingest_conversation("Ann", f"turn number {number} goes on and on", NOON)
        for budget in (60, 500, 2_000):
            text = self.context("one and the same thing", budget=budget)
            self.assertLessEqual(len(text), budget * 4)
            self.assertIn("## Current Facts\n- [", text)

    def test_constraints_never_cut(self) -> None:
        """Where identity and constraints alone do not fit, they stand whole and it is said."""
        self.memory.set_identity(Asker("Ann", "Buyer"), NOON)
        for number in range(20):
            self.fact(f"rule {number}", "this must never be left out", kind="constraint")
        text = self.context(budget=50)
        self.assertTrue(
            text.startswith("⚠️ Identity and constraints alone exceed the budget of 50 tokens.")
        )
        self.assertEqual(text.count("must never be left out"), 20)
        self.assertIn("User: Ann", text)


class PurityTests(ContextCase):
    """The same call gives the same bytes."""

    def test_twice(self) -> None:
        """A second context of the same memory shows what the first showed."""
        self.fact("harbour", "the crane lifts forty tons")
        self.assertEqual(self.context("crane"), self.context("crane"))
        self.assertIn("forty tons", self.context("crane"))

    def test_later_does_not_change_earlier(self) -> None:
        """A context for a later instant leaves the one for an earlier instant as it was."""
        self.fact("gate", "the code is 4711", expires_at=NOON + 10)
        before = self.context("gate")
        self.memory.build_context("gate", NOON + 20)
        self.assertEqual(self.context("gate"), before)


class ClearanceTests(ContextCase):
    """Restricted text is shown to those who may see it."""

    def test_by_rank(self) -> None:
        """A fact for managers is shown to a manager and above, not below, not to nobody."""
        self.fact("salary", "the raise is 9 percent", min_authority=30)
        self.fact("office", "the raise of the roof is done")
        for role, seen in (
            (None, False),
            ("Sales Rep", False),
            ("HR Manager", True),
            ("CEO", True),
        ):
            asker = Asker("Ann", role)
            self.assertEqual("9 percent" in self.context("raise", asker=asker), seen, role)
            found = [hit.node.value for hit in self.memory.query("raise", 5, NOON, asker=asker)]
            self.assertEqual("the raise is 9 percent" in found, seen, role)

    def test_marker_in_the_text(self) -> None:
        """A marker that is read when the fact comes in is held against the asker's role."""
        self.fact("pricing", "[RESTRICTED: for VPs and above] the floor is $30k")
        self.assertNotIn("$30k", self.context("pricing", asker=Asker("Ann", "Account Executive")))
        self.assertIn("$30k", self.context("pricing", asker=Asker("Ann", "VP Sales")))


class ObservedFaultTests(ContextCase):
    """The reference's faults (memgine §4), each not ours."""

    def test_word_forms_and_punctuation(self) -> None:
        """`meeting?` finds what `meeting` does, so does `meetings`; `sea` is not Seattle."""
        self.fact("calendar", "the meeting is at noon in Seattle")
        for query in ("meeting", "meeting?", "meetings", "MEETING!"):
            self.assertEqual(len(bodies(self.memory, query)), 1, query)
        self.assertEqual(bodies(self.memory, "sea"), [])

    def test_more_than_five(self) -> None:
        """A query gives as many as it is asked for."""
        for number in range(30):
            self.fact(f"note {number}", f"the lamp in room {number} is lit")
        self.assertEqual(len(bodies(self.memory, "lamp", 20)), 20)

    def test_skills_are_no_facts(self) -> None:
        """A skill shows in no count, no query and no list of facts."""
        self.memory.skills.ingest(login("fill()"), at=NOON)
        self.assertEqual(self.memory.fact_count, 0)
        self.assertEqual(bodies(self.memory, "login sign"), [])
        self.assertNotIn("Current Facts", self.context("login sign"))

    def test_outdated_skill_is_not_printed(self) -> None:
        """A skill that was replaced is not in the context, nor is any skill's code."""
        for code in ("first()", "second()"):
            self.memory.skills.ingest(login(code), at=NOON)
        text = self.context("login")
        self.assertIn("## General Strategies\n- **log in**: sign in", text)
        self.assertEqual(text.count("log in"), 1)
        self.assertNotIn("()", text)

    def test_nothing_matches(self) -> None:
        """A query whose words are nowhere gives nothing, not the first facts."""
        self.fact("harbour", "the crane lifts forty tons")
        self.assertEqual(bodies(self.memory, "xylophone"), [])

    def test_dead_values_are_not_handed_back(self) -> None:
        """A value that was replaced is nowhere in the plain context, also not as `changed from`."""
        self.fact("city", "the fair is in Oslo")
        self.fact("city", "the fair is in Bergen", supersedes="city")
        text = self.context("where is the fair")
        self.assertIn("Bergen", text)
        self.assertNotIn("Oslo", text)

    def test_said_twice_is_printed_once(self) -> None:
        """A turn that only repeats a fact that is shown is left out."""
        self.fact("fair", "The fair opens on Monday in Bergen")
        self.memory.ingest_conversation("Ann", "the fair opens on Monday!", NOON)
        self.memory.ingest_conversation("Ann", "Tickets cost $20.", NOON)
        text = self.context("when does the fair open")
        self.assertEqual(text.count("on Monday"), 1)
        self.assertIn("Ann: Tickets cost $20.", text)
