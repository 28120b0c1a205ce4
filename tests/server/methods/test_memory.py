"""The ``memory.*`` methods, over a session."""

import json
from pathlib import Path

from car.ir.json import JsonObject, JsonValue
from car.proto import codes
from tests.server.doubles import EPOCH, ServerCase


class MemoryCase(ServerCase):
    """A server with a state root, and a client."""

    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.mktemp()).absolute()
        self.serve(state_dir=self.root)
        self.client = self.peer()

    def add(self, subject: str, body: str, **fields: JsonValue) -> JsonValue:
        """The count after a fact was added."""
        return self.client.call("memory.add_fact", {"subject": subject, "body": body, **fields})

    def found(self, query: str, k: int = 5) -> list[str]:
        """The bodies that a query finds."""
        rows = self.client.call("memory.query", {"query": query, "k": k})
        assert isinstance(rows, list)
        return [row["body"] for row in rows if isinstance(row, dict)]

    def refused(self, method: str, **params: JsonValue) -> str:
        """The sentence of a request that is wrong, -32602."""
        error = self.client.error(method, params)
        self.assertEqual(error["code"], codes.INVALID_PARAMS, error)
        return str(error["message"])


class FactTests(MemoryCase):
    """Adding, counting, finding."""

    def test_counts_up(self) -> None:
        """Each new fact counts, a duplicate does not; the count is an integer."""
        self.assertEqual(self.add("ci", "runs on pushes"), 1)
        self.assertEqual(self.add("cd", "deploys on tags"), 2)
        self.assertEqual(self.add("ci", "Runs on pushes"), 2)
        self.assertEqual(self.client.call("memory.fact_count"), 2)

    def test_query(self) -> None:
        """Rows have the four members; only a constraint's kind is special."""
        self.add("ci", "runs on pushes to main", kind="identity")
        self.add("ci", "must not run on fridays", kind="constraint")
        rows = self.client.call("memory.query", {"query": "when does ci run", "k": 5})
        assert isinstance(rows, list)
        self.assertEqual(
            {row["kind"] for row in rows if isinstance(row, dict)}, {"pattern", "constraint"}
        )
        for row in rows:
            assert isinstance(row, dict)
            self.assertEqual(set(row), {"subject", "body", "kind", "confidence"})
            confidence = row["confidence"]
            assert isinstance(confidence, float)
            self.assertTrue(0 < confidence < 1)

    def test_new_fields(self) -> None:
        """Supersession, ids, validity and clearance come in over the wire."""
        self.add("city", "Oslo", id="c")
        self.assertEqual(self.add("city", "Bergen", supersedes="c", fact_id="d"), 1)
        self.assertEqual(self.found("city"), ["Bergen"])
        self.add("gate", "code 4711", expires_at="2026-03-04T04:54:20Z")
        self.add("door", "code 0815", expires_at=EPOCH + 60)
        self.assertEqual(len(self.found("code")), 2)
        self.clock.advance(60)
        self.assertEqual(self.found("code"), [])
        self.add("raise", "nine percent", min_authority="manager")
        self.assertEqual(self.found("raise"), [])

    def test_what_official_clients_send(self) -> None:
        """0.6 sends three members, 0.58 five more."""
        self.assertEqual(self.add("a", "b", kind="pattern"), 1)
        self.assertEqual(
            self.add(
                "c", "d", kind="pattern", confidence=None, fact_id=None, source="user", tags=["x"]
            ),
            2,
        )

    def test_refused(self) -> None:
        """Each wrong member is named, and nothing is added."""
        self.assertIn("subject", self.refused("memory.add_fact", subject="", body="x"))
        self.assertIn("body", self.refused("memory.add_fact", subject="a"))
        self.assertIn(
            "supersedes: no fact has",
            self.refused("memory.add_fact", subject="a", body="b", supersedes="z"),
        )
        self.assertIn(
            "expires_at",
            self.refused("memory.add_fact", subject="a", body="b", expires_at="tomorrow"),
        )
        self.assertIn("k: expected 1", self.refused("memory.query", query="a", k=0))
        self.assertEqual(self.client.call("memory.fact_count"), 0)

    def test_a_memory_each(self) -> None:
        """Without a name and a shared graph, connections do not see one another's facts."""
        self.add("ci", "runs on pushes")
        self.assertEqual(self.peer().call("memory.fact_count"), 0)


class ContextTests(MemoryCase):
    """Contexts over the wire."""

    def test_text(self) -> None:
        """The documented text, the same twice."""
        self.add("no friday deploys", "ship before Thursday", kind="constraint")
        self.add("ci", "runs on pushes to main")
        params: JsonObject = {"query": "deploy ci", "model_context_window": 32_000}
        text = self.client.call("memory.build_context", params)
        self.assertEqual(
            text,
            "## ⚠️ Active Constraints (CHECK ALL)\n"
            "⚠️ [ws-0] no friday deploys: ship before Thursday\n\n"
            "## Current Facts\n- [ws-1] [usr] ci: runs on pushes to main",
        )
        self.assertEqual(self.client.call("memory.build_context", params), text)
        self.assertEqual(self.client.call("memory.build_context_fast", params), text)

    def test_window(self) -> None:
        """A window is a positive number of tokens."""
        self.assertIn(
            "model_context_window",
            self.refused("memory.build_context", query="a", model_context_window=0),
        )


class HistoryTests(MemoryCase):
    """What became of facts."""

    def test_rows(self) -> None:
        """Newest first, with what replaced what."""
        self.add("city", "Oslo", id="o", source="ann", valid_from=EPOCH)
        self.add("city", "Bergen", supersedes="o", id="b")
        rows = self.client.call("memory.history", {"subject": "city"})
        assert isinstance(rows, list)
        at = "2026-03-04T04:53:20.000000Z"
        self.assertEqual(
            rows,
            [
                {
                    "id": "b",
                    "subject": "city",
                    "body": "Bergen",
                    "status": "current",
                    "recorded_at": at,
                },
                {
                    "id": "o",
                    "subject": "city",
                    "body": "Oslo",
                    "status": "superseded",
                    "recorded_at": at,
                    "valid_from": at,
                    "retired_at": at,
                    "superseded_by": "b",
                    "source": "ann",
                },
            ],
        )
        newest = self.client.call("memory.history", {"id": "b", "limit": 1})
        self.assertEqual(newest, rows[:1])

    def test_refused(self) -> None:
        """One of subject and id, known, and a positive limit."""
        for params in (
            {},
            {"subject": "a", "id": "b"},
            {"subject": "nobody"},
            {"id": "x", "limit": 0},
        ):
            self.assertTrue(self.refused("memory.history", **params))


class FileTests(MemoryCase):
    """memory.persist and memory.load."""

    def test_round_trip(self) -> None:
        """What was written is what another connection loads, ids and validity included."""
        self.add("city", "Oslo", id="o")
        self.add("city", "Bergen", supersedes="o")
        self.add("never", "on fridays", kind="constraint")
        self.assertEqual(self.client.call("memory.persist", {"path": "deep/er/m.json"}), 2)
        path = self.root / "memory" / "deep" / "er" / "m.json"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        rows = json.loads(path.read_bytes())
        self.assertEqual([row["kind"] for row in rows], ["pattern", "constraint"])
        other = self.peer()
        self.assertEqual(other.call("memory.load", {"path": str(path)}), 2)
        history = other.call("memory.history", {"id": "o"})
        assert isinstance(history, list)
        self.assertEqual(len(history), 2)

    def test_previous_is_kept(self) -> None:
        """The file before stays beside the new one."""
        self.add("a", "one")
        self.client.call("memory.persist", {"path": "m.json"})
        self.add("b", "two")
        self.client.call("memory.persist", {"path": "m.json"})
        directory = self.root / "memory"
        self.assertEqual(sorted(p.name for p in directory.iterdir()), ["m.json", "m.json.previous"])
        self.assertEqual(len(json.loads((directory / "m.json.previous").read_bytes())), 1)

    def test_paths_out(self) -> None:
        """Nothing outside the memory directory is read or written, however it is named."""
        secret = self.root / "secret.json"
        self.root.mkdir(exist_ok=True)
        secret.write_text("[]")
        (self.root / "memory").mkdir()
        (self.root / "memory" / "link").symlink_to(self.root)
        for path in (
            "../secret.json",
            str(secret),
            "link/secret.json",
            "a/../../secret.json",
            "",
            "/",
            "x\0y",
        ):
            for method in ("memory.persist", "memory.load"):
                self.assertIn(f"{method} rejected path", self.refused(method, path=path), path)
        self.assertEqual(secret.read_text(), "[]")

    def test_broken_file_changes_nothing(self) -> None:
        """A file that is missing or no such array is told, and every fact is still there."""
        self.add("city", "Oslo")
        directory = self.root / "memory"
        directory.mkdir(parents=True, exist_ok=True)
        for name, text, words in (
            ("object.json", '{"facts": []}', "array"),
            ("half.json", '[{"subject": "a", "bo', "half.json"),
            ("typed.json", '[{"subject": "a", "body": 7, "kind": "pattern"}]', "item 1"),
        ):
            (directory / name).write_text(text)
            error = self.client.error("memory.load", {"path": name})
            self.assertIn(words, str(error["message"]))
        missing = self.client.error("memory.load", {"path": "nowhere.json"})
        self.assertIn("does not exist", str(missing["message"]))
        self.assertEqual(self.found("city"), ["Oslo"])

    def test_without_a_root(self) -> None:
        """A server that keeps nothing says so."""
        self.serve()
        error = self.peer().error("memory.persist", {"path": "m.json"})
        self.assertIn("no state root", str(error["message"]))
