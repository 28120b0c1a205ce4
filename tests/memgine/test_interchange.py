"""Tests of car.memgine.interchange."""

import json
from typing import Any

from hypothesis import given, settings
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.errors import BrokenMemory
from car.memgine.interchange import dump, load
from car.memgine.memgine import Memgine
from car.memgine.shown import Asker
from car.memgine.skills.records import Skill
from tests.memgine.doubles import NOON, add, bodies, given_fact
from tests.memgine.histories import Event, histories, lived


def plain(subject: str, body: str, kind: str = "pattern", **more: Any) -> dict[str, Any]:
    """An item as the reference writes it."""
    return {
        "body": body,
        "content_type": "natural_language",
        "kind": kind,
        "subject": subject,
        **more,
    }


def loaded(*items: object) -> Memgine:
    """The memory in a file of these items."""
    return load(json.dumps(items).encode(), at=NOON)


class DumpTests(SynchronousTestCase):
    """dump."""

    def test_plain_form(self) -> None:
        """A fact and a constraint read as the reference's items, indented by two spaces."""
        memory = Memgine()
        given_fact(memory, "ci", "runs on é pushes")
        given_fact(memory, "budget", "at most $5000", kind="constraint")
        text = dump(memory).decode()
        self.assertTrue(text.startswith('[\n  {\n    "body": "runs on é pushes",\n'))
        items = json.loads(text)
        for item in items:
            del item["meta"]
        self.assertEqual(
            items,
            [
                plain("ci", "runs on é pushes"),
                plain("budget", "at most $5000", "constraint"),
            ],
        )

    def test_skill(self) -> None:
        """A skill's body is its record as JSON."""
        memory = Memgine()
        memory.skills.ingest(Skill(name="login", code="go()"), at=NOON)
        (item,) = json.loads(dump(memory))
        self.assertEqual((item["kind"], item["subject"]), ("skill", "login"))
        self.assertEqual(json.loads(item["body"])["code"], "go()")

    def test_dead_facts(self) -> None:
        """A fact that was replaced is no item: the reference would take it for one that holds."""
        memory = Memgine()
        given_fact(memory, "venue", "the hall")
        given_fact(memory, "venue", "the library", supersedes="venue")
        self.assertEqual([item["body"] for item in json.loads(dump(memory))], ["the library"])

    def test_empty(self) -> None:
        """An empty memory is an empty array."""
        self.assertEqual(dump(Memgine()), b"[]")

    def test_turns_only(self) -> None:
        """A memory that holds only turns is kept whole, and brings no fact with it."""
        memory = Memgine()
        memory.ingest_conversation("Ana", "We meet on Friday.", NOON)
        again = load(dump(memory))
        self.assertEqual(again.fact_count, 0)
        self.assertEqual(
            [node.value for node in again.graph.nodes.values()], ["We meet on Friday."]
        )


class RoundTripTests(SynchronousTestCase):
    """load(dump(...))."""

    @settings(deadline=None, max_examples=60)
    @given(histories())
    def test_whole(self, history: list[Event]) -> None:
        """What is loaded is the graph that was dumped, and is dumped as the same bytes."""
        memory = lived(history)
        text = dump(memory)
        again = load(text)
        self.assertEqual(
            {row.key: row.value for row in again.graph.rows()},
            {row.key: row.value for row in memory.graph.rows()},
        )
        self.assertEqual(dump(again), text)
        self.assertEqual(list(again.skills.skills()), list(memory.skills.skills()))

    def test_edited_by_hand(self) -> None:
        """What a hand changes in the plain members counts, and an item may be added."""
        memory = Memgine()
        given_fact(memory, "venue", "the hall", id="v")
        items = json.loads(dump(memory))
        items[0].update(body="the library", kind="constraint")
        items.append(plain("ci", "runs on pushes"))
        again = loaded(*items)
        self.assertEqual(bodies(again, "venue library"), ["the library"])
        node = again.graph.by_id("v")
        self.assertTrue(node is not None and node.is_constraint)
        self.assertEqual(bodies(again, "ci pushes"), ["runs on pushes"])
        self.assertEqual(again.fact_count, 2)


class PlainTests(SynchronousTestCase):
    """Files of the reference."""

    def test_facts(self) -> None:
        """Facts get ids in their order; any kind but constraint is an ordinary fact."""
        memory = loaded(plain("a", "one"), plain("b", "two", "constraint"), plain("c", "3", "x"))
        nodes = list(memory.graph.nodes.values())
        self.assertEqual([node.id for node in nodes], ["loaded-0", "loaded-1", "loaded-2"])
        self.assertEqual([node.is_constraint for node in nodes], [False, True, False])
        self.assertEqual(nodes[2].label, "x")
        self.assertEqual({node.created_at for node in nodes}, {NOON})

    def test_no_content_type(self) -> None:
        """An item without a content type is natural language."""
        self.assertEqual(loaded({"body": "b", "kind": "pattern", "subject": "s"}).fact_count, 1)

    def test_same_subject(self) -> None:
        """Facts of one subject are linked, each to the one before it."""
        memory = loaded(plain("a", "one"), plain("b", "two"), plain("a", "three"))
        self.assertEqual(
            [(edge.kind, edge.target, edge.weight) for edge in memory.graph.edges_from(2)],
            [("RelatedTo", 0, 0.5)],
        )

    def test_restricted(self) -> None:
        """A fact that is marked as restricted is not shown to everybody after a load."""
        memory = loaded(plain("salary", "[Restricted: directors only] the band is B4"))
        self.assertEqual(bodies(memory, "salary band"), [])
        memory.set_identity(Asker(role="Director"), NOON)
        self.assertEqual(len(bodies(memory, "salary band")), 1)

    def test_skills(self) -> None:
        """A skill comes in by its record; the second of a name replaces the first."""
        first = json.dumps({"name": "login", "code": "one()"})
        second = json.dumps({"name": "login", "code": "two()"})
        memory = loaded(plain("login", first, "skill"), plain("login", second, "skill"))
        self.assertEqual(memory.skills.get("login").code, "two()")
        self.assertEqual(len(list(memory.skills.skills())), 1)

    def test_next_ids(self) -> None:
        """Facts added after a load get ids that are free, and the tracked changes are theirs."""
        text = json.dumps([plain("a", "one")]).encode()
        memory = load(text, tracked=True, prefix="ws")
        self.assertEqual(memory.drain(), [])
        self.assertEqual(add(memory, "b", "two").node.id, "ws-1")
        self.assertEqual([change.key for change in memory.drain()], ["n1", "m#next"])


class BrokenTests(SynchronousTestCase):
    """Files that are no memory: each is refused with the place of the fault."""

    def assert_broken(self, text: str | bytes, *words: str) -> None:
        """Loading *text* fails with a message that has all *words*."""
        raw = text.encode() if isinstance(text, str) else text
        problem = self.assertRaises(BrokenMemory, load, raw)
        for word in words:
            self.assertIn(word, str(problem))

    def test_no_json(self) -> None:
        """Text that is not JSON, or not UTF-8."""
        self.assert_broken("[", "JSON")
        self.assert_broken("", "JSON")
        self.assert_broken(b'[{"body": "\xff"}]')

    def test_no_array(self) -> None:
        """Another JSON value than an array."""
        self.assert_broken("{}", "array")
        self.assert_broken("null", "array")
        self.assert_broken("[3]", "item 1")

    def test_wrong_member(self) -> None:
        """A member that is missing or of another type is named with its item."""
        good = plain("a", "b")
        self.assert_broken(json.dumps([good, {**good, "body": 3}]), "item 2", "body")
        self.assert_broken(json.dumps([{"body": "b", "kind": "pattern"}]), "item 1", "subject")
        self.assert_broken(json.dumps([{**good, "content_type": "x"}]), "item 1", "content_type")

    def test_wrong_skill(self) -> None:
        """A skill whose body is no skill's record."""
        self.assert_broken(json.dumps([plain("s", "go()", "skill")]), "item 1", "body")
        self.assert_broken(json.dumps([plain("s", '{"name": "s"}', "skill")]), "body", "code")
        candidate = json.dumps({"name": "s@cand", "code": ""})
        self.assert_broken(json.dumps([plain("s", candidate, "skill")]), "item 1", "candidate")

    def test_wrong_meta(self) -> None:
        """A meta of another shape, an id or index that stands twice."""
        memory = Memgine()
        given_fact(memory, "a", "one", id="x")
        given_fact(memory, "b", "two", id="y")
        for path, value, words in (
            (("meta",), 3, ("item 2", "meta")),
            (("meta", "node", "index"), "1", ("item 2", "meta.node.index")),
            (("meta", "node", "index"), 0, ("item 2", "meta.node.index", "another")),
            (("meta", "node", "id"), "x", ("item 2", "meta.node.id", "another")),
            (("meta", "node", "retired_at"), 1.0, ("item 2", "retired_at")),
            (("meta", "rest"), {}, ("item 2", "meta.rest")),
        ):
            items = json.loads(dump(memory))
            where = items[1]
            for name in path[:-1]:
                where = where[name]
            where[path[-1]] = value
            self.assert_broken(json.dumps(items), *words)

    def test_wrong_rest(self) -> None:
        """Rows that do not decode, are of no known kind, or lead nowhere."""
        memory = Memgine()
        given_fact(memory, "a", "one")
        edge = {"kind": "DependsOn", "source": 0, "target": 9, "created_at": 0}
        for key, value in (
            ("e0:DependsOn:9", edge),
            ("e0:DependsOn:0", 3),
            ("n7", {"index": "7"}),
            ("m#next", "x"),
            ("x", 1),
        ):
            items = json.loads(dump(memory))
            items[0]["meta"]["rest"][key] = value
            self.assert_broken(json.dumps(items), "item 1", "meta.rest", key)
