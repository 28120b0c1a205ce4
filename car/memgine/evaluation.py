"""Evaluation: would memory have spoken up when it should have, and only then?

Four ways to use a memory are compared on cases whose relevant facts are known.  Nothing is
changed by it.
"""

from collections.abc import Callable, Sequence

import msgspec

from car.memgine.bank import Bank
from car.memgine.intervention import USUAL_CANDIDATES, Inject, Situation, decide
from car.memgine.memgine import Memgine

PASSIVE_FACTS = 5
"""How many facts retrieval hands over: the usual ``k`` of a query."""


class Case(msgspec.Struct, frozen=True):
    """A request, and the ids of the facts that would have helped; none: silence is right."""

    id: str
    request: str
    relevant_fact_ids: list[str] = []


class Measures(msgspec.Struct, frozen=True):
    """How one way did.  An intervention is true where it shows a fact that helps.

    A case is missed (a false negative) where a fact would have helped and none was shown.
    ``interruption_rate`` is interventions, ``avg_candidates_exposed`` facts shown, by case.
    Shares of nothing are 0.
    """

    interventions: int
    true_positives: int
    false_positives: int
    false_negatives: int
    precision: float
    recall: float
    interruption_rate: float
    avg_candidates_exposed: float


class Evaluation(msgspec.Struct, frozen=True):
    """How many cases there were, and how each way did."""

    cases: int
    selective: Measures
    always_inject: Measures
    passive_retrieval: Measures
    no_memory: Measures


Way = Callable[[str], list[str]]
"""From a request to the ids of the facts that are shown; none is silence."""


def evaluate(memory: Memgine, bank: Bank, cases: Sequence[Case], at: float) -> Evaluation:
    """Compare the four ways on *cases* at the instant *at*."""

    def selective(request: str) -> list[str]:
        decision = decide(memory, bank, Situation(request), at)
        return decision.selected if isinstance(decision, Inject) else []

    def always(request: str) -> list[str]:
        hits = bank.search(request, USUAL_CANDIDATES, at)
        nodes = [hit.node for hit in hits] or bank.newest(USUAL_CANDIDATES, at)
        return [node.id or "" for node in nodes]

    def passive(request: str) -> list[str]:
        return [hit.node.id or "" for hit in bank.search(request, PASSIVE_FACTS, at)]

    return Evaluation(
        cases=len(cases),
        selective=_measured(cases, selective),
        always_inject=_measured(cases, always),
        passive_retrieval=_measured(cases, passive),
        no_memory=_measured(cases, lambda request: []),
    )


def _measured(cases: Sequence[Case], way: Way) -> Measures:
    interventions = true = missed = exposed = 0
    for case in cases:
        shown = way(case.request)
        helped = not set(case.relevant_fact_ids).isdisjoint(shown)
        interventions += bool(shown)
        exposed += len(shown)
        true += helped
        missed += bool(case.relevant_fact_ids) and not helped
    return Measures(
        interventions=interventions,
        true_positives=true,
        false_positives=interventions - true,
        false_negatives=missed,
        precision=_share(true, interventions),
        recall=_share(true, true + missed),
        interruption_rate=_share(interventions, len(cases)),
        avg_candidates_exposed=_share(exposed, len(cases)),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
