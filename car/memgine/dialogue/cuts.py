"""Cuts: showing a statement without what it says itself to be old, or what is dead in it.

Which words are cut is told in ``trimming``.
"""

from car.memgine.dialogue.ledger import Ledger
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.trimming import without_dead, without_old


class Cuts:
    """Cuts statements of *ledger*."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def trim(self, said: Statement) -> None:
        """Show *said* without what it says itself to be old, or what is dead in its brackets."""
        if said.voice == "fact" and said.victor and self._is_given_up(said):
            self._ledger.kill(said, "restated", None)
            return
        text = without_old(said)
        if text != said.text:
            self._ledger.rewrite(said, text)
        if "(" in said.text:
            normals = frozenset((one.kind, one.normal) for one in self._ledger.repeated(said))
            text = without_dead(said, normals)
            if text != said.text:
                self._ledger.rewrite(said, text)

    def _is_given_up(self, said: Statement) -> bool:
        """Whether somebody gave the value of *said* up after it had been stated."""
        given_up = (dead for dead in self._ledger.repeated(said) if dead.told)
        return any(said.at < dead.at for dead in given_up)
