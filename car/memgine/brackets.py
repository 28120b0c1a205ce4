"""Brackets: a group beside a topic, "[pay data: HR]", and what brackets leave in its hands.

Brackets that say whose word a text is look much alike; what tells them apart are words of speech
and rank, and names.
"""

from car.memgine.clearances import MATTERS, insiders, limits, reserves
from car.memgine.pieces import CLOSING, Piece
from car.memgine.titles import OFFICES

LABEL = 12
"""Words in brackets that may be a marker."""


def bracket_at_head(found: list[Piece]) -> list[Piece]:
    """The pieces in the brackets that *found* begins with; none without, or without a rest."""
    if not found or not found[0].bracketed:
        return []
    for number, piece in enumerate(found[:-1]):
        if not CLOSING.isdisjoint(piece.after):
            return found[: number + 1]
    return []


def bracket_at_foot(found: list[Piece]) -> list[Piece]:
    """The pieces in the brackets that *found* ends with; none without, or without a rest."""
    if not found or CLOSING.isdisjoint(found[-1].after):
        return []
    for number in range(len(found) - 1, 0, -1):
        if found[number].bracketed:
            return found[number:]
    return []


def bracketed(label: list[Piece]) -> list[str] | None:
    """The marker that brackets make of a group beside a topic: "[pay data: HR]"."""
    if not label or sum(len(piece.words) for piece in label) > LABEL:
        return None
    for piece in label:
        for run in piece.runs:
            if reserves(run):
                return ["only", *run]
    labelled = label[0].marking and limits(label[0].words)
    if labelled and label[-1].runs and insiders(label[-1].runs[-1]):
        return label[0].words + label[-1].runs[-1]
    if any(not _ATTRIBUTING.isdisjoint(piece.words) for piece in label):
        return None
    called = [piece for piece in label if piece.marking and insiders(piece.words)]
    topics = [piece for piece in label if not piece.marking]
    if len(called) != 1 or not topics or not all(map(_is_topic, topics)):
        return None
    return ["only", *called[0].words]


def _is_topic(piece: Piece) -> bool:
    """Whether *piece* calls a matter: some words, none of them a name or an office."""
    if piece.named or not OFFICES.isdisjoint(piece.words):
        return False
    own = piece.marks.count(False)
    return own > 1 or (own > 0 and not MATTERS.isdisjoint(piece.words))


_ATTRIBUTING_WORDS = """
    from by said says say per via signed sent posted wrote writes directive instruction order
    statement message note rank role title level grade source author owner team standing speaking
    speaker at on approved
"""
_ATTRIBUTING = frozenset(_ATTRIBUTING_WORDS.split())
"""What shows the brackets to say whose word it is, not who may read it."""
