"""The weights of a search: how much each part of ``retrieval`` counts."""

import msgspec


class RetrievalOptions(msgspec.Struct, frozen=True):
    """The weights of a search; 0 or empty leaves a part out.

    Set on the tuning halves of ``benchmarks/memory_recall.py``, which also prints what each
    part is worth on the halves kept back.
    """

    neighbours: tuple[float, ...] = (0.4, 0.3, 0.2, 0.1)
    """The share of its score that a turn lends to those 1, 2, … turns away in its session."""
    session: float = 0.45
    """What a turn has from the words of the question that its session has anywhere."""
    brevity: float = 0.7
    """The length, in words, at which a turn counts half: short turns say little."""
    speaker: float = 2.0
    """The advantage of the turns of a speaker whom the question names, times the square of
    the share of all turns that are theirs: where few speak, they speak of themselves."""
    dates: float = 1.0
    """The weight of a date that the question asks for, as a word of the question has 1."""
    timed: float = 0.4
    """The advantage of a turn that speaks of a time where the question asks when."""
    placed: float = 0.4
    """The advantage of a turn that speaks of a place where the question asks where."""
    asking: float = 0.2
    """What a turn that only asks has less: the answer stands in another."""
    frame: float = 0.5
    """How much less than 1 the words count that only frame a question, as in *what kind of*."""
    related: float = 0.3
    """The weight in turns of a word that is related to one of the question; twice that where
    nobody has used the question's own."""
    spread: float = 1.0
    """The weight of activation over edges, in shares of the scores that it started from."""
    dense: float = 0.5
    """The weight of similarities, where they are handed in."""
