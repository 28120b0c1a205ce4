"""Tests of Models: its parts together, across restarts."""

from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.inference.errors import InvalidRequest, NoModel, UnsupportedMode
from car.inference.models import Delegated, Local, ModelSchema
from car.inference.prefs import PrefsChange
from car.inference.pull import Completed, PullEvent
from car.inference.records import Completion, GenerateRequest, Usage
from car.inference.service import Models
from car.ir.json import to_value
from tests.inference.doubles import FakeKeys, local, make_models, model

ANSWER = Completion("yes", usage=Usage(10, 5))


class FakePuller:
    """Brings files by writing them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pulled: list[str] = []

    def pull(self, model: ModelSchema, sink: Callable[[PullEvent], None]) -> "Deferred[Path]":
        """Write the file and say so."""
        assert isinstance(model.source, Local)
        self.pulled.append(model.id)
        path = self.root / "models" / model.source.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"GGUF")
        sink(Completed(model.id))
        return succeed(path)


class ModelsTests(SynchronousTestCase):
    """Models: choosing, learning, pulling, removing."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp()).absolute()
        self.clock = Clock()
        self.puller = FakePuller(self.root)
        self.models = self.open()

    def open(self, **members: Any) -> Models:
        """A service on the root, with a model that a runner runs."""
        return make_models(
            self.root,
            clock=self.clock,
            puller=self.puller,
            packaged=[model("lab/host:1", Delegated())],
            runner_connected=lambda: True,
            **members,
        )

    def result(self, what: "Deferred[Any] | Coroutine[Deferred[Any], Any, Any]") -> Any:
        return self.successResultOf(
            what if isinstance(what, Deferred) else Deferred.fromCoroutine(what)
        )

    def refusal(self, what: Coroutine["Deferred[Any]", Any, Any], kind: type[Exception]) -> str:
        return str(self.failureResultOf(Deferred.fromCoroutine(what), kind).value)

    def test_choose(self) -> None:
        """A usable model is chosen; a key makes others usable; a pin is taken as it is."""
        asked = GenerateRequest(prompt="hello")
        route = self.result(self.models.choose(asked))
        self.assertEqual((route.model.id, route.fallbacks), ("lab/host:1", []))
        self.models = self.open(keys=FakeKeys("ANTHROPIC_API_KEY"))
        self.assertTrue(self.result(self.models.choose(asked)).fallbacks)
        pinned = GenerateRequest(prompt="hello", model="gpt-4.1")
        self.assertEqual(self.result(self.models.choose(pinned)).model.id, "openai/gpt-4.1:latest")
        chosen = self.models.choose(GenerateRequest(prompt="hello", model="gpt-4.I"))
        self.assertIn("gpt-4.1", str(self.failureResultOf(chosen, NoModel).value))

    def test_choose_for(self) -> None:
        """Models for other purposes are chosen by capability."""
        keyed = self.open(keys=FakeKeys("OPENAI_API_KEY"))
        self.assertEqual(self.result(keyed.choose_for("embed", None)).provider, "openai")
        self.failureResultOf(self.models.choose_for("embed", None), NoModel)

    def test_together(self) -> None:
        """Many first calls at once read what was saved once, in threads that answer later."""
        waiting: list[Callable[[], None]] = []

        def later(function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
            done: Deferred[Any] = Deferred()
            waiting.append(partial(done.callback, function(*args)))
            return done

        self.models = Models(self.root, FakeKeys(), later, self.clock, packaged=list)
        asked = [self.models.choose(GenerateRequest(prompt="x", model="o3")) for _ in range(3)]
        while waiting:
            waiting.pop(0)()
        routes = self.result(gatherResults(asked))
        self.assertEqual([route.model.name for route in routes], ["o3"] * 3)

    def test_observed(self) -> None:
        """What was noted is in the stats and on the board, and survives the service's end."""
        found = self.result(self.models.snapshot()).find("host").model
        self.result(self.models.choose(GenerateRequest(prompt="x")))
        self.models.observed(found, "generate", True, 50.0, ANSWER, "t-1-1")
        self.models.observed(found, "generate", False, 10.0, None, "t-1-2")
        [row] = self.result(self.models.stats())
        self.assertEqual((row["total_calls"], row["success_rate"]), (2, 0.5))
        board = self.result(self.models.scoreboard())
        self.assertEqual((board["total_failures"], board["total_inconclusive"]), (1, 1))
        self.assertEqual(board["rows"][0]["total_input_tokens"], 10)
        self.models.startService()
        self.result(self.models.stopService())
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.result(self.open().stats()), [row])

    def test_observed_before_loading(self) -> None:
        """A call noted before anything was read is not lost to what is read."""
        found = self.result(self.models.snapshot()).find("host").model
        self.models.observed(found, "generate", True, 50.0, ANSWER, "t-1-1")
        self.assertEqual(len(self.result(self.models.stats())), 1)

    def test_preferences(self) -> None:
        """Preferences outlive the service."""
        prefs = self.result(self.models.preferences())
        self.result(prefs.change(PrefsChange(channel="latest")))
        again = self.result(self.open().preferences())
        self.assertEqual(again.update.channel, "latest")

    def test_pull_and_remove(self) -> None:
        """A pull brings what is not here, once; a removal takes it away again."""
        events: list[PullEvent] = []
        for _ in range(2):
            path = self.result(self.models.pull("Qwen3-0.6B", events.append))
            self.assertEqual(path, self.root / "models" / "Qwen3-0.6B-Q8_0.gguf")
        self.assertEqual(self.puller.pulled, ["qwen/qwen3-0.6b:q8_0"])
        self.assertEqual(events, [Completed("qwen/qwen3-0.6b:q8_0")])
        self.assertTrue(self.result(self.models.snapshot()).find("Qwen3-0.6B").weights_ready)
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(b"G")
        self.assertEqual(self.result(self.models.remove("Qwen3-0.6B")).name, "Qwen3-0.6B")
        self.assertFalse(path.exists() or part.exists())
        self.result(self.models.remove("Qwen3-0.6B"))

    def test_not_to_be_pulled(self) -> None:
        """Models without files, unknown ones, and daemons that do not pull."""
        events: list[PullEvent] = []
        sink = events.append
        self.assertIn(
            "no files to pull", self.refusal(self.models.pull("o3", sink), InvalidRequest)
        )
        self.refusal(self.models.pull("no-such", sink), NoModel)
        self.puller = None  # type: ignore[assignment]  # a daemon without one
        self.refusal(self.open().pull("Qwen3-0.6B", sink), UnsupportedMode)

    def test_not_to_be_removed(self) -> None:
        """Only what was pulled, and lies with us, is deleted."""
        elsewhere = Path(self.mktemp()).absolute()
        elsewhere.write_bytes(b"GGUF")
        for one in (
            local("lab/own:q4"),
            model("lab/far:q4", Local(path=str(elsewhere), url="https://far.example/x.gguf")),
        ):
            self.result(self.models.registry.register(to_value(one)))
            self.refusal(self.models.remove(one.id), InvalidRequest)
        self.refusal(self.models.remove("o3"), InvalidRequest)
        self.assertTrue(elsewhere.exists())
