"""Reinstatements: when a choice that another took the place of is wanted again.

What was settled is known from what an assistant gave back (``settlements``); here is only how
the next word on it tells that the one before is to be so again.
"""

import re
from collections.abc import Set as AbstractSet

import msgspec

from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.vocabulary import ATTRIBUTES, GENERIC, terms

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


# ---- taking a change back --------------------------------------------------------------------

_BACKWARD = re.compile(
    r"\b(?:undo\w*|undone|revert\w*|revers(?:e[sd]?|al|ing)|roll\w*(?: \w+){0,2} back"
    r"|back(?! to (?:the |our |my |this )?(?!old|first|orig|prev|form|earl|init|way|one|plan|prior"
    r"|last|very|start|begin|status|same|what|how|where|that\b|it\b|as\b)\w+)|restor\w+"
    r"|reinstat\w+|return\w*|before|previous\w*|former\w*|earlier|prior|original\w*|initial\w*"
    r"|first|old|previously|as (?:it|things|that) (?:was|were)|like (?:it|that) was|what we had"
    r"|unchanged|status quo|leave (?:it|that|things)|used to|ante)\b"
    r"|\b(?:cancel|scrap|forget|drop|never\s?mind|ignore|disregard|retract|withdraw|rescind|undo"
    r"|revoke|take back|scratch|void)\w* (?:that|this|the|my|our|it)\b",
    re.I,
)
"""What looks back at how things were before they changed."""

_UNDOING_WORDS = frozenset(
    terms(
        "undo revert reverse restore reinstate return roll back before previous previously former"
        " earlier prior original originally initial first old unchanged leave cancel scrap forget"
        " drop never mind ignore disregard retract withdraw rescind revoke take took scratch keep"
        " kept stay stick change edit switch swap move update revision amendment modification"
        " adjustment one way state position choice option plan version had was used square status"
        " quo put set bring brought good fine better best right again prefer rather like liked"
        " love miss happy want again please start beginning everything correction setting value"
        " arrangement decision answer as remain stand hold resume correct wrong mistake false"
        " alarm reset readopt void annul last more once still always anyway besides end reflection"
        " balance second thought work out time know favourite pick instead too soon hasty all"
    )
)
"""Words in which a change is taken back without a word of what it was."""

_FAR = re.compile(
    r"\b(?:original\w*|initial\w*|very first|first|start|beginning|square one)\b", re.I
)
_OVER = re.compile(r"\b(?:was|were|had been|used to|once)\b", re.I)


def goes_back(new: Statement, slot: AbstractSet[str]) -> bool:
    """Whether *new* takes the last change back, in words that name no more than its *slot*."""
    if new.has(Cue.QUESTION, Cue.HYPOTHETICAL) or _KEEPING.search(new.text):
        return False
    return _BACKWARD.search(new.text) is not None and not foreign(new, slot)


_KEEPING = re.compile(r"\b(?:no|not|never(?!\s*mind)|cannot)\b|n['’]t\b", re.I)


def goes_far_back(new: Statement) -> bool:
    """Whether *new* means how things were at the very beginning."""
    return _FAR.search(new.text) is not None


def wants_again(
    new: Statement, phrase: tuple[str, ...], other: Statement, slot: AbstractSet[str]
) -> bool:
    """Whether *new* says no more than that *phrase*, whose place *other* took, is to be again."""
    if not phrase or new.has(Cue.HYPOTHETICAL) or _DECLINING.search(_THAT.sub("", new.text)):
        return False
    if not _names_part(new, phrase, tuple(other.terms)) or foreign(new, {*phrase, *slot}):
        return False
    if _OVER.search(new.text) or new.has(Cue.PAST):
        return bool(_RETURNING & set(new.terms))
    return True


_THAT = re.compile(
    r"\b(?:scratch|scrap|forget|strike|drop|undo|never\s?mind|ignore|cancel|disregard|lose)"
    r" (?:that|this|it|the (?:change|switch|swap|move|update))\b|\b(?:no|nope"
    r"|nah)\b(?=\s*[,.!:—–-])",
    re.I,
)
"""What refuses the last change without a word of what it brought."""


def foreign(new: Statement, known: AbstractSet[str]) -> set[str]:
    """The words of *new* that say something besides *known* and that it is to be so again."""
    return set(new.terms) - GENERIC - ATTRIBUTES - _UNDOING_WORDS - known
