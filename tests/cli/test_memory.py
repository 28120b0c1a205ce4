"""Tests of car memory: on a file, against a told-what-to-say daemon, and against a real one."""

import json
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from car.cli import memory_sources
from car.cli.errors import CommandError
from car.client.errors import RpcError
from car.ir.json import JsonObject, JsonValue
from car.memgine import interchange
from car.memgine.memgine import Memgine
from tests.cli.running import CommandCase, DaemonCase, Ended
from tests.memgine.doubles import given_fact


def owls() -> Memgine:
    """A memory with a replaced fact and one that needs clearance."""
    memory = Memgine()
    given_fact(memory, "perch", "the owl sits in the oak", id="old")
    given_fact(memory, "perch", "the owl sits in the barn", id="new", supersedes="old")
    given_fact(memory, "nest", "the owl has four eggs", min_authority=30, tags=["eggs"])
    return memory


class FileCase(CommandCase):
    """Has an interchange file of owls."""

    def setUp(self) -> None:
        super().setUp()
        self.path = self.write("owls.json", interchange.dump(owls()).decode())

    def on_file(self, *argv: str) -> Ended:
        """Run a command of car memory on the file."""
        return self.run_here("memory", *argv, "--file", self.path)


class FileTests(FileCase):
    """--file: no daemon is asked."""

    def test_query(self) -> None:
        """What holds is found, a line each; --json has the wire's shape."""
        ended = self.on_file("query", "where is the perch")
        self.assertEqual(ended.out, "pattern  perch  the owl sits in the barn\n", ended)
        (hit,) = json.loads(self.on_file("query", "perch", "-k", "1", "--json").out)
        self.assertEqual(set(hit), {"subject", "body", "kind", "confidence"})

    def test_nothing_found(self) -> None:
        """A query whose words are nowhere prints nothing, and is no failure."""
        self.assertEqual(self.on_file("query", "submarine"), Ended(0, "", ""))

    def test_context(self) -> None:
        """The context is printed; --window and --fast are passed on."""
        ended = self.on_file("context", "perch", "--window", "8000", "--fast")
        self.assertIn("## Current Facts\n- [new] [usr] perch: the owl sits", ended.out)
        self.assertRefused(self.on_file("context", "perch", "--window", "0"), 1, "window")

    def test_history(self) -> None:
        """A subject's facts, newest first, with what became of them."""
        lines = self.on_file("history", "perch").out.splitlines()
        told = [line.split()[1:3] for line in lines]
        self.assertEqual(told, [["current", "new"], ["superseded", "old"]])
        by_id = self.on_file("history", "--id", "old", "--json")
        self.assertEqual(json.loads(by_id.out)[-1]["superseded_by"], "new")
        self.assertRefused(self.on_file("history", "lynx"), 1, "lynx")

    def test_add(self) -> None:
        """A fact is added and the file rewritten; a failure leaves it as it was."""
        ended = self.on_file("add", "perch", "she left", "--supersedes", "new", "--id", "gone")
        self.assertEqual(ended, Ended(0, "2 facts\n", ""))
        self.assertIn("she left", self.on_file("query", "perch").out)
        before = Path(self.path).read_bytes()
        ended = self.on_file("add", "perch", "she is back", "--supersedes", "none")
        self.assertRefused(ended, 1, "supersedes", "none")
        self.assertEqual(Path(self.path).read_bytes(), before)

    def test_add_begins_a_file(self) -> None:
        """add makes a file that is not there; constraints are marked."""
        self.path = str(self.directory / "fresh.json")
        self.assertEqual(
            self.on_file("add", "drums", "none here", "--kind", "constraint").status, 0
        )
        (item,) = json.loads(Path(self.path).read_text())
        self.assertEqual((item["kind"], item["subject"]), ("constraint", "drums"))

    def test_unwritable(self) -> None:
        """A directory that is not there is said in one line."""
        self.path = str(self.directory / "nowhere" / "fresh.json")
        self.assertRefused(self.on_file("add", "a", "b"), 1, "cannot be written")

    def test_bad_files(self) -> None:
        """A missing or broken file is usage; so are a daemon's options beside it."""
        self.assertRefused(
            self.run_here("memory", "query", "x", "--file", "nowhere"), 2, "nowhere", "No such"
        )
        broken = self.write("broken.json", '[{"subject": 1}]')
        ended = self.run_here("memory", "query", "x", "--file", broken)
        self.assertRefused(ended, 2, broken, "item 1", "subject")
        self.assertRefused(self.on_file("query", "x", "--namespace", "n"), 2, "--namespace")


class GraphTests(FileCase):
    """car memory graph."""

    def test_endings(self) -> None:
        """SVG or a page, by the ending; anything else is usage."""
        for name, begins in (("owls.svg", "<svg"), ("owls.html", "<!DOCTYPE html>")):
            path = self.directory / name
            ended = self.on_file("graph", str(path), "--query", "perch")
            self.assertEqual(ended.out, f"2 nodes, 1 edge: {path}\n", ended)
            self.assertTrue(path.read_text().startswith(begins))
        self.assertRefused(self.on_file("graph", "owls.png"), 2, ".html or .svg")

    def test_limit(self) -> None:
        """--limit bounds the nodes; below one is usage."""
        path = str(self.directory / "owls.svg")
        ended = self.on_file("graph", path, "--limit", "1", "--json")
        self.assertEqual(json.loads(ended.out), {"nodes": 1, "edges": 0})
        self.assertRefused(self.on_file("graph", path, "--limit", "0"), 2, "--limit")

    def test_nothing_found(self) -> None:
        """A query that finds nothing draws nothing."""
        path = self.directory / "owls.svg"
        ended = self.on_file("graph", str(path), "--query", "submarine")
        self.assertRefused(ended, 1, "submarine")
        self.assertFalse(path.exists())

    def test_without_networkx(self) -> None:
        """Without the layout library the remedy is one command."""
        with patch.dict(sys.modules, {"networkx": None}):
            for name in ("car.memgine.drawing", "car.memgine.drawing_page"):
                sys.modules.pop(name, None)
            ended = self.on_file("graph", str(self.directory / "owls.svg"))
        self.assertRefused(ended, 1, "networkx", "pip install", '[draw]"')


class TellingClient:
    """Records calls; answers by method, with a value or by raising."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.calls: list[tuple[str, JsonObject]] = []

    async def call(self, method: str, params: JsonObject, *, timeout: float = 0) -> JsonValue:
        """The answer to *method*."""
        self.calls.append((method, params))
        answer = self.answers.get(method)
        if callable(answer):
            answer = answer(params)
        if isinstance(answer, Exception):
            raise answer
        value: JsonValue = answer
        return value


class ToldDaemonCase(FileCase):
    """Commands speak to a TellingClient."""

    def setUp(self) -> None:
        super().setUp()
        self.answers: dict[str, Any] = {}
        self.client = TellingClient(self.answers)
        self.patch(memory_sources, "run_with_daemon", self.run_told)
        self.memory_directory = self.root / "memory"

    def run_told(self, url: str | None, work: Any) -> Any:
        """As run_with_daemon, without one."""
        try:
            work(self.client, None).send(None)
        except StopIteration as done:
            return done.value
        except RpcError as problem:
            raise CommandError(str(problem)) from None
        raise AssertionError("the work waits")

    def methods(self) -> list[str]:
        """What was called, in order."""
        return [method for method, _ in self.client.calls]


class DaemonWordsTests(ToldDaemonCase):
    """What is said to a daemon."""

    def test_namespace(self) -> None:
        """A namespace is bound before the call, with the token that there is."""
        self.answers["memory.query"] = []
        self.environ.update(CAR_AUTH_TOKEN="t")
        self.run_here("memory", "query", "x", "-k", "3", "--namespace", "owls")
        self.assertEqual(
            self.client.calls,
            [
                ("session.auth", {"token": "t", "memory_namespace": "owls"}),
                ("memory.query", {"query": "x", "k": 3}),
            ],
        )

    def test_nameless(self) -> None:
        """Without a namespace, adding says that it might not last."""
        self.answers["memory.add_fact"] = 1
        ended = self.run_here("memory", "add", "a", "b", "--json")
        self.assertEqual((ended.out, ended.err.count("--namespace")), ("1\n", 1))
        self.assertEqual(self.methods(), ["memory.add_fact"])

    def test_import(self) -> None:
        """Every fact that holds is added with what the wire can say of it."""
        self.answers.update({"memory.fact_count": 0, "memory.add_fact": 2})
        ended = self.run_here("memory", "import", self.path, "--namespace", "n")
        self.assertEqual(ended, Ended(0, "2 facts\n", ""))
        added = [params for method, params in self.client.calls if method == "memory.add_fact"]
        self.assertEqual([params["subject"] for params in added], ["perch", "nest"])
        self.assertEqual((added[0]["id"], "min_authority" in added[0]), ("new", False))
        self.assertEqual((added[1]["min_authority"], added[1]["tags"]), ("manager", ["eggs"]))

    def test_broken_import(self) -> None:
        """A broken file is refused before anything is said."""
        broken = self.write("broken.json", "{")
        self.assertRefused(self.run_here("memory", "import", broken), 2, broken)
        self.assertRefused(self.run_here("memory", "import", self.path, "--force"), 2, "--replace")
        self.assertEqual(self.client.calls, [])

    def test_replace(self) -> None:
        """--replace has the daemon load a file below its memory directory, which then goes."""

        def load(params: JsonObject) -> int:
            text = (self.memory_directory / str(params["path"])).read_bytes()
            self.assertEqual(text, Path(self.path).read_bytes())
            return 2

        self.answers["memory.load"] = load
        ended = self.run_here("memory", "import", self.path, "--replace", "--namespace", "n")
        self.assertEqual(ended, Ended(0, "2 facts\n", ""))
        self.assertEqual(list((self.memory_directory / "imports").iterdir()), [])
        self.assertIs(self.client.calls[-1][1]["force"], False)

    def test_replace_elsewhere(self) -> None:
        """A daemon that does not find the file may be on another machine."""
        self.answers["memory.load"] = lambda params: RpcError(-32603, f"no {params['path']}", None)
        ended = self.run_here("memory", "import", self.path, "--replace", "--namespace", "n")
        self.assertRefused(ended, 1, "daemon's machine", "CAR_HOME")

    def test_replace_refused(self) -> None:
        """What the daemon refuses is told as it said it."""
        self.answers["memory.load"] = RpcError(-32603, "this memory is shared", None)
        ended = self.run_here("memory", "import", self.path, "--replace", "--namespace", "n")
        self.assertRefused(ended, 1, "this memory is shared")
        self.assertNotIn("machine", ended.err)

    def persisted(self, params: JsonObject) -> int:
        """What a daemon of this machine does on memory.persist."""
        path = self.memory_directory / str(params["path"])
        path.parent.mkdir(parents=True)
        path.write_bytes(Path(self.path).read_bytes())
        return 2

    def test_export(self) -> None:
        """The daemon's file is copied and taken away."""
        self.answers["memory.persist"] = self.persisted
        target = self.directory / "out.json"
        ended = self.run_here("memory", "export", str(target), "--namespace", "n")
        self.assertEqual(ended, Ended(0, "2 facts\n", ""))
        self.assertEqual(target.read_bytes(), Path(self.path).read_bytes())
        self.assertEqual(list((self.memory_directory / "exports").iterdir()), [])

    def test_export_elsewhere(self) -> None:
        """A file that is not there is explained: the daemon is on another machine."""
        self.answers["memory.persist"] = 2
        ended = self.run_here("memory", "export", str(self.directory / "out.json"))
        self.assertRefused(ended, 1, "daemon's machine", "CAR_HOME")

    def test_graph(self) -> None:
        """The drawing is of the daemon's whole memory."""
        self.answers["memory.persist"] = self.persisted
        path = self.directory / "owls.svg"
        ended = self.run_here("memory", "graph", str(path), "--namespace", "n")
        self.assertEqual(ended.out, f"3 nodes, 1 edge: {path}\n", ended)


class RealDaemonTests(DaemonCase):
    """All of it, with a daemon in a process of its own."""

    def test_round(self) -> None:
        """Add, ask, export, replace and draw, in a namespace that lasts between commands."""
        here = ["--namespace", "owls"]

        def say(*argv: str) -> str:
            ended = self.run_child("memory", *argv, *here)
            self.assertEqual((ended.status, ended.err), (0, ""), ended)
            return ended.out

        self.assertEqual(say("add", "perch", "in the oak", "--id", "old"), "1 fact\n")
        self.assertEqual(say("add", "perch", "in the barn", "--supersedes", "old"), "1 fact\n")
        self.assertEqual(say("query", "perch"), "pattern  perch  in the barn\n")
        self.assertIn("superseded  old", say("history", "perch"))
        self.assertIn("perch: in the barn", say("context", "perch"))
        out, drawing = str(self.directory / "out.json"), str(self.directory / "owls.html")
        self.assertEqual(say("export", out), "1 fact\n")
        self.assertEqual(say("graph", drawing, "--query", "perch"), f"2 nodes, 1 edge: {drawing}\n")
        say("add", "food", "mice")
        self.assertEqual(say("import", out, "--replace"), "1 fact\n")
        self.assertEqual(say("query", "mice"), "")
        here[1] = "others"
        self.assertEqual(say("query", "perch"), "")
        self.assertEqual(say("import", out), "1 fact\n")

    def test_unreachable(self) -> None:
        """No daemon is status 3, with the remedy."""
        ended = self.run_child("memory", "query", "x", "--url", "ws://127.0.0.1:1")
        self.assertRefused(ended, 3, "twistd -n car")
