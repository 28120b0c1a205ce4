"""Which model answers a request: filter, score, select; and what to say of the choice.

Selection is Thompson sampling per task: each candidate's quality is drawn from what is
believed of it, so that a model that nobody has seen is tried now and then and one that fails
is tried ever less.  Everything here is computed at once from a `Snapshot`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random
from typing import Literal, NamedTuple

from msgspec import Struct

from car.inference.demand import Complexity, Demand, demand_of
from car.inference.errors import NoModel
from car.inference.models import ModelSchema
from car.inference.profiles import Profile, Profiles
from car.inference.records import GenerateRequest
from car.inference.registry import Known, Snapshot
from car.inference.scoring import (
    Belief,
    belief,
    cost_usd,
    expected_latency_ms,
    is_observed,
    score,
    weights_for,
)
from car.inference.sizing import is_too_big
from car.ir.json import JsonObject

Strategy = Literal["explicit", "schema_based", "thompson_sampling", "most_reliable"]

FALLBACKS = 5
"""How many models stand behind the chosen one (0.7 engine)."""

ANSWER_SHARE = 4
"""The part of a context that is kept for an answer at most [ours]: clients of 0.6 allow 4,096
tokens for any answer, which may be all there is."""

BAND = 0.1
"""Candidates that are believed to do well within this of the best are alike [ours]."""


class Candidate(Struct, frozen=True):
    """A model that was scored: ``reliability`` is its expected quality."""

    model_id: str
    reliability: float
    score: float
    selected: bool
    in_band: bool


class Route(Struct, frozen=True):
    """The model for a request, those to try after it, and why."""

    model: ModelSchema
    fallbacks: list[ModelSchema]
    task: str
    complexity: Complexity
    reason: str
    strategy: Strategy
    predicted_quality: float
    needs_compaction: bool
    candidates: list[Candidate]

    def wire(self) -> JsonObject:
        """The result of ``models.route``."""
        return {
            "model_id": self.model.id,
            "model_name": self.model.name,
            "task": self.task,
            "complexity": self.complexity,
            "reason": self.reason,
            "strategy": self.strategy,
            "predicted_quality": self.predicted_quality,
            "fallbacks": [model.id for model in self.fallbacks],
            "context_length": self.model.context_length,
            "needs_compaction": self.needs_compaction,
            "candidates": self.candidates,
        }


class _Ranked(NamedTuple):
    """A model with what it was worth in this draw."""

    model: ModelSchema
    belief: Belief
    score: float


class Router:
    """Chooses models; *total_mb* is the machine's memory, None if not known."""

    def __init__(self, profiles: Profiles, random: Random, total_mb: float | None) -> None:
        self._profiles = profiles
        self._random = random
        self._total_mb = total_mb

    def route(self, snapshot: Snapshot, request: GenerateRequest) -> Route:
        """The model for *request*; one that it names is taken as it is, without fallbacks.

        Raises NoModel, with what was left out and why.
        """
        demand = demand_of(request)
        if request.model:
            return self._pinned(snapshot.find(request.model).model, demand)
        usable, left_out = self._filter(snapshot, demand)
        ranked = self._rank(usable, demand)
        chosen = ranked[0]
        best = max(entry.belief.mean for entry in ranked)
        strategy = self._strategy([entry.model for entry in ranked], demand)
        return Route(
            model=chosen.model,
            fallbacks=[entry.model for entry in ranked[1 : FALLBACKS + 1]],
            task=demand.task,
            complexity=demand.complexity,
            reason=self._reason(chosen, demand, strategy, len(ranked), left_out),
            strategy=strategy,
            predicted_quality=chosen.belief.mean,
            needs_compaction=_overflows(chosen.model, demand),
            candidates=[
                Candidate(
                    model_id=entry.model.id,
                    reliability=entry.belief.mean,
                    score=entry.score,
                    selected=entry is chosen,
                    in_band=best - entry.belief.mean <= BAND,
                )
                for entry in ranked
            ],
        )

    def pick(self, snapshot: Snapshot, capability: str, name: str | None) -> ModelSchema:
        """The model for anything but generation, such as ``embed``: local ones first.

        One that is named is taken as it is.  Raises NoModel.
        """
        if name:
            return snapshot.find(name).model
        fit = [
            entry.model
            for entry in snapshot.known
            if entry.available and capability in entry.model.capabilities
        ]
        if not fit:
            raise NoModel(_no_usable_model(snapshot, f" for {capability}"))
        return max(fit, key=lambda model: (model.is_local, self._belief(model, capability).mean))

    def _pinned(self, model: ModelSchema, demand: Demand) -> Route:
        return Route(
            model=model,
            fallbacks=[],
            task=demand.task,
            complexity=demand.complexity,
            reason=f"{model.name} was asked for by name",
            strategy="explicit",
            predicted_quality=self._belief(model, demand.task).mean,
            needs_compaction=_overflows(model, demand),
            candidates=[],
        )

    def _filter(
        self, snapshot: Snapshot, demand: Demand
    ) -> tuple[list[ModelSchema], "Counter[str]"]:
        """The models that will do, and why others will not, by how many."""
        able = [
            entry
            for entry in snapshot.known
            if entry.available and "generate" in entry.model.capabilities
        ]
        if not able:
            raise NoModel(_no_usable_model(snapshot))
        left_out: Counter[str] = Counter()
        usable = []
        for entry in able:
            objection = self._objection(entry, demand)
            if objection is None:
                usable.append(entry.model)
            else:
                left_out[objection] += 1
        if not usable:
            raise NoModel(f"no model will do: of {len(able)}, {_counted(left_out.items())}")
        roomy = [model for model in usable if not _overflows(model, demand)]
        if roomy:
            if len(roomy) < len(usable):
                left_out["with too short a context"] = len(usable) - len(roomy)
            return roomy, left_out
        longest = max(model.context_length for model in usable)
        return [model for model in usable if model.context_length == longest], left_out

    def _objection(self, entry: Known, demand: Demand) -> str | None:
        """Why the model will not do, None if it will."""
        model, intent = entry.model, demand.intent
        if model.id in intent.exclude_models or model.name in intent.exclude_models:
            return "excluded"
        missing = sorted(demand.needs.difference(model.capabilities))
        if missing:
            return f"without {missing[0]}"
        if self._total_mb is not None and is_too_big(model, self._total_mb):
            return "too big for this machine's memory"
        latency = expected_latency_ms(model, self._profiles.get(model.id), demand.task)
        if intent.max_latency_ms is not None and latency > intent.max_latency_ms:
            return f"slower than max_latency_ms {intent.max_latency_ms:g}"
        if intent.max_cost_usd is not None:
            price = cost_usd(model, demand.tokens_in, demand.tokens_out)
            if price is None:
                return "without a known price"
            if price > intent.max_cost_usd:
                return f"dearer than max_cost_usd {intent.max_cost_usd:g}"
        return None

    def _rank(self, models: Iterable[ModelSchema], demand: Demand) -> list[_Ranked]:
        """The models, the best draw first; local ones before all others where preferred."""
        weights = weights_for(demand)
        ranked = []
        for model in models:
            believed = self._belief(model, demand.task)
            quality = believed.mean
            if not demand.intent.high_stakes:
                quality = self._random.betavariate(believed.good, believed.bad)
            profile = self._profiles.get(model.id)
            worth = score(quality, model, profile, demand, weights)
            ranked.append(_Ranked(model, believed, worth))
        local_first = demand.intent.prefer_local
        ranked.sort(
            key=lambda entry: (local_first and entry.model.is_local, entry.score), reverse=True
        )
        return ranked

    def _strategy(self, models: Sequence[ModelSchema], demand: Demand) -> Strategy:
        if demand.intent.high_stakes:
            return "most_reliable"
        if any(is_observed(self._profile(model), demand.task) for model in models):
            return "thompson_sampling"
        return "schema_based"

    def _reason(
        self,
        chosen: _Ranked,
        demand: Demand,
        strategy: Strategy,
        candidates: int,
        left_out: "Counter[str]",
    ) -> str:
        latency = expected_latency_ms(chosen.model, self._profile(chosen.model), demand.task)
        figures = [f"quality {chosen.belief.mean:.2f}", f"about {latency:.0f} ms"]
        price = cost_usd(chosen.model, demand.tokens_in, demand.tokens_out)
        if price is not None:
            figures.append(f"at most ${price:.4f}")
        figures.append(f"{candidates} candidate{'s' * (candidates != 1)}")
        kinds = dict.fromkeys((demand.complexity, demand.task))  # code can be both
        text = f"{' '.join(kinds)} task → {chosen.model.name} by {strategy}"
        told = f"{text[:1].upper()}{text[1:]} ({', '.join(figures)})"
        return f"{told}; left out: {_counted(left_out.items())}" if left_out else told

    def _belief(self, model: ModelSchema, task: str) -> Belief:
        return belief(model, self._profile(model), task)

    def _profile(self, model: ModelSchema) -> Profile | None:
        return self._profiles.get(model.id)


def _overflows(model: ModelSchema, demand: Demand) -> bool:
    """Whether the prompt leaves too little of the model's context, where that is known."""
    context = model.context_length
    answer = min(demand.tokens_out, context // ANSWER_SHARE)
    return 0 < context < demand.tokens_in + answer


def _counted(reasons: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in reasons)


def _no_usable_model(snapshot: Snapshot, purpose: str = "") -> str:
    """The sentence of ``subsystem-inference.md``, with the name of what is installed."""
    return (
        f"no usable model{purpose}: add an API key (secret.put OPENAI_API_KEY …) or install a "
        f'local one (models.pull, or pip install "{snapshot.distribution}[local]")'
    )
