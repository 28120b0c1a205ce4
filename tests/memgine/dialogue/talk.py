"""A small memory around a DialogueReader: nodes in a list, effects applied, words compared."""

from twisted.trial.unittest import SynchronousTestCase

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
from car.memgine.dialogue.vocabulary import stems
from car.memgine.nodes import Node, NodeKind

BEGIN = 1_764_583_200.0
"""1 December 2025, 10:00 UTC."""


class Talk:
    """What a reader makes of turns, facts and signals, one minute apart."""

    def __init__(self, *lines: str) -> None:
        self.reader = DialogueReader()
        self.nodes: list[Node] = []
        self.effects: list[Effect] = []
        for line in lines:
            self.say(line)

    # ---- what comes in -----------------------------------------------------------------------

    def say(self, line: str) -> Node:
        """A turn ``text``, or ``assistant> text`` by another speaker than the user."""
        speaker, mark, text = line.partition("> ")
        return self._enter("conversation", speaker if mark else "user", text if mark else line)

    def fact(
        self, key: str, value: str, *, minutes_ago: float = 0, authority: str = "peer"
    ) -> Node:
        """A structured fact."""
        return self._enter("fact", key, value, back=minutes_ago * 60, authority=authority)

    def signal(self, key: str, value: str) -> Node:
        """A signal from outside; one of the same key is replaced."""
        older = [node for node in self.nodes if node.kind == "environment" and node.key == key]
        node = self._enter("environment", key, value)
        for other in older:
            self.retire(other, node)
        return node

    def supersede(self, old: Node, key: str, value: str) -> Node:
        """A structured fact that replaces *old* by name."""
        node = self._node("fact", key, value)
        self.retire(old, node)
        self.apply(self.reader.read(node, self))
        return node

    def retire(self, node: Node, by: Node | None) -> None:
        """Replace *node* from outside, and tell the reader."""
        node.retired_at = by.created_at if by else node.created_at
        node.retirement = "superseded" if by else "retracted"
        node.superseded_by = by.index if by else None
        self.apply(self.reader.retired(node, by, self))

    def _node(self, kind: NodeKind, key: str, value: str, back: float = 0, **rest: str) -> Node:
        at = BEGIN + 60 * len(self.nodes) - back
        node = Node(len(self.nodes), kind, key, value, at, **rest)  # type: ignore[arg-type]
        self.nodes.append(node)
        return node

    def _enter(self, kind: NodeKind, key: str, value: str, back: float = 0, **rest: str) -> Node:
        node = self._node(kind, key, value, back, **rest)
        self.apply(self.reader.read(node, self))
        return node

    def apply(self, effects: list[Effect]) -> None:
        """Carry *effects* out on the nodes."""
        self.effects += effects
        for effect in effects:
            node = self.nodes[effect.node]
            match effect:
                case Retire():
                    node.retired_at = self.nodes[-1].created_at
                    node.retirement, node.superseded_by = effect.reason, effect.by
                case Revive():
                    node.retired_at = node.retirement = node.superseded_by = None
                case Overrule():
                    node.overruled_by = effect.by
                case Review():
                    node.needs_review = True
                case Place():
                    node.setting = effect.setting
                case Digress():
                    node.digression = effect.digression
                case Show():
                    node.shown = effect.text
                case Restrict():
                    node.min_authority = effect.min_authority

    # ---- what a reader sees ------------------------------------------------------------------

    def node(self, index: int) -> Node:
        """The node under *index*."""
        return self.nodes[index]

    def recent(self, limit: int) -> list[Node]:
        """The last nodes."""
        return self.nodes[-limit:]

    def similar(self, text: str, limit: int) -> list[tuple[Node, float]]:
        """Live nodes by the stems they share with *text*."""
        words = stems(text)
        scored = [
            (node, float(len(words & stems(f"{node.key} {node.value}"))))
            for node in self.nodes
            if node.live
        ]
        found = [pair for pair in scored if pair[1]]
        found.sort(key=lambda pair: (-pair[1], -pair[0].index))
        return found[:limit]

    # ---- what is left ------------------------------------------------------------------------

    def holds(self) -> list[str]:
        """What would be printed for a plain query, in order."""
        return [
            node.value if node.shown is None else node.shown
            for node in self.nodes
            if node.live
            and node.setting is None
            and node.overruled_by is None
            and not node.digression
        ]

    def text(self) -> str:
        """All that holds, in one text."""
        return "\n".join(self.holds())


class TalkTestCase(SynchronousTestCase):
    """Assertions on what a talk leaves."""

    def leaves(self, lines: list[str], *, kept: list[str], gone: list[str]) -> Talk:
        """Say *lines*; every text of *kept* must still be printed, none of *gone*."""
        talk = Talk(*lines)
        left = talk.text()
        for text in kept:
            self.assertIn(text, left, lines)
        for text in gone:
            self.assertNotIn(text, left, lines)
        return talk

    def leaves_alone(self, lines: list[str]) -> None:
        """Say *lines*; all of them must still be printed."""
        self.assertEqual(Talk(*lines).holds(), [line.rpartition("> ")[2] for line in lines])
