"""Tests of the registry: what there is, what can be used, how it is found."""

import os
from collections.abc import Sequence
from importlib import util
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.inference.errors import InvalidRequest, NoModel
from car.inference.models import Delegated, Foreign, Local, ModelSchema, Ollama, RemoteApi
from car.inference.registry import AT_ONCE, LONGEST_ID, ModelRegistry, Snapshot
from car.inference.served import Served
from car.ir.json import to_value
from tests.inference.doubles import FakeKeys, known, local, model, nothing_served


class RegistryTests(SynchronousTestCase):
    """ModelRegistry: registrations and availability."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        self.keys = FakeKeys()
        self.clock = Clock()
        self.runner = False
        self.packaged: list[ModelSchema] = []
        self.patch(util, "find_spec", lambda name: name)
        self.registry = self.open(self.root)

    def open(self, root: Path | None) -> ModelRegistry:
        """A registry on that root."""
        return ModelRegistry(
            root,
            self.keys,
            maybeDeferred,
            self.clock,
            served=Served(lambda: 0.0, nothing_served),
            packaged=lambda: self.packaged,
            runner_connected=lambda: self.runner,
        )

    def look(self) -> Snapshot:
        return self.successResultOf(self.registry.snapshot())

    def register(self, one: ModelSchema) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.registry.register(to_value(one))))

    def available(self, model_id: str) -> bool:
        """Whether the model can be used now."""
        return self.look().find(model_id).available

    def test_effective_at_once(self) -> None:
        """A registration is there at once, for others on the same root too, and goes again."""
        self.register(model())
        for registry in (self.registry, self.open(self.root)):
            found = self.successResultOf(registry.snapshot())
            self.assertEqual(found.find("lab/echo:1").model.trust_tier, "community")
        self.successResultOf(Deferred.fromCoroutine(self.registry.unregister("lab/echo:1")))
        self.assertIsNone(self.look().get("lab/echo:1"))

    def test_over_the_catalogue(self) -> None:
        """A registration takes the place of a built-in model, until it goes."""
        self.register(model("openai/gpt-4.1:latest", context_length=7))
        self.assertEqual(self.look().find("gpt-4.1").model.context_length, 7)
        self.successResultOf(
            Deferred.fromCoroutine(self.registry.unregister("openai/gpt-4.1:latest"))
        )
        self.assertGreater(self.look().find("gpt-4.1").model.context_length, 7)

    def test_unregister_others(self) -> None:
        """What is built in or not known cannot be unregistered, each with its own sentence."""
        for model_id, told in (("openai/gpt-4.1:latest", "built in"), ("lab/x", "not found")):
            gone = Deferred.fromCoroutine(self.registry.unregister(model_id))
            self.assertIn(told, str(self.failureResultOf(gone, NoModel).value))

    def test_refused(self) -> None:
        """Ids and names of no use, and a negative context, are refused by their names."""
        for one, member in (
            (model(id=" ", name="x"), "id"),
            (model(name=""), "name"),
            (model(id="x" * (LONGEST_ID + 1), name="x"), "id"),
            (model(context_length=-1), "context_length"),
        ):
            refused = Deferred.fromCoroutine(self.registry.register(to_value(one)))
            self.assertIn(f"{member}:", str(self.failureResultOf(refused, InvalidRequest).value))

    def test_not_written(self) -> None:
        """A registration that cannot be written is refused with the file and the reason."""
        self.root.mkdir(parents=True)
        (self.root / "models.json").mkdir()
        refused = Deferred.fromCoroutine(self.registry.register(to_value(model())))
        self.assertIn("models.json", str(self.failureResultOf(refused, InvalidRequest).value))
        self.assertTrue(self.look().known)

    def test_keys(self) -> None:
        """A provider's models can be used while one of its keys is there; asked for in one go."""
        self.assertFalse(self.available("gemini-2.5-flash"))
        self.keys.names = ["GOOGLE_API_KEY"]
        self.assertTrue(self.available("gemini-2.5-flash"))
        self.assertFalse(self.available("claude-haiku-4-5"))
        asked = self.keys.asked[-1]
        self.assertEqual(len(self.keys.asked), 3)
        self.assertEqual(sorted(asked), sorted(set(asked)))

    def test_keyless(self) -> None:
        """Without a key's name an endpoint elsewhere is taken to answer; one here is asked."""
        self.register(model("lab/far:1", RemoteApi(endpoint="https://far.example/v1")))
        self.register(model("lab/here:1", RemoteApi(endpoint="http://localhost:9/v1")))
        self.register(model("lab/ollama:1", Ollama(model_tag="x")))
        self.assertTrue(self.available("lab/far:1"))
        self.assertFalse(self.available("lab/here:1"))
        self.assertFalse(self.available("lab/ollama:1"))

    def test_files(self) -> None:
        """A local model can be used once its file is there, and no longer when it is gone."""
        one = local("lab/small:q4")
        self.register(one)
        self.assertFalse(self.available(one.id))
        file = self.root / "models" / "small-q4.gguf"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"GGUF")
        entry = self.look().find(one.id)
        self.assertTrue(entry.available and entry.weights_ready)
        file.unlink()
        self.assertFalse(self.available(one.id))

    def test_missing_library(self) -> None:
        """A file without the library that runs it is there but cannot be used."""
        file = Path(self.mktemp()).absolute()
        file.write_bytes(b"GGUF")
        self.register(model("lab/abs:1", Local(path=str(file))))
        self.patch(util, "find_spec", lambda name: None)
        entry = self.look().find("lab/abs:1")
        self.assertEqual((entry.available, entry.weights_ready), (False, True))

    def test_one_library_of_two(self) -> None:
        """An ONNX model needs what splits its texts as well."""
        directory = Path(self.mktemp()).absolute()
        directory.mkdir()
        for name in ("model.onnx", "tokenizer.json"):
            (directory / name).write_bytes(b"x")
        self.register(model("lab/near:1", Local(path=str(directory), format="onnx")))
        self.assertTrue(self.available("lab/near:1"))
        for missing in ("onnxruntime", "tokenizers"):
            self.patch(util, "find_spec", lambda name, missing=missing: name != missing or None)
            self.assertFalse(self.available("lab/near:1"), missing)

    def test_runner(self) -> None:
        """A delegated model can be used while a runner is there; a foreign one never."""
        self.register(model("lab/host:1", Delegated()))
        self.register(model("lab/odd:1", Foreign()))
        self.assertFalse(self.available("lab/host:1"))
        self.runner = True
        self.assertTrue(self.available("lab/host:1"))
        self.assertFalse(self.available("lab/odd:1"))

    def test_packaged(self) -> None:
        """Models of installed packages are there from the beginning."""
        self.packaged = [model("pack/tiny:1", Delegated())]
        self.assertIn("pack/tiny:1", [entry.model.id for entry in self.look().known])

    def test_shared_looks(self) -> None:
        """Who asks during a look shares the next; a failure is told to all who shared it."""
        waiting: list[Deferred[list[Any]]] = []

        def slow_keys(names: Sequence[str]) -> "Deferred[list[Any]]":
            waiting.append(Deferred())
            return waiting[-1]

        self.patch(self.keys, "keys", slow_keys)
        asked = [self.registry.snapshot() for _ in range(4)]
        asked[3].cancel()
        self.failureResultOf(asked[3], CancelledError)
        self.assertEqual(len(waiting), 1)
        waiting[0].callback([("ANTHROPIC_API_KEY", "k")])
        self.assertTrue(self.successResultOf(asked[0]).find("claude-haiku-4-5").available)
        self.assertNoResult(asked[1])
        waiting[1].errback(OSError("no keyring"))
        for one in asked[1:3]:
            self.failureResultOf(one, OSError)
        self.assertEqual(len(waiting), 2)
        self.registry.snapshot()
        self.assertEqual(len(waiting), 3)

    def test_many_ask(self) -> None:
        """When many ask at once they are answered in several turns, none of them long."""
        waiting: list[Deferred[list[Any]]] = [Deferred(), Deferred()]
        answers = iter(waiting)
        self.patch(self.keys, "keys", lambda names: next(answers))
        asked = [self.registry.snapshot() for _ in range(AT_ONCE * 2 + 2)]
        for one in waiting:
            one.callback([])
        self.assertEqual(sum(one.called for one in asked), 1 + AT_ONCE)
        self.clock.advance(0)
        self.assertTrue(all(one.called for one in asked))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_without_root(self) -> None:
        """A daemon that keeps nothing holds registrations itself and writes no file."""
        self.registry = self.open(None)
        self.register(model())
        self.assertIsNotNone(self.look().get("lab/echo:1"))
        self.assertIsNone(self.registry.path)
        self.assertFalse(self.root.exists() and os.listdir(self.root))


class SnapshotTests(SynchronousTestCase):
    """Snapshot.find: ids, names, near misses."""

    def test_by_id_and_name(self) -> None:
        """An id is found as such; of several models of one name the one that can be used."""
        idle, busy = model("a/echo:1"), model("b/echo:1")
        both = Snapshot([known(idle, available=False), known(busy)])
        self.assertEqual(both.find("a/echo:1").model, idle)
        self.assertEqual(both.find("echo").model, busy)

    def test_nearest(self) -> None:
        """A name that is not known is told with the three nearest ids."""
        ids = ("openai/gpt-4.1:latest", "openai/gpt-4.1-mini:latest", "lab/echo:1", "lab/gpt-4:1")
        some = Snapshot([known(model(one)) for one in ids])
        told = str(self.assertRaises(NoModel, some.find, "gpt-4.1-minl"))
        self.assertTrue(told.startswith("model not found: gpt-4.1-minl; the nearest are "))
        self.assertEqual(told.count(", "), 2)
        self.assertIn("are openai/gpt-4.1-mini:latest, ", told)
        self.assertNotIn("echo", told)

    def test_nothing_near(self) -> None:
        """Without any model there is none to name; a long name is cut."""
        told = str(self.assertRaises(NoModel, Snapshot([]).find, "x" * 10_000))
        self.assertEqual(told, "model not found: " + "x" * LONGEST_ID)
