"""Levels: readings of a thing that is measured, counted or priced, where the last one counts.

"The load is up to 85%", "7 units remain", "copper is at $9,400 today".  Said later of the same
thing in the same unit, a level takes the place of what it was before, without any word of change.
"""

import re

from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.values import Kind, Value
from car.memgine.dialogue.vocabulary import ATTRIBUTES, STATE_NOUNS, terms

_READ = re.compile(
    r"\b(?:now|currently|today|at present|presently|as of|latest|current|at the moment"
    r"|this (?:minute"
    r"|morning|hour|evening)|left|remain(?:s|ing)?|in stock|on hand|available|still|already"
    r"|down to|up to"
    r"|(?:stands?|sits?|hovers?|trades?|quotes?|is|are|was|were|['’]s|measured|read|seen) at"
    r"|reads?|reading"
    r"|shows?|(?:fallen|risen|dropped|climbed|grown|shrunk|sunk|soared|slipped|jumped|increased"
    r"|decreased"
    r"|gone|went|fell|rose|sank|grew|crept|come|came|is|are)(?: (?:up|down))? to|reach(?:ed"
    r"|es)?|hits?"
    r"|only)\b|:",
    re.I,
)
_MEASURED = frozenset({Kind.COUNT, Kind.MONEY, Kind.PERCENT})
_MEASURING = frozenset(
    terms(
        "stock level reading value price cost rate load usage hold trade stand measure measured"
        " have hand available unit piece copy item remain left sit today hover count figure balance"
        " reach hit risen rise fall fallen drop climb grow up down latest there we only already"
    )
)
"""Words for the measuring itself; they are shared by readings of anything."""


def rises(new: Statement, old: Statement, dead: list[Value]) -> bool:
    """Whether *new* is a later reading of what *old* gave a reading of, in the values *dead*."""
    if new.person or old.person or new.voice != "user" or old.voice != "user":
        return False
    if new.node == old.node or new.source is not None or old.source is not None:
        return False
    if any(value.kind not in _MEASURED for value in dead) or _READ.search(new.text) is None:
        return False
    own = new.topic | new.head
    mine, theirs = _measured(own), _measured(old.topic | old.head)
    if not mine or len(dead) > 1:
        return False
    return mine == theirs or (len(mine & theirs) >= 1 and (mine <= theirs or theirs <= mine))


def counts_down(new: Statement, old: Statement) -> bool:
    """Whether both tell how long it is until the same thing; what time was left has passed.

    The thing may be called by its date alone.
    """
    if new.person or new.node == old.node:
        return False
    if not any(value.counted for value in old.values):
        return False
    if not any(value.counted for value in new.values):
        return False
    return bool(_about(new) & _about(old))


def _about(said: Statement) -> frozenset[str]:
    """What *said* is about, the dates that it names included."""
    dates = (v.normal for v in said.values if v.kind is Kind.WHEN and not v.counted)
    return (said.topic | said.head | said.given | frozenset(dates)) - ATTRIBUTES - _ENDS


_ENDS = frozenset(terms("end start begin beginning middle"))


def _measured(words: frozenset[str]) -> frozenset[str]:
    return words - _MEASURING - ATTRIBUTES - STATE_NOUNS
