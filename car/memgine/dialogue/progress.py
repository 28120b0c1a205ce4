"""Progress: whether a statement is the next step of a story that was told in one turn.

"First we planned May 4. Then the hall was taken. Now it's June 9.": the later step takes the
place of the earlier one.  Sentences that tell several steps are cut in ``stories``.
"""

import re

from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.values import Kind, Value
from car.memgine.dialogue.vocabulary import ATTRIBUTES


def continues(new: Statement, old: Statement) -> bool:
    """Within one turn a later step of the story answers those before it."""
    if not 0 < new.part - old.part <= 2:
        return False
    if new.has(Cue.CORRECTION, Cue.DECISION, Cue.FINAL):
        stepped = _BEGUN.search(old.text) or _CHANGED.search(old.text)
        return old.has(Cue.CORRECTION, Cue.PAST, Cue.TENTATIVE) or bool(stepped)
    if re.match(r"\W*(?:it|that|this)\b", new.text, re.I) and old.has(Cue.PAST):
        return True
    begun = old.has(Cue.PAST) or _BEGUN.search(old.text) or _CHANGED.search(old.text)
    return bool(begun and (_CHANGED.search(new.text) or _TURNED.search(new.text)))


def tells_on(new: Statement, old: Statement, dead: list[Value]) -> bool:
    """Whether both are steps of one story of one thing, told in one turn."""
    if new.source is not None or any(value.kind not in STORIED for value in dead):
        return False
    if not (new.topic & old.topic) - ATTRIBUTES:
        return False
    if new.head and old.head and not (new.head <= old.head or old.head <= new.head):
        return False
    return old.has(Cue.PAST) or any(
        pattern.search(said.text) for pattern in (_BEGUN, _CHANGED, _TURNED) for said in (new, old)
    )


STORIED = frozenset({Kind.WHEN, Kind.PLACE, Kind.MONEY, Kind.PERCENT})
"""Families of values that are told of step by step."""

_BEGUN = re.compile(
    r"\b(?:first,? (?:(?:we|i|they) (?:plan\w*|thought|wanted|had|said|chose)|plan\w*|date|idea"
    r"|version|choice|\w+ (?:date|time|plan|room|price))"
    r"|at (?:the )?(?:first|start|outset|beginning)|beg[aiu]n\w*|start(?:ed|ing) (?:out )?(?:with"
    r"|at|as|on)|initial\w*|original\w*|to begin with|once (?:was|were|planned))\b",
    re.I,
)
_CHANGED = re.compile(
    r"\b(?:it|that|this|which|we|they|made us|\w+)\b[^.]{0,60}?\b(?:was|were|became|got|went|put"
    r"|moved?|shift(?:ed)?|switch(?:ed)?|chang(?:ed?|ing)|push(?:ed)?|turned)\b[^.]{0,20}"
    r"\b(?:it|to|on|into|back|became|for)\b|\b(?:it|this|that) became\b",
    re.I,
)
_TURNED = re.compile(
    r"\b(?:however|but|yet|though|finally|eventually|ultimately|in the end|at last|counts?|stands?"
    r"|holds?|go(?:es)? by|applies|final|definit\w+|fixed|settled|now|latest|valid)\b",
    re.I,
)
"""Where a story told in one turn began, changed, and came to its end."""
