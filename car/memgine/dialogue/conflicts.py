"""Conflicts: two people of different rank who want different things of one matter.

Both views are attributed, so that it is known whose word counts; found are the values of the
one that the other speaks against.  What follows from rank is left to ``rulings``.
"""

import re

from car.memgine.dialogue.corrections import rivals
from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.precedence import Source, views
from car.memgine.dialogue.restatements import Dead, contains
from car.memgine.dialogue.slots import apart
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.values import Kind, Value, values_in
from car.memgine.dialogue.vocabulary import terms
from car.memgine.titles import DEPARTMENTS, TITLES

NEAR = 3
"""Nodes between two proposals that are for one matter."""

LATER = 6
"""Nodes after which somebody who was overruled may speak of the same again."""

_SILENT = (Cue.QUESTION, Cue.HYPOTHETICAL)
_ASKED = frozenset({Kind.MONEY, Kind.PERCENT, Kind.WHEN, Kind.SPAN})
_OFFICES = frozenset(terms(" ".join(TITLES | DEPARTMENTS)))
_PROPOSING = re.compile(
    r"\b(?:instead|rather|better|best|nicer|prefer\w*|preferable|suggest\w*|recommend\w*"
    r"|recs?|propos\w*|favou?rs?|push(?:es|ing)|advocat\w*|fits?|suits?|suitable|us(?:e|es|ing)"
    r"|adopt\w*|employ\w*|choos\w*|chose|pick\w*|take|go(?:es)? (?:w/|with|for)|must|should|shall"
    r"|have to|has to|only|all|every|prescrib\w*|compulsory|mandator\w*|mandat\w*|obligatory"
    r"|requir\w*|standard|switch\w*|like[sd]?|wants?|build|built|make|made|default|no others?"
    r"|nothing"
    r"|exclusive\w*|solely|always|never|opt\w*|select\w*|settl\w*|swap\w*|replac\w*|substitut\w*"
    r"|advis\w*|advice|suggestion|urg(?:e|es|ed|ing)|call(?:s|ed)? for|sp(?:eak|eaks|oke) for"
    r"|argu\w*|keen|insist\w*|lay|lays|laid|rules?|policy|stick|vot\w*|back(?:s|ed|ing)|ideal|right"
    r"|proper|would|opinion|view|mind|idea|needs?|takes|taking|runs?|running|pitch\w*|tout\w*"
    r"|champion\w*|lobb\w*|campaign\w*|plead\w*|root(?:s|ing)? for|each|any|any(?:thing|one)"
    r"|everything|every\w+|whenever|wherever|serv(?:e|es|ed)|beats?|superior|stronger|works best"
    r"|rel(?:y|ies)|based on|endors\w*|lean\w*|decree\w*"
    r"|stipulat\w*|dictat\w*|order\w*"
    r"|instruct\w*|decid\w*|mak(?:es|ing)|adr|rfc)\b",
    re.I,
)
"""Words with which somebody is for something."""

_NAME = re.compile(r"\b[A-Z][\w+#-]*[\w+#]\b")


def conflict(new: Statement, old: Statement) -> list[Value]:
    """The values of *old* that *new* speaks against; empty where both may be so.

    Views set side by side in one turn are about one matter; of views in different turns only
    what each is for is compared, as two numbers may be of different things.
    """
    if new.source is None or old.source is None or new.has(*_SILENT) or old.has(*_SILENT):
        return []
    if apart(new, old):
        return []
    if new.source.holder == old.source.holder:
        return _revised(new, old) if new.node != old.node else []
    if new.node == old.node:
        dead = [value for value in rivals(new, old, loose=True) if value.kind in _ASKED]
        if dead:
            return dead
    near = abs(new.node - old.node) <= NEAR
    if near and _PROPOSING.search(new.text) and _PROPOSING.search(old.text):
        return _named_instead(new, old)
    return []


def prevailing(said: Statement) -> tuple[Source, str, list[Value]] | None:
    """Of a sentence that sets two views side by side the part that counts, and whose it is.

    With it the values of the others that fall; None where it tells of one view, or of views
    that go together.
    """
    told = views(said.text)
    if not told or said.has(*_SILENT):
        return None
    source, text = max(told, key=lambda view: view[0].rank)
    mine = [value for value in values_in(text, said.at) if value.kind in _ASKED] + _names(text)
    fallen: list[Value] = []
    for other, part in told:
        if other.rank < source.rank:
            theirs = [v for v in values_in(part, said.at) if v.kind in _ASKED] + _names(part)
            fallen += [v for v in theirs if any(_against(v, one) for one in mine)]
    return (source, text, fallen) if fallen else None


def _against(value: Value, other: Value) -> bool:
    timed = {value.kind, other.kind} == {Kind.WHEN, Kind.SPAN}
    return timed or value.rivals(other)


def wants_again(said: Statement, dead: Dead) -> bool:
    """Whether *said* has the *dead* value and comes from whose it was."""
    if said.source is None or said.node - dead.node > LATER or not contains(said, dead):
        return False
    return dead.slot.issuperset(said.source.holder.split())


def revises(said: Statement) -> bool:
    """Whether *said* is a rule that somebody lays down anew."""
    if said.source is None or not _RULING.search(said.text):
        return False
    return _CHANGING.search(said.text) is not None


def _revised(new: Statement, old: Statement) -> list[Value]:
    """The values of a rule that its maker has others for: they mark a change, or both bound."""
    if not _RULING.search(new.text) or not _RULING.search(old.text) or not _shared(new, old):
        return []
    bounds = _BOUNDING.search(new.text) and _BOUNDING.search(old.text)
    if not bounds and not revises(new):
        return []
    return [value for value in rivals(new, old, loose=True) if value.kind in _ASKED]


def _shared(new: Statement, old: Statement) -> frozenset[str]:
    return (new.topic | new.head) & (old.topic | old.head)


_RULING = re.compile(
    r"\b(?:approv\w*|sign\w*(?: off)?|allow\w*|permi\w*|authori[sz]\w*|grant\w*|delegat\w*|limit\w*"
    r"|max\w*|min\w*|cap(?:ped|s)?|up to|at most|no more than|exceed\w*|(?:say|says|said) yes"
    r"|entitle\w*|empower\w*|consent\w*|clear(?:s|ed|ance)|green-?light\w*|ok(?:ay)?s?|may|can"
    r"|free to|leav(?:e|es|ing)|left|pass(?:es|ed|ing)?|hand(?:s|ed) (?:over )?to"
    r"|subject to|requir\w*|must"
    r"|need(?:s|ed)?|compulsory|mandatory|obligatory|necessary|decid\w+|in charge|responsib\w+"
    r"|up to (?:me|him|her|them)|run (?:past|by)|go(?:es)? (?:to|through|via)|come(?:s)? to)\b",
    re.I,
)
"""Words with which somebody says who may do what, and how much of it."""

_BOUNDING = re.compile(
    r"\b(?:up to|over|more than|less than|fewer than|at most|at least|above|below|beyond|exceed\w*"
    r"|longer than|shorter than|within|max\w*|min\w*|or (?:more|less|longer|fewer)|no more"
    r"|as (?:much|long|many) as|under|past|not? (?:over|above|beyond)|limit\w*|cap\w*|of up)\b"
    r"|[<>≤≥]|\d\+",
    re.I,
)
_CHANGING = re.compile(
    r"\b(?:now|from (?:here|this day|today|this moment|this (?:point|date)|then|now)(?: on)?"
    r"|henceforth|hence|as of|effective"
    r"|with (?:immediate )?effect|going forward|starting|beginning|as from|in future"
    r"|new (?:rule|policy|limit)|any ?more|no longer|changed?|instead|amend\w*|revis\w*|becomes?"
    r"|became|updat\w*|alter\w*|modif\w*)\b",
    re.I,
)


def _named_instead(new: Statement, old: Statement) -> list[Value]:
    """The names of what *old* is for, where *new* is for something of another name."""
    mine, theirs = _names(new.text), _names(old.text)
    if not mine or not theirs or {v.normal for v in mine} & {v.normal for v in theirs}:
        return []
    return theirs


def _names(text: str) -> list[Value]:
    """What *text* calls by name, people and offices aside."""
    found = []
    for match in _NAME.finditer(text):
        normal = terms(match.group())
        ordinary = match.start() == 0 and match.group()[1:].islower()
        ordinary |= match.group().isupper() or bool(values_in(match.group(), 0.0))
        if normal and not ordinary and _OFFICES.isdisjoint(normal) and not _is_person(text, match):
            found.append(Value(Kind.CHOICE, normal[0], match.start(), match.end()))
    return found


def _is_person(text: str, match: re.Match[str]) -> bool:
    """Whether a title stands beside the name: "VP Ida", "Ida, our architect"."""
    before = terms(text[: match.start()])[-1:]
    after = terms(text[match.end() :])[:1]
    joined = re.match(r"\s*[,(]", text[match.end() :]) is not None
    return not _OFFICES.isdisjoint(before) or (joined and not _OFFICES.isdisjoint(after))
