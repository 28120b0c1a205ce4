"""Facts: how they come in, replace one another, are taken back, and their history (memgine §2)."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from car.memgine.authority import authority_rank
from car.memgine.errors import InvalidFact, UnknownFact
from car.memgine.knowledge import Knowledge
from car.memgine.nodes import FACT_KINDS, Node

SAME_SUBJECT_WEIGHT = 0.5
"""The weight of the RelatedTo link between facts of one subject (memgine §2, observed)."""

Status = Literal["current", "superseded", "overruled", "expired", "retracted", "under_review"]


class NewFact(msgspec.Struct, frozen=True):
    """What is to be known about a fact when it comes in; instants in seconds since the epoch."""

    subject: str
    body: str
    kind: str = "pattern"
    id: str | None = None
    supersedes: str | None = None
    """The id of the fact this one replaces, or its subject: the newest valid one is meant."""
    depends_on: Sequence[str] = ()
    """Ids, or subjects, of the facts this one rests on."""
    scope: str = "global"
    authority: str = "peer"
    source: str | None = None
    confidence: float | str | None = None
    tags: Sequence[str] = ()
    is_constraint: bool = False
    min_authority: int = 0
    valid_from: float | None = None
    expires_at: float | None = None
    valid: bool = True
    """False for a fact that arrives already dead."""


class Added(msgspec.Struct, frozen=True):
    """A fact that came in: its node, whether it is a new one, and what it retired."""

    node: Node
    is_new: bool
    retired: Sequence[Node] = ()


class Facts:
    """The facts of one memory.  *prefix* begins the ids of those that bring none."""

    def __init__(self, knowledge: Knowledge, prefix: str) -> None:
        self._knowledge = knowledge
        self._graph = knowledge.graph
        self._prefix = prefix
        self._numbered = sum(1 for _ in self._graph.of_kind(*FACT_KINDS))
        self._bodies: dict[str, dict[str, int]] = {}
        """The nodes of a subject by what they say, of the subjects that were asked about."""

    def add(self, fact: NewFact, at: float) -> Added:
        """Take *fact* in.

        An exact duplicate of one that holds adds nothing: that one counts as used again.
        Raises InvalidFact for an empty subject, UnknownFact where ``supersedes`` or
        ``depends_on`` name nothing; then nothing has changed.
        """
        if not fact.subject.strip():
            raise InvalidFact("subject: a fact needs one, this is empty")
        target = None if fact.supersedes is None else self.find(fact.supersedes, "supersedes")
        below = [self.find(name, "depends_on") for name in fact.depends_on]
        double = self._double(fact, at) if target is None and fact.valid else None
        if double is not None:
            return self._use_again(double, fact, at)
        constrained = fact.is_constraint or fact.kind == "constraint"
        node = self._knowledge.add(
            "fact" if fact.valid else "fact_superseded",
            fact.subject,
            fact.body,
            at=at,
            id=self._free_id(fact.id),
            label="constraint" if constrained else fact.kind,
            is_constraint=constrained,
            scope=fact.scope,
            authority=fact.authority,
            source=fact.source,
            confidence=fact.confidence,
            tags=tuple(fact.tags),
            min_authority=fact.min_authority,
            valid_from=fact.valid_from,
            expires_at=fact.expires_at,
            retired_at=None if fact.valid else at,
            retirement=None if fact.valid else "superseded",
        )
        self._numbered += 1
        for other in below:
            self._graph.add_edge("DependsOn", node.index, other.index, at=at)
        if below:
            self._knowledge.dependents_changed(below[0], at)
        retired = [] if target is None else self.supersede(target, node, at)
        if fact.valid:
            self._relate(node, at)
            self._remember(node)
        return Added(node, True, retired)

    def supersede(self, target: Node, by: Node, at: float) -> list[Node]:
        """Let *by* take *target*'s place; answers what no longer holds because of it.

        A source of lower authority retires nothing: its own fact is marked overruled.
        """
        self._graph.add_edge("Supersedes", by.index, target.index, at=at)
        if authority_rank(by.authority) < authority_rank(target.authority):
            self._graph.update(by, overruled_by=target.index)
            return []
        if target.kind not in FACT_KINDS and target.kind != "conclusion":
            return []
        return self._knowledge.retire(target, at, "superseded", by)

    def retract(self, name: str, at: float) -> list[Node]:
        """Take a fact back; what it had replaced holds again, unless something else replaced it.

        Answers the nodes that hold again.  Raises UnknownFact.
        """
        node = self.find(name, "id")
        if node.live:
            self._knowledge.retire(node, at, "retracted")
        else:
            self._graph.update(node, retirement="retracted")
        return self._released(node, at)

    def splice(self, node: Node, at: float) -> None:
        """Let what replaced *node* stand in the place of what *node* had replaced."""
        for above in list(self._graph.edges_to(node.index)):
            for below in list(self._graph.edges_from(node.index)):
                if above.kind == below.kind == "Supersedes":
                    self._graph.add_edge("Supersedes", above.source, below.target, at=at)
                    older = self._graph.nodes[below.target]
                    if older.superseded_by == node.index:
                        self._graph.update(older, superseded_by=above.source)

    def _released(self, node: Node, at: float) -> list[Node]:
        revived: list[Node] = []
        for edge in list(self._graph.edges_from(node.index)):
            if edge.kind != "Supersedes":
                continue
            below = self._graph.nodes[edge.target]
            if below.retirement == "retracted":
                revived += self._released(below, at)
            if below.retirement != "superseded" or self._replaced(below, {below.index}):
                continue
            revived += self._knowledge.revive(below, at)
            if below.live and below.kind == "fact":
                self._remember(below)
        return revived

    def _replaced(self, node: Node, seen: set[int]) -> bool:
        """Whether something that was not taken back stands in *node*'s place."""
        for edge in self._graph.edges_to(node.index):
            if edge.kind != "Supersedes" or edge.source in seen:
                continue
            seen.add(edge.source)
            above = self._graph.nodes[edge.source]
            if above.overruled_by == node.index:
                continue
            if above.retirement != "retracted" or self._replaced(above, seen):
                return True
        return False

    # ---- finding -------------------------------------------------------------------------

    def find(self, name: str, field: str) -> Node:
        """The fact with the id *name*, else the newest of that subject, valid ones first.

        Raises UnknownFact, naming *field* as where the name stood.
        """
        node = self._graph.by_id(name)
        if node is None:
            node = self._newest(name)
        if node is None or node.kind not in FACT_KINDS:
            raise UnknownFact(f"{field}: no fact has the id or the subject '{name[:200]}'")
        return node

    def _newest(self, subject: str) -> Node | None:
        newest_dead = None
        for node in self._graph.newest_of_key(subject):
            if node.kind == "fact":
                return node
            if node.kind == "fact_superseded" and newest_dead is None:
                newest_dead = node
        return newest_dead

    def history(self, *, subject: str | None, id: str | None, at: float, limit: int) -> list[Node]:
        """The facts of a subject, or those that replaced one another around an id; newest first.

        Raises UnknownFact.
        """
        found: dict[int, Node] = {}
        waiting = (
            [self.find(id, "id")]
            if id is not None
            else [node for node in self._graph.by_key(subject or "") if node.kind in FACT_KINDS]
        )
        if not waiting:
            raise UnknownFact(f"subject: no fact has the subject '{(subject or '')[:200]}'")
        while waiting:
            node = waiting.pop()
            if node.index in found:
                continue
            found[node.index] = node
            for edge in self._graph.edges_from(node.index):
                if edge.kind == "Supersedes":
                    waiting.append(self._graph.nodes[edge.target])
            for edge in self._graph.edges_to(node.index):
                if edge.kind == "Supersedes":
                    waiting.append(self._graph.nodes[edge.source])
        newest_first = sorted(found.values(), key=lambda node: -node.index)
        return newest_first[:limit]

    def status(self, node: Node, at: float) -> Status:
        """What has become of a fact by *at*."""
        if node.retirement == "retracted":
            return "retracted"
        if not node.live:
            return "superseded"
        if not node.holds_at(at):
            return "expired"
        if self._knowledge.is_overruled(node):
            return "overruled"
        return "under_review" if node.needs_review else "current"

    # ---- bookkeeping -----------------------------------------------------------------------

    def _double(self, fact: NewFact, at: float) -> Node | None:
        index = self._bodies_of(fact.subject).get(normal_text(fact.body))
        node = None if index is None else self._graph.nodes.get(index)
        if node is None or not node.holds_at(at) or node.scope != fact.scope:
            return None
        return node

    def _bodies_of(self, subject: str) -> dict[str, int]:
        known = self._bodies.get(subject)
        if known is None:
            known = self._bodies[subject] = {}
            for node in self._graph.by_key(subject):
                if node.kind == "fact":
                    known[normal_text(node.value)] = node.index
        return known

    def _use_again(self, node: Node, fact: NewFact, at: float) -> Added:
        self._graph.update(node, usage_count=node.usage_count + 1, recorded_at=at)
        if (fact.is_constraint or fact.kind == "constraint") and not node.is_constraint:
            self._knowledge.constrain(node)
        if authority_rank(fact.authority) > authority_rank(node.authority):
            self._graph.update(node, authority=fact.authority)
        return Added(node, False)

    def _relate(self, node: Node, at: float) -> None:
        for other in self._graph.newest_of_key(node.key):
            if other is not node and other.kind == "fact":
                self._graph.add_edge(
                    "RelatedTo", node.index, other.index, at=at, weight=SAME_SUBJECT_WEIGHT
                )
                return

    def _remember(self, node: Node) -> None:
        self._bodies_of(node.key)[normal_text(node.value)] = node.index

    def _free_id(self, wanted: str | None) -> str:
        """*wanted*, with ``-2``, ``-3``, … where that is taken; or the next free number."""
        if wanted is None:
            while self._graph.by_id(f"{self._prefix}-{self._numbered}") is not None:
                self._numbered += 1
            return f"{self._prefix}-{self._numbered}"
        candidate, turn = wanted, 1
        while self._graph.by_id(candidate) is not None:
            turn += 1
            candidate = f"{wanted}-{turn}"
        return candidate


def normal_text(text: str) -> str:
    """*text* as it is compared with another: case, spacing and a final point do not count."""
    return " ".join(text.casefold().split()).rstrip(".!")
