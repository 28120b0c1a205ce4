"""Askings: the statements of a node, those that only ask to be told something among them.

What a request looks like is told in ``requests``; who asks, and that a value beside it makes it
more than a question, is decided here.
"""

from itertools import pairwise

from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.demands import demands, hears
from car.memgine.dialogue.requests import recalls, requests, supposes
from car.memgine.dialogue.statements import UNREAD, Statement, read_statements
from car.memgine.dialogue.values import Kind
from car.memgine.nodes import Node


def statements_of(node: Node) -> list[Statement]:
    """The statements of *node*; what asks to be told something is a question, however put."""
    found = read_statements(node)
    for said in found:
        if said.voice != "user" or said.topic is UNREAD or _asks_for_change(said):
            continue
        asked = recalls(said.text) or demands(said.text)
        if requests(said.text) or (_bare(said) and asked):
            said.cues |= {Cue.QUESTION}
    for said, following in pairwise(found):
        if following.has(Cue.QUESTION) and _bare(said) and _leads_to(said.text):
            said.cues |= {Cue.QUESTION}
    return found


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
