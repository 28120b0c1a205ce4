"""Tests of the skill book."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.errors import BrokenMemory
from car.memgine.graph import Graph
from car.memgine.skills.book import VERSIONS_KEPT, SkillBook
from car.memgine.skills.errors import InvalidSkill, UnknownSkill
from car.memgine.skills.gate import run_gate
from car.memgine.skills.records import Domain, SkillStats, Trigger
from tests.memgine.skills.making import AT, book, distilled, skill


class IngestTests(SynchronousTestCase):
    """SkillBook.ingest and its like."""

    def setUp(self) -> None:
        self.book = book()

    def test_node(self) -> None:
        """A skill is one node of the graph; its trigger is no node of its own."""
        self.assertEqual(self.book.ingest(skill(), at=AT), 0)
        self.assertEqual(self.book.ingest(skill("other"), at=AT), 1)
        node = self.book.graph.nodes[0]
        self.assertEqual(
            (node.kind, node.key, node.value), ("skill", "login", "sign in to the shop")
        )
        self.assertEqual((node.created_at, node.scope), (AT, "global"))

    def test_same_name(self) -> None:
        """The same name supersedes itself, raises the version and begins without outcomes."""
        self.book.ingest(skill(), at=AT)
        self.book.report("login", True)
        index = self.book.ingest(skill(code="new()"), at=AT + 1)
        self.assertEqual([row.version for row in self.book.rows()], [2])
        self.assertEqual(self.book.get("login").stats, SkillStats())
        old = self.book.graph.nodes[0]
        self.assertEqual(
            (old.kind, old.retirement, old.superseded_by, old.retired_at),
            ("skill_deprecated", "superseded", index, AT + 1),
        )
        (edge,) = self.book.graph.edges_from(index)
        self.assertEqual((edge.kind, edge.target), ("Supersedes", 0))

    def test_supersedes(self) -> None:
        """Another skill can be superseded by name; a name that nobody has is no error."""
        self.book.ingest(skill(), at=AT)
        self.book.ingest(skill("sign-in"), at=AT, supersedes="login")
        self.book.ingest(skill("third"), at=AT, supersedes="nobody")
        self.assertEqual([row.name for row in self.book.rows()], ["sign-in", "third"])
        self.assertEqual(self.book.get("sign-in").version, 1)

    def test_supersedes_itself(self) -> None:
        """Naming itself is what happens anyway."""
        self.book.ingest(skill(), at=AT)
        self.book.ingest(skill(), at=AT, supersedes="login")
        self.assertEqual(self.book.get("login").version, 2)

    def test_versions_kept(self) -> None:
        """The newest earlier versions stay in the graph, the others go."""
        for number in range(VERSIONS_KEPT + 5):
            self.book.ingest(skill(code=f"{number}"), at=AT + number)
        codes = [(node.data or {})["code"] for node in self.book.graph.by_key("login")]
        self.assertEqual(codes, [str(number) for number in range(4, VERSIONS_KEPT + 5)])
        self.assertEqual(self.book.get("login").version, VERSIONS_KEPT + 5)

    def test_candidate_name(self) -> None:
        """Names of candidates are not to be had, and then nothing of a list is taken."""
        self.assertRaises(InvalidSkill, self.book.ingest, skill("a@cand"), at=AT)
        both = [distilled("fine"), distilled("a@cand")]
        self.assertRaises(InvalidSkill, self.book.ingest_distilled, both, at=AT)
        self.assertRaises(InvalidSkill, self.book.ingest_provisional, both, at=AT)
        self.assertEqual(self.book.rows(), [])

    def test_distilled(self) -> None:
        """Distilled skills are active at once."""
        self.assertEqual(self.book.ingest_distilled([distilled("a"), distilled("b")], at=AT), 2)
        self.assertEqual([row.status for row in self.book.rows()], ["active", "active"])

    def test_provisional(self) -> None:
        """A candidate stands beside its incumbent, under its own key."""
        self.book.ingest(skill(), at=AT)
        self.assertEqual(
            self.book.ingest_provisional([distilled(code="new()")], at=AT, tenant="acme"), 1
        )
        meta = self.book.meta("login@cand")
        assert meta is not None
        self.assertEqual((meta.status, meta.incumbent), ("provisional", "login"))
        self.assertEqual(self.book.get("login@cand").tenant, "acme")
        self.assertEqual(self.book.get("login").code, "fill()")

    def test_provisional_again(self) -> None:
        """What brings no new code is passed over, and the candidate keeps its outcomes."""
        self.book.ingest(skill(), at=AT)
        self.assertEqual(self.book.ingest_provisional([distilled()], at=AT), 0)
        self.book.ingest_provisional([distilled(code="new()")], at=AT)
        self.book.report("login@cand", True)
        self.assertEqual(self.book.ingest_provisional([distilled(code="new()")], at=AT), 0)
        self.assertEqual(self.book.get("login@cand").stats.success_count, 1)


class FindTests(SynchronousTestCase):
    """SkillBook.find and for_query."""

    def setUp(self) -> None:
        self.book = book()
        self.book.ingest(skill(), at=AT)

    def names(self, limit: int = 9, **request: str) -> list[str]:
        return [found.name for found in self.book.find(limit=limit, **request)]

    def degrade(self, name: str) -> None:
        for _ in range(3):
            self.book.report(name, False)

    def test_found(self) -> None:
        """What is found has what clients read."""
        (found,) = self.book.find(persona="shopper", url="https://shop.test/a", task="log in")
        self.assertEqual(
            set(msgspec.to_builtins(found)),
            {"name", "code", "platform", "description", "stats", "match_score"},
        )
        self.assertEqual((found.name, found.code), ("login", "fill()"))

    def test_no_match(self) -> None:
        """Nothing is found where nothing matches, nor where nothing is asked."""
        self.assertEqual(self.names(task="bake bread"), [])
        self.assertEqual(self.names(), [])

    def test_limit(self) -> None:
        """One by default, as many as asked for at most, none of none."""
        self.book.ingest(skill("other"), at=AT)
        self.assertEqual(len(self.book.find(persona="shopper")), 1)
        self.assertEqual(len(self.names(persona="shopper")), 2)
        self.assertEqual(self.names(0, persona="shopper"), [])

    def test_ties(self) -> None:
        """Of equal scores the better record comes first, then the newer skill."""
        self.book.ingest(skill("newer"), at=AT + 1)
        self.assertEqual(self.names(persona="shopper"), ["newer", "login"])
        self.book.ingest(skill("same age"), at=AT + 1)
        self.assertEqual(self.names(persona="shopper")[0], "same age")
        self.book.report("login", True)
        self.assertEqual(self.names(persona="shopper")[0], "login")

    def test_left_out(self) -> None:
        """Degraded and superseded skills are not found."""
        self.degrade("login")
        self.assertEqual(self.names(task="log in"), [])
        self.assertEqual(self.book.for_query("log in", 3), [])
        self.assertEqual(len(self.book.rows()), 1)

    def test_candidates(self) -> None:
        """A candidate is found only while its incumbent does not work."""
        trigger = Trigger(task_keywords=["log"])
        self.book.ingest_provisional([distilled(code="new()", trigger=trigger)], at=AT)
        self.assertEqual(self.names(task="log in"), ["login"])
        self.degrade("login")
        self.assertEqual(self.names(task="log in"), ["login@cand"])

    def test_for_query(self) -> None:
        """For a context a skill is chosen by words alone."""
        self.assertEqual([s.name for s in self.book.for_query("How do I log in?", 3)], ["login"])
        self.assertEqual(self.book.for_query("What is the budget?", 3), [])


class OutcomeTests(SynchronousTestCase):
    """Reports, repairs, success rates, deployment."""

    def setUp(self) -> None:
        self.book = book()

    def outcomes(self, name: str, outcomes: str) -> None:
        for outcome in outcomes:
            self.book.report(name, outcome == "+")

    def test_unknown(self) -> None:
        """A skill that is not there is named in the error; asking for its meta is none."""
        problem = self.assertRaises(UnknownSkill, self.book.report, "ghost", True)
        self.assertEqual(str(problem), "skill 'ghost' not found")
        self.assertRaises(UnknownSkill, self.book.deploy, "ghost", None)
        self.assertRaises(UnknownSkill, self.book.withdraw, "ghost", at=AT)
        self.assertIsNone(self.book.meta("ghost"))
        self.assertIsNone(self.book.repair("ghost"))
        self.assertNotIn("ghost", self.book)

    def test_repair(self) -> None:
        """A broken skill can go back to the newest version that did work."""
        for code, outcomes in (("one()", "+"), ("two()", "++"), ("three()", ""), ("two()x", "")):
            self.book.ingest(skill(code=code), at=AT)
            self.outcomes("login", outcomes)
        self.assertIsNone(self.book.repair("login"))
        self.outcomes("login", "---")
        self.assertEqual(self.book.repair("login"), "two()")

    def test_no_repair(self) -> None:
        """A version that failed, or has the broken code, is no repair."""
        self.book.ingest(skill(code="same()"), at=AT)
        self.outcomes("login", "+")
        self.book.ingest(skill(code="bad()"), at=AT)
        self.outcomes("login", "+----")
        self.book.ingest(skill(code="same()"), at=AT)
        self.outcomes("login", "---")
        self.assertIsNone(self.book.repair("login"))

    def test_domains(self) -> None:
        """Domains below the threshold, by name; without outcomes there is nothing to say."""
        for name, domain, outcomes in (
            ("a", "web", "+--"),
            ("b", "web", "+"),
            ("c", "ops", "++-"),
            ("d", "idle", ""),
        ):
            self.book.ingest(skill(name, scope=Domain(domain)), at=AT)
            self.outcomes(name, outcomes)
        self.book.ingest(skill("e"), at=AT)
        self.outcomes("e", "-")
        self.assertEqual(self.book.domains_needing_evolution(), ["global", "web"])
        self.assertEqual(self.book.domains_needing_evolution(0.7), ["global", "ops", "web"])
        self.assertEqual(self.book.domains_needing_evolution(0), [])

    def test_candidates_do_not_count(self) -> None:
        """What a candidate does is not its domain's success rate."""
        self.book.ingest_provisional([distilled()], at=AT)
        self.outcomes("login@cand", "---")
        self.assertEqual(self.book.success_rates(), {})

    def test_rows(self) -> None:
        """A domain has its own skills and the global ones."""
        self.book.ingest(skill("everywhere"), at=AT)
        self.book.ingest(skill("web", scope=Domain("web")), at=AT)
        self.book.ingest(skill("ops", scope=Domain("ops")), at=AT)
        self.assertEqual([row.name for row in self.book.rows()], ["everywhere", "web", "ops"])
        self.assertEqual([row.name for row in self.book.rows("web")], ["everywhere", "web"])

    def test_deploy(self) -> None:
        """The tier is noted, and taken back."""
        self.book.ingest(skill(), at=AT)
        self.book.deploy("login", "read_only")
        meta = self.book.meta("login")
        assert meta is not None
        self.assertEqual(meta.deployment_tier, "read_only")
        self.book.deploy("login", None)
        self.assertNotIn("deployment_tier", msgspec.to_builtins(self.book.meta("login")))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("ingest", "provisional", "+", "-", "gate", "deploy")),
        st.sampled_from(("a", "b", "a@cand")),
        st.sampled_from(("x()", "y()")),
    ),
    max_size=25,
)


class RebuildTests(SynchronousTestCase):
    """A book made anew from the rows of its graph."""

    def act(self, found: SkillBook, what: str, name: str, code: str, at: float) -> None:
        if what == "ingest" and "@" not in name:
            found.ingest(skill(name, code), at=at)
        elif what == "provisional" and "@" not in name:
            found.ingest_provisional([distilled(name, code)], at=at)
        elif what == "gate":
            run_gate(found, at=at)
        elif what == "deploy" and name in found:
            found.deploy(name, "read_only")
        elif name in found:
            found.report(name, what == "+")

    def rebuilt(self, found: SkillBook) -> SkillBook:
        rows = [(row.key, row.value) for row in found.graph.rows() if row.value is not None]
        return SkillBook(Graph.from_rows(rows))

    @settings(max_examples=60)
    @given(STEPS)
    def test_same(self, steps: list[tuple[str, str, str]]) -> None:
        """The same skills stand, with the same outcomes, and the same are found."""
        live = book()
        for number, step in enumerate(steps):
            self.act(live, *step, at=AT + number)
        again = self.rebuilt(live)
        self.assertEqual(list(again.skills()), list(live.skills()))
        wanted: dict[str, Any] = {"persona": "shopper", "task": "log in", "limit": 9}
        self.assertEqual(again.find(**wanted), live.find(**wanted))
        self.assertEqual(again.repair("a"), live.repair("a"))

    def test_changes_are_kept(self) -> None:
        """Every change of a tracked graph is among its rows."""
        graph = Graph(tracked=True)
        live = SkillBook(graph)
        live.ingest(skill(), at=AT)
        graph.drain()
        live.report("login", True)
        self.assertIn("n0", [change.key for change in graph.drain()])

    def test_broken(self) -> None:
        """A node that holds no skill is a broken memory."""
        graph = Graph()
        graph.add_node("skill", "login", "", at=AT, data={"name": "login"})
        problem = self.assertRaises(BrokenMemory, SkillBook, graph)
        self.assertIn("node 0", str(problem))
