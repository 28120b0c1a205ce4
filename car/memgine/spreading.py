"""Spreading activation: personalised PageRank by forward push over the edges of the graph.

Forward push (Andersen, Chung and Lang, 2006) spends work only where there is mass to pass on,
so its cost hangs on the tolerance and not on the size of the graph.  Turns reach their
neighbours in ``retrieval``, by the columns of the index, and not here.
"""

from collections import deque
from collections.abc import Callable, Mapping

from car.memgine.edges import BACKWARDS, MULTIPLIERS, Edge
from car.memgine.graph import Graph

DAMPING = 0.5
"""The share of its mass that a node passes on (memgine §5)."""

TOLERANCE = 1e-4
"""Mass for each edge of a node below which it keeps what it has (memgine §5)."""


def spread(
    graph: Graph,
    seeds: Mapping[int, float],
    passable: Callable[[int], bool],
    *,
    damping: float = DAMPING,
    tolerance: float = TOLERANCE,
) -> dict[int, float]:
    """The activation of each node that mass from *seeds* comes to, by index.

    *seeds* are masses that add up to 1.  A node keeps 1 - *damping* of what reaches it and
    divides the rest over its edges, each of which lets through its weight times the multiplier
    of its kind; what an edge holds back is lost.  *passable* says of a node index whether
    mass may reach it: what an asker must not see does not lead to anything either.
    """
    kept: dict[int, float] = {}
    waiting = dict(seeds)
    queue = deque(waiting)
    queued = set(waiting)
    while queue:
        index = queue.popleft()
        queued.remove(index)
        mass = waiting.pop(index)
        kept[index] = kept.get(index, 0.0) + (1 - damping) * mass
        links = _links(graph, index)
        share = damping * mass / max(len(links), 1)
        for other, factor in links:
            if other not in waiting and not passable(other):
                continue
            waiting[other] = waiting.get(other, 0.0) + share * factor
            if other not in queued and waiting[other] >= tolerance * _degree(graph, other):
                queue.append(other)
                queued.add(other)
    for index, mass in waiting.items():  # too little to pass on
        kept[index] = kept.get(index, 0.0) + (1 - damping) * mass
    return kept


def _degree(graph: Graph, index: int) -> int:
    return max(1, len(graph.edges_from(index)) + len(graph.edges_to(index)))


def _links(graph: Graph, index: int) -> list[tuple[int, float]]:
    """The nodes that *index* passes mass to, and how much of it arrives."""
    links = [(edge.target, _factor(edge)) for edge in graph.edges_from(index) if _spreads(edge)]
    links += [
        (edge.source, _factor(edge))
        for edge in graph.edges_to(index)
        if _spreads(edge) and edge.kind in BACKWARDS
    ]
    return links


def _spreads(edge: Edge) -> bool:
    return edge.kind != "TemporalNext"


def _factor(edge: Edge) -> float:
    return MULTIPLIERS[edge.kind] * edge.weight
