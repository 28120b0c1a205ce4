"""Shown: which nodes a given asker may be given for a given query, and as what text."""

import msgspec

from car.memgine.authority import title_rank
from car.memgine.dialogue.reader import DialogueReader
from car.memgine.knowledge import Knowledge
from car.memgine.nodes import TURN_KINDS, Node


class Asker(msgspec.Struct, frozen=True):
    """Who a context is for, as the identity node has it."""

    name: str | None = None
    role: str | None = None
    department: str | None = None
    organization: str | None = None

    @property
    def rank(self) -> int:
        """Their clearance (``authority.title_rank``); 0 for somebody unknown."""
        return 0 if self.role is None else title_rank(self.role)


class Shown:
    """The filter of one query: what holds at *at*, in earnest, for this asker."""

    def __init__(
        self, knowledge: Knowledge, reader: DialogueReader, query: str, asker: Asker, at: float
    ) -> None:
        self._knowledge = knowledge
        self._at = at
        self._rank = asker.rank
        self._asking = reader.at_query(query)

    def __call__(self, node: Node) -> bool:
        """Whether *node* may be printed in the plain sections."""
        return (
            self.found(node)
            and self._in_earnest(node)
            and (not node.digression or self._asking.digression)
        )

    def found(self, node: Node) -> bool:
        """Whether a search may come up with *node*; a turn in whatever spirit it was said."""
        return (
            node.holds_at(self._at)
            and node.min_authority <= self._rank
            and (node.kind in TURN_KINDS or self._in_earnest(node))
            and not node.needs_review
            and not self._knowledge.is_overruled(node)
        )

    def _in_earnest(self, node: Node) -> bool:
        return node.setting is None or node.setting in self._asking.settings

    def text(self, node: Node) -> str:
        """What to print of *node*."""
        return node.value if node.shown is None else node.shown
