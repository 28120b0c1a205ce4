"""Conversation: turns as they come in, and what has been asked without an answer (memgine §3)."""

import re

from car.memgine.knowledge import Knowledge
from car.memgine.nodes import Node

SESSION_GAP = 6 * 3600.0
"""Seconds of silence after which the next turn begins another session."""

UNKNOWNS_KEPT = 50
"""How many open questions are kept; the context shows the newest three."""

_NOT_KNOWING = re.compile(
    r"\b(?:(?:i|we)(?:'re| am| are)? (?:not sure|don'?t (?:yet )?know|have no idea|can'?t tell)|"
    r"(?:still )?(?:unknown|unclear|undecided|to be (?:decided|determined|confirmed))|tb[dc])\b",
    re.IGNORECASE,
)
_HYPOTHETICAL = re.compile(
    r"\b(?:what if|suppose|supposing|imagine|hypothetical(?:ly)?|let'?s say|if we (?:were|had))\b",
    re.IGNORECASE,
)
_ASKERS = frozenset({"user", "human"})
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")


class Conversation:
    """The turns of one memory, in sessions; each linked to the one before it."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._graph = knowledge.graph
        self._last: Node | None = None
        for node in self._graph.of_kind("conversation"):
            if self._last is None or node.index > self._last.index:
                self._last = node

    def add(self, speaker: str, text: str, at: float, session: int | None = None) -> Node:
        """Put one turn in, said at *at*; answers its node.

        *session* numbers the stretch of conversation; without it a new one begins after
        six hours of silence.
        """
        last = self._last
        if session is None:
            session = 0 if last is None else last.session
            if last is not None and abs(at - last.created_at) > SESSION_GAP:
                session += 1
        node = self._knowledge.add("conversation", speaker, text, at=at, session=session)
        if last is not None and last.session == session and last.index in self._graph.nodes:
            self._graph.add_edge("TemporalNext", last.index, node.index, at=at)
        self._last = node
        asked = [] if last is None else _unknowns_of(last.value)
        if asked and last is not None and last.key != speaker and "?" not in text:
            self._answered(asked)
        self._note_unknowns(node)
        return node

    def unknowns(self) -> list[str]:
        """What was asked or not known, newest last."""
        return list(self._graph.setting("unknowns", []))

    def _answered(self, asked: list[str]) -> None:
        """Another speaker has replied with a statement: what was *asked* is not open."""
        unknowns = self.unknowns()
        left = [unknown for unknown in unknowns if unknown not in asked]
        if len(left) < len(unknowns):
            self._graph.set_setting("unknowns", left)

    def _note_unknowns(self, node: Node) -> None:
        """Keep what *node* leaves open; what the user asks of the agent is a query, not that."""
        found = [] if node.key.casefold() in _ASKERS else _unknowns_of(node.value)
        if found:
            kept = [unknown for unknown in self.unknowns() if unknown not in found]
            self._graph.set_setting("unknowns", (kept + found)[-UNKNOWNS_KEPT:])


def _unknowns_of(text: str) -> list[str]:
    """The questions in *text* and its sentences that say that something is not known."""
    if "?" not in text and _NOT_KNOWING.search(text) is None:
        return []
    return [
        sentence.strip()
        for sentence in _SENTENCE.findall(text)
        if _is_unknown(sentence) and _HYPOTHETICAL.search(sentence) is None
    ]


def _is_unknown(sentence: str) -> bool:
    return sentence.rstrip().endswith("?") or _NOT_KNOWING.search(sentence) is not None
