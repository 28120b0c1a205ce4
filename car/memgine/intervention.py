"""Intervention: whether memory has something to say before an agent goes on, and what.

A fact is recalled when it has enough to do with what is going on; signs of trouble lower
what is enough, poor experience with the fact raises it.  What an agent has before its eyes
already is not said again.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from car.memgine.bank import REMINDER_HEAD, Bank, says, text_of
from car.memgine.index import TextIndex
from car.memgine.memgine import Memgine
from car.memgine.nodes import Node
from car.memgine.utility import RECALLS, utility_of

ENOUGH = 0.5
"""The score from which a fact is recalled when nothing is amiss."""

EASED = 0.35
"""How far the greatest urgency lowers that."""

MOST_SELECTED = 3
"""How many facts one reminder has at most."""

USUAL_CANDIDATES = 8
MOST_CANDIDATES = 32

RECENT_READ = 4
RECENT_WEIGHT = 0.8
"""How many of the last messages are read beside the query, and what a match there is worth."""

LEAST_TELLING = 0.1
"""What a word counts that nearly every fact has (memgine §5)."""

Reason = Literal["nothing_asked", "empty_bank", "nothing_relevant", "already_in_view", "not_enough"]


class Trigger(msgspec.Struct, frozen=True):
    """Signs that a word from memory may help.  ``tool_error`` may be the error's text."""

    repeated_failures: int | bool = 0
    tool_error: bool | str = False
    explicit_uncertainty: bool = False
    high_risk_action: bool = False
    context_shift: bool = False

    @property
    def urgency(self) -> float:
        """0, nothing is amiss, to 1."""
        failures = 2 if self.repeated_failures is True else max(0, self.repeated_failures)
        total = min(0.6, 0.2 * failures)
        total += 0.3 if self.tool_error else 0.0
        total += 0.4 if self.explicit_uncertainty else 0.0
        total += 0.6 if self.high_risk_action else 0.0
        total += 0.2 if self.context_shift else 0.0
        return min(1.0, total)


class Situation(msgspec.Struct, frozen=True):
    """What is going on: a question, the last messages, oldest first, and signs of trouble."""

    query: str = ""
    recent: Sequence[str] = ()
    trigger: Trigger = Trigger()
    force: bool = False
    """Whether to say the best there is, enough or not."""
    max_candidates: int = USUAL_CANDIDATES

    def texts(self) -> list[tuple[str, float]]:
        """What memory is asked with, and the weight of each."""
        recent = [(text, RECENT_WEIGHT) for text in self.recent[-RECENT_READ:]]
        error = self.trigger.tool_error
        told = [(error, 1.0)] if isinstance(error, str) else []
        found = [(self.query, 1.0), *told, *recent]
        return [(text, weight) for text, weight in found if text.strip()]


class Candidate(msgspec.Struct, frozen=True):
    """A fact that might be recalled; ``score`` is relevance with utility; all are 0 to 1."""

    id: str
    kind: str
    subject: str
    relevance: float
    utility: float
    score: float


class Inject(msgspec.Struct, frozen=True, tag_field="decision", tag="inject"):
    """Something to say: *selected* are the ids of the facts in it, *bank* their choice."""

    reminder: str
    selected: list[str]
    candidates: list[Candidate]
    bank: int


class Silent(msgspec.Struct, frozen=True, tag_field="decision", tag="silent"):
    """Nothing to say, and why."""

    reason: Reason
    candidates: list[Candidate]
    bank: int


def decide(memory: Memgine, bank: Bank, situation: Situation, at: float) -> Inject | Silent:
    """Whether to inject a reminder into *situation* at the instant *at*; changes nothing."""
    texts = situation.texts()
    if not texts:
        return Silent("nothing_asked", [], bank.size)
    if not bank.size:
        return Silent("empty_bank", [], 0)
    seen = [text for text, _ in texts]
    ranked = _ranked(memory, bank, situation, at)
    candidates = [candidate for candidate, _ in ranked]
    if not ranked:
        return Silent("nothing_relevant", [], bank.size)
    fresh = [pair for pair in ranked if not any(says(text, pair[1]) for text in seen)]
    if not fresh:
        return Silent("already_in_view", candidates, bank.size)
    enough = 0.0 if situation.force else ENOUGH - EASED * situation.trigger.urgency
    chosen = [pair for pair in fresh if pair[0].score >= enough][:MOST_SELECTED]
    if not chosen:
        return Silent("not_enough", candidates, bank.size)
    lines = [f"- [{one.id}] {node.key}: {text_of(node)}" for one, node in chosen]
    selected = [one.id for one, _ in chosen]
    return Inject("\n".join([REMINDER_HEAD, *lines]), selected, candidates, bank.size)


def _ranked(
    memory: Memgine, bank: Bank, situation: Situation, at: float
) -> list[tuple[Candidate, Node]]:
    """The candidates with their nodes, best first; of equals the newest first."""
    texts = situation.texts()
    limit = min(max(situation.max_candidates, 1), MOST_CANDIDATES)
    wanted = " ".join(text for text, _ in texts)
    index = memory.knowledge.index
    needs = [(_weights(index, text), weight) for text, weight in texts]
    utility, total = utility_of(memory.graph), memory.graph.setting(RECALLS, 0)
    found = []
    for hit in bank.search(wanted, limit, at):
        node = hit.node
        words = set(index.tokeniser.terms(f"{node.key} {text_of(node)}"))
        relevance = max(weight * _covered(need, words) for need, weight in needs)
        worth = utility.worth(node, total)
        if relevance > 0:
            score = utility.score(relevance, worth)
            named = Candidate(node.id or "", node.label, node.key, relevance, worth, score)
            found.append((named, node))
    found.sort(key=lambda pair: (-pair[0].score, -pair[1].created_at, -pair[1].index))
    return found


def _weights(index: TextIndex, text: str) -> dict[str, float]:
    """The words of *text* by how telling they are; those nobody here has used count half."""
    return {
        term: max(index.idf(term), LEAST_TELLING) * (1.0 if index.frequency(term) else 0.5)
        for term in index.tokeniser.terms(text)
    }


def _covered(need: Mapping[str, float], words: set[str]) -> float:
    """The share of *need* that *words* meet, 0 to 1."""
    total = sum(need.values())
    return sum(weight for term, weight in need.items() if term in words) / total if total else 0.0
