"""Topics: which words of a clause tell what it is about, and which belong to its value.

Without its typed values, its reason and what only introduces it ("note that …").  How they make
up a slot is left to ``statements``.
"""

import re
from collections.abc import Iterable

from car.memgine.dialogue.values import Kind, Value
from car.memgine.dialogue.vocabulary import PRONOUNS, terms

_OPENING_A_VALUE = frozenset({Kind.MONEY, Kind.PERCENT, Kind.WHEN})
"""What begins with one of these is that value: "$50 per unit"."""


def add_choice(text: str, values: list[Value], choice: str) -> tuple[str, ...]:
    """Put *choice* among *values* unless they cover it already; answers its terms."""
    choice = choice.strip()
    start = text.find(choice)
    inside = ((v.start - start, v.end - start) for v in values if v.start >= start)
    if (
        not choice
        or choice.casefold() in PRONOUNS
        or _QUANTIFIED.match(choice)
        or not terms(without(choice, inside))
    ):
        return ()
    if any(value.start == start and value.kind in _OPENING_A_VALUE for value in values):
        return ()
    if any(v.kind is Kind.PLACE and start < v.start < start + len(choice) for v in values):
        return ()
    found = tuple(terms(choice))
    values.append(Value(Kind.CHOICE, " ".join(found), start, start + len(choice)))
    return found


_QUANTIFIED = re.compile(
    r"(?:more|less|fewer|some|any|every|all|many|much|enough|another|additional|extra|further|both"
    r"|either|most|several|lots?|plenty|nothing|none|nobody|anything|everything|something)\b"
    r"|(?:first|last|next|later|again|now)\Z",
    re.I,
)
"""What begins so is so much of something, rather than one choice."""

_REMARK = re.compile(
    r"^\W*(?:please )?(?:note|noted|fyi|update|reminder|heads[- ]up|(?:it |as it )?(?:turns"
    r"|turned) out)\b(?: that\b|\s*[:,—–-])?",
    re.I,
)
_REASON = re.compile(
    r"(?<=\w)[\s,]+(?:because|due to|owing to|thanks to|on account of|so that|in order to)\b.*",
    re.I,
)


def bare(text: str) -> str:
    """*text* without what only introduces it, and without its reason.

    A reason that goes on about the value stays ("… because the fair is there").
    """
    relayed = _RELAYED.match(text)
    if relayed is not None and not terms(text[relayed.end() :]):
        return ""
    reason = _REASON.search(text)
    if reason is not None and not _BACK_TO_VALUE.search(reason.group()):
        text = text[: reason.start()]
    return _REMARK.sub("", text)


_RELAYED = re.compile(
    r"^\W*(?:[\w'’.]+\s+){1,3}?(?:(?:has|have|had|just|now)\s+)*"
    r"(?:(?:c[ao]me|got|gets?|wrote|rang|phoned|called)\s+back\b|(?:says?|said|tells?|told"
    r"|reports?|reported"
    r"|confirms?|confirmed|quotes?|quoted|writes?|wrote|answers?|answered|replies|replied)\b)"
    r"(?:\s+(?:me|us|to|and|with|that|says?|said|saying|it|is)\b|['’]s\b)*",
    re.I,
)
"""Who passes on what: where nothing else is said, it is not about them."""


def admission(text: str) -> int:
    """Where what *text* begins with ends, if that only owns up to an error; 0 otherwise."""
    lead = _ADMITTING.match(text)
    return 0 if lead is None else lead.end()


_ADMITTING = re.compile(
    r"[^:,;—–]{0,40}?\b(?:mis(?:read|typed|heard|counted|remembered|calculated|stated|quoted|wrote"
    r"|took|spelt|spelled|printed|reported|judged|placed|understood)|wrong(?:ly)?|typos?|slips?"
    r"|mistakes?"
    r"|mistaken|errors?|mix-?up|oversight|misprint|thou?ghts?|reflection|apologies|apologi[sz]e"
    r"|(?:let|allow) me (?:to )?\w+|(?:forget|scratch|strike|ignore|disregard|never\s?mind) what"
    r"|checked|looked|asked|measured|counted|verified)\b"
    r"[^:,;—–]{0,30}(?:[:,;—–]|\s-\s)\s*",
    re.I,
)

_BACK_TO_VALUE = re.compile(r"\b(?:there|then)\b\W*$", re.I)
_NAMED = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w-]*\w\b|\b[A-Z]+[a-z]+[A-Z]\w*\b")


def names_in(text: str) -> list[str]:
    """What *text* writes large other than to begin a sentence."""
    return _NAMED.findall(text)


def focus_of(text: str, values: list[Value]) -> frozenset[str]:
    """The terms of that part of *text*, between commas, that holds the first of *values*."""
    if not values or "," not in text:
        return frozenset(terms(text))
    first = min(value.start for value in values)
    begin = text.rfind(",", 0, first) + 1
    end = text.find(",", first)
    return frozenset(terms(text[begin : end if end > 0 else None]))


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """*text* without what stands in *spans*."""
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return text
