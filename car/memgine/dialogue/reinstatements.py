"""Reinstatements: when a choice that another took the place of is wanted again.

What was settled is known from what an assistant gave back (``settlements``); here is only how
the next word on it tells that the one before is to be so again.
"""

import re

import msgspec

from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.vocabulary import terms

_RETURNING = frozenset(
    terms(
        "again back return revert restore reinstate reinstatement resume undo keep stay stick"
        " remain retain prefer preference like love miss better best good right stand readopt"
    )
)
"""What brings back an earlier choice that is named beside it."""

_DECLINING = re.compile(
    r"\b(?:not|no longer|no more|never(?!\s*mind)|nothing|neither|nor|without|against|instead of"
    r"|rather than|drop|dropped|scrap|scrapped|lose|ditch|forget|besides|than)\b|n['’]t\b",
    re.I,
)
"""What keeps a named choice from being brought back."""

LONGEST_CHOICE = 6
"""Terms of a choice that is recognised when it is named again."""


class Settlement(msgspec.Struct, frozen=True, eq=False):
    """*said*, given back by *echo* as *phrase*; *slot* are the stems of what it is of."""

    said: Statement
    echo: Statement
    phrase: tuple[str, ...]
    slot: frozenset[str]
    given: bool = True
    """Whether *echo* gave a value of it back."""


def reinstates(new: Statement, settled: list[Settlement]) -> bool:
    """Whether *new* brings back one of *settled* that another has taken the place of.

    It names what was settled before, says that this is to be so again, and does not name
    what was settled last.
    """
    if new.has(Cue.HYPOTHETICAL) or _DECLINING.search(new.text):
        return False
    if not (_RETURNING & set(new.terms) or new.has(Cue.REVERT)):
        return False
    held = [one for one in settled if new.node > one.said.node]
    standing = next((one for one in reversed(held) if one.said.alive), None)
    if standing is None or names(new, list(standing.phrase)):
        return False
    return any(
        (not one.said.alive or one.slot & standing.slot or one.phrase[-1] in standing.phrase)
        and one.said.node < standing.said.node
        and len(one.phrase) <= LONGEST_CHOICE
        and _names_part(new, one.phrase, standing.phrase)
        for one in held
    )


def names(new: Statement, phrase: list[str]) -> bool:
    size = len(phrase)
    return any(new.terms[at : at + size] == phrase for at in range(len(new.terms) - size + 1))


def _names_part(new: Statement, phrase: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether *new* has most of *phrase*, with something that *other* has not."""
    size = max(min(len(phrase), 2), (len(phrase) + 1) // 2)
    runs = (list(phrase[at : at + size]) for at in range(len(phrase) - size + 1))
    return any(names(new, run) and not set(run) <= set(other) for run in runs)
