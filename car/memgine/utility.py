"""Utility: what recalling a fact has been worth, and how much is ventured on the untried.

An upper confidence bound: a fact counts by how often it was told again for each time it was
recalled, with a bonus that shrinks as it is recalled more often.  What a fact has to do with
a question is ``intervention``'s business.
"""

from math import isfinite, log, sqrt

import msgspec

from car.memgine.graph import Graph
from car.memgine.nodes import Node

SETTING = "utility"
"""Where the graph keeps the weights."""

RECALLS = "recalls"
"""Where the graph keeps how often anything was recalled."""

MOST_WEIGHT = 1.0
MOST_EXPLORATION = 4.0


class Utility(msgspec.Struct, frozen=True):
    """How much utility counts beside relevance (0 to 1), and exploration in it (0 to 4)."""

    utility_weight: float = 0.25
    utility_exploration: float = 1.0

    def score(self, relevance: float, worth: float) -> float:
        """*relevance*, taken down by what *worth* lacks; both are 0 to 1."""
        return relevance * (1 - self.utility_weight * (1 - worth))

    def worth(self, node: Node, total: int) -> float:
        """What recalling *node* is worth, 0 to 1, after *total* recalls of anything."""
        recalled = recalls_of(node)
        told_again = (1 + node.usage_count) / (2 + node.usage_count + recalled)
        venture = self.utility_exploration * sqrt(log(1 + total) / (1 + recalled))
        return min(1.0, told_again + venture)


def utility_of(graph: Graph) -> Utility:
    """The weights that *graph* keeps, or the usual ones."""
    return msgspec.convert(graph.setting(SETTING, {}), Utility)


def set_utility(graph: Graph, weight: float | None, exploration: float | None) -> Utility:
    """Keep new weights, brought into their range; None leaves one as it is, no number is 0."""
    before = utility_of(graph)
    after = Utility(
        _within(weight, MOST_WEIGHT, before.utility_weight),
        _within(exploration, MOST_EXPLORATION, before.utility_exploration),
    )
    if after != before:
        graph.set_setting(SETTING, msgspec.to_builtins(after))
    return after


def recalls_of(node: Node) -> int:
    """How often *node* was recalled."""
    found = (node.data or {}).get(RECALLS, 0)
    return found if isinstance(found, int) else 0


def count_recall(graph: Graph, node: Node) -> None:
    """Note that *node* was recalled once more."""
    graph.update(node, data={**(node.data or {}), RECALLS: recalls_of(node) + 1})
    graph.set_setting(RECALLS, graph.setting(RECALLS, 0) + 1)


def _within(value: float | None, most: float, usual: float) -> float:
    if value is None:
        return usual
    return min(max(float(value), 0.0), most) if isfinite(value) else 0.0
