"""Stories: one sentence that tells by which steps a value came to be what it is.

"First it was May 4, then May 9, and in the end May 12"; "May 4 -> May 9 -> May 12"; "neither
May 4 nor May 9 but May 12".  Here such a sentence is cut into its steps; what a later step does
to an earlier one is left to ``corrections``.
"""

import re
from itertools import pairwise

from car.memgine.dialogue.values import Kind, Value, values_in

_TOLD = frozenset({Kind.WHEN, Kind.MONEY, Kind.PERCENT, Kind.PLACE})
"""Families of values that stories are told of."""

_BEGUN = re.compile(
    r"\b(?:first\b(?! (?:of|time))|at the start|outset|initial\w*|original\w*|start(?:ed|ing)|began"
    r"|beg[iu]n(?:ning)?|v1|version 1|former\w*|previous\w*|old|earlier|once|neither)\b"
    r"|^\W*(?:(?:so|thus|hence|in (?:short|brief))\W+)?(?:not|nor)\b",
    re.I,
)
"""What shows that a story begins, or that a step is over."""

_WAS = re.compile(
    r"\b(?:was|were|had|been|said|thought|planned|considered|contemplated)\b|^\W*(?:not|nor)\b",
    re.I,
)
_IS = re.compile(r"\b(?:is|are|now|stands?|holds?|counts?|prevails?|applies)\b|['’]s\b", re.I)
_ENDED = re.compile(
    r"\b(?:in the end|final\w*|eventually|at last|ultimately|conclusive\w*|definit\w+)\b", re.I
)
"""What shows a step to be the last."""

_QUOTING = re.compile(r"[\"“”„«»‘]|(?<!\w)'(?=\w)")
"""Words that are quoted are somebody's already."""

_BRACKETS = re.compile(r"\([^()]*\)")
_ARROW = re.compile(r"\s*(?:->|=>|→|⇒|>>)\s*")
_CUT = re.compile(
    r"\s*(?:->|=>|→|⇒|>>)\s*|[,;]\s+(?:(?:and|nor|then)\s+)?|\s+(?:and|nor|then)\s+|\s+(?=but\b)",
    re.I,
)


def steps(text: str, at: float) -> list[str]:
    """*text* cut before each later value of a story; *text* alone where it tells none."""
    if _QUOTING.search(text) or not (
        _BEGUN.search(text) or _WAS.search(text) or _ARROW.search(text)
    ):
        return [text]
    aside = [match.span() for match in _BRACKETS.finditer(text)]
    values = [v for v in values_in(text, at) if not any(a <= v.start < b for a, b in aside)]
    for run in _runs(values):
        cuts = [_cut(text, one.end, two.start) for one, two in pairwise(run)]
        if cuts and all(cuts) and _is_story(text, cuts):
            return _parts(text, [cut for cut in cuts if cut is not None])
    return [text]


def is_over(step: str) -> bool:
    """Whether *step* speaks of what is no more, or never was."""
    plain = _BRACKETS.sub("", step)
    return _BEGUN.search(plain) is not None or _WAS.search(plain) is not None


def denies(step: str) -> bool:
    """Whether *step* begins to list what is not so: what follows is not so either, until "but"."""
    return _NEITHER.search(step) is not None


def turns(step: str) -> bool:
    """Whether *step* comes to what is so instead."""
    return _BUT.match(step) is not None


_NEITHER = re.compile(
    r"\bneither\b|^[^:]{0,40}\b(?:earlier|previous|former|old|prior|past|rejected|discarded|dropped"
    r"|superseded|outdated)\b[^:]{0,30}:",
    re.I,
)
_BUT = re.compile(r"\W*(?:but|it['’]?s|rather)\b", re.I)


def _runs(values: list[Value]) -> list[list[Value]]:
    """The values of one family and unit in order, where they differ, two at least a family."""
    found: dict[tuple[Kind, str], list[Value]] = {}
    for value in sorted(values, key=lambda value: value.start):
        if value.kind in _TOLD and value.unit != "past":
            found.setdefault((value.kind, value.unit), []).append(value)
    joined = [_joined(run) for run in found.values()]
    return [run for run in joined if len({value.normal for value in run}) == len(run) > 1]


def _joined(run: list[Value]) -> list[Value]:
    """*run* without what only adds to the value before it ("Friday, May 4")."""
    kept: list[Value] = []
    end = -NEXT_TO
    for value in run:
        if value.start - end >= NEXT_TO:
            kept.append(value)
        end = value.end
    return kept


NEXT_TO = 4
"""Characters between two values that make up one."""


def _cut(text: str, begin: int, end: int) -> tuple[int, int] | None:
    """The last place between two values where the later step may begin."""
    cuts = list(_CUT.finditer(text, begin, end))
    return cuts[-1].span() if cuts else None


def _is_story(text: str, cuts: list[tuple[int, int] | None]) -> bool:
    if all(cut is not None and _ARROW.match(text, cut[0]) for cut in cuts):
        return True
    last = cuts[-1]
    if last is None:
        return False
    before, after = text[: last[0]], text[last[1] :]
    if _BEGUN.search(before) or _ENDED.search(after):
        return True
    return _WAS.search(before) is not None and _IS.search(after) is not None


def _parts(text: str, cuts: list[tuple[int, int]]) -> list[str]:
    found = []
    begin = 0
    for start, end in cuts:
        found.append(text[begin:start].strip())
        begin = end
    return [*found, text[begin:].strip()]
