"""Provisos: a clause at a text's head or foot that says of the text itself who may know it.

"I can only share this with HR because it is pay data", ", which is pay data and stays within HR":
the words that draw the line stand in the middle of others.  Told from talk about other things by
what points at the text, and by a word for what can only be known.
"""

from car.memgine.clearances import MATTERS, insiders, limits, narrates
from car.memgine.pieces import Piece

LABEL = 16
"""Words of a proviso at most, each side of a comma."""

_POINTING_WORDS = "this that it it's that's which following follows line"
_POINTING = frozenset(_POINTING_WORDS.split())
_GUARDED_WORDS = "confidential secret sensitive private classified restricted privileged direction"
_GUARDED = MATTERS - {"news", "numbers"} | frozenset(_GUARDED_WORDS.split())


def proviso(found: list[Piece]) -> list[str] | None:
    """The words of *found* that draw a line in a proviso at its head or foot; None without one."""
    if len(found) < 2:
        return None
    return _drawn(found[:2], found[2:] or found[1:]) or _drawn(found[-2:], found[:-2] or found[:1])


def _drawn(clause: list[Piece], rest: list[Piece]) -> list[str] | None:
    """The line that the pieces of *clause* draw around what *rest* says."""
    words = [word for piece in clause for word in piece.words]
    if sum(len(piece.words) for piece in rest) < 3 or any(len(p.words) > LABEL for p in clause):
        return None
    if _POINTING.isdisjoint(words) or _GUARDED.isdisjoint(words):
        return None
    for piece in clause:
        for run in piece.runs:
            if insiders(run) and _draws(run) and not narrates(run):
                return ["only", *run]
    return None


def _draws(run: list[str]) -> bool:
    """Whether *run* draws a line by more than naming a group."""
    return limits(run) and (
        not _LINE.isdisjoint(run) or any(word.endswith("+") for word in run) or "share" in run
    )


_LINE_WORDS = """
    only alone solely exclusively strictly nobody no-one none within inside beyond further below
    just purely restricted limited confined reserved keep kept stay stays above higher outside up
"""
_LINE = frozenset(_LINE_WORDS.split())
