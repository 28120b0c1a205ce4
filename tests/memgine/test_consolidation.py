"""Tests of car.memgine.consolidation."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.consolidation import CONTRADICTIONS, Consolidation, Report, consolidate
from car.memgine.memgine import Memgine
from car.memgine.skills.records import DistilledSkill
from tests.memgine.doubles import NOON, add, bodies, given_fact
from tests.memgine.histories import Event, happen, histories, lived

LATER = NOON + 1_000


def done(report: Report) -> dict[str, object]:
    """What a consolidation did, without the totals; nothing where it did nothing."""
    totals = ("total_nodes", "total_edges", "embedding_coverage")
    fields = msgspec.to_builtins(report)
    return {name: value for name, value in fields.items() if value and name not in totals}


class ReportTests(SynchronousTestCase):
    """Report."""

    def test_fields(self) -> None:
        """The fields are the reference's, in its order."""
        self.assertEqual(
            list(msgspec.to_builtins(consolidate(Memgine(), NOON))),
            [
                "expired_pruned",
                "superseded_gc",
                "stale_embeddings_removed",
                "nodes_embedded",
                "domains_evolved",
                "total_nodes",
                "total_edges",
                "embedding_coverage",
                "trajectory_insights",
                "model_insights",
                "turns_compacted",
                "summaries_created",
                "conv_facts_extracted",
                "candidates_promoted",
                "candidates_rejected",
            ],
        )

    def test_totals(self) -> None:
        """The totals are those of the graph afterwards."""
        memory = Memgine()
        given_fact(memory, "a", "one")
        given_fact(memory, "a", "two", supersedes="a")
        report = consolidate(memory, LATER)
        self.assertEqual((report.total_nodes, report.total_edges), (2, memory.graph.edge_count))


class PruneTests(SynchronousTestCase):
    """What has expired."""

    def setUp(self) -> None:
        """A memory with a fact that ends."""
        self.memory = Memgine()
        self.pass_ = given_fact(self.memory, "pass", "the code is 7741", expires_at=NOON + 60)

    def test_expired(self) -> None:
        """A fact goes at the instant of its end, not before."""
        self.assertEqual(done(consolidate(self.memory, NOON + 59.9)), {})
        self.assertEqual(done(consolidate(self.memory, NOON + 60)), {"expired_pruned": 1})
        self.assertEqual(self.memory.graph.nodes, {})
        self.assertEqual(self.memory.fact_count, 0)

    def test_needed(self) -> None:
        """One that something rests on stays until that goes."""
        user = given_fact(self.memory, "door", "opens with the code", depends_on=["pass"])
        self.assertEqual(done(consolidate(self.memory, LATER)), {})
        self.memory.retract(user.id or "", LATER)
        self.assertEqual(done(consolidate(self.memory, LATER)), {"expired_pruned": 1})

    def test_expired_together(self) -> None:
        """One that has expired holds nothing else back."""
        given_fact(self.memory, "door", "opens with it", depends_on=["pass"], expires_at=NOON + 90)
        self.assertEqual(done(consolidate(self.memory, LATER)), {"expired_pruned": 2})

    def test_turn(self) -> None:
        """The turns around one that expired are neighbours."""
        turns = [
            self.memory.conversation.add("Ana", text, NOON + 1) for text in ("one", "two", "three")
        ]
        self.memory.graph.update(turns[1], expires_at=NOON + 2)
        consolidate(self.memory, LATER)
        (edge,) = self.memory.graph.edges_from(turns[0].index)
        self.assertEqual(edge.target, turns[2].index)


class ChainTests(SynchronousTestCase):
    """Facts that were replaced again and again."""

    def setUp(self) -> None:
        """A venue that was changed six times."""
        self.memory = Memgine()
        self.venues = [given_fact(self.memory, "venue", "hall 0")]
        for number in range(1, 7):
            self.venues.append(
                given_fact(self.memory, "venue", f"hall {number}", supersedes="venue")
            )

    def test_cut(self) -> None:
        """The last three predecessors stay, and can hold again."""
        self.assertEqual(done(consolidate(self.memory, LATER)), {"superseded_gc": 3})
        left = [node.value for node in self.memory.graph.nodes.values()]
        self.assertEqual(left, ["hall 3", "hall 4", "hall 5", "hall 6"])
        self.memory.retract("venue", LATER)
        self.assertEqual(bodies(self.memory, "venue"), ["hall 5"])

    def test_needed(self) -> None:
        """One that something that holds rests on stays."""
        self.memory.graph.add_node("fact", "catering", "for the hall", at=NOON, id="x")
        user = self.memory.graph.by_id("x")
        assert user is not None
        self.memory.graph.add_edge("DependsOn", user.index, self.venues[1].index, at=NOON)
        self.assertEqual(done(consolidate(self.memory, LATER)), {"superseded_gc": 2})
        self.assertIn(self.venues[1].index, self.memory.graph.nodes)

    def test_signals(self) -> None:
        """Of a signal's old values the last three stay."""
        memory = Memgine()
        for number in range(10):
            memory.set_environment("load", f"{number}", NOON + number)
        self.assertEqual(done(consolidate(memory, LATER)), {"superseded_gc": 6})
        self.assertEqual([node.value for node in memory.knowledge.signals()], ["9"])


class DoubleTests(SynchronousTestCase):
    """Facts that are there twice."""

    def setUp(self) -> None:
        """A memory with one fact twice, as a file of the reference may have it."""
        self.memory = Memgine()
        self.old = given_fact(self.memory, "ci", "runs on pushes", tags=["a"])
        self.new = given_fact(self.memory, "ci", "runs on merges", tags=["b"])
        self.memory.graph.update(self.new, value="Runs on  pushes.", shown=None)

    def test_joined(self) -> None:
        """The newer stands for both: tags, uses, and what rested on the older."""
        user = given_fact(self.memory, "docs", "say when ci runs", depends_on=[self.old.id])
        self.assertEqual(done(consolidate(self.memory, LATER)), {"superseded_gc": 1})
        self.assertEqual(self.new.tags, ("a", "b"))
        self.assertEqual(self.new.usage_count, 1)
        self.assertEqual(self.memory.fact_count, 2)
        self.assertEqual(
            [(edge.kind, edge.target) for edge in self.memory.graph.edges_from(user.index)],
            [("DependsOn", self.new.index)],
        )

    def test_constraint(self) -> None:
        """A constraint stays one."""
        self.memory.knowledge.constrain(self.old)
        consolidate(self.memory, LATER)
        self.assertTrue(self.new.is_constraint)
        self.assertEqual(list(self.memory.knowledge.constraints), [self.new.index])

    def test_strangers(self) -> None:
        """Other scopes or clearances make other facts."""
        self.memory.graph.update(self.new, min_authority=40)
        self.assertEqual(done(consolidate(self.memory, LATER)), {})

    def test_contradiction(self) -> None:
        """Two facts of one subject with different amounts are noted, once."""
        memory = Memgine()
        given_fact(memory, "budget", "It is $5,000", id="a")
        given_fact(memory, "budget", "It is $7,000", id="b")
        given_fact(memory, "budget", "Mira keeps it", id="c")
        consolidate(memory, LATER)
        self.assertEqual(memory.graph.setting(CONTRADICTIONS), [["a", "b"]])


class SkillTests(SynchronousTestCase):
    """Candidates of skills."""

    def test_gate(self) -> None:
        """A candidate that has proven itself is promoted, one that failed is given up."""
        memory = Memgine()
        skills = [DistilledSkill(name="good", code="1"), DistilledSkill(name="bad", code="2")]
        memory.skills.ingest_provisional(skills, at=NOON)
        for _ in range(8):
            memory.skills.report("good@cand", True)
            memory.skills.report("bad@cand", False)
        report = consolidate(memory, LATER)
        self.assertEqual(list(report.candidates_promoted), ["good@cand"])
        self.assertEqual(list(report.candidates_rejected), ["bad@cand"])
        self.assertEqual(done(consolidate(memory, LATER)), {})


class StepTests(SynchronousTestCase):
    """Consolidation a step at a time, and twice."""

    @settings(deadline=None, max_examples=60)
    @given(histories(40), st.sampled_from((NOON + 100, NOON + 2e6)))
    def test_twice(self, history: list[Event], at: float) -> None:
        """A second run finds nothing to do, and the first leaves a sound graph."""
        memory = lived(history * 3)
        consolidate(memory, at)
        rows = [(row.key, row.value) for row in memory.graph.rows()]
        self.assertEqual(done(consolidate(memory, at)), {})
        self.assertEqual([(row.key, row.value) for row in memory.graph.rows()], rows)
        kept = [(key, value) for key, value in rows if value is not None]
        self.assertEqual(
            Memgine.from_rows(kept).fact_count, len(list(memory.graph.of_kind("fact")))
        )

    @settings(deadline=None, max_examples=40)
    @given(histories(40), histories(20), st.integers(1, 7))
    def test_changed_meanwhile(
        self, before: list[Event], meanwhile: list[Event], every: int
    ) -> None:
        """What happens between two bits of the work does it no harm."""
        memory = lived(before * 3)
        consolidation = Consolidation(memory, LATER)
        work, waiting = consolidation._phases(), list(meanwhile)
        for number, _ in enumerate(work):
            if waiting and number % every == 0:
                happen(memory, waiting.pop(), LATER + number)
        for node in list(memory.graph.nodes.values()):
            for edge in memory.graph.edges_from(node.index):
                self.assertIn(edge.target, memory.graph.nodes)
        memory.build_context("budget", LATER)
        consolidate(memory, LATER)
        self.assertEqual(done(consolidate(memory, LATER)), {})

    def test_conversation(self) -> None:
        """A long conversation is compacted on the way, and its reader is told."""
        memory = Memgine()
        for number in range(60):
            memory.conversation.add("Ana", f"Table {number} is laid.", NOON + 2 * number)
            memory.conversation.add("Ben", "ok", NOON + 2 * number + 1)
        told: list[int] = []
        report = consolidate(memory, LATER, lambda node, gone: told.extend(gone))
        self.assertEqual(report.summaries_created, 1)
        self.assertEqual(report.turns_compacted, 60 + 54)
        self.assertEqual(len(told), 56)

    def test_steps(self) -> None:
        """A large memory takes many steps, a small one the first."""
        memory = Memgine()
        add(memory, "a", "one")
        self.assertFalse(Consolidation(memory, LATER).step())
        for number in range(3_000):
            memory.graph.add_node("fact", f"s{number}", "b", at=NOON)
        consolidation = Consolidation(memory, LATER)
        steps = 1
        while consolidation.step():
            steps += 1
        self.assertGreater(steps, 5)
        self.assertEqual(consolidation.report.total_nodes, 3_001)
