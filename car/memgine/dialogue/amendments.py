"""Amendments: what becomes of statements whose very words a later one gives.

How the words are found, and what is to stand for them, is told in ``quotations``; here it is
carried out.
"""

from collections.abc import Callable, Iterable

from car.memgine.dialogue.corrections import outranked, rivals
from car.memgine.dialogue.ledger import Ledger
from car.memgine.dialogue.quotations import LEAST_TERMS, amendment
from car.memgine.dialogue.restatements import Dead
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.surroundings import Surroundings
from car.memgine.dialogue.trimming import foremost
from car.memgine.dialogue.values import Kind

Sweep = Callable[[list[Statement], list[Dead], int | None, Surroundings], None]


class Amendments:
    """Amends statements in *ledger*; *sweep* and *trim* see to what goes with them."""

    def __init__(self, ledger: Ledger, sweep: Sweep, trim: Callable[[Statement], None]) -> None:
        self._ledger = ledger
        self._sweep = sweep
        self._trim = trim

    def carry_out(self, said: Statement, before: Iterable[Statement], around: Surroundings) -> bool:
        """Carry out what *said* does to statements whose words it gives; whether it does."""
        ledger = self._ledger
        if len(said.terms) <= LEAST_TERMS or said.is_mixed:
            return False
        alive = [
            old
            for old in before
            if old.node != said.node
            and not old.is_mixed
            and old.voice != "signal"
            and not outranked(said, old)
        ]
        alive += [old for old in ledger.back() if old.alive and old.voice == "assistant"]
        alive += [old for old in ledger.back() if old.node < said.node and _is_set_aside(old)]
        following = [s for s in ledger.known(said.node) if 0 < s.part - said.part <= 2]
        found = amendment(said, [*alive, *ledger.quoted(said)], following)
        if found is None:
            return False
        fallen = [old for old in found.old if old.alive]
        new = None
        if found.text is not None:
            new = said
            ledger.rewrite(said, found.text)
            said.victor = True
            ledger.revive(said)
        else:
            ledger.kill(said, "restated", None)
            new = next((s for s in following if any(rivals(s, old) for old in fallen)), None)
            if new is not None:
                new.victor = True
        kept = set() if new is None else {(v.kind, v.normal) for v in foremost(new)}
        dead = [
            ledger.bury(old, value, new, said.at)
            for old in fallen
            for value in old.values
            if value.kind is not Kind.IDENTIFIER and (value.kind, value.normal) not in kept
        ]
        for old in fallen:
            ledger.kill(old, "superseded", said.node)
        self._sweep(fallen, dead, said.node, around)
        if new is said:
            self._trim(said)
        return True


def _is_set_aside(old: Statement) -> bool:
    """Whether *old* was a user's question or guess: taken back, it is not to come in again."""
    return old.voice == "user" and not old.alive and not old.laid and not old.person
