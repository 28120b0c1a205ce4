"""Tombstones: texts that declare themselves dead ("[SUPERSEDED] …"), and obituaries: facts that
say of something else that it no longer holds."""

import re
from collections.abc import Sequence

from car.memgine.dialogue.quotations import buries, core_text
from car.memgine.dialogue.restatements import within
from car.memgine.dialogue.statements import Statement
from car.memgine.nodes import Node

LEAST_REMARK = 2
"""Terms of its own that a fact needs to say something of what it gives."""

_TOMBSTONE = re.compile(
    r"^\W*\[?\s*(?:invalidated|superseded|void(?:ed)?|obsolete|retracted|withdrawn|deprecated"
    r"|outdated|no longer valid|revoked)\b(?=[^.]{0,200}[\]:—–-])",
    re.I,
)
"""A text that declares itself dead."""


def declares_itself_dead(text: str) -> bool:
    """Whether *text* says of itself that it no longer holds."""
    return _TOMBSTONE.match(text[:300].lstrip()) is not None


def is_obituary(node: Node, told: Sequence[Statement], quoted: Sequence[Statement]) -> bool:
    """Whether a fact, *told* by its statements, only says of what is dead that it is.

    *quoted* are the dead statements that it gives.  So it does where it gives two of them, the
    second as the ground of the first, with a remark and no value of its own.
    """
    if any(buries(node.value, core_text(old), node.created_at) for old in quoted):
        return True
    cores = {tuple(old.core) for old in quoted}
    if not any(not within(list(one), list(two)) for one in cores for two in cores if one != two):
        return False
    remark = {term for said in told for term in said.terms}.difference(*cores)
    mine = {(value.kind, value.normal) for said in told for value in said.values}
    theirs = {(value.kind, value.normal) for old in quoted for value in old.values}
    return len(remark) >= LEAST_REMARK and bool(mine) and mine <= theirs
