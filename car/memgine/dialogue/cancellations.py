"""Cancellations: what takes back an approval, a plan or somebody's word as a whole.

A correction puts another value in place; a cancellation puts none.
"""

import re

from car.memgine.dialogue.corrections import is_open, outranked
from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.slots import apart, overlap
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.states import NEGATIVE
from car.memgine.dialogue.values import Kind

_THAT = re.compile(r"\b(?:that|this|it|the) \w+", re.I)


def revokes(new: Statement, old: Statement) -> bool:
    """Whether *new* takes back the approval, plan or request that *old* is."""
    if not takes_back(new) or not old.has(Cue.COMMIT) or old.has(Cue.CANCEL, Cue.QUESTION):
        return False
    if apart(new, old) or outranked(new, old):
        return False
    shared = overlap(new, old)
    if shared >= 2:
        return True
    if new.person or old.person:
        return False
    if shared == 1:
        return len(new.topic) <= 2 or bool(_THAT.search(new.text)) or bool(new.named & old.named)
    return is_open(new)


_SINCE = re.compile(
    r"\b(?:then|since|later|after\w*|subsequent\w*|meanwhile|now|again|but|eventually|in the end"
    r"|finally|recent\w*|soon|next|however|yet|today|this (?:week|month|morning)|no longer)\b",
    re.I,
)
"""What tells of a later step."""


def follows_up(new: Statement, old: Statement) -> bool:
    """Whether *new*, of one turn with *old*, tells what became of somebody's decision."""
    if new.part <= old.part or new.source is None or old.source is None:
        return False
    return _SINCE.search(new.text) is not None and not new.has(Cue.PAST)


def takes_back(new: Statement) -> bool:
    """Whether *new* cancels anything at all."""
    if new.has(Cue.QUESTION, Cue.HYPOTHETICAL, Cue.CONCLUSION):
        return False
    if re.search(r"\bunless\b|\bif\b", new.text, re.I):
        return False
    return new.has(Cue.CANCEL) or any(v.normal in NEGATIVE for v in new.of(Kind.STATE))
