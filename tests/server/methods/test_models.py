"""Tests of models.* as far as the wire goes; what models are is tested beside them."""

import json
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, succeed

from car.inference.errors import PullFailed
from car.inference.models import Delegated, ModelSchema
from car.inference.pull import Completed, Failed, PullSink, Started
from car.ir.json import JsonObject
from tests.inference.doubles import FakeKeys, make_models, model
from tests.server.doubles import ServerCase

ECHO: JsonObject = {
    "id": "lab/echo:1",
    "name": "echo",
    "provider": "lab",
    "family": "echo",
    "capabilities": ["generate"],
    "source": {"type": "delegated"},
    "context_length": 4096,
}

QWEN = "qwen/qwen3-0.6b:q8_0"


class FakePuller:
    """Tells what it would do, then fails if a test wants that."""

    def __init__(self) -> None:
        self.problem: PullFailed | None = None

    def pull(self, model: ModelSchema, sink: PullSink) -> "Deferred[Path]":
        """Begin, and end."""
        sink(Started(model.id, 1, 639.0))
        if self.problem is not None:
            sink(Failed(str(self.problem)))
            raise self.problem
        sink(Completed(model.id))
        return succeed(Path("/models/file.gguf"))


class ModelsCase(ServerCase):
    """A client of a daemon whose host runs one model."""

    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.mktemp()).absolute()
        self.puller = FakePuller()
        self.keys = FakeKeys()
        self.have_models(self.root)
        self.client = self.peer()

    def have_models(self, root: Path | None) -> None:
        """Give the server its models."""
        self.models = make_models(
            root,
            keys=self.keys,
            clock=self.clock,
            packaged=[model("lab/host:1", Delegated())],
            puller=self.puller,
            runner_connected=lambda: True,
        )
        self.state.inference.models = self.models

    def call(self, method: str, params: Any = None) -> Any:
        return self.client.call(method, params)


class ListTests(ModelsCase):
    """models.list, list_unified, search, upgrades."""

    def test_list(self) -> None:
        """The legacy rows of models with files, none of them here."""
        rows = self.call("models.list")
        self.assertIn("Qwen3-0.6B", [row["name"] for row in rows])
        self.assertEqual({row["downloaded"] for row in rows}, {False})

    def test_list_unified(self) -> None:
        """All models; a key that turns up shows at the next call."""
        for names, expected in (([], False), (["OPENAI_API_KEY"], True)):
            self.keys.names = names
            rows = {row["id"]: row for row in self.call("models.list_unified")}
            self.assertIs(rows["openai/gpt-4.1:latest"]["available"], expected)
            self.assertIs(rows["lab/host:1"]["available"], True)
        self.assertEqual(rows["openai/gpt-4.1:latest"]["cost"]["input_per_mtok"], 2.0)

    def test_search(self) -> None:
        """Members come in camel case; a null limit is none."""
        params = {"query": "qwen3", "localOnly": True, "availableOnly": False, "limit": 2}
        found = self.call("models.search", params)
        self.assertEqual((len(found["models"]), found["total"], found["remote"]), (2, 5, 0))
        everything = self.call("models.search", {"limit": None})
        self.assertEqual(everything["total"], len(self.call("models.list_unified")))
        self.assertEqual(self.client.error("models.search", {"limit": -1})["code"], -32602)

    def test_upgrades(self) -> None:
        """What could replace models in use."""
        self.assertEqual(self.call("models.upgrades"), {"upgrades": []})
        self.keys.names = ["OPENAI_API_KEY"]
        targets = [row["to_id"] for row in self.call("models.upgrades")["upgrades"]]
        self.assertIn("openai/gpt-4.1:latest", targets)


class RegisterTests(ModelsCase):
    """models.register and unregister."""

    def test_both_forms(self) -> None:
        """Bare or inside ``schema``; there at once, in the file that clients read."""
        for params in (ECHO, {"schema": {**ECHO, "trust_tier": "curated"}}):
            answer = self.call("models.register", params)
            path = str(self.root / "models.json")
            self.assertEqual(
                answer,
                {
                    "id": "lab/echo:1",
                    "registered": True,
                    "path": path,
                    "note": "visible immediately",
                },
            )
        ids = [row["id"] for row in self.call("models.list_unified")]
        self.assertEqual(ids.count("lab/echo:1"), 1)
        [row] = json.loads(Path(path).read_text("utf-8"))
        self.assertEqual((row["id"], row["trust_tier"]), ("lab/echo:1", "community"))

    def test_unregister(self) -> None:
        """By an object or the bare id; what is not registered is an error."""
        for params in ({"id": "lab/echo:1"}, "lab/echo:1"):
            self.call("models.register", ECHO)
            self.assertTrue(self.call("models.unregister", params)["unregistered"])
            error = self.client.error("models.unregister", params)
            self.assertEqual(error["code"], -32603)
            self.assertIn("model not found: lab/echo:1", error["message"])
        for wrong in (None, {}, 3, [1], {"id": 3}):
            self.assertEqual(self.client.error("models.unregister", wrong)["code"], -32602)

    def test_no_schema(self) -> None:
        """What is no schema is told by the member that is wrong (as official clients test it)."""
        tool = {"description": "d", "name": "echo2", "parameters": {"type": "object"}}
        for params, member in (
            ({"schema": tool}, "id"),
            ({"schema": None}, "id"),
            ({"schema": 3}, "object"),
            ({**ECHO, "source": {"type": "of_the_future"}}, "source"),
            ({**ECHO, "context_length": "long"}, "context_length"),
            (None, "id"),
            ([ECHO], ""),
        ):
            error = self.client.error("models.register", params)
            self.assertEqual(error["code"], -32602, params)
            self.assertIn(member, error["message"])
        self.assertIn("name", self.client.error("models.register", {**ECHO, "name": ""})["message"])

    def test_without_state(self) -> None:
        """A daemon that keeps nothing says so."""
        self.have_models(None)
        answer = self.call("models.register", ECHO)
        self.assertIsNone(answer["path"])
        self.assertIn("forgotten", answer["note"])
        self.assertIsNone(self.call("models.unregister", "lab/echo:1")["path"])


class RouteTests(ModelsCase):
    """models.route and stats."""

    def test_route(self) -> None:
        """A route explains itself."""
        route = self.call("models.route", {"prompt": "hello"})
        self.assertEqual((route["model_id"], route["model_name"]), ("lab/host:1", "host"))
        self.assertEqual((route["task"], route["complexity"]), ("generate", "simple"))
        self.assertEqual(route["fallbacks"], [])
        self.assertFalse(route["needs_compaction"])
        [candidate] = route["candidates"]
        self.assertEqual(
            sorted(candidate), ["in_band", "model_id", "reliability", "score", "selected"]
        )

    def test_intent(self) -> None:
        """The intent counts; nothing that will do is an error that says why."""
        intent = {"task": "code", "prefer_fast": True}
        route = self.call("models.route", {"prompt": "hello", "intent": intent})
        self.assertEqual(route["task"], "code")
        params = {"prompt": "hello", "intent": {"require": ["vision"]}}
        error = self.client.error("models.route", params)
        self.assertEqual(error["code"], -32603)
        self.assertIn("1 without vision", error["message"])
        wrong = {"prompt": "hello", "intent": {"task": "sing"}}
        self.assertEqual(self.client.error("models.route", wrong)["code"], -32602)
        self.assertEqual(self.client.error("models.route", {})["code"], -32602)

    def test_stats(self) -> None:
        """Profiles of what was called; none before."""
        self.assertEqual(self.call("models.stats"), {"profiles": []})
        one = model("lab/host:1", Delegated())
        self.models.observed(one, "generate", True, 40.0, None, "")
        [profile] = self.call("models.stats")["profiles"]
        self.assertEqual((profile["model_id"], profile["avg_latency_ms"]), ("lab/host:1", 40.0))
        self.later(60)


class PullTests(ModelsCase):
    """models.pull, install, remove."""

    def progress(self) -> list[str]:
        """The progress that came."""
        self.later()
        notices = [frame for frame in self.client.new() if "method" in frame]
        self.assertEqual({notice["method"] for notice in notices}, {"models.pull_progress"})
        self.assertEqual({n["params"]["model"] for n in notices}, {"Qwen3-0.6B"})
        return [notice["params"]["event"]["event"] for notice in notices]

    def test_pull(self) -> None:
        """The path in the end, progress before it."""
        id = self.client.send("models.pull", {"name": "Qwen3-0.6B"})
        frames = self.client.new()
        [answer] = [frame for frame in frames if frame.get("id") == id]
        self.assertEqual(answer["result"], {"path": "/models/file.gguf"})
        events = [f["params"]["event"]["event"] for f in frames if "method" in f]
        self.assertEqual(events, ["started", "completed"])
        self.assertEqual(frames[0]["params"]["event"]["total_mb"], 639.0)

    def test_failure(self) -> None:
        """A pull that fails is an error, after the event that says so."""
        self.puller.problem = PullFailed("the sum is wrong")
        self.client.send("models.pull", {"name": "Qwen3-0.6B"})
        *notices, answer = self.client.new()
        self.assertEqual(answer["error"]["message"], "the sum is wrong")
        self.assertEqual(answer["error"]["data"], {"code": "pull"})
        self.assertEqual(notices[-1]["params"]["event"]["event"], "failed")

    def test_unknown(self) -> None:
        """A model that nobody knows, and one without files."""
        error = self.client.error("models.pull", {"name": "nm"})
        self.assertIn("model not found: nm; the nearest are ", error["message"])
        error = self.client.error("models.pull", {"name": "o3"})
        self.assertIn("no files to pull", error["message"])

    def test_install(self) -> None:
        """Under any one of three names."""
        for member in ("id", "name", "model"):
            path = self.call("models.install", {member: QWEN})["path"]
            self.assertEqual(path, "/models/file.gguf")
        for params in ({}, {"id": QWEN, "name": QWEN}, {"id": ""}):
            self.assertEqual(self.client.error("models.install", params)["code"], -32602)

    def test_remove(self) -> None:
        """What was pulled is deleted; what was not is refused."""
        file = self.root / "models" / "Qwen3-0.6B-Q8_0.gguf"
        file.parent.mkdir(parents=True)
        file.write_bytes(b"GGUF")
        self.assertEqual(self.call("models.pull", {"name": QWEN}), {"path": str(file)})
        answer = self.call("models.remove", {"name": "Qwen3-0.6B"})
        self.assertEqual(answer, {"id": QWEN, "removed": True})
        self.assertFalse(file.exists())
        self.assertIn("not pulled", self.client.error("models.remove", {"id": "o3"})["message"])
