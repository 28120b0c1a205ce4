"""Trimming: what of a statement is still to be shown.

"Moved from A to B" is shown without A, a bracket that only holds a dead value is left out, and
where a statement says more than the one value that changed, that value is changed in it.
"""

import re

from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.statements import BRACKETS, Statement
from car.memgine.dialogue.values import Kind, Value

_FROM = re.compile(
    r",?\s+(?:up|down|away|changed|moved"
    r"|switched)?\s*\bfrom (?:the )?(?P<old>[^,;]{1,50}?)(?=\s+to\b)",
    re.I,
)
"""Where nothing changes, what goes from one value to another lasts, or lies between them."""

_OLD_PHRASES = (
    re.compile(
        r"^\W*(?:forget|neither|not|drop|scratch)\s+(?P<old>.{1,70}?),\s+(?=(?:the|it|we|but)\b)",
        re.I,
    ),
    re.compile(
        r"^\W*(?:instead of|rather than)\s+(?P<old>.{1,70}?)\s*"
        r"(?:,\s+|\bit (?:is|should be|will be)\b:?\s*|(?=\bwe\b))",
        re.I,
    ),
    re.compile(
        r"\s*\((?:was|were|formerly|previously|originally|not|up from|down from|old:?|instead of"
        r"|changed from|earlier|ex)\b[^)]*\)",
        re.I,
    ),
    _FROM,
    re.compile(
        r"\b(?:no longer|not) (?P<old>[^,;:.]{1,40}?)(?: any ?more| any longer)?[,;:]\s+", re.I
    ),
    re.compile(r",?\s+(?:up|down) from (?P<old>[^,.;]{1,40})", re.I),
    re.compile(
        r",?\s+(?:instead of|rather than|in place of|as opposed to) (?P<old>[^,.;]{1,50})", re.I
    ),
    re.compile(r",?\s+(?:and )?not (?:the |on |in |at )?(?P<old>[^,.;]{1,40})(?=[.;]|\s*$)", re.I),
    re.compile(r"\bnot (?:the |on |in |at )?(?P<old>[^;]{1,70}?),? but(?: rather)?:?\s+", re.I),
    re.compile(r"(?<=\breplac)(?:e|es|ed|ing) (?P<old>[^,.;]{1,40}?) (?=with\b)", re.I),
)


def foremost(said: Statement) -> list[Value]:
    """Its values outside brackets, where it has any: what it says, not what it adds."""
    if said.foremost is None:
        said.foremost = _foremost(said)
    return said.foremost


def _foremost(said: Statement) -> list[Value]:
    aside = [match.span() for match in BRACKETS.finditer(said.text)]
    corrects = said.has(Cue.CORRECTION)
    for pattern in _OLD_PHRASES:
        if pattern is _FROM and not corrects:
            continue
        match = pattern.search(said.text)
        if match and (corrects or _valued(said, match)):
            aside.append(match.span())
    outside = [v for v in said.values if not any(a <= v.start < b for a, b in aside)]
    return outside or said.values


def without_old(said: Statement) -> str:
    """*said* without the value that it itself calls the old one ("moved from A to B")."""
    text = said.text
    if said.has(Cue.QUESTION):
        return text
    for pattern in _OLD_PHRASES:
        if pattern is _FROM and not said.has(Cue.CORRECTION):
            continue
        match = pattern.search(text)
        if match and _valued(said, match):
            filler = " " if match.group().endswith(" ") else ""
            text = text[: match.start()] + filler + text[match.end() :]
    return re.sub(r"\s{2,}", " ", text).strip()


def _valued(said: Statement, match: re.Match[str]) -> bool:
    """Whether what is cut is a value and another of its family remains."""
    inside = [v for v in said.values if match.start() <= v.start < match.end()]
    outside = [v for v in said.values if v not in inside]
    return any(one.kind is other.kind for one in inside for other in outside)


def without_dead(said: Statement, normals: frozenset[tuple[Kind, str]]) -> str:
    """*said* without the brackets that only hold dead values; all of it where none do."""
    text = said.text
    for match in reversed(list(BRACKETS.finditer(text))):
        inside = [v for v in said.values if match.start() <= v.start < match.end()]
        others = [v for v in said.values if v not in inside]
        if others and any((v.kind, v.normal) in normals for v in inside):
            text = text[: match.start()] + text[match.end() :]
    return text


_RECKONED = frozenset({Kind.MONEY, Kind.PERCENT, Kind.COUNT, Kind.SPAN})
"""Families whose values may have been worked out from one another."""


def mended_text(new: Statement, old: Statement, dead: list[Value]) -> str | None:
    """*old* with the one value that *new* changes changed in it; None where it is dead whole.

    Only where *old* says something else as well that *new* leaves alone ("500 units to
    Chicago", "make it 700 units").
    """
    if len(dead) != 1 or not new.has(Cue.CORRECTION) or old.source is not None:
        return None
    if old.has(Cue.CONCLUSION) or not old.kinds.isdisjoint(_RECKONED - {dead[0].kind}):
        return None
    value = dead[0]
    fresh = [v for v in foremost(new) if v.rivals(value)]
    if sum(v.kind is value.kind and v.unit == value.unit for v in old.values) > 1:
        return None
    kept = [v for v in old.values if v.kind not in (value.kind, Kind.STATE, Kind.CHOICE)]
    if len(fresh) != 1 or not kept or value.kind in (Kind.CHOICE, Kind.STATE):
        return None
    if any(v.kind is k.kind for v in new.values for k in kept):
        return None
    text = new.text[fresh[0].start : fresh[0].end]
    end = value.end
    if value.unit and value.kind is Kind.COUNT and not fresh[0].unit:
        end = value.start + len(re.split(r"[\s-]", old.text[value.start :])[0].rstrip(".,"))
    return old.text[: value.start] + text + old.text[end:]
