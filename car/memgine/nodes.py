"""The nodes of the graph: one record for every kind, and what the kinds mean (memgine §1)."""

from typing import Any, Literal

import msgspec

NodeKind = Literal[
    "identity",
    "fact",
    "fact_superseded",
    "conclusion",
    "conclusion_invalidated",
    "skill",
    "skill_deprecated",
    "conversation",
    "conversation_summary",
    "environment",
]

LAYERS: dict[NodeKind, int] = {
    "identity": 1,
    "fact": 2,
    "fact_superseded": 2,
    "conclusion": 2,
    "conclusion_invalidated": 2,
    "skill": 2,
    "skill_deprecated": 2,
    "conversation": 3,
    "conversation_summary": 3,
    "environment": 4,
}
"""The layer of each kind: 1 identity, 2 knowledge, 3 conversation, 4 environment."""

FACT_KINDS: frozenset[NodeKind] = frozenset({"fact", "fact_superseded"})
TURN_KINDS: frozenset[NodeKind] = frozenset({"conversation", "conversation_summary"})
DEAD_KINDS: frozenset[NodeKind] = frozenset(
    {"fact_superseded", "conclusion_invalidated", "skill_deprecated"}
)

Retirement = Literal["superseded", "retracted", "invalidated", "restated", "replaced"]
"""Why a node no longer holds.  ``restated``: it only repeats a value that is dead."""


class Node(msgspec.Struct, gc=False, omit_defaults=True):
    """One thing remembered.  Instants are seconds since the epoch; *index* names it for good.

    ``key`` is a fact's subject, a turn's speaker, a skill's name, an environment key.
    Bitemporal: ``valid_from`` and ``valid_to`` speak of the world, ``recorded_at`` and
    ``retired_at`` of this store.  Nothing here refers to another node but by its index,
    so there are no cycles for the collector to look for.
    """

    index: int
    kind: NodeKind
    key: str
    value: str
    created_at: float
    id: str | None = None
    label: str = "pattern"
    """The kind a fact was added with (``pattern``, ``constraint``, ``knowledge``, …)."""
    scope: str = "global"
    authority: str = "peer"
    source: str | None = None
    is_constraint: bool = False
    content_type: Literal["natural_language", "code", "structured_data"] = "natural_language"
    confidence: float | str | None = None
    tags: tuple[str, ...] = ()
    min_authority: int = 0
    """The rank an asker needs to be shown this (``authority.py``); 0 is everybody."""
    valid_from: float | None = None
    valid_to: float | None = None
    expires_at: float | None = None
    recorded_at: float = 0.0
    retired_at: float | None = None
    retirement: Retirement | None = None
    superseded_by: int | None = None
    """The node that retired this one, where one did."""
    overruled_by: int | None = None
    """A node of higher authority that says otherwise; both stay."""
    needs_review: bool = False
    setting: str | None = None
    """The scope a turn was said in (a what-if, a draft); None is in earnest."""
    digression: bool = False
    """Whether this turn belongs to an interruption of the main thread."""
    shown: str | None = None
    """What to print in place of ``value``: it without a value that is dead."""
    session: int = 0
    """Which stretch of conversation a turn belongs to."""
    usage_count: int = 0
    data: dict[str, Any] | None = None
    """What only this kind has, as JSON: a skill's record, say."""

    @property
    def layer(self) -> int:
        """1 identity, 2 knowledge, 3 conversation, 4 environment."""
        return LAYERS[self.kind]

    @property
    def live(self) -> bool:
        """Whether it still holds, the clock left aside."""
        return self.retired_at is None and self.kind not in DEAD_KINDS

    def holds_at(self, at: float) -> bool:
        """Whether it holds at *at*: not retired, not expired, begun."""
        return (
            self.live
            and (self.expires_at is None or at < self.expires_at)
            and (self.valid_from is None or self.valid_from <= at)
            and (self.valid_to is None or at < self.valid_to)
        )
