"""The bank: what proactive memory draws on and adds to, for one tenant or for all.

A tenant's facts carry its scope and are seen by nobody else; they stay out of the plain
context as well.  When to say something is left to ``intervention``, what to learn to
``lessons``.
"""

from collections.abc import Callable, Sequence
from itertools import islice

from car.memgine.facts import NewFact, normal_text
from car.memgine.memgine import Memgine
from car.memgine.nodes import Node
from car.memgine.retrieval import Hit
from car.memgine.rows import DocKind
from car.memgine.shown import Shown
from car.memgine.utility import count_recall

STATUS = "status"
KNOWLEDGE = "knowledge"
PROCEDURAL = "procedural"

REMINDER_HEAD = "Reminder from memory (recalled, not new information):"
"""Begins every reminder, by which recalled text is known again."""

RECALLED = "recalled"
"""The setting of the graph with the ids of the facts that were recalled last."""

RECALLED_KEPT = 64
TELLING = 12
"""Characters from which a text that contains a recalled one is taken to repeat it."""

_OWN = "own"
"""The setting of a tenant's facts: no query asks for it, so that no context shows them."""

_FACTS = frozenset({DocKind.FACT})


class Bank:
    """The facts of *memory* as *tenant_id* may use them; None is whoever has no tenant."""

    def __init__(self, memory: Memgine, tenant_id: str | None) -> None:
        self._memory = memory
        self._graph = memory.graph
        self.owner = "global" if tenant_id is None else tenant_id
        self.scope = "global" if tenant_id is None else f"tenant:{tenant_id}"
        self.status_id = f"proactive-status:{self.owner}"

    @property
    def size(self) -> int:
        """How many facts hold in the whole memory."""
        return self._memory.fact_count

    def save(
        self,
        kind: str,
        subject: str,
        body: str,
        at: float,
        *,
        id: str | None = None,
        tags: Sequence[str] = (),
        confidence: str | None = None,
        is_constraint: bool = False,
        source: str = "agent",
    ) -> Node:
        """Put a fact of that kind in; answers its node, the older one's for an exact double.

        Raises InvalidFact.
        """
        fact = NewFact(
            subject=subject,
            body=body,
            kind=kind,
            id=id,
            scope=self.scope,
            source=source,
            confidence=confidence,
            tags=tuple(tags),
            is_constraint=is_constraint,
        )
        added = self._memory.add_fact(fact, at)
        if added.is_new:
            setting = added.node.setting if self.scope == "global" else _OWN
            self._graph.update(added.node, label=kind, setting=setting)
        return added.node

    def status(self) -> Node | None:
        """The fact that says how things stand."""
        return self._graph.by_id(self.status_id)

    def set_status(self, body: str, at: float) -> Node:
        """Say how things stand, in place of what was said before.  Raises InvalidFact."""
        before = self.status()
        if before is not None:
            if before.value == body and before.live:
                return before
            self._memory.delete(self.status_id, at)
        return self.save(STATUS, STATUS, body, at, id=self.status_id, source="proactive")

    def search(self, query: str, limit: int, at: float) -> list[Hit]:
        """The facts that *query* finds among those of everybody and the tenant's own."""
        return self._memory.knowledge.retriever.search(
            query, limit, at=at, kinds=_FACTS, allowed=self._allowed(query, at)
        )

    def newest(self, limit: int, at: float) -> list[Node]:
        """The facts of everybody and the tenant's own that came last, newest first."""
        allowed = self._allowed("", at)
        found = (
            node
            for node in self._memory.knowledge.newest("fact")
            if node.holds_at(at) and allowed(node)
        )
        return list(islice(found, limit))

    def _allowed(self, query: str, at: float) -> Callable[[Node], bool]:
        memory = self._memory
        shown = Shown(memory.knowledge, memory.reading.reader, query, memory.identity, at)
        rank = memory.identity.rank

        def allowed(node: Node) -> bool:
            if node.label == STATUS:
                return False
            if node.setting == _OWN:
                return (
                    node.scope == self.scope
                    and node.min_authority <= rank
                    and not node.needs_review
                    and not memory.knowledge.is_overruled(node)
                )
            return shown(node)

        return allowed

    # ---- what was recalled -------------------------------------------------------------------

    def recalled(self, nodes: Sequence[Node]) -> None:
        """Note that *nodes* were shown to somebody."""
        ids = [node.id for node in nodes if node.id is not None]
        if not ids:
            return
        for node in nodes:
            count_recall(self._graph, node)
        before = [id for id in self._graph.setting(RECALLED, []) if id not in ids]
        self._graph.set_setting(RECALLED, (before + ids)[-RECALLED_KEPT:])

    def is_recalled(self, text: str) -> bool:
        """Whether *text* only says again what was recalled from here."""
        if REMINDER_HEAD in text:
            return True
        nodes = (self._graph.by_id(id) for id in self._graph.setting(RECALLED, []))
        return any(node is not None and says(text, node) for node in nodes)


def says(text: str, node: Node) -> bool:
    """Whether *text* says what *node* says, in these words."""
    whole, part = normal_text(text), normal_text(text_of(node))
    return whole == part or (len(part) >= TELLING and part in whole)


def text_of(node: Node) -> str:
    """What may be printed of *node*."""
    return node.value if node.shown is None else node.shown
