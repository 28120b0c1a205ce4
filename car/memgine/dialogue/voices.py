"""Voices: in whose voice a node speaks, by its kind and its speaker."""

import re
from typing import Literal

from car.memgine.nodes import FACT_KINDS, Node

Voice = Literal["user", "assistant", "context", "fact", "signal"]

_ASSISTANTS = frozenset({"assistant", "agent", "ai", "bot", "system", "model"})
_CONTEXTS = frozenset({"context", "working set", "working_set"})

USERS = frozenset({"user", "human", "customer", "client", "me"})
"""Speakers who are the one whom the memory serves; others are people with names."""

LONGEST_REMARK = 1_000
"""Characters of a turn that may be a remark."""


LONGEST_ANSWER = 60
"""Words of an assistant's turn that may be no more than an answer to what the user said."""


def voice_of(node: Node) -> Voice:
    """In whose voice *node* speaks."""
    if node.kind == "environment":
        return "signal"
    if node.kind in FACT_KINDS or node.kind.startswith("conclusion"):
        return "fact"
    speaker = node.key.strip().casefold()
    if speaker in _ASSISTANTS:
        return "assistant"
    return "context" if speaker in _CONTEXTS else "user"


def expounds(node: Node) -> bool:
    """Whether a turn of the assistant's explains at length rather than takes something down."""
    return (
        voice_of(node) == "assistant"
        and len(node.value.split(None, LONGEST_ANSWER)) > LONGEST_ANSWER
    )


def is_remark(node: Node) -> bool:
    """Whether a named speaker's turn is a remark in brackets, a stage direction say."""
    return (
        node.key.strip().casefold() not in USERS
        and _REMARKED.fullmatch(node.value[:LONGEST_REMARK]) is not None
    )


_REMARKED = re.compile(r"\s*(?:\[[^\[\]]*\]|\([^()]*\))\s*")


def person_of(node: Node) -> str:
    """Who speaks, in lower case, where that is one of several people with names; else nothing."""
    speaker = node.key.strip().casefold()
    return speaker if voice_of(node) == "user" and speaker not in USERS else ""
