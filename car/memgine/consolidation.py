"""Consolidation: what a memory does when nobody waits for it (memgine §7).

What has expired goes, chains of superseded facts are cut, doubles become one, a long
conversation is compacted, skill candidates are judged.  All of it in steps of a few
milliseconds, between which the memory may be used and changed; a second run finds nothing to
do.  When to start one is decided above.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from car.memgine.authority import authority_rank
from car.memgine.compaction import CHANGE, LOOK, Absorbed, Compaction, close_gap
from car.memgine.dialogue.values import values_in
from car.memgine.facts import normal_text
from car.memgine.memgine import Memgine
from car.memgine.nodes import TURN_KINDS, Node
from car.memgine.skills.gate import run_gate

STEP = 500
"""The looks at nodes, or their worth in changes, of one step: about a millisecond."""

DEEPEST_CHAIN = 3
"""How many predecessors of a fact are kept, one behind the other (memgine §7)."""

CONTRADICTIONS = "contradictions"
"""The setting of the graph with the pairs of ids, older first, that may contradict each other."""

CONTRADICTIONS_KEPT = 100


class Report(msgspec.Struct):
    """What a consolidation did, with the reference's names in its order (memgine §7).

    Nothing is embedded or learnt by a model here, so those counts are 0.  ``superseded_gc``
    counts doubles and replaced signals too.
    """

    expired_pruned: int = 0
    superseded_gc: int = 0
    stale_embeddings_removed: int = 0
    nodes_embedded: int = 0
    domains_evolved: Sequence[str] = ()
    total_nodes: int = 0
    total_edges: int = 0
    embedding_coverage: float = 0.0
    trajectory_insights: int = 0
    model_insights: int = 0
    turns_compacted: int = 0
    summaries_created: int = 0
    conv_facts_extracted: int = 0
    candidates_promoted: Sequence[str] = ()
    candidates_rejected: Sequence[str] = ()


def consolidate(memory: Memgine, at: float, absorbed: Absorbed | None = None) -> Report:
    """Consolidate *memory* in one go, at the instant *at*; what was done."""
    consolidation = Consolidation(memory, at, absorbed)
    while consolidation.step():
        pass
    return consolidation.report


class Consolidation:
    """One consolidation of *memory*, as of *at*, a step at a time.

    *absorbed*, by default the memory's reader, is told of each turn that took others in, and
    of those that are gone.
    """

    def __init__(self, memory: Memgine, at: float, absorbed: Absorbed | None = None) -> None:
        self.report = Report()
        """What has been done so far; whole when there is nothing more to do."""
        self._memory = memory
        self._knowledge = memory.knowledge
        self._graph = memory.graph
        self._at = at
        self._absorbed = absorbed or memory.reading.reader.absorbed
        self._survey = _Survey()
        self._work = self._phases()

    def step(self) -> bool:
        """Do a millisecond or so of the work; whether there is more to do."""
        spent = 0
        while spent < STEP:
            cost = next(self._work, None)
            if cost is None:
                return False
            spent += cost
        return True

    def _phases(self) -> Iterator[int]:
        """The work, yielding what each bit of it cost; every bit leaves the memory sound."""
        yield from self._look_around()
        yield from self._prune()
        yield from self._cut_chains()
        yield from self._drop_signals()
        yield from self._join_doubles()
        yield from self._note_contradictions()
        yield from self._compact()
        gate = run_gate(self._memory.skills, at=self._at)
        report = self.report
        report.candidates_promoted, report.candidates_rejected = gate.promoted, gate.rejected
        report.total_nodes = len(self._graph.nodes)
        report.total_edges = self._graph.edge_count

    def _look_around(self) -> Iterator[int]:
        """Note what each phase has to look at; they look again before they change anything."""
        for index in list(self._graph.nodes):
            node = self._graph.nodes.get(index)
            if node is not None:
                self._survey.note(node, self._at)
            yield LOOK

    # ---- what goes ---------------------------------------------------------------------------

    def _prune(self) -> Iterator[int]:
        """Remove what has expired; the newest first, as dependents are newer than what they
        rest on."""
        for index in reversed(self._survey.expired):
            node = self._graph.nodes.get(index)
            if node is None or not _has_expired(node, self._at) or self._is_needed(node):
                yield LOOK
                continue
            close_gap(self._graph, node)
            self._knowledge.remove(node)
            self.report.expired_pruned += 1
            yield CHANGE

    def _cut_chains(self) -> Iterator[int]:
        """Remove the facts that more than three others replaced, one after the other."""
        depths: dict[int, int] = {}
        for index in reversed(self._survey.dead_facts):
            above = [
                depths.get(edge.source, 0) + 1
                for edge in self._graph.edges_to(index)
                if edge.kind == "Supersedes"
            ]
            depths[index] = min(above, default=0)
            yield LOOK
        for index, depth in depths.items():
            if depth > DEEPEST_CHAIN:
                yield from self._collect(index)

    def _drop_signals(self) -> Iterator[int]:
        """Remove the values of a signal beyond the last three that were replaced."""
        for replaced in self._survey.replaced_signals.values():
            for index in replaced[:-DEEPEST_CHAIN]:
                yield from self._collect(index)

    def _collect(self, index: int) -> Iterator[int]:
        node = self._graph.nodes.get(index)
        if node is None or node.live or self._is_needed(node):
            yield LOOK
            return
        self._knowledge.remove(node)
        self.report.superseded_gc += 1
        yield CHANGE

    def _is_needed(self, node: Node) -> bool:
        """Whether something that holds rests on *node*."""
        return any(
            edge.kind in ("DependsOn", "CitesPremise") and self._graph.nodes[edge.source].live
            for edge in self._graph.edges_to(node.index)
        )

    # ---- what is said twice ------------------------------------------------------------------

    def _join_doubles(self) -> Iterator[int]:
        """Let the newest of several identical facts stand for all of them."""
        for index, newer in self._survey.doubles:
            node, kept = self._graph.nodes.get(index), self._graph.nodes.get(newer)
            if node is None or kept is None or _identity(node) != _identity(kept):
                yield LOOK
                continue
            if not node.live or not kept.live:
                yield LOOK
                continue
            self._join(node, kept)
            self.report.superseded_gc += 1
            yield 2 * CHANGE

    def _join(self, node: Node, kept: Node) -> None:
        graph = self._graph
        for edge in list(graph.edges_to(node.index)):
            if edge.source != kept.index:
                graph.add_edge(
                    edge.kind, edge.source, kept.index, at=edge.created_at, weight=edge.weight
                )
        for edge in list(graph.edges_from(node.index)):
            if edge.target == kept.index:
                continue
            graph.add_edge(
                edge.kind, kept.index, edge.target, at=edge.created_at, weight=edge.weight
            )
            below = graph.nodes[edge.target]
            if below.superseded_by == node.index:
                graph.update(below, superseded_by=kept.index)
        graph.update(
            kept,
            usage_count=kept.usage_count + node.usage_count + 1,
            recorded_at=max(kept.recorded_at, node.recorded_at),
            tags=tuple(dict.fromkeys((*node.tags, *kept.tags))),
            authority=max(kept.authority, node.authority, key=authority_rank),
        )
        if node.is_constraint and not kept.is_constraint:
            self._knowledge.constrain(kept)
        self._knowledge.remove(node)

    def _note_contradictions(self) -> Iterator[int]:
        """Note neighbouring facts of one subject that give different values of one kind."""
        found: list[list[str]] = []
        for indexes in self._survey.subjects.values():
            nodes = [self._graph.nodes.get(index) for index in indexes]
            left = [node for node in nodes if node is not None and node.live]
            for older, newer in pairwise(left):
                if _contradict(older, newer):
                    found.append([older.id or "", newer.id or ""])
                yield CHANGE
            yield LOOK
        found = found[-CONTRADICTIONS_KEPT:]
        if found != self._graph.setting(CONTRADICTIONS, []):
            self._graph.set_setting(CONTRADICTIONS, found)

    # ---- conversation ------------------------------------------------------------------------

    def _compact(self) -> Iterator[int]:
        compaction = Compaction(self._knowledge, self._survey.referred, self._absorbed)
        yield from compaction.work(self._survey.turns)
        self.report.turns_compacted = compaction.turns_compacted
        self.report.summaries_created = compaction.summaries_created


class _Survey:
    """What there is to do, by indexes; oldest first."""

    def __init__(self) -> None:
        self.expired: list[int] = []
        self.dead_facts: list[int] = []
        self.turns: list[int] = []
        self.replaced_signals: dict[str, list[int]] = {}
        self.doubles: list[tuple[int, int]] = []
        self.subjects: dict[int, list[int]] = {}
        """The facts of each subject; strangers may share a mark."""
        self.referred: set[int] = set()
        """The nodes that others name as what retired or overruled them."""
        self._said: dict[int, int] = {}

    def note(self, node: Node, at: float) -> None:
        """Put *node* where it belongs."""
        for other in (node.superseded_by, node.overruled_by):
            if other is not None:
                self.referred.add(other)
        if _has_expired(node, at):
            self.expired.append(node.index)
        elif node.kind in TURN_KINDS:
            self.turns.append(node.index)
        elif node.kind == "fact_superseded":
            self.dead_facts.append(node.index)
        elif node.kind == "environment" and node.retired_at is not None:
            self.replaced_signals.setdefault(node.key, []).append(node.index)
        elif node.kind == "fact":
            self.subjects.setdefault(hash((node.key, node.scope)), []).append(node.index)
            said = hash(_identity(node))
            before = self._said.get(said)
            if before is not None:
                self.doubles.append((before, node.index))
            self._said[said] = node.index


def _has_expired(node: Node, at: float) -> bool:
    return (
        node.expires_at is not None
        and node.expires_at <= at
        and node.kind not in ("identity", "skill", "skill_deprecated")
    )


def _identity(node: Node) -> tuple[object, ...]:
    """What two facts must have in common to be one."""
    return (
        node.key,
        normal_text(node.value),
        node.scope,
        node.setting,
        node.min_authority,
        node.valid_from,
        node.valid_to,
        node.expires_at,
        node.needs_review,
        node.overruled_by,
    )


def _contradict(older: Node, newer: Node) -> bool:
    if not older.live or not newer.live or older.key != newer.key:
        return False
    before = values_in(older.value, older.created_at)
    after = values_in(newer.value, newer.created_at)
    return any(value.rivals(other) for value in before for other in after)
