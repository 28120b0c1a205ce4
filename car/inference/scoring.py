"""What a model is worth for a demand: quality, time, money; before it has been seen at work
from its schema, afterwards from its profile.

Sources of the numbers: the phases are the reference's, the figures [ours], chosen so that a
model that fails is passed over within a handful of calls and a good one is not forgotten.
"""

from typing import NamedTuple

from car.inference.demand import Demand
from car.inference.models import ModelSchema
from car.inference.profiles import Profile, TaskStats
from car.inference.sizing import billions

PRIOR_STRENGTH = 10.0
"""How many observations the schema's word is worth."""

MOST_OBSERVATIONS = 50.0
"""How many observations a profile is worth at most, so that a change is noticed."""

MIN_OBSERVATIONS = 5
"""Calls of a task before the profile's own times are believed."""

USUAL_ANSWER = 256
"""Tokens of an ordinary answer, to compare times and prices by."""

HALF_LATENCY_MS = 2_000.0
"""The time at which half of the credit for time is lost."""

HALF_COST_USD = 0.005
"""The price of an answer at which half of the credit for money is lost."""

_BY_TAG = {"frontier": (0.85, 4_000.0), "balanced": (0.78, 2_000.0), "fast": (0.7, 1_000.0)}
"""Quality and time (ms) of a provider's models, by their place among its kind."""

_UNKNOWN = (0.5, 2_000.0)

_LOCAL_QUALITY = ((0.3, 0.2), (1.0, 0.35), (2.0, 0.45), (5.0, 0.55), (10.0, 0.62), (40.0, 0.7))
"""Quality of an open model by its size: up to so many billion parameters."""

_LOCAL_START_MS = 300.0
_LOCAL_MS_PER_BILLION = 1_500.0

_TASK_BONUS = 0.05
"""What a capability that the task calls for is worth."""

_TASK_CAPABILITY = {
    "code": "code",
    "reasoning": "reasoning",
    "summarize": "summarize",
    "classify": "classify",
}


class Weights(NamedTuple):
    """What counts for how much; they sum to 1."""

    quality: float
    latency: float
    cost: float


class Belief(NamedTuple):
    """A Beta distribution over how often a model does well."""

    good: float
    bad: float

    @property
    def mean(self) -> float:
        """The expected quality, 0 to 1."""
        return self.good / (self.good + self.bad)


def weights_for(demand: Demand) -> Weights:
    """How quality, time and money weigh for what was asked."""
    intent = demand.intent
    if intent.high_stakes:
        return Weights(0.9, 0.05, 0.05)
    if intent.prefer_quality:
        return Weights(0.75, 0.1, 0.15)
    if intent.prefer_fast:
        return Weights(0.25, 0.65, 0.1)
    if demand.workload != "interactive":
        return Weights(0.5, 0.1, 0.4)
    if demand.complexity == "simple":
        return Weights(0.4, 0.35, 0.25)
    if demand.complexity == "medium":
        return Weights(0.5, 0.3, 0.2)
    return Weights(0.7, 0.15, 0.15)


def prior_quality(model: ModelSchema, task: str) -> float:
    """The quality to expect by the schema alone: its benchmarks, its place, its size."""
    scores = [row.get("score") for row in model.public_benchmarks]
    numbers = [min(max(float(s), 0.0), 1.0) for s in scores if isinstance(s, int | float)]
    size = billions(model)
    if numbers:
        quality = sum(numbers) / len(numbers)
    elif size is not None:
        quality = next((worth for limit, worth in _LOCAL_QUALITY if size <= limit), 0.75)
    else:
        quality = _standing(model)[0]
    if _TASK_CAPABILITY.get(task) in model.capabilities:
        quality += _TASK_BONUS
    return min(max(quality, 0.05), 0.95)


def belief(model: ModelSchema, profile: Profile | None, task: str) -> Belief:
    """What is believed of the model at *task*: its schema's word and what was seen."""
    quality = prior_quality(model, task)
    good, bad = quality * PRIOR_STRENGTH, (1.0 - quality) * PRIOR_STRENGTH
    stats = _stats(profile, task)
    if stats is not None and stats.calls:
        scale = min(1.0, MOST_OBSERVATIONS / stats.calls)
        good += stats.successes * scale
        bad += stats.failures * scale
    return Belief(good, bad)


def is_observed(profile: Profile | None, task: str) -> bool:
    """Whether the model has been seen at *task* often enough."""
    stats = _stats(profile, task)
    return stats is not None and stats.calls >= MIN_OBSERVATIONS


def expected_latency_ms(model: ModelSchema, profile: Profile | None, task: str) -> float:
    """The time that a usual answer takes."""
    stats = _stats(profile, task)
    if stats is not None and stats.calls >= MIN_OBSERVATIONS:
        return stats.avg_latency_ms
    performance = model.performance
    if performance.latency_p50_ms is not None:
        return performance.latency_p50_ms
    if performance.tokens_per_second:
        return USUAL_ANSWER / performance.tokens_per_second * 1000
    size = billions(model)
    if size is not None:
        return _LOCAL_START_MS + _LOCAL_MS_PER_BILLION * size
    return _standing(model)[1]


def cost_usd(model: ModelSchema, tokens_in: int, tokens_out: int) -> float | None:
    """What a call costs; None for a remote model without a published price."""
    if model.is_local:
        return 0.0
    cost = model.cost
    if cost.input_per_mtok is None or cost.output_per_mtok is None:
        return None
    return (tokens_in * cost.input_per_mtok + tokens_out * cost.output_per_mtok) / 1e6


def score(
    quality: float, model: ModelSchema, profile: Profile | None, demand: Demand, weights: Weights
) -> float:
    """The worth of *model* for *demand*, 0 to 1, given its *quality*.

    Time and money count from 1 (none) to 0; a price that is not known counts half.
    """
    latency = expected_latency_ms(model, profile, demand.task)
    price = cost_usd(model, demand.tokens_in, min(demand.tokens_out, USUAL_ANSWER))
    return (
        weights.quality * quality
        + weights.latency / (1.0 + latency / HALF_LATENCY_MS)
        + weights.cost * (0.5 if price is None else 1.0 / (1.0 + price / HALF_COST_USD))
    )


def _stats(profile: Profile | None, task: str) -> TaskStats | None:
    return None if profile is None else profile.task_stats.get(task)


def _standing(model: ModelSchema) -> tuple[float, float]:
    return next((_BY_TAG[tag] for tag in model.tags if tag in _BY_TAG), _UNKNOWN)
