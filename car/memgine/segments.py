"""Segments: the runs of words between the marks that set parts of a line off from one another.

Brackets, pipes, colons, semicolons, arrows, carets, at-signs, spaced dashes and slashes set off
firmly; a full stop ends a sentence; commas and close slashes only pause.  Who reads a head, a
signature or a marker looks at what words stand in each segment, never at which marks were used.
"""

import re
from typing import Literal

import msgspec

Mark = Literal["none", "pause", "stop", "firm"]
"""How strongly what stands between two words parts them."""

WORD = re.compile(r"[^\W_](?:[\w'’&+]|(?<=[^\W_])[.-](?=[^\W_]))*")
"""A word with its inner hyphens, points and apostrophes, and a plus sign after it (``VP+``)."""

_FIRM = re.compile(r"[\[\](){}<>«»|=^~#*;\n→⇒•]|[—–]|--|->|(?:^|\s)-+(?=\s|$)|\s/+\s|//|:(?!\d)|@")
_STOP = re.compile(r"[.!?…]")
_SHORT_WORDS = "dr mr mrs ms prof st jr sr mgr dir eng exec dept vs no"
_SHORT = frozenset(_SHORT_WORDS.split())
"""What a point after it does not end: abbreviations of titles."""


class Segment(msgspec.Struct, frozen=True):
    """The words ``text[start:end]``, between the marks *before* and *after*."""

    words: tuple[str, ...]
    start: int
    end: int
    before: str
    after: str

    @property
    def opened(self) -> Mark:
        """How it is set off from what stands before it."""
        return mark_of(self.before)

    @property
    def closed(self) -> Mark:
        """How it is set off from what follows."""
        return mark_of(self.after)


def mark_of(between: str) -> Mark:
    """How strongly *between*, what stands between two words, parts them."""
    if not between.strip():
        return "firm" if "\n" in between else "none"
    if _FIRM.search(between):
        return "firm"
    return "stop" if _STOP.search(between) else "pause"


def segments(text: str, begin: int = 0, end: int | None = None) -> list[Segment]:
    """The segments of ``text[begin:end]``, in order."""
    stop = len(text) if end is None else min(end, len(text))
    found: list[Segment] = []
    words: list[str] = []
    start, last, before = begin, begin, ""
    for match in WORD.finditer(text, begin, stop):
        between = text[last : match.start()]
        if words and (not between.strip(" \t") or _abbreviates(words[-1], between)):
            words.append(match.group())
        else:
            if words:
                found.append(Segment(tuple(words), start, last, before, between))
            words, start, before = [match.group()], match.start(), between
        last = match.end()
    if words:
        found.append(Segment(tuple(words), start, last, before, text[last:stop]))
    return found


def _abbreviates(word: str, between: str) -> bool:
    return between.strip() == "." and word.casefold() in _SHORT
