"""A question as it is looked for: what of it counts, and how much.

Who answers it is ``retrieval``'s business.
"""

from functools import cache

import msgspec

from car.memgine.dates import TIMED, question_terms
from car.memgine.index import TextIndex
from car.memgine.signs import PLACED, asks_of_self, asks_where
from car.memgine.thesaurus import related_words
from car.memgine.tokens import Tokeniser
from car.memgine.weights import RetrievalOptions
from car.memgine.wordlists import FRAME_WORDS

ASKERS = ("user", "human")
"""Names under which the turns stand of who asks of *me* and *my*."""

COMMONPLACE = 0.1
"""The share of all documents above which a related word says nothing."""


class Wanted(msgspec.Struct, frozen=True):
    """A question, read.

    *words* are its terms and *related* those that may stand for them, both with their weights;
    *speakers* are terms of whom it may be about; *dates* are terms of dates it asks for, with
    their weights; *signs* are terms of turns that tell what is asked, with their advantage.
    """

    words: dict[str, float]
    related: dict[str, float]
    speakers: list[str]
    dates: dict[str, float]
    signs: dict[str, float]


def read(query: str, at: float, index: TextIndex, options: RetrievalOptions) -> Wanted:
    """What *query*, put at *at*, looks for in *index*."""
    terms = list(dict.fromkeys(index.tokeniser.terms(query)))
    framing = _framing(index.tokeniser.language)
    words = {term: 1 - options.frame if term in framing else 1.0 for term in terms}
    dates = dict.fromkeys(question_terms(query, at), options.dates)
    signs = {}
    if dates.pop(TIMED, None) is not None:
        signs[TIMED] = options.timed
    if asks_where(query):
        signs[PLACED] = options.placed
    return Wanted(
        words=words,
        related=_related(words, index, options.related) if options.related else {},
        speakers=[*terms, *ASKERS] if asks_of_self(query) else terms,
        dates=dates,
        signs=signs,
    )


@cache
def _framing(language: str) -> frozenset[str]:
    """FRAME_WORDS as the terms of a tokeniser for *language*; they are English."""
    if language != "english":
        return frozenset()
    return frozenset(map(Tokeniser(language).term, FRAME_WORDS))


def _related(words: dict[str, float], index: TextIndex, weight: float) -> dict[str, float]:
    """The terms that may stand for *words*; none tells more than the word that was asked for."""
    table = related_words(index.tokeniser.language)
    found: dict[str, float] = {}
    for word, own in words.items():
        others = table.get(word)
        if others is None:
            continue
        most = index.idf(word)
        share = own * weight * (1 if index.frequency(word) else 2)
        for other in others:
            if other not in words and 0 < index.frequency(other) <= COMMONPLACE * len(index):
                told = share * min(1.0, most / index.idf(other))
                found[other] = max(told, found.get(other, 0.0))
    return found
