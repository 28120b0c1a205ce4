"""Restatements: a value that is dead, and what else says it.

A dead value is a value of a slot, not a string: ``Friday`` that died as a launch date is
alive as a lunch date.  How much of the slot has to be shared depends on how telling the value
is.
"""

import msgspec

from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.slots import restates
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.values import Kind, Value
from car.memgine.dialogue.vocabulary import GENERIC, terms

_TELLING = frozenset({Kind.MONEY, Kind.CHOICE, Kind.PLACE, Kind.PERCENT})
"""Families whose values seldom occur by chance."""

QUOTED_TERMS = 3
"""The terms from which on the text of a dead statement is recognised inside another."""


class Dead(msgspec.Struct, frozen=True, eq=False):
    """A value that no longer holds: what of (*slot*), since when, and in which node it stood."""

    kind: Kind
    normal: str
    slot: frozenset[str]
    at: float
    node: int
    told: bool
    """Whether somebody said so, rather than a fact that took the other's place."""
    keys: frozenset[str]
    """The words it is looked up under: its normal form, and what was written."""
    rank: int = 0
    """Of the source that said so, where there is one."""


def dead_of(
    old: Statement,
    value: Value,
    new: Statement | None,
    at: float,
    also: frozenset[str] = frozenset(),
) -> Dead:
    """The record of *value* of *old*, which *new* retired; *also* are more words of its slot."""
    slot = also | old.topic | old.head | old.named
    if new is not None:
        slot |= new.topic | new.head
    if old.source is not None:
        slot |= frozenset(old.source.holder.split())
    written = terms(old.text[value.start : value.end])
    told = new is not None and new.voice != "fact"
    keys = frozenset([value.normal, *value.normal.split(), *written])
    rank = new.source.rank if new is not None and new.source is not None else 0
    return Dead(value.kind, value.normal, slot, at, old.node, told, keys, rank)


def contains(said: Statement, dead: Dead) -> bool:
    """Whether *said* names the dead value, whatever it is of."""
    if dead.kind is not Kind.CHOICE:
        return any(v.kind is dead.kind and v.normal == dead.normal for v in said.values)
    return within(dead.normal.split(), said.terms)


def repeats(said: Statement, dead: Dead) -> bool:
    """Whether *said* states *dead* of the same slot."""
    if said.voice == "fact" and _is_part(said, dead):
        return True
    if not contains(said, dead) or (dead.kind is Kind.CHOICE and said.has(Cue.CANCEL)):
        return False
    if said.person:
        return restates(said, dead.kind, dead.normal, dead.slot)
    if said.voice == "user" and (said.has(Cue.PAST) or not (said.topic or said.head)):
        return True
    shared = len((said.topic | said.head | said.named) & dead.slot)
    if said.voice == "assistant":
        return shared >= 1 or dead.kind in _TELLING or not said.topic
    if dead.kind in _TELLING:
        return shared >= 1
    return shared >= 2 or bool(said.head & dead.slot) or (shared == 1 and len(said.topic) <= 2)


def _is_part(fact: Statement, dead: Dead) -> bool:
    """Whether *fact* says nothing but a choice that was given up, or a part of it that tells."""
    own = [term for term in fact.terms if term not in GENERIC]
    whole = dead.normal.split()
    if dead.kind is not Kind.CHOICE or not own:
        return contains(fact, dead) and set(own) <= set(whole)
    return within(own, whole) and (len(own) > 1 or own == whole or own[0] in fact.named)


def reinstated_by(said: Statement, dead: Dead) -> bool:
    """Whether *said* comes from above the one on whose word the *dead* value fell."""
    return said.source is not None and 0 < dead.rank < said.source.rank


def agrees(new: Statement, old: Statement) -> bool:
    """Whether both give one typed value, so that their other words are only put otherwise."""
    mine = {(value.kind, value.normal) for value in new.values if value.kind in _MEASURED}
    return any((value.kind, value.normal) in mine for value in old.values)


_MEASURED = frozenset({Kind.MONEY, Kind.PERCENT, Kind.WHEN, Kind.SPAN})


def quotes(said: Statement, dead: Statement) -> bool:
    """Whether *said* has the whole text of the dead statement in it."""
    if said.core == dead.core:
        return len(dead.core) >= 2
    least = QUOTED_TERMS - 1 if dead.kinds & {Kind.MONEY, Kind.PERCENT} else QUOTED_TERMS
    return len(dead.core) >= least and within(dead.core, said.terms)


def derives(said: Statement, base: Statement) -> bool:
    """Whether *said*, which follows *base*, was drawn from it: it says so, or reckons with it."""
    if said.has(Cue.CONCLUSION):
        return True
    mine = {(value.kind, value.normal) for value in said.values}
    shared = any((value.kind, value.normal) in mine for value in base.values)
    return shared and said.voice == base.voice and len(mine) > 1 and said.core != base.core


def within(part: list[str], whole: list[str]) -> bool:
    """Whether *part* stands in *whole*, in one piece."""
    if not part or len(part) > len(whole):
        return False
    first, size = part[0], len(part)
    return any(
        whole[start] == first and whole[start : start + size] == part
        for start in range(len(whole) - size + 1)
    )
