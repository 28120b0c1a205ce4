"""Memgine: one memory, whole.  What a session, a meeting or an embedder holds.

Plain and synchronous: it takes instants (seconds since the epoch), opens no file and waits
for nothing.  Whoever keeps it in a store drains its changes after each call.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from car.memgine.budget import DEFAULT_TOKENS
from car.memgine.context import ContextBuilder, Request
from car.memgine.conversation import Conversation
from car.memgine.facts import Added, Facts, NewFact, Status
from car.memgine.graph import Change, Graph
from car.memgine.knowledge import Knowledge
from car.memgine.nodes import Node
from car.memgine.reading import Reading
from car.memgine.retrieval import Hit
from car.memgine.rows import DocKind
from car.memgine.shown import Asker, Shown
from car.memgine.skills.book import SkillBook
from car.memgine.vectors import Vectors

SEARCHED = frozenset({DocKind.FACT, DocKind.CONCLUSION, DocKind.TURN, DocKind.SUMMARY})
"""What a query looks through: signals are for the context alone."""


class Memgine:
    """Facts, conversation, signals and skills of one memory.

    *graph* is one that was loaded.  *tracked*: changes are noted for ``drain``.  *prefix*
    begins the ids of facts that bring none.
    """

    def __init__(
        self, graph: Graph | None = None, *, tracked: bool = False, prefix: str = "ws"
    ) -> None:
        self.graph = Graph(tracked=tracked) if graph is None else graph
        self.prefix = prefix
        self.knowledge = Knowledge(self.graph)
        self.facts = Facts(self.knowledge, prefix)
        self.conversation = Conversation(self.knowledge)
        self.reading = Reading(self.knowledge)
        self.skills = SkillBook(self.graph)
        self._contexts = ContextBuilder(
            self.knowledge,
            self.conversation,
            self.reading.reader,
            self.skills,
        )
        self._identity: Node | None = next(self.graph.of_kind("identity"), None)

    # ---- taking in -------------------------------------------------------------------------

    def set_identity(self, asker: Asker, at: float) -> None:
        """Say who is asking from now on."""
        if self._identity is not None:
            self.knowledge.remove(self._identity)
        self._identity = self.knowledge.add(
            "identity", "user", asker.name or "", at=at, data=msgspec.to_builtins(asker)
        )

    @property
    def identity(self) -> Asker:
        """Who is asking, as last said."""
        if self._identity is None:
            return Asker()
        return msgspec.convert(self._identity.data, Asker)

    def add_fact(self, fact: NewFact, at: float) -> Added:
        """Take a fact in; raises InvalidFact and UnknownFact, and then nothing has changed."""
        self.knowledge.settle(at)
        added = self.facts.add(fact, at)
        if added.retired:
            self.reading.retired(added.retired, added.node, at)
        if added.is_new:
            self.reading.entered(added.node, at)
        return added

    def add_conclusion(
        self, subject: str, body: str, premises: Sequence[str], at: float, **fields: Any
    ) -> Node:
        """Take in what was concluded from facts, by their ids or subjects; raises UnknownFact."""
        cited = [self.facts.find(name, "premises") for name in premises]
        node = self.knowledge.add("conclusion", subject, body, at=at, **fields)
        for fact in cited:
            self.graph.add_edge("CitesPremise", node.index, fact.index, at=at)
        if cited:
            self.knowledge.dependents_changed(cited[0], at)
        self.reading.entered(node, at)
        return node

    def set_environment(self, key: str, value: str, at: float) -> Node:
        """A signal from outside; the newest value of a key replaces the older."""
        older = [
            node
            for node in self.graph.by_key(key)
            if node.kind == "environment" and node.retired_at is None
        ]
        node = self.knowledge.add("environment", key, value, at=at, authority="system")
        for other in older:
            fallen = self.knowledge.retire(other, at, "replaced", node)
            self.reading.retired(fallen, node, at)
        self.reading.entered(node, at)
        return node

    def ingest_conversation(
        self, speaker: str, text: str, at: float, *, session: int | None = None
    ) -> Node:
        """Take in one line that *speaker* said at *at*, and what it changes; a few ms at most."""
        self.knowledge.settle(at)
        node = self.conversation.add(speaker, text, at, session)
        self.reading.entered(node, at)
        return node

    def retract(self, name: str, at: float) -> list[Node]:
        """Take a fact back by id or subject; answers what holds again.  Raises UnknownFact."""
        node = self.facts.find(name, "id")
        revived = self.facts.retract(name, at)
        self.reading.revived(revived, node, at)
        return revived

    def delete(self, name: str, at: float) -> Node:
        """Remove a fact for good; what it had replaced holds again.  Raises UnknownFact."""
        node = self.facts.find(name, "id")
        self.reading.revived(self.facts.retract(name, at), node, at)
        self.facts.splice(node, at)
        self.knowledge.remove(node)
        return node

    # ---- asking ------------------------------------------------------------------------------

    @property
    def fact_count(self) -> int:
        """How many facts hold."""
        return self.knowledge.fact_total

    @property
    def vectors(self) -> Vectors:
        """Vectors of nodes, from an encoder of the application's; empty unless it has one."""
        return self.knowledge.vectors

    def query(
        self,
        query: str,
        k: int,
        at: float,
        *,
        asker: Asker | None = None,
        vector: Sequence[float] | None = None,
        kinds: frozenset[DocKind] = SEARCHED,
    ) -> list[Hit]:
        """The *k* best of what holds and *asker* may see, best first; none if no word matches.

        Questions, what-ifs and digressions are found too: a search is for evidence.  *vector*
        is the query's, where nodes have any; raises WrongVector.
        """
        who = self.identity if asker is None else asker
        shown = Shown(self.knowledge, self.reading.reader, query, who, at)
        dense = None if vector is None else self.vectors.similarities(vector)
        return self.knowledge.retriever.search(
            query, k, at=at, kinds=kinds, allowed=shown.found, dense=dense
        )

    def build_context(
        self,
        query: str,
        at: float,
        *,
        budget: int = DEFAULT_TOKENS,
        asker: Asker | None = None,
        fast: bool = False,
        vector: Sequence[float] | None = None,
    ) -> str:
        """The context for *query* in at most *budget* tokens (``context``)."""
        who = self.identity if asker is None else asker
        dense = None if vector is None else self.vectors.similarities(vector)
        return self._contexts.build(Request(query, at, budget, who, fast, dense))

    def history(
        self, *, subject: str | None = None, id: str | None = None, at: float, limit: int = 50
    ) -> list[tuple[Node, Status]]:
        """The facts of a subject, or around an id, newest first, with what became of them.

        Raises UnknownFact.
        """
        nodes = self.facts.history(subject=subject, id=id, at=at, limit=limit)
        return [(node, self.facts.status(node, at)) for node in nodes]

    # ---- being kept ----------------------------------------------------------------------------

    def drain(self) -> list[Change]:
        """The rows that changed since the last call; empty unless tracked."""
        return self.graph.drain()

    @classmethod
    def from_rows(
        cls, rows: Iterable[tuple[str, bytes]], *, tracked: bool = False, prefix: str = "ws"
    ) -> "Memgine":
        """The memory that was kept as *rows*; raises BrokenMemory."""
        return cls(Graph.from_rows(rows, tracked=tracked), tracked=tracked, prefix=prefix)
