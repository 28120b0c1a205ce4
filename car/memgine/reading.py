"""Reading: what comes in is read for what it does to the rest, and that is carried out.

The rules of language stand in ``dialogue``; here is only the loop between them and the graph.
"""

from collections.abc import Iterable, Sequence

from car.memgine.dialogue.effects import (
    Digress,
    Effect,
    Overrule,
    Place,
    Restrict,
    Retire,
    Review,
    Revive,
    Show,
)
from car.memgine.dialogue.reader import DialogueReader
from car.memgine.knowledge import Knowledge, graph_order
from car.memgine.nodes import FACT_KINDS, TURN_KINDS, Node

RESUMED = 1_000
"""How many of the last nodes a reader sees again after a load."""


class Reading:
    """One memory's reader and the graph it reads."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._graph = knowledge.graph
        self.reader = DialogueReader()
        if self._graph.nodes:
            self.reader.resume(graph_order(self._graph)[-RESUMED:])

    def entered(self, node: Node, at: float) -> None:
        """Read a node that has just come in."""
        self._carry_out(self.reader.read(node, self._knowledge), at)

    def retired(self, nodes: Iterable[Node], by: Node | None, at: float) -> None:
        """Read the memory again for what only repeats, or was derived from, what has fallen."""
        for node in nodes:
            self._carry_out(self.reader.retired(node, by, self._knowledge), at)

    def revived(self, nodes: Sequence[Node], by: Node, at: float) -> None:
        """Bring back the turns that fell with *nodes* when *by* replaced them."""
        if not nodes:
            return
        for turn in list(self._graph.of_kind(*TURN_KINDS)):
            if turn.retirement == "restated" and turn.superseded_by == by.index:
                self._knowledge.revive(turn, at)

    def _carry_out(self, effects: Sequence[Effect], at: float) -> None:
        waiting = list(effects)
        while waiting:
            effect = waiting.pop(0)
            node = self._graph.nodes.get(effect.node)
            if node is not None:
                waiting += self._carry_out_one(effect, node, at)

    def _carry_out_one(self, effect: Effect, node: Node, at: float) -> Sequence[Effect]:
        match effect:
            case Retire():
                return self._retire(effect, node, at)
            case Revive():
                if node.kind in TURN_KINDS and not node.live:
                    self._knowledge.revive(node, at)
            case Overrule():
                self._graph.update(node, overruled_by=effect.by)
            case Review():
                if node.kind in FACT_KINDS or node.kind == "conclusion":
                    self._graph.update(node, needs_review=True)
            case Place():
                self._graph.update(node, setting=effect.setting)
            case Digress():
                self._graph.update(node, digression=effect.digression)
            case Show():
                self._graph.update(node, shown=effect.text)
            case Restrict():
                self._graph.update(node, min_authority=effect.min_authority)
        return ()

    def _retire(self, effect: Retire, node: Node, at: float) -> Sequence[Effect]:
        if not node.live:
            return ()
        by = None if effect.by is None else self._graph.nodes.get(effect.by)
        if by is not None and effect.reason == "superseded":
            self._graph.add_edge("Supersedes", by.index, node.index, at=at)
        fallen = self._knowledge.retire(node, at, effect.reason, by)
        if effect.reason == "restated":
            return ()
        return [
            further for one in fallen for further in self.reader.retired(one, by, self._knowledge)
        ]
