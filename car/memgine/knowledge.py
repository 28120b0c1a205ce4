"""Knowledge: the graph and its text index kept in step, and how a node ceases to hold.

Every retirement and revival of the package goes through here, so that what is searched is
always what holds, and that whatever rests on a node hears of it.  Which node is to be
retired is decided above (``facts``, ``conversation``, ``dialogue``).
"""

import heapq
from collections import deque
from collections.abc import Iterator
from typing import Any

from car.memgine.graph import Graph
from car.memgine.index import TextIndex
from car.memgine.nodes import Node, NodeKind, Retirement
from car.memgine.retrieval import Retriever
from car.memgine.vectors import Vectors

RECENT = 200
"""How many of the last nodes are at hand for reading state from dialogue."""

RARE_TERMS = 8
COMMON = 2_000
"""How many of a text's rarest words make it like another, and how many nodes may have one."""

_SEARCHED: frozenset[NodeKind] = frozenset(
    {"fact", "conclusion", "conversation", "conversation_summary", "environment"}
)

_DEAD_KIND: dict[NodeKind, NodeKind] = {
    "fact": "fact_superseded",
    "conclusion": "conclusion_invalidated",
    "skill": "skill_deprecated",
}
_LIVE_KIND: dict[NodeKind, NodeKind] = {dead: live for live, dead in _DEAD_KIND.items()}


class Knowledge:
    """Nodes that are found by their words while they hold."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.index = TextIndex()
        self.retriever = Retriever(self.index, graph)
        self.vectors = Vectors()
        self.constraints: dict[int, None] = {}
        """The live facts that are constraints, by their index."""
        self.fact_total = 0
        self._expiring: list[tuple[float, int]] = []
        self._recent: deque[int] = deque(maxlen=RECENT)
        self._order: dict[NodeKind, list[int]] = {kind: [] for kind in sorted(_SEARCHED)}
        if graph.nodes:
            self._restore()

    def _restore(self) -> None:
        found = [node for node in graph_order(self.graph) if _searched(node)]
        self.retriever.add_many(found)
        for node in graph_order(self.graph):
            kind = _LIVE_KIND.get(node.kind, node.kind)
            if kind in _SEARCHED:
                self._order[kind].append(node.index)
        for node in found:
            self._count(node, 1)
            self._watch(node)
        self._recent.extend(
            node.index for node in list(self.graph.nodes.values())[-RECENT:] if node.layer > 1
        )

    # ---- coming and going ----------------------------------------------------------------

    def add(self, kind: NodeKind, key: str, value: str, *, at: float, **fields: Any) -> Node:
        """A new node, found by its words from now on if its kind is searched."""
        node = self.graph.add_node(kind, key, value, at=at, recorded_at=at, **fields)
        if node.layer > 1:
            self._recent.append(node.index)
        came_as = _LIVE_KIND.get(kind, kind)
        if came_as in _SEARCHED:
            self._order[came_as].append(node.index)
        if _searched(node):
            self._enter(node)
        return node

    def retire(
        self, node: Node, at: float, reason: Retirement, by: Node | None = None
    ) -> list[Node]:
        """*node* no longer holds; answers it and the conclusions that fall with it."""
        if node.retired_at is not None:
            return []
        self._leave(node)
        self.graph.update(
            node,
            kind=_DEAD_KIND.get(node.kind, node.kind),
            retired_at=at,
            retirement=reason,
            superseded_by=None if by is None else by.index,
        )
        return [node, *self.dependents_changed(node, at)]

    def revive(self, node: Node, at: float) -> list[Node]:
        """*node* holds again; answers it and the conclusions that come back with it."""
        self.graph.update(
            node,
            kind=_LIVE_KIND.get(node.kind, node.kind),
            retired_at=None,
            retirement=None,
            superseded_by=None,
        )
        if _searched(node):
            self._enter(node)
        return [node, *self.dependents_changed(node, at)]

    def remove(self, node: Node) -> None:
        """Take *node* out of the graph altogether."""
        if _searched(node):
            self._leave(node)
        self.vectors.drop(node.index)
        self.graph.remove(node)

    def settle(self, at: float) -> None:
        """Let what has expired by *at* leave the count and the index."""
        while self._expiring and self._expiring[0][0] <= at:
            _, index = heapq.heappop(self._expiring)
            node = self.graph.nodes.get(index)
            if node is not None and _searched(node) and index in self.index:
                self._leave(node)

    def refresh(self, node: Node) -> None:
        """Find *node* by what it now says."""
        if node.index in self.index:
            self.retriever.add(node)

    def constrain(self, node: Node) -> None:
        """Make a live fact a constraint."""
        self.graph.update(node, is_constraint=True)
        if node.index in self.index:
            self.constraints[node.index] = None

    def _enter(self, node: Node) -> None:
        self.retriever.add(node)
        self._count(node, 1)
        self._watch(node)

    def _leave(self, node: Node) -> None:
        if node.index in self.index:
            self.retriever.remove(node.index)
            self._count(node, -1)

    def _count(self, node: Node, step: int) -> None:
        if node.kind != "fact":
            return
        self.fact_total += step
        if node.is_constraint:
            if step > 0:
                self.constraints[node.index] = None
            else:
                self.constraints.pop(node.index, None)

    def _watch(self, node: Node) -> None:
        ends = min(
            (end for end in (node.expires_at, node.valid_to) if end is not None), default=None
        )
        if ends is not None:
            heapq.heappush(self._expiring, (ends, node.index))

    def is_overruled(self, node: Node) -> bool:
        """Whether something that holds and has the higher authority says otherwise."""
        if node.overruled_by is None:
            return False
        above = self.graph.nodes.get(node.overruled_by)
        return above is not None and above.live

    # ---- what rests on what --------------------------------------------------------------

    def dependents_changed(self, node: Node, at: float) -> list[Node]:
        """Judge anew everything that rests on *node*; answers the nodes that fell or rose.

        A fact that depends on what no longer holds is to be reviewed, a conclusion that
        cites it is invalid; both are undone when it holds again.  Cycles do no harm.
        """
        affected = self._above(node)
        if not affected:
            return []
        shaken = [index for index in affected if self._rests_on_dead(index, affected)]
        reached: set[int] = set()
        while shaken:
            index = shaken.pop()
            if index not in reached:
                reached.add(index)
                shaken += [up for up in self._users(index) if up in affected]
        moved = []
        for index in affected:
            moved += self._judge(self.graph.nodes[index], index in reached, at)
        return moved

    def _above(self, node: Node) -> dict[int, None]:
        affected: dict[int, None] = {}
        waiting = [node.index]
        while waiting:
            for up in self._users(waiting.pop()):
                if up not in affected and up != node.index:
                    affected[up] = None
                    waiting.append(up)
        return affected

    def _users(self, index: int) -> Iterator[int]:
        for edge in self.graph.edges_to(index):
            if edge.kind in ("DependsOn", "CitesPremise"):
                yield edge.source

    def _rests_on_dead(self, index: int, affected: dict[int, None]) -> bool:
        for edge in self.graph.edges_from(index):
            if edge.kind not in ("DependsOn", "CitesPremise"):
                continue
            below = self.graph.nodes[edge.target]
            fallen = not below.live and below.retirement != "invalidated"
            if fallen or (edge.target not in affected and _shaken(below)):
                return True
        return False

    def _judge(self, node: Node, shaken: bool, at: float) -> list[Node]:
        if node.kind == "conclusion" and shaken:
            self._leave(node)
            self.graph.update(
                node, kind="conclusion_invalidated", retired_at=at, retirement="invalidated"
            )
            return [node]
        if node.kind == "conclusion_invalidated" and not shaken:
            if node.retirement == "invalidated" and node.superseded_by is None:
                self.graph.update(node, kind="conclusion", retired_at=None, retirement=None)
                self._enter(node)
                return [node]
        elif node.needs_review != shaken and node.kind in ("fact", "fact_superseded"):
            self.graph.update(node, needs_review=shaken)
        return []

    # ---- looking around --------------------------------------------------------------------

    def node(self, index: int) -> Node:
        """The node under *index*."""
        return self.graph.nodes[index]

    def recent(self, limit: int) -> list[Node]:
        """The last nodes that came, newest last; dead ones too, removed ones not."""
        nodes = self.graph.nodes
        found = [nodes[index] for index in self._recent if index in nodes]
        return found[-limit:]

    def newest(self, *kinds: NodeKind) -> Iterator[Node]:
        """The nodes that came in as these kinds and still hold, newest first."""
        nodes = self.graph.nodes
        for index in heapq.merge(*(reversed(self._order[kind]) for kind in kinds), reverse=True):
            node = nodes.get(index)
            if node is not None and node.kind in kinds and node.retired_at is None:
                yield node

    def searched(self) -> Iterator[Node]:
        """Whatever a search may find, signals aside, newest first."""
        return self.newest("fact", "conclusion", "conversation", "conversation_summary")

    def signals(self) -> list[Node]:
        """The environment values that hold."""
        return list(self.newest("environment"))

    def similar(self, text: str, limit: int) -> list[tuple[Node, float]]:
        """The nodes that hold whose words are most like *text*'s, best first.

        Only the rarest of its words count, so that a long text costs little in a large memory.
        """
        frequency = self.index.frequency
        known = {term: frequency(term) for term in self.index.tokeniser.terms(text)}
        rare = sorted((count, term) for term, count in known.items() if 0 < count <= COMMON)
        scores: dict[int, float] = {}
        for _, term in rare[:RARE_TERMS]:
            worth = self.index.idf(term)
            for row in self.index.rows(term).tolist():
                scores[row] = scores.get(row, 0.0) + worth
        docs = self.index.table.docs
        best = heapq.nsmallest(limit, ((-score, -int(docs[row])) for row, score in scores.items()))
        return [(self.graph.nodes[-doc], -score) for score, doc in best]


def graph_order(graph: Graph) -> list[Node]:
    """The nodes of *graph* by their index."""
    return [graph.nodes[index] for index in sorted(graph.nodes)]


def _searched(node: Node) -> bool:
    return node.retired_at is None and node.kind in _SEARCHED


def _shaken(node: Node) -> bool:
    return node.needs_review or node.retirement == "invalidated"
