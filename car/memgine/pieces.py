"""Pieces: the segments of a text as a marker's words are looked up, and which may stand in one."""

from itertools import groupby

import msgspec

from car.memgine.clearances import IT, groups, is_group, may_mark
from car.memgine.segments import Mark, Segment, mark_of, segments

_OPENING = frozenset("[({<#*")
CLOSING = frozenset("])}>")
_KEYED = ("=", ":", ">=", "(", "->")


class Piece(msgspec.Struct, frozen=True):
    """The folded *words* between the marks *before* and *after*; *size* as written."""

    words: list[str]
    marks: list[bool]
    """Which of them may stand in a marker."""
    before: str
    after: str
    named: bool
    """Whether a word within it is written large as a name is."""

    @property
    def marking(self) -> bool:
        """Whether they all may."""
        return all(self.marks)

    @property
    def closed(self) -> Mark:
        return mark_of(self.after)

    @property
    def opened(self) -> Mark:
        return mark_of(self.before)

    @property
    def bracketed(self) -> bool:
        return self.before.strip()[-1:] in _OPENING

    @property
    def runs(self) -> list[list[str]]:
        """The runs of words that may stand in a marker."""
        pairs = zip(self.words, self.marks, strict=True)
        runs = groupby(pairs, lambda pair: pair[1])
        return [[word for word, _ in run] for may, run in runs if may]


def pieces(text: str, begin: int, end: int) -> list[Piece]:
    """The pieces of ``text[begin:end]``; a tag (``#secret``) and a key's value stand alone."""
    found: list[Piece] = []
    for segment in (part for one in segments(text, begin, end) for part in _sentences(one)):
        piece = _piece(segment.words, segment.before, segment.after)
        keyed = bool(found) and found[-1].marking and segment.before in _KEYED
        tagged = segment.before.endswith("#")
        if (keyed or tagged) and not piece.marking:
            first = _piece(segment.words[:1], segment.before, "; ")
            if first.marking and (tagged or groups(first.words)):
                found.append(first)
                piece = _piece(segment.words[1:], "; ", segment.after)
        found.append(piece)
    return found


def _sentences(segment: Segment) -> list[Segment]:
    """*segment*, or its two parts where a sentence begins within it without a mark before it."""
    for at in range(1, len(segment.words) - 1):
        if segment.words[at] in _BEGINNING and segment.words[at - 1][0].islower():
            first, rest = segment.words[:at], segment.words[at:]
            return [
                Segment(first, segment.start, segment.end, segment.before, ". "),
                Segment(rest, segment.start, segment.end, ". ", segment.after),
            ]
    return [segment]


_BEGINNING_WORDS = """
    Please Don't Don’t Do Keep Kindly Only This That Not Never Strictly Confidential Restricted
    Internal Reserved Nobody Share Disclosure Access For
"""
_BEGINNING = frozenset(_BEGINNING_WORDS.split())
"""Words that are written large only where a sentence begins."""


def _piece(words: tuple[str, ...], before: str, after: str) -> Piece:
    named = any(word[0].isupper() and word[1:].islower() for word in words[1:])
    return Piece(*_folded(words), before, after, named)


def _folded(written: tuple[str, ...]) -> tuple[list[str], list[bool]]:
    """*written* as a marker's words are looked up (``HR-only`` is two), and which may mark.

    A word written large before a group's is of its name ("CS leadership").
    """
    words: list[str] = []
    marks: list[bool] = []
    for word, following in zip(written, (*written[1:], ""), strict=True):
        named = word[0].isupper() and is_group(_parts(following)[0])
        for part in _parts(word):
            words.append(part)
            marks.append(named or may_mark(part))
    return words, marks


def _parts(written: str) -> list[str]:
    folded = written.casefold().replace("’", "'")
    if written == "IT":
        return [IT]
    bare = folded.removesuffix("'s")
    folded = bare if is_group(bare) else folded
    front, joined, last = folded.rpartition("-")
    if not joined or may_mark(folded):
        return [folded]
    return [front, last] if is_group(front) else folded.split("-")
