"""Corrections: when a statement takes the place of an earlier one, and what that leaves of it.

Decided by slot (head, topic), family of value, order and speaker; the wording only says how
strong the claim is.  A statement that changes nothing must retire nothing: in doubt both stay.
"""

import re

from car.memgine.dialogue.cues import Cue, adds, moves
from car.memgine.dialogue.levels import counts_down, rises
from car.memgine.dialogue.progress import STORIED, continues, tells_on
from car.memgine.dialogue.slots import apart, one_matter, overlap, same_thing
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.trimming import foremost, without_old
from car.memgine.dialogue.values import Kind, Value
from car.memgine.dialogue.vocabulary import ATTRIBUTES, DEFAULTS, INCIDENTS

_CONTRAST = re.compile(r"\b(?:instead|rather|back to)\b", re.I)
SHORTEST = 6
"""Terms of what takes back at once what was just said, without naming it."""

AT_HAND = 2
"""Nodes back to what a state without a subject may be of: it, or its answer, was said last."""

NEAR = 6
"""Nodes back to which a bare choice may answer what was merely described."""

_SILENT = (Cue.QUESTION, Cue.PAST, Cue.HYPOTHETICAL)
"""A statement with one of these settles nothing."""

_COMPARED = frozenset(Kind) - {Kind.IDENTIFIER}


def claims(new: Statement) -> int:
    """How strongly *new* claims to hold from now on: 2 corrects, 1 settles, 0 says; -1 nothing."""
    if new.has(*_SILENT) or not new.values:
        return -1
    if new.has(Cue.CORRECTION):
        return 2
    if new.has(Cue.CONCLUSION):
        return -1
    if new.has(Cue.DECISION, Cue.OVERRIDE, Cue.FINAL):
        return 1
    return -1 if new.has(Cue.TENTATIVE) else 0


def is_open(new: Statement) -> bool:
    """Whether *new* names no subject of its own, so that it answers what was said last."""
    if any(value.unit == "past" for value in new.values):
        return False
    return new.known or not (new.focus | new.head) - ATTRIBUTES - DEFAULTS


def rivals(new: Statement, old: Statement, *, loose: bool = False) -> list[Value]:
    """The values of *old* that *new* has another value for.

    *loose* lets a date stand against a span ("in 30 days", "tomorrow").
    """
    found = []
    fresh = foremost(new)
    again = [*fresh, *(value for value in new.values if value.counted)]
    spared = old.firm and not overlap(new, old)
    for value in old.values:
        if spared and value.kind is Kind.CHOICE:
            continue
        if value.kind not in _COMPARED or any(_again(value, other) for other in again):
            continue
        if any(other.rivals(value) or (loose and _dated(value, other)) for other in fresh):
            found.append(value)
    return found


def _again(value: Value, other: Value) -> bool:
    """Whether *other* says *value* again, rather than how little is left until then."""
    return value.same(other) and not other.rivals(value)


def _dated(value: Value, other: Value) -> bool:
    """Whether one is a date to come and the other a span of time."""
    return {value.kind, other.kind} == {Kind.WHEN, Kind.SPAN} and "past" not in (
        value.unit,
        other.unit,
    )


def replaces(new: Statement, old: Statement) -> list[Value]:
    """The values of *old* that *new* retires; empty where it lets *old* be."""
    if old.is_mixed or new.returning or outranked(new, old) or apart(new, old):
        return []
    if old.has(Cue.QUESTION) or (old.told and is_open(new)):
        return []
    loose = new.node != old.node and (new.voice == "signal" or _attributed(new, old))
    dead = [v for v in rivals(new, old, loose=loose) if not _told_beside(new, old, v)]
    if new.person or old.person:
        dead = _among_people(new, old, dead)
    if not dead or not _takes_place(new, old, dead):
        return []
    if new.node != old.node:
        unnamed = is_open(new) or not (new.topic | new.head) - INCIDENTS
        dead = [v for v in dead if unnamed or one_matter(new, old, v)]
    repeated = set(old.terms) <= set(new.terms) and without_old(new) == new.text
    return [] if repeated else dead


def _told_beside(new: Statement, old: Statement, value: Value) -> bool:
    """Whether the instants that *new* counts to stood beside *value* already: both are so.

    Or whether the turn of *new* goes on to say *value* itself.
    """
    if new.node != old.node and (value.kind, value.normal) in new.later:
        return True
    fresh = {v.normal for v in foremost(new) if v.kind is Kind.WHEN and v.unit == value.unit}
    return value.counted != "" and bool(fresh) and fresh <= old.company


def _among_people(new: Statement, old: Statement, dead: list[Value]) -> list[Value]:
    """What of *dead* may fall where people talk freely: they change topics without notice.

    Only typed values, and only where *new* calls the value the old one, changes the very thing
    that it is of, speaks of that alone, or takes back at once what the same person just said.
    """
    own = new.person == old.person and new.has(Cue.CORRECTION) and new.node - old.node <= NEAR
    at_once = own and is_open(new) and len(new.terms) <= SHORTEST and len(new.values) == 1
    return [v for v in dead if v.kind in STORIED and (at_once or same_thing(new, old, v))]


def _takes_place(new: Statement, old: Statement, dead: list[Value]) -> bool:
    """Whether the claim of *new* is strong enough for how much of the subject they share."""
    strength, shared = claims(new), overlap(new, old)
    if strength < 0:
        return False
    only_state = all(value.kind is Kind.STATE for value in dead)
    at_hand = not only_state or (old.voice == "user" and 0 < new.node - old.node <= AT_HAND)
    if strength == 2 and (shared or (is_open(new) and at_hand and _fits(new, old, dead))):
        return True
    if strength == 1 and (shared >= _needed(new, old, dead) or _settles(new, old, dead)):
        return True
    if new.node == old.node:
        return (
            continues(new, old)
            or tells_on(new, old, dead)
            or (strength == 0 and _same_subject(new, old, dead))
        )
    if counts_down(new, old):
        return True
    if old.voice == "signal" and shared >= (1 if new.voice == "signal" or only_state else 2):
        return True
    if _reports(new, old, dead) or rises(new, old, dead):
        return True
    if strength == 0 and only_state:
        named = new.topic - INCIDENTS
        within = bool(new.topic) and named <= old.topic | old.head and bool(named or at_hand)
        return shared >= 2 or within or _same_subject(new, old, dead)
    if _attributed(new, old) and shared >= (2 if _same_holder(new, old) else 1):
        return True
    return strength == 0 and _same_subject(new, old, dead)


def _reports(new: Statement, old: Statement, dead: list[Value]) -> bool:
    """Whether *new* is the later report on when, or where, the same thing takes place.

    It has to share most of the subject, or to say that something moved.
    """
    if new.person or new.source is not None or new.voice != "user" or adds(new.text):
        return False
    if old.voice != "user" or any(value.kind not in _SCHEDULED for value in dead):
        return False
    mine, theirs = new.topic | new.head, old.topic | old.head
    own, shared = mine - theirs - ATTRIBUTES, mine & theirs
    if overlap(new, old) > len(shared) or (shared and len(dead) > 1):
        return True
    if shared and moves(new.text) and new.node - old.node <= NEAR:
        return True
    return len(shared) >= 2 and len(own) <= len(shared)


_SCHEDULED = frozenset({Kind.WHEN, Kind.SPAN, Kind.PLACE})


def _attributed(new: Statement, old: Statement) -> bool:
    return new.source is not None and old.source is not None


def _fits(new: Statement, old: Statement, dead: list[Value]) -> bool:
    """Whether a choice without a subject may answer *old*.

    A bare fragment ("scratch that, the blue one") answers only what was a choice itself, a
    mere description ("it is lovely") only one of the same noun.
    """
    if old.has(Cue.PAST) and new.node != old.node:
        return False
    if all(value.kind is not Kind.CHOICE for value in dead):
        return True
    if old.subject - new.subject and not new.has(Cue.OVERRIDE):
        return False
    near = new.node - old.node <= NEAR and _CONTRAST.search(new.text) is not None
    if near and new.chosen and 0 < new.node - old.node <= AT_HAND:
        return True
    if new.chosen and not new.fragment and (old.chosen or near):
        return True
    same_noun = new.choice_terms[-1:] == old.choice_terms[-1:]
    if not new.fragment and not new.has(Cue.FINAL, Cue.DECISION, Cue.OVERRIDE):
        return same_noun
    decided = new.has(Cue.OVERRIDE) and old.has(Cue.DECISION)
    return old.chosen or same_noun or decided


def _needed(new: Statement, old: Statement, dead: list[Value]) -> int:
    """How much of the subject a decision has to share: more for bare numbers."""
    if new.head & old.head or any(v.kind not in (Kind.COUNT, Kind.SPAN) for v in dead):
        return 1
    return 2


def overruled(new: Statement, old: Statement) -> bool:
    """Whether *new* speaks against *old*, which comes from a higher source."""
    if new.source is None or old.source is None or new.source.rank >= old.source.rank:
        return False
    if _same_holder(new, old) or claims(new) < 0 or apart(new, old):
        return False
    against = {value.kind for value in rivals(new, old, loose=True)}
    if new.has(Cue.CORRECTION):
        return Kind.CHOICE in against and (is_open(new) or overlap(new, old) >= 1)
    return bool(against & _WEIGHED) and overlap(new, old) >= 1


_WEIGHED = frozenset({Kind.MONEY, Kind.PERCENT, Kind.CHOICE})
"""Families in which a lower source's other value is a breach rather than a report."""


def _same_holder(new: Statement, old: Statement) -> bool:
    return bool(new.source and old.source and new.source.holder == old.source.holder)


def outranked(new: Statement, old: Statement) -> bool:
    """Whether *old* comes from a higher source, or from another one of the same rank."""
    if new.source is None or old.source is None or _same_holder(new, old):
        return False
    return new.source.rank < old.source.rank or (
        new.source.rank == old.source.rank and not new.has(Cue.CORRECTION)
    )


def _settles(new: Statement, old: Statement, dead: list[Value]) -> bool:
    """A decision without a subject of its own answers the tentative or the last one."""
    if old.has(Cue.TENTATIVE) and is_open(new) and _fits(new, old, dead):
        return True
    return bool(
        new.of(Kind.CHOICE)
        and _fits(new, old, dead)
        and (old.chosen or old.has(Cue.DECISION, Cue.TENTATIVE))
        and (is_open(new) or new.has(Cue.OVERRIDE))
    )


def _same_subject(new: Statement, old: Statement, dead: list[Value]) -> bool:
    if new.voice != old.voice or new.voice not in ("user", "signal"):
        return False
    if any(value.start < old.verb_at for value in dead):
        return False
    if all(value.kind is Kind.STATE for value in dead):
        if not new.head & (old.head | old.topic):
            return False
    elif not new.head or new.head != old.head:
        return False
    return not _attributed(new, old) or _same_holder(new, old)
