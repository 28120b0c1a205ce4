"""Echoes: what an assistant gives back of a user's words, and which part of that is the value.

What follows from it is left to ``settlements``.
"""

from difflib import SequenceMatcher

from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.values import Kind
from car.memgine.dialogue.vocabulary import ATTRIBUTES, GENERIC, PRONOUNS, terms

MOST_TERMS = 60
"""Terms of each side that are compared."""


def given(said: Statement, echo: Statement) -> list[str]:
    """The typed values of *said* that *echo* has as well, as they were written."""
    return [
        said.text[value.start : value.end]
        for value in said.values
        if value.kind is not Kind.CHOICE and any(value.same(other) for other in echo.values)
    ]


def shared(said: Statement, echo: Statement, mine: list[str], theirs: list[str]) -> tuple[str, ...]:
    """The longest run in both *mine* and *theirs*; empty where it could not name a choice."""
    mine, theirs = mine[:MOST_TERMS], theirs[:MOST_TERMS]
    run = SequenceMatcher(None, mine, theirs, autojunk=False).find_longest_match()
    best = tuple(mine[run.a : run.a + run.size])
    telling = set(best) - GENERIC - ATTRIBUTES - PRONOUNS
    if not telling or (len(best) == 1 and best[0] not in said.named | echo.named):
        return ()
    return best


def chosen_part(said: Statement, run: tuple[str, ...], heads: frozenset[str]) -> tuple[str, ...]:
    """*run* without the subject before the value ("offsite, May 4").

    Where the subject is all there is, it is what was chosen: "solo reviews are our choice".
    """
    size = len(said.choice_terms)
    for at in range(len(run) - size + 1):
        if size and run[at : at + size] == said.choice_terms:
            return said.choice_terms
    if heads.issuperset(run):
        return run
    begin = 0
    while begin < len(run) - 1 and run[begin] in heads:
        begin += 1
    for value in said.values:
        if value.kind is not Kind.CHOICE and value.kind is not Kind.IDENTIFIER:
            first = terms(said.text[value.start : value.end])[:1]
            if first and first[0] in run[begin:]:
                begin = max(begin, run.index(first[0]))
    return run[begin:]
