"""Askings: the statements of a node, those that only ask to be told something among them.

What a request looks like is told in ``requests``; who asks, and that a value beside it makes it
more than a question, is decided here.
"""

import re
from itertools import pairwise

from car.memgine.dialogue.analysis import read_statements
from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.demands import demands, hears
from car.memgine.dialogue.enquiries import enquires, seeks
from car.memgine.dialogue.performatives import performs
from car.memgine.dialogue.requests import recalls, requests, supposes
from car.memgine.dialogue.statements import UNREAD, Statement
from car.memgine.dialogue.values import Kind
from car.memgine.nodes import Node


def statements_of(node: Node) -> list[Statement]:
    """The statements of *node*; what asks to be told something is a question, however put."""
    found = read_statements(node)
    for said in found:
        if said.voice != "user" or said.topic is UNREAD or _asks_for_change(said):
            continue
        if performs(said.text):
            said.cues -= {Cue.QUESTION}
            continue
        asked = recalls(said.text) or demands(said.text)
        if requests(said.text) or (_bare(said) and asked) or _enquires(said):
            said.cues |= {Cue.QUESTION}
    for said, following in pairwise(found):
        if not following.has(Cue.QUESTION) or not _bare(said):
            continue
        if _leads_to(said.text) or (_MET.search(said.text) and _OF_THEM.search(following.text)):
            said.cues |= {Cue.QUESTION}
    return found


_MET = re.compile(
    r"\b(?:i|we|you|one of us|(?:my|our) (?:team|people|boss|colleagues?))\b(?:['’]ve| have"
    r"| had| did|)\s+"
    r"(?:\w+ly |also |just |already |once )?(?:talk(?:ed)?|sp[eo]ken?|met|chatted|dealt|worked"
    r"|corresponded"
    r"|sat down|had (?:a|an|our|the) (?:\w+ )?(?:call|talk|chat|meeting|session|conversation)|"
    r"(?:in|on|at)"
    r" (?:a|the) (?:call|meeting|session))\b",
    re.I,
)
"""What tells of having had to do with somebody."""

_OF_THEM = re.compile(r"\b(?:their|theirs|they|them|his|her|hers|he|she|him)\b", re.I)


def _enquires(said: Statement) -> bool:
    """Whether *said* puts a question or seeks to know; who does may be anybody."""
    if said.person or not said.kinds.isdisjoint(_TYPED):
        return False
    return enquires(said.text) or (said.source is None and seeks(said.text))


def _leads_to(text: str) -> bool:
    """Whether *text* is there only for the question after it."""
    return supposes(text) or hears(text) or recalls(text)


def _asks_for_change(said: Statement) -> bool:
    """Whether *said* is a question in form only: "could you move it to noon?"."""
    return said.text.endswith("?") and said.has(Cue.CORRECTION) and not said.has(Cue.QUESTION)


def _bare(said: Statement) -> bool:
    """Whether *said* is the user's own word, without a value that it could be there to state."""
    if said.voice != "user" or said.person or said.source is not None:
        return False
    return said.kinds.isdisjoint(_TYPED)


_TYPED = frozenset({Kind.MONEY, Kind.PERCENT, Kind.COUNT, Kind.WHEN, Kind.STATE})
