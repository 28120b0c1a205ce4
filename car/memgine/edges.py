"""The edges of the graph: kinds, the weight of each in spreading, which run backwards too."""

from typing import Literal

import msgspec

EdgeKind = Literal[
    "Supersedes", "DependsOn", "RelatedTo", "Triggers", "TemporalNext", "CitesPremise"
]

MULTIPLIERS: dict[EdgeKind, float] = {
    "Supersedes": 0.3,
    "DependsOn": 0.8,
    "RelatedTo": 0.6,
    "Triggers": 0.9,
    "TemporalNext": 0.5,
    "CitesPremise": 0.85,
}
"""The factor of each kind in spreading activation (memgine §1)."""

BACKWARDS: frozenset[EdgeKind] = frozenset({"DependsOn", "RelatedTo", "Triggers", "TemporalNext"})
"""The kinds that activation also walks from target to source."""


class Edge(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """*source* to *target*, both node indexes; *weight* is 0 to 1.

    Supersedes: new to old.  DependsOn: dependent to dependency.  CitesPremise: conclusion to
    fact.  TemporalNext: turn to next turn.  Triggers: skill to trigger.
    """

    kind: EdgeKind
    source: int
    target: int
    created_at: float
    weight: float = 1.0
    number: int = 0
    """Which edge of the graph it was when it came: their order, also after a load."""
