"""The engine that the memory benchmark drives: a Memgine behind the benchmark's calls.

    python memory_score.py --engine car.testing.memory_benchmark:factory FILE

It answers ``query`` with the refs that items were given under.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from car.memgine.errors import UnknownFact
from car.memgine.facts import NewFact
from car.memgine.memgine import Memgine
from car.memgine.nodes import Node
from car.memgine.shown import Asker


def instant(text: str | float | None, otherwise: float) -> float:
    """Seconds since the epoch of an ISO 8601 text (UTC unless it says more), or *otherwise*."""
    if text is None:
        return otherwise
    if isinstance(text, (int, float)):
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


class MemoryBenchmarkEngine:
    """The calls of the benchmark's ``Engine``, each one call of the memory's own."""

    name = "car"

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.memory = Memgine()
        self._refs: dict[int, str] = {}
        self._ids: dict[str, str] = {}
        self._now = 0.0

    def close(self) -> None:
        """Nothing is held open."""

    def identity(
        self,
        *,
        name: str,
        role: str,
        department: str | None = None,
        organization: str | None = None,
    ) -> None:
        """Who asks."""
        self.memory.set_identity(Asker(name, role, department, organization), self._now)

    def fact(
        self,
        *,
        ref: str,
        key: str,
        value: str,
        ts: str | None = None,
        source: str = "user",
        authority: str = "peer",
        scope: str = "global",
        supersedes: str | None = None,
        depends_on: Sequence[str] = (),
        constraint: bool = False,
        valid: bool = True,
    ) -> None:
        """A structured fact; what it names and memory does not know is left out."""
        fact = NewFact(
            subject=key,
            body=value,
            id=ref,
            supersedes=self._known(supersedes),
            depends_on=[name for name in map(self._known, depends_on) if name is not None],
            scope=scope,
            authority=authority,
            source=source,
            is_constraint=constraint,
            valid=valid,
        )
        added = self.memory.add_fact(fact, self._at(ts))
        self._came(added.node, ref)

    def _known(self, name: str | None) -> str | None:
        if name is None:
            return None
        try:
            self.memory.facts.find(name, "supersedes")
        except UnknownFact:
            return None
        return name

    def environment(self, *, key: str, value: str, ts: str | None = None) -> None:
        """A signal."""
        self._came(self.memory.set_environment(key, value, self._at(ts)), f"env:{key}")

    def turn(self, *, ref: str, speaker: str, text: str, ts: str | None = None) -> None:
        """A turn of conversation."""
        self._came(self.memory.ingest_conversation(speaker, text, self._at(ts)), ref)

    def build_context(self, query: str, *, now: str | None = None, budget: int = 8000) -> str:
        """The context for *query*."""
        return self.memory.build_context(query, self._at(now), budget=budget)

    def query(self, query: str, k: int = 10) -> list[str]:
        """The refs of the best *k* items."""
        return [self._refs[hit.node.index] for hit in self.memory.query(query, k, self._now)]

    def _came(self, node: Node, ref: str) -> None:
        self._refs[node.index] = ref

    def _at(self, text: str | None) -> float:
        self._now = instant(text, self._now)
        return self._now


def factory() -> MemoryBenchmarkEngine:
    """A fresh engine, as the benchmark asks for it."""
    return MemoryBenchmarkEngine()
