"""Disavowals: whose word a statement calls wrong ("what Ann found isn't right").

It names somebody who spoke before, and a word for being wrong.  What falls with that person's
word is left to ``rulings``.
"""

import re
from collections.abc import Iterable

from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.vocabulary import terms

_WRONG = re.compile(
    r"\b(?:wrong\w*|incorrect\w*|mistak\w+|mistook|err|erred|errors?|erroneous\w*|inaccurate\w*"
    r"|false\w*|untrue|unfounded|unsound|mis(?:diagnos|judg|read|understood|inform|led|taken)\w*"
    r"|contrary|contradict\w*|refut\w+|disprov\w+|debunk\w*|ruled out|off (?:the mark|base|here)"
    r"|(?:also|too|way|quite|both|equally|all) off|missed (?:it|the)"
    r"|(?:not|never|(?:is|was|are|were)n['’]?t) (?:what|it|right|correct|true|so|the case|how|as"
    r"|accurate|borne|confirmed|the (?:cause|reason|problem|issue)))\b",
    re.I,
)
_SILENT = (Cue.QUESTION, Cue.HYPOTHETICAL)


def disavowed(new: Statement, before: Iterable[Statement]) -> list[Statement]:
    """The statements of *before* that fall because *new* calls their speaker's word wrong.

    *new* has to name the speaker by a word that no other speaker goes by.
    """
    if new.has(*_SILENT) or _WRONG.search(new.text) is None:
        return []
    spoken = [old for old in before if old.source is not None and old.node != new.node]
    names = {old.source.holder: frozenset(terms(old.source.holder)) for old in spoken if old.source}
    named = frozenset(new.terms)
    mine = None if new.source is None else new.source.holder
    called = {
        holder
        for holder, words in names.items()
        if holder != mine and named & (words - _shared(holder, names))
    }
    return [old for old in spoken if old.source is not None and old.source.holder in called]


def _shared(holder: str, names: dict[str, frozenset[str]]) -> frozenset[str]:
    """The words of a name that others go by as well."""
    return frozenset(word for other in names if other != holder for word in names[other])
