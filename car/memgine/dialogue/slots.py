"""Slots: whether two statements have values of one thing.

A value of a long statement is of what stands near it, not of all that the statement speaks of.
How strong a claim has to be to put the one in the other's place is left to ``corrections``.
"""

import re

from car.memgine.dialogue.correcting_words import CHANGING
from car.memgine.dialogue.statements import BRIEF, Statement
from car.memgine.dialogue.trimming import foremost
from car.memgine.dialogue.values import Kind, Value
from car.memgine.dialogue.vocabulary import ATTRIBUTES, stems, terms

PART_SHARED = 3
"""One in so many words of the shorter subject has to be in the other for both to be one."""

VICINITY = 5
"""Terms on either side of a value that say what it is of in a longer statement."""

_MEASURING = ATTRIBUTES | frozenset(
    terms("day week month year daily weekly monthly yearly annual start begin end")
)
"""Words for how much, how often and since when, rather than for what."""

_OF = r"(?:the|my|our|your|his|her|their|its)"
_FROM = (
    r"(?:\s(?:down|up|back|over))?(?:\sfrom\s.{1,30}?)?"
    r"\s(?:to|at|for|until|till)\s(?:about\s|around\s|only\s)?\Z"
)
_CHANGED_TO = re.compile(
    rf"\b(?:{CHANGING})\s+(?:{_OF}\s)?(?P<thing>[\w'’-]+(?:\s[\w'’-]+){{0,5}}?){_FROM}", re.I | re.X
)
_WAS_CHANGED_TO = re.compile(
    rf"(?:\A\W*|\b{_OF}\s)(?P<thing>[\w'’-]+(?:\s[\w'’-]+){{0,4}}?)\s"
    rf"(?:(?:is|are|was|were|got|has|have|had|been|now|being)\s){{0,3}}(?:{CHANGING}){_FROM}",
    re.I | re.X,
)
"""What, right before a value, names the thing that changed to it."""


def overlap(new: Statement, old: Statement) -> int:
    """How many words the subjects of both share; a shared identifier counts for three."""
    shared = (new.topic | new.head) & (old.topic | old.head)
    if new.node != old.node:
        shared |= (new.topic | new.head | new.given) & (old.topic | old.head | old.given)
    return len(shared) + 2 * any("#" in term or "-" in term or term.isdigit() for term in shared)


def apart(new: Statement, old: Statement) -> bool:
    """Whether the two name different things of one sort (Deal 1 and Deal 2, PO #4 and PO #5)."""
    if Kind.IDENTIFIER in new.kinds and Kind.IDENTIFIER in old.kinds:
        mine = {value.normal for value in new.of(Kind.IDENTIFIER)}
        if mine.isdisjoint(value.normal for value in old.of(Kind.IDENTIFIER)):
            return True
    if not new.head or not old.head or new.head == old.head:
        return False
    return _numbered(new.head) != _numbered(old.head)


def _numbered(head: frozenset[str]) -> frozenset[str]:
    return frozenset(term for term in head if len(term) == 1 or term[-1].isdigit())


def restates(said: Statement, kind: Kind, normal: str, slot: frozenset[str]) -> bool:
    """Whether *said*, a sentence of free talk, plainly says the value again, and that of *slot*."""
    if said.is_mixed:
        return False
    of = _of_values(said, [v for v in said.values if v.kind is kind and v.normal == normal])
    return len((of - _MEASURING) & slot) >= 2 and of - _MEASURING <= slot


def one_matter(new: Statement, old: Statement, value: Value) -> bool:
    """Whether *value* of *old* is of what *new* has another value for.

    Choices that share no word are left to who makes them.
    """
    mine = _of_values(new, [v for v in foremost(new) if v.rivals(value)])
    theirs = _of_values(old, [value])
    shared = len(mine & theirs)
    if not shared:
        return value.kind is Kind.CHOICE
    return PART_SHARED * shared >= min(len(mine), len(theirs))


def same_thing(new: Statement, old: Statement, value: Value) -> bool:
    """Whether *new* plainly has another value for the very thing that *value* of *old* is of.

    It calls that value the old one, says that the thing changed, or speaks of nothing else.
    """
    current = foremost(new)
    given_up = [v for v in new.values if v.kind is value.kind and v not in current]
    of = _of_values(old, [value])
    if given_up:
        return any(v.same(value) for v in given_up) and not of.isdisjoint(new.topic | new.head)
    fresh = [v for v in current if v.rivals(value) and not any(map(v.same, old.values))]
    if any(_changed(new, one, of | old.head) for one in fresh):
        return True
    if not fresh:
        return False
    mine, of = _of_values(new, fresh) - _MEASURING, of - _MEASURING
    return len(mine & of) >= 2 and (mine <= of or of <= mine)


def _changed(new: Statement, fresh: Value, of: frozenset[str]) -> bool:
    """Whether *new* says that something among *of* changed to *fresh*."""
    before = new.text[: fresh.start]
    match = _CHANGED_TO.search(before) or _WAS_CHANGED_TO.search(before)
    thing = stems(match["thing"]) if match else frozenset()
    return bool(thing - ATTRIBUTES) and thing - ATTRIBUTES <= of


def _of_values(said: Statement, values: list[Value]) -> frozenset[str]:
    """What *values* of *said* are of: in a long statement only what stands near them."""
    about = said.topic | said.head
    if len(said.terms) <= BRIEF or not values:
        return about | said.given
    near: set[str] = set()
    for value in values:
        near.update(terms(said.text[: value.start])[-VICINITY:])
        near.update(terms(said.text[value.end :])[:VICINITY])
    return about & near
