"""Consultations: talk in which an assistant explains at length and the user tells of themselves.

The user then speaks as people do among themselves: a sentence tells several things, and the
next one changes the topic without notice.  What follows for corrections is left to ``slots``.
"""

from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.voices import expounds
from car.memgine.nodes import Node

REACH = 12
"""Nodes after an explanation in which the user goes on speaking freely."""

CONSULTING = "user"
"""Whom what the user says in a consultation is marked with as its speaker."""


class Consultation:
    """Knows when the assistant last explained something at length."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._asked: list[Statement] = []

    def follow(self, node: Node, found: list[Statement]) -> None:
        """Take in a turn with its statements; mark those of the user that are told freely.

        So is what the explanation answers.
        """
        if expounds(node):
            self._last = node.index
            found = self._asked
        elif self._last is None or node.index - self._last > REACH:
            self._asked = found
            return
        self._asked = found
        for said in found:
            if said.voice == "user" and not said.person:
                said.person = CONSULTING
