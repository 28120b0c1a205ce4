"""Tests of choosing models: what is left out, what is preferred, what is learnt."""

from collections import Counter
from random import Random
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.inference.errors import NoModel
from car.inference.models import Cost, ModelSchema, Performance
from car.inference.profiles import Observation, Profiles
from car.inference.records import GenerateParams, GenerateRequest, IntentHint
from car.inference.registry import Snapshot
from car.inference.router import FALLBACKS, Route, Router
from tests.inference.doubles import known, local, model, snapshot

FRONTIER = model("a/frontier:1", tags=["frontier"], cost=Cost(5.0, 25.0))
FAST = model("b/fast:1", tags=["fast"], cost=Cost(0.1, 0.4))
HERE = local("c/here:q4", param_count="8B", cost=Cost(size_mb=5_000.0))
ALL = (FRONTIER, FAST, HERE)


def request(prompt: str = "hello", max_tokens: int = 256, **intent: Any) -> GenerateRequest:
    """A request with that intent."""
    params = GenerateParams(max_tokens=max_tokens)
    return GenerateRequest(prompt=prompt, intent=IntentHint(**intent), params=params)


class RouterCase(SynchronousTestCase):
    """A router with a seed and no history."""

    def setUp(self) -> None:
        self.profiles = Profiles(None, Clock(), maybeDeferred, lambda: 0.0)
        self.router = self.seeded(1)

    def seeded(self, seed: int, total_mb: float | None = 16_000.0) -> Router:
        return Router(self.profiles, Random(seed), total_mb)

    def route(self, *models: ModelSchema, prompt: str = "hello", **asked: Any) -> Route:
        return self.router.route(snapshot(*models), request(prompt, **asked))

    def book(self, one: ModelSchema, *, successes: int = 0, failures: int = 0) -> None:
        """Note calls of a model at ``generate``."""
        for ok in [True] * successes + [False] * failures:
            self.profiles.book(Observation(one.id, "generate", ok, 500.0))

    def refusal(self, *models: ModelSchema, **intent: Any) -> str:
        """Why none of *models* will do."""
        asked = request(**intent)
        return str(self.assertRaises(NoModel, self.router.route, snapshot(*models), asked))

    def shares(self, *models: ModelSchema, tries: int = 300, **intent: Any) -> "Counter[str]":
        """How often each model was chosen."""
        return Counter(self.route(*models, **intent).model.id for _ in range(tries))


class FilterTests(RouterCase):
    """What is left out, and what is said when nothing is left."""

    def test_nothing_usable(self) -> None:
        """Without any usable model the sentence says what to do, under the installed name."""
        idle = Snapshot([known(FAST, available=False)], distribution="some-dist")
        told = str(self.assertRaises(NoModel, self.router.route, idle, request()))
        self.assertEqual(
            told,
            "no usable model: add an API key (secret.put OPENAI_API_KEY …) or install a local "
            'one (models.pull, or pip install "some-dist[local]")',
        )

    def test_capabilities(self) -> None:
        """What the request needs a model must have."""
        coder = model("d/coder:1", capabilities=["generate", "code"])
        self.assertEqual(self.route(FAST, coder, require=["code"]).model, coder)
        self.assertIn("1 without code", self.refusal(FAST, require=["code"]))
        embedder = model("e/vectors:1", capabilities=["embed"])
        self.assertEqual(self.route(embedder, FAST).fallbacks, [])

    def test_excluded(self) -> None:
        """Models are excluded by id or name."""
        self.assertEqual(self.route(*ALL, exclude_models=["fast", "c/here:q4"]).model, FRONTIER)
        self.assertIn("of 1, 1 excluded", self.refusal(FAST, exclude_models=["fast"]))

    def test_memory(self) -> None:
        """A local model that this machine has no memory for is left out."""
        big = local("d/big:q4", cost=Cost(ram_mb=20_000.0))
        self.assertIn("memory", self.refusal(big))
        self.assertEqual(self.seeded(1, None).route(snapshot(big), request()).model, big)

    def test_latency(self) -> None:
        """A limit on the time leaves out slower models, by what was measured where it was."""
        slow = model("d/slow:1", performance=Performance(latency_p50_ms=900.0))
        self.assertEqual(self.route(slow, FRONTIER, max_latency_ms=1_000).model, slow)
        self.assertIn("slower than max_latency_ms 800", self.refusal(slow, max_latency_ms=800))
        self.book(slow, successes=5)
        self.assertEqual(self.route(slow, max_latency_ms=800).model, slow)

    def test_cost(self) -> None:
        """A limit on the cost holds for the longest answer; an unknown price will not do."""
        unpriced = model("d/unpriced:1")
        route = self.route(FRONTIER, FAST, unpriced, max_cost_usd=0.001)
        self.assertEqual((route.model, route.fallbacks), (FAST, []))
        self.assertIn("left out: 1 dearer than max_cost_usd 0.001", route.reason)
        self.assertIn("1 without a known price", route.reason)
        self.assertEqual(self.route(HERE, max_cost_usd=0).model, HERE)
        self.assertIn("max_cost_usd", self.refusal(FAST, max_cost_usd=0.001, max_tokens=4096))

    def test_context(self) -> None:
        """Models that hold the whole are taken; if none does, the longest, and it is told."""
        short, long = (model(f"d/{n}:1", context_length=n) for n in (1_000, 8_000))
        prompt = "x" * 12_000
        route = self.route(short, long, prompt=prompt)
        self.assertEqual((route.model, route.needs_compaction), (long, False))
        self.assertIn("1 with too short a context", route.reason)
        self.assertFalse(self.route(short, prompt="x", max_tokens=4096).needs_compaction)
        route = self.route(short, long, prompt=prompt * 10)
        self.assertEqual((route.model, route.needs_compaction), (long, True))
        self.assertEqual(route.fallbacks, [])


class PinTests(RouterCase):
    """A model that the request names."""

    def test_pinned(self) -> None:
        """It is taken as it is, usable or not, with nothing behind it."""
        idle = Snapshot([known(FAST, available=False), known(FRONTIER)])
        for name in ("b/fast:1", "fast"):
            route = self.router.route(idle, GenerateRequest(prompt="x", model=name))
            self.assertEqual((route.model, route.fallbacks, route.strategy), (FAST, [], "explicit"))
            self.assertEqual(route.candidates, [])

    def test_unknown(self) -> None:
        """One that nobody knows is told with the nearest, and not booked against anybody."""
        asked = GenerateRequest(prompt="x", model="b/fats:1")
        told = str(self.assertRaises(NoModel, self.router.route, snapshot(*ALL), asked))
        self.assertIn("model not found: b/fats:1; the nearest are b/fast:1", told)
        self.assertEqual(self.profiles.rows(), [])

    def test_too_short(self) -> None:
        """A pinned model whose context is too short is told to need compaction."""
        short = model("d/short:1", context_length=1_000)
        asked = GenerateRequest(prompt="x" * 40_000, model="short")
        self.assertTrue(self.router.route(snapshot(short), asked).needs_compaction)


class SelectionTests(RouterCase):
    """What is preferred, drawn and learnt."""

    def test_seed(self) -> None:
        """The same seed gives the same choices; all stand behind the chosen one."""
        first, again = (
            [self.seeded(7).route(snapshot(*ALL), request()).wire() for _ in range(3)]
            for _ in range(2)
        )
        self.assertEqual(first, again)
        route = self.route(*ALL)
        self.assertEqual({route.model.id, *(m.id for m in route.fallbacks)}, {m.id for m in ALL})

    def test_explores(self) -> None:
        """Without history models that are alike are all tried; predictions stay put."""
        one, other = model("a/one:1"), model("b/other:1")
        shares = self.shares(one, other)
        self.assertGreater(min(shares.values()), 100)
        self.assertEqual(self.route(one, other).strategy, "schema_based")
        self.assertEqual(self.route(one, other).predicted_quality, 0.5)

    def test_learns(self) -> None:
        """A model that fails is passed over ever more, one that does well is preferred."""
        one, other = model("a/one:1"), model("b/other:1")
        self.book(one, failures=12)
        self.book(other, successes=12)
        self.assertEqual(self.route(one, other).strategy, "thompson_sampling")
        self.assertGreater(self.shares(one, other)["b/other:1"], 290)

    def test_by_task(self) -> None:
        """What was seen at one task says nothing of another."""
        one, other = model("a/one:1"), model("b/other:1")
        self.book(one, failures=40)
        shares = self.shares(one, other, prompt="fix this bug")
        self.assertGreater(min(shares.values()), 100)

    def test_preferences(self) -> None:
        """Fast, good and local are had for the asking."""
        self.assertGreater(self.shares(*ALL, prefer_fast=True)["b/fast:1"], 200)
        self.assertGreater(self.shares(FRONTIER, FAST, prefer_quality=True)["a/frontier:1"], 150)
        self.assertEqual(self.shares(*ALL, prefer_local=True)["c/here:q4"], 300)
        self.assertEqual(self.route(FAST, prefer_local=True).model, FAST)

    def test_high_stakes(self) -> None:
        """With high stakes nothing is tried out: the most reliable is taken."""
        route = self.route(*ALL, high_stakes=True)
        self.assertEqual((route.model, route.strategy), (FRONTIER, "most_reliable"))
        self.assertEqual(len(self.shares(*ALL, high_stakes=True)), 1)

    def test_fallbacks_are_bounded(self) -> None:
        """Not every model is tried in the end."""
        many = [model(f"a/m{n}:1") for n in range(FALLBACKS + 5)]
        self.assertEqual(len(self.route(*many).fallbacks), FALLBACKS)

    def test_explained(self) -> None:
        """The wire has the choice, its reason and every candidate."""
        told = self.route(*ALL, prompt="compare A and B", exclude_models=["fast"]).wire()
        self.assertEqual(told["task"], "reasoning")
        self.assertEqual(told["complexity"], "complex")
        self.assertIn("2 candidates", told["reason"])
        self.assertIn("left out: 1 excluded", told["reason"])
        self.assertEqual([one.selected for one in told["candidates"]], [True, False])
        best = max(told["candidates"], key=lambda one: one.reliability)
        self.assertTrue(best.in_band)
        self.assertEqual(told["context_length"], 0)

    def test_named_once(self) -> None:
        """The reason names task and complexity, and only once where they are the same."""
        for prompt, named in (
            ("Write a function that adds.", "Code task → "),
            ("compare A and B", "Complex reasoning task → "),
        ):
            self.assertEqual(self.route(FRONTIER, prompt=prompt).reason.find(named), 0)


class PickTests(RouterCase):
    """pick: models for anything but generation."""

    def test_local_first(self) -> None:
        """A local model goes before one that is better elsewhere."""
        there = model("a/vectors:1", capabilities=["embed"], tags=["frontier"])
        here = local("b/vectors:1", capabilities=["embed"], param_count="22M")
        some = snapshot(there, here, FAST)
        self.assertEqual(self.router.pick(some, "embed", None), here)
        self.assertEqual(self.router.pick(some, "embed", "a/vectors:1"), there)
        self.assertEqual(self.router.pick(snapshot(there), "embed", None), there)

    def test_none(self) -> None:
        """Without one it is told what for."""
        told = str(self.assertRaises(NoModel, self.router.pick, snapshot(FAST), "embed", None))
        self.assertIn("no usable model for embed", told)
        self.assertRaises(NoModel, self.router.pick, snapshot(FAST), "embed", "no-such")
