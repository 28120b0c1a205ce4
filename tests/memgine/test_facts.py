"""Facts: duplicates, supersession, the cascade, retraction, authority, expiry, history."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from car.errors import CarError
from car.memgine.errors import InvalidFact, UnknownFact
from car.memgine.memgine import Memgine
from car.memgine.nodes import Node
from tests.memgine.doubles import NOON, add, bodies, given_fact


class MemoryCase(SynchronousTestCase):
    """A test of one memory."""

    def setUp(self) -> None:
        self.memory = Memgine()

    def fact(self, subject: str, body: str, **fields: Any) -> Node:
        """A fact put in."""
        return given_fact(self.memory, subject, body, **fields)

    def statuses(self, id: str, at: float = NOON) -> dict[str | None, str]:
        """What became of the facts around *id*, by their ids."""
        return {node.id: status for node, status in self.memory.history(id=id, at=at)}


class AddTests(MemoryCase):
    """What comes in, and what does not."""

    def test_ids(self) -> None:
        """Facts are numbered from 0; an id that is taken gets -2, then -3."""
        ids = [self.fact("a", str(n)).id for n in range(2)]
        ids += [self.fact("a", f"own {n}", id="mine").id for n in range(3)]
        self.assertEqual(ids, ["ws-0", "ws-1", "mine", "mine-2", "mine-3"])
        self.assertEqual(self.fact("a", "more").id, "ws-5")

    def test_duplicate_counts_as_used(self) -> None:
        """The same body again, but for case and spacing, adds no node and does not count."""
        first = self.fact("ci", "Runs on pushes")
        again = add(self.memory, "ci", "runs  on pushes.", at=NOON + 60)
        self.assertFalse(again.is_new)
        self.assertIs(again.node, first)
        self.assertEqual((first.usage_count, first.recorded_at), (1, NOON + 60))
        self.assertEqual(self.memory.fact_count, 1)

    def test_duplicate_of_what_fell_is_new(self) -> None:
        """A body that was replaced can be said again."""
        self.fact("colour", "red", id="r")
        self.fact("colour", "blue", supersedes="r")
        self.assertTrue(add(self.memory, "colour", "red", supersedes="colour").is_new)
        self.assertEqual(bodies(self.memory, "colour"), ["red"])

    def test_duplicate_becomes_a_constraint(self) -> None:
        """Said again as a constraint, a fact is one."""
        node = self.fact("spend", "at most $500")
        self.fact("spend", "at most $500", kind="constraint")
        self.assertTrue(node.is_constraint)
        self.assertIn("Active Constraints", self.memory.build_context("spend", NOON))

    def test_one_subject_is_linked(self) -> None:
        """Two facts of one subject both hold and are RelatedTo by one half."""
        older, newer = self.fact("ann", "likes tea"), self.fact("ann", "lives in Oslo")
        [edge] = self.memory.graph.edges_from(newer.index)
        self.assertEqual((edge.kind, edge.target, edge.weight), ("RelatedTo", older.index, 0.5))
        self.assertEqual(self.memory.fact_count, 2)

    def test_refused_whole(self) -> None:
        """An empty subject, or a name that no fact has, is refused and changes nothing."""
        wrong: list[tuple[dict[str, Any], type[CarError], str]] = [
            ({"subject": " "}, InvalidFact, "subject"),
            ({"subject": "a", "supersedes": "b"}, UnknownFact, "supersedes: no fact has the id"),
            ({"subject": "a", "depends_on": ["b"]}, UnknownFact, "depends_on"),
        ]
        for fields, error, words in wrong:
            with self.assertRaises(error) as caught:
                add(self.memory, body="x", **fields)
            self.assertIn(words, str(caught.exception))
        self.assertEqual(len(self.memory.graph.nodes), 0)


class SupersessionTests(MemoryCase):
    """New facts for old ones, and back."""

    def test_by_id_and_by_subject(self) -> None:
        """The fact with that id falls, else the newest valid one of that subject."""
        old = self.fact("city", "Oslo", id="c1")
        middle = self.fact("city", "Bergen", supersedes="c1")
        self.fact("city-now", "Tromsø", supersedes="city")
        self.assertEqual((old.kind, middle.kind), ("fact_superseded", "fact_superseded"))
        self.assertEqual(bodies(self.memory, "city"), ["Tromsø"])
        self.assertEqual(self.memory.fact_count, 1)

    def test_retract_revives(self) -> None:
        """Taking the newer fact back brings the older one back."""
        old = self.fact("city", "Oslo")
        new = self.fact("city", "Bergen", supersedes="city")
        self.assertEqual(self.memory.retract(new.id or "", NOON + 1), [old])
        self.assertTrue(old.live)
        self.assertIsNone(old.superseded_by)
        self.assertEqual(bodies(self.memory, "city"), ["Oslo"])

    def test_retract_in_the_middle(self) -> None:
        """What stands in a chain's place keeps the first down when the middle is taken back."""
        first = self.fact("city", "Oslo")
        middle = self.fact("city", "Bergen", supersedes="city")
        last = self.fact("city", "Bodø", supersedes="city")
        self.assertEqual(self.memory.retract(middle.id or "", NOON), [])
        self.assertFalse(first.live)
        revived = self.memory.retract(last.id or "", NOON)
        self.assertEqual(revived, [first])

    def test_replaced_twice(self) -> None:
        """A fact that two others replaced comes back only when both are gone."""
        old = self.fact("city", "Oslo", id="o")
        self.fact("city", "Bergen", supersedes="o", id="b")
        self.fact("city", "Bodø", supersedes="o", id="d")
        self.assertEqual(self.memory.retract("b", NOON), [])
        self.assertEqual(self.memory.retract("d", NOON), [old])

    def test_delete_leaves_nothing(self) -> None:
        """A fact that is deleted is in no history, and what it had replaced holds again."""
        self.fact("city", "Oslo", id="o")
        self.fact("city", "Bergen", supersedes="o", id="b")
        self.memory.delete("b", NOON)
        self.assertEqual(self.statuses("o"), {"o": "current"})
        self.assertIsNone(self.memory.graph.by_id("b"))

    def test_arrives_dead(self) -> None:
        """A fact that was not valid when it came is in the history alone."""
        self.fact("city", "Oslo", id="o", valid=False)
        self.assertEqual(self.memory.fact_count, 0)
        self.assertEqual(bodies(self.memory, "Oslo city"), [])
        self.assertEqual(self.statuses("o"), {"o": "superseded"})


class CascadeTests(MemoryCase):
    """What rests on a fact that falls."""

    def test_review_goes_up_the_chain_and_is_undone(self) -> None:
        """Dependents of dependents are under review until what they rest on holds again."""
        self.fact("budget", "$200", id="b")
        self.fact("plan", "buy two", id="p", depends_on=["b"])
        self.fact("order", "sent for two", id="o", depends_on=["p"])
        self.fact("budget", "$100", supersedes="b", id="b2")
        self.assertEqual(self.statuses("o"), {"o": "under_review"})
        context = self.memory.build_context("order plan budget", NOON)
        self.assertNotIn("buy two", context)
        self.assertIn("- [b2] [usr] budget: $100\n  ⚠️ RECALCULATE [p]: plan", context)
        self.memory.retract("b2", NOON)
        self.assertEqual(
            (self.statuses("o"), self.statuses("p")), ({"o": "current"}, {"p": "current"})
        )

    def test_conclusions_fall_and_rise(self) -> None:
        """A conclusion is invalid while a premise does not hold."""
        self.fact("rain", "it rains", id="r")
        node = self.memory.add_conclusion("ground", "the ground is wet", ["r"], NOON)
        self.fact("rain", "it is dry", supersedes="r", id="dry")
        self.assertEqual(node.kind, "conclusion_invalidated")
        self.assertEqual(bodies(self.memory, "ground wet"), [])
        self.memory.retract("dry", NOON)
        self.assertEqual(node.kind, "conclusion")
        self.assertEqual(bodies(self.memory, "ground wet")[0], "the ground is wet")

    def test_cycle(self) -> None:
        """Facts that rest on one another are reviewed and cleared like any others."""
        a, b = self.fact("a", "one", id="a"), self.fact("b", "two", id="b", depends_on=["a"])
        self.memory.graph.add_edge("DependsOn", a.index, b.index, at=NOON)
        stone = self.fact("base", "stone", id="s")
        self.memory.graph.add_edge("DependsOn", a.index, stone.index, at=NOON)
        self.fact("base", "sand", supersedes="s", id="t")
        self.assertEqual((a.needs_review, b.needs_review), (True, True))
        self.memory.retract("t", NOON)
        self.assertEqual((a.needs_review, b.needs_review), (False, False))


class AuthorityTests(MemoryCase):
    """Who may replace whose word."""

    def test_lower_does_not_retire_higher(self) -> None:
        """Both stay; the lower is overruled and not printed, until the higher is taken back."""
        self.fact("leave", "ten days", id="policy", authority="policy")
        self.fact("leave", "twenty days", id="peer", supersedes="policy", authority="peer")
        self.assertEqual(self.statuses("peer"), {"policy": "current", "peer": "overruled"})
        self.assertEqual(bodies(self.memory, "leave"), ["ten days"])
        self.assertNotIn("twenty", self.memory.build_context("leave", NOON))
        self.memory.retract("policy", NOON)
        self.assertEqual(bodies(self.memory, "leave"), ["twenty days"])

    def test_higher_retires_lower(self) -> None:
        """An executive's word replaces a peer's."""
        self.fact("leave", "ten days", authority="peer")
        self.fact("leave", "twenty days", supersedes="leave", authority="executive")
        self.assertEqual(bodies(self.memory, "leave"), ["twenty days"])


class ExpiryTests(MemoryCase):
    """Facts with an end, and with a beginning."""

    def test_out_from_the_instant(self) -> None:
        """A fact is out of queries and contexts from its end on, without consolidation."""
        self.fact("pass", "gate code 4711", id="g", expires_at=NOON + 60)
        self.assertEqual(bodies(self.memory, "gate code", at=NOON + 59), ["gate code 4711"])
        self.assertEqual(bodies(self.memory, "gate code", at=NOON + 60), [])
        self.assertNotIn("4711", self.memory.build_context("gate", NOON + 60))
        self.assertEqual(self.statuses("g", NOON + 60), {"g": "expired"})

    def test_leaves_the_count(self) -> None:
        """The count of valid facts drops what has expired when the next one comes."""
        self.fact("pass", "4711", expires_at=NOON + 60)
        self.fact("other", "stays", at=NOON + 61)
        self.assertEqual(self.memory.fact_count, 1)

    def test_not_yet(self) -> None:
        """A fact that is to hold later is not shown before."""
        self.fact("pass", "gate code 4711", valid_from=NOON + 60)
        self.assertEqual(bodies(self.memory, "gate code", at=NOON), [])
        self.assertEqual(bodies(self.memory, "gate code", at=NOON + 60), ["gate code 4711"])


class HistoryTests(MemoryCase):
    """What became of a fact."""

    def test_chain_and_subject(self) -> None:
        """By id the whole chain, by subject all of its facts; newest first, limited."""
        for city in ("Oslo", "Bergen", "Bodø"):
            self.fact("city", city, supersedes="city" if city != "Oslo" else None)
        by_id = [node.value for node, _ in self.memory.history(id="ws-1", at=NOON)]
        by_subject = [
            node.value for node, _ in self.memory.history(subject="city", at=NOON, limit=2)
        ]
        self.assertEqual(by_id, ["Bodø", "Bergen", "Oslo"])
        self.assertEqual(by_subject, ["Bodø", "Bergen"])

    def test_unknown(self) -> None:
        """A name that no fact has is told, with where it stood."""
        self.assertRaises(UnknownFact, self.memory.history, id="x", at=NOON)
        self.assertRaises(UnknownFact, self.memory.history, subject="x", at=NOON)


class EnvironmentTests(MemoryCase):
    """Signals."""

    def test_newest_replaces(self) -> None:
        """Only the newest value of a key is shown, five keys at most, newest first."""
        for number in range(7):
            self.memory.set_environment(f"s{number}", f"v{number}", NOON + number)
        self.memory.set_environment("s5", "fresh", NOON + 9)
        section = self.memory.build_context("anything", NOON + 10).split("## Environment\n")[1]
        self.assertEqual(
            section.splitlines(), ["- s5: fresh", "- s6: v6", "- s4: v4", "- s3: v3", "- s2: v2"]
        )
