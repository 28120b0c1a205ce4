"""Aftermath: what falls with a statement that has fallen.

What says the same elsewhere, what was concluded from it, what only pressed for it, and the
assistant's echo of it.  What made it fall is left to ``rulings`` and ``weighing``.
"""

from collections.abc import Iterable

from car.memgine.authority import EXECUTIVE, authority_rank
from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.ledger import Ledger
from car.memgine.dialogue.restatements import Dead, derives, quotes, repeats
from car.memgine.dialogue.settlements import Settlements
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.surroundings import Surroundings
from car.memgine.nodes import Node

SIMILAR = 12
"""How many nodes beyond the last turns are looked at for what a turn corrects."""


class Aftermath:
    """Kills in *ledger* what goes with the fallen; *settlements* knows the echoes."""

    def __init__(self, ledger: Ledger, settlements: Settlements) -> None:
        self._ledger = ledger
        self._settlements = settlements
        self._asked: tuple[str, int | None] = "", None
        self._found: list[Node] = []
        """What is like the text that was asked for last, while one node is read."""

    def like(
        self, text: str, but: int | None, around: Surroundings, said: Statement | None
    ) -> list[Statement]:
        """The live statements of facts and signals most like *text*, those of node *but* aside.

        Rules, and what comes from above *said*, are left out.
        """
        return [
            old
            for node in self._similar(text, but, around)
            if node.layer in (2, 4) and node.index != but and not _above(node, said)
            for old in self._ledger.statements(node)
            if old.alive
        ]

    def _similar(self, text: str, but: int | None, around: Surroundings) -> list[Node]:
        if but is None or self._asked != (text, but):
            self._asked = text, but
            self._found = [node for node, _ in around.similar(text, SIMILAR)]
        return self._found

    def sweep(
        self,
        fallen: list[Statement],
        dead: list[Dead],
        by: int | None,
        around: Surroundings,
        until: float | None = None,
    ) -> None:
        """Kill what else says what has just died, and what was concluded from it.

        *until*: what was said after that instant knew better, and stays.
        """
        back = self._ledger.back()
        others = [said for said in back if said.alive and not said.is_mixed and said.node != by]
        for old in fallen:
            others += self.like(old.text, by, around, None)
        gone = [old for old in fallen if not old.alive]
        for said in others:
            if (
                said.victor
                or not said.alive
                or said in fallen
                or (until is not None and said.at > until)
            ):
                continue
            if _says_any(said, dead, gone):
                self._ledger.kill(said, "restated", by)
                self._drop_conclusions(said, by)
                self.drop_urging(said, by)
        for old in fallen:
            self._drop_conclusions(old, by)
            if not old.alive:
                self.drop_urging(old, by)
                for echo in self._settlements.echoes(old):
                    self._ledger.kill(echo, "restated", by)

    def drop_urging(self, fallen: Statement, by: int | None) -> None:
        """What only presses for what has fallen falls with it ("Proceed with the order")."""
        for said in self._ledger.known(fallen.node):
            urges = said is not fallen and said.has(Cue.COMMIT) and not said.victor
            if urges and said.topic <= fallen.topic | fallen.head:
                self._ledger.kill(said, "restated", by)

    def _drop_conclusions(self, old: Statement, by: int | None) -> None:
        """What was concluded right after *old* falls with it."""
        for said in self._ledger.after(old):
            concludes = derives(said, old)
            if said.node == by or not (concludes or said.voice == "assistant"):
                return
            if concludes:
                self._ledger.kill(said, "invalidated", by)


def _says_any(said: Statement, dead: Iterable[Dead], fallen: Iterable[Statement]) -> bool:
    return any(repeats(said, one) for one in dead) or any(quotes(said, old) for old in fallen)


def _above(node: Node, said: Statement | None) -> bool:
    """Whether *node* is a rule, or comes from somebody whose word *said* cannot take back."""
    if node.kind == "environment":
        return False
    rank = said.source.rank if said is not None and said.source is not None else 0
    return node.is_constraint or authority_rank(node.authority) > max(rank, EXECUTIVE)
