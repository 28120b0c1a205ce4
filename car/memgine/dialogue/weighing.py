"""Weighing: whose word counts where people of different rank want different things.

The higher one's stands, whoever spoke last; of one person's two rules the later.  What a
conflict is, is left to ``conflicts``.
"""

import re
from collections import OrderedDict, deque
from collections.abc import Sequence

from car.memgine.dialogue.conflicts import conflict, prevailing, wants_again
from car.memgine.dialogue.ledger import Ledger
from car.memgine.dialogue.precedence import Source, is_office
from car.memgine.dialogue.restatements import Dead, agrees
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.values import Value

KNOWN = 50
"""People whose rank is remembered by their names."""

IN_VAIN = 100
"""Values that are remembered as wanted by somebody who was overruled."""


_OPENING_NAME = re.compile(
    r"\W*(?:(?:and|but|so|then|now|later|originally|first|at first)\b\W+)?(?P<name>[A-Z][\w-]+)"
    r"(?:\s+(?:in|from|at|over in|of)\s+(?:the )?\w+)?\s+(?:\w+ly\s+)?"
    r"(?:quot\w+|estimat\w+|wants?|wanted|says?"
    r"|said|expects?|expected|thinks?|thought|reckon\w*|asks?|asked|propos\w+|suggest\w*"
    r"|recommend\w*|plan(?:s|ned)|hop\w+|insist\w*|decid\w+|approv\w+|order\w*|prefer\w*|needs?"
    r"|needed|gave|gives|puts?|has|had|is|was|would|will|favou?rs?|pitch\w*|push\w*)\b"
)
"""A name and what its bearer wants or thinks."""


class Weighing:
    """Compares attributed statements; what gives way is killed in *ledger*."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._in_vain: deque[Dead] = deque(maxlen=IN_VAIN)
        self._known: OrderedDict[str, Source] = OrderedDict()

    def is_attributed(self, said: Statement) -> bool:
        """Whether *said* is in somebody's name; of two views in it the one that counts is left."""
        told = prevailing(said)
        if told is not None:
            said.source, text, values = told
            for value in values:
                self._ledger.bury(said, value, None, said.at)
            self._ledger.rewrite(said, text)
        if said.source is None and said.voice == "user" and not said.person:
            said.source = self._by_name(said)
        elif said.source is not None and not is_office(said.source):
            self._known[said.source.holder] = said.source
            if len(self._known) > KNOWN:
                self._known.popitem(last=False)
        return said.source is not None

    def _by_name(self, said: Statement) -> Source | None:
        """Who of those whose rank is known *said* begins with, and so tells the will of."""
        opening = _OPENING_NAME.match(said.text)
        return None if opening is None else self._known.get(opening["name"].casefold())

    def identify(self, said: Statement, before: Sequence[Statement]) -> None:
        """Let "the CEO" and the one person of that rank who has a name be one holder."""
        mine = said.source
        if mine is None:
            return
        others = [old for old in before if old.source is not None and old.source.rank == mine.rank]
        names = {old.source.holder for old in others if old.source and not is_office(old.source)}
        if is_office(mine) and len(names) == 1:
            said.source = Source(names.pop(), mine.rank)
        elif not is_office(mine) and names <= {mine.holder}:
            for old in others:
                if old.source is not None and is_office(old.source):
                    old.source = mine

    def is_backed(self, old: Statement, said: Statement) -> bool:
        """Whether somebody above *said* says what *old*, which is in nobody's name, does."""
        if said.source is None or old.source is not None:
            return False
        return any(
            other.alive and outranks(other, said) and agrees(other, old)
            for other in self._ledger.back()
        )

    def weigh(self, said: Statement, before: Sequence[Statement]) -> None:
        """Hold what *said* wants, in somebody's name, against what stands *before* in others'."""
        if said.source is None:
            return
        vain = next((dead for dead in self._in_vain if wants_again(said, dead)), None)
        if vain is not None:
            self._ledger.kill(said, "superseded", None)
            return
        attributed = [old for old in before if old.source is not None]
        for old in attributed:
            if old.source is None or not old.alive:
                continue
            if said.source.rank < old.source.rank:
                self._overrule(said, conflict(old, said), old, attributed)
            elif said.source.rank > old.source.rank or said.source.holder == old.source.holder:
                self._overrule(old, conflict(said, old), said, attributed)
            if not said.alive:
                return

    def _overrule(
        self, loser: Statement, values: list[Value], winner: Statement, others: Sequence[Statement]
    ) -> None:
        """Let *loser*, and what its source says to the same effect, give way to *winner*."""
        if not values:
            return
        outranked = outranks(winner, loser)
        winner.victor = True
        self._ledger.revive(winner)
        dead = [self._ledger.bury(loser, value, winner, loser.at) for value in values]
        if outranked:
            self._in_vain += dead
        for said in (loser, *others):
            again = said.source is not None and any(wants_again(said, one) for one in dead)
            if said is loser or (again and said is not winner):
                self._ledger.kill(said, "superseded", winner.node, outranked=outranked)


def outranks(new: Statement, old: Statement) -> bool:
    """Whether *new* comes from a higher source than *old*."""
    return new.source is not None and old.source is not None and new.source.rank > old.source.rank
