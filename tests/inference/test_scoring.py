"""Tests of what models are worth, by their schemas and by what was seen."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from car.inference import scoring
from car.inference.demand import demand_of
from car.inference.models import Cost, Performance
from car.inference.profiles import Profile, TaskStats
from car.inference.records import GenerateParams, GenerateRequest, IntentHint
from car.inference.scoring import (
    belief,
    cost_usd,
    expected_latency_ms,
    is_observed,
    prior_quality,
    score,
    weights_for,
)
from tests.inference.doubles import local, model


def profile(successes: int, failures: int, latency_ms: float = 100.0) -> Profile:
    """A model that was seen at ``code``."""
    calls = successes + failures
    stats = TaskStats(calls, successes, failures, latency_ms)
    return Profile("lab/echo:1", total_calls=calls, task_stats={"code": stats})


class PriorTests(SynchronousTestCase):
    """prior_quality and expected_latency_ms: a schema alone."""

    def test_order(self) -> None:
        """The place among its kind, the size and benchmarks order models as one would."""
        places = [prior_quality(model(tags=[t]), "chat") for t in ("frontier", "balanced", "fast")]
        self.assertEqual(places, sorted(places, reverse=True))
        sizes = ("135M", "0.6B", "1.7B", "4B", "8B", "30B (3B active)", "1T")
        by_size = [prior_quality(local(param_count=size), "chat") for size in sizes]
        self.assertEqual(by_size, sorted(set(by_size)))
        self.assertEqual(prior_quality(model(), "chat"), 0.5)

    def test_benchmarks(self) -> None:
        """Benchmarks have the word where there are some, within bounds."""
        for scores, expected in (([0.9, 0.7], 0.8), ([7], 0.95), ([-1], 0.05), (["x"], 0.5)):
            rows = [{"name": "b", "score": one} for one in scores]
            self.assertAlmostEqual(prior_quality(model(public_benchmarks=rows), "chat"), expected)

    def test_made_for_the_task(self) -> None:
        """A capability that the task calls for is worth something."""
        coder = model(capabilities=["generate", "code"])
        self.assertGreater(prior_quality(coder, "code"), prior_quality(model(), "code"))
        self.assertEqual(prior_quality(coder, "chat"), prior_quality(model(), "chat"))

    def test_latency(self) -> None:
        """What the schema says of its time comes first, then its speed, its size, its place."""
        for one, expected in (
            (model(performance=Performance(latency_p50_ms=7.0, tokens_per_second=1.0)), 7.0),
            (model(performance=Performance(tokens_per_second=256.0)), 1000.0),
            (local(param_count="2B"), 3300.0),
            (model(tags=["fast"]), 1000.0),
            (model(), 2000.0),
        ):
            self.assertEqual(expected_latency_ms(one, None, "code"), expected)

    def test_cost(self) -> None:
        """Dollars by the token; nothing for what runs here, unknown without a price."""
        priced = model(cost=Cost(input_per_mtok=1.0, output_per_mtok=10.0))
        self.assertAlmostEqual(cost_usd(priced, 1000, 100) or 0, 0.002)
        self.assertEqual(cost_usd(local(), 1000, 100), 0.0)
        self.assertIsNone(cost_usd(model(), 1000, 100))


class BeliefTests(SynchronousTestCase):
    """belief: the schema's word and what was seen."""

    def test_virtual_observations(self) -> None:
        """Without calls it is the prior, worth ten observations."""
        believed = belief(model(), None, "code")
        self.assertEqual((believed.good, believed.bad, believed.mean), (5.0, 5.0, 0.5))
        self.assertEqual(belief(model(), profile(9, 0), "chat"), believed)

    def test_seen(self) -> None:
        """Calls of the task move it, many of them not without end."""
        self.assertEqual(belief(model(), profile(10, 0), "code").mean, 0.75)
        self.assertEqual(belief(model(), profile(0, 10), "code").mean, 0.25)
        many = belief(model(), profile(9_000, 1_000), "code")
        self.assertEqual((many.good, many.bad), (50.0, 10.0))

    def test_times_after_some_calls(self) -> None:
        """The profile's own times are believed from the fifth call of the task on."""
        for calls, expected in ((4, 2000.0), (5, 100.0)):
            seen = profile(calls, 0)
            self.assertEqual(is_observed(seen, "code"), calls >= scoring.MIN_OBSERVATIONS)
            self.assertEqual(expected_latency_ms(model(), seen, "code"), expected)
        self.assertFalse(is_observed(None, "code"))


class ScoreTests(SynchronousTestCase):
    """weights_for and score."""

    def weights(self, prompt: str = "hello", workload: str = "interactive", **intent: Any) -> Any:
        """The weights for a request."""
        params = GenerateParams(workload=workload)
        hint = IntentHint(**intent)
        return weights_for(demand_of(GenerateRequest(prompt=prompt, intent=hint, params=params)))

    def test_weights(self) -> None:
        """They sum to 1 and lean to what is wanted."""
        plain = self.weights()
        for other in (
            self.weights(high_stakes=True),
            self.weights(prefer_quality=True),
            self.weights(prefer_fast=True),
            self.weights(workload="batch"),
            self.weights("word " * 40),
            self.weights("compare A and B"),
            plain,
        ):
            self.assertAlmostEqual(sum(other), 1.0)
        self.assertGreater(self.weights(prefer_fast=True).latency, plain.latency)
        self.assertGreater(self.weights(prefer_quality=True).quality, plain.quality)
        self.assertGreater(self.weights(workload="batch").cost, plain.cost)

    def test_score(self) -> None:
        """Better, faster and cheaper each score higher; all stay between 0 and 1."""
        demand = demand_of(GenerateRequest(prompt="hello"))
        weights = weights_for(demand)
        cheap = model(cost=Cost(input_per_mtok=0.1, output_per_mtok=0.1))
        dear = model(cost=Cost(input_per_mtok=100.0, output_per_mtok=100.0))
        slow = model(performance=Performance(latency_p50_ms=60_000.0))
        plain = score(0.5, model(), None, demand, weights)
        self.assertGreater(score(0.9, model(), None, demand, weights), plain)
        self.assertLess(score(0.5, slow, None, demand, weights), plain)
        self.assertGreater(score(0.5, cheap, None, demand, weights), plain)
        self.assertLess(score(0.5, dear, None, demand, weights), plain)
        for one in (cheap, dear, slow):
            self.assertTrue(0.0 < score(0.5, one, None, demand, weights) < 1.0)
