"""``memory.*``: facts, queries, contexts, history, files (``protocol-memory.md`` §2)."""

from typing import Any

import msgspec
from msgspec import Struct

from car.errors import CarError
from car.ir.instants import InstantError, rfc3339, seconds
from car.ir.json import JsonObject
from car.memgine.authority import authority_rank
from car.memgine.budget import budget_tokens
from car.memgine.consolidation import Report
from car.memgine.facts import NewFact
from car.memgine.memgine import Memgine
from car.memgine.nodes import Node
from car.memgine.retrieval import Hit
from car.server.errors import InvalidParams
from car.server.registry import NoParams, method
from car.server.session import ClientSession

EVEN_SCORE = 3.0
"""The retrieval score that is told as a confidence of one half."""

MOST_HITS = 1_000
"""The most hits of one query [ours]."""


class SharedMemory(CarError):
    """A memory that others use, about to be replaced."""


class Fact(Struct, frozen=True):
    """A fact; all but subject and body is optional, and unknown to old clients."""

    subject: str
    body: str
    kind: str = "pattern"
    confidence: float | str | None = None
    fact_id: str | None = None
    id: str | None = None
    source: str | None = None
    tags: list[str] = msgspec.field(default_factory=list)
    supersedes: str | None = None
    depends_on: list[str] = msgspec.field(default_factory=list)
    scope: str = "global"
    authority: str = "peer"
    min_authority: str | None = None
    valid_from: str | float | None = None
    expires_at: str | float | None = None


class Query(Struct, frozen=True):
    """What to look for, and how many answers at most."""

    query: str
    k: int = 5


class ContextQuery(Struct, frozen=True):
    """What the context is for, and the window of the model that gets it, in tokens."""

    query: str
    model_context_window: int | None = None


class File(Struct, frozen=True):
    """A file under the daemon's memory directory."""

    path: str
    force: bool = False


class HistoryQuery(Struct, frozen=True):
    """A fact by its id, or all of a subject."""

    subject: str | None = None
    id: str | None = None
    limit: int = 50


@method("memory.add_fact")
async def memory_add_fact(session: ClientSession, params: Fact) -> int:
    """Put a fact into this connection's memory.

    ``kind: "constraint"`` makes it a constraint, every other kind an ordinary fact.
    ``supersedes`` names the fact it replaces by id or subject, ``depends_on`` those it rests
    on; ``valid_from`` and ``expires_at`` are RFC 3339 or seconds since the epoch;
    ``min_authority`` is the standing (such as ``manager``) that an asker needs to see it.
    A repeated id gets ``-2``, ``-3``, …; an exact duplicate counts as used again and adds
    nothing.  Result: how many facts hold now, an integer.  Errors: -32602 for an empty
    subject or a name that no fact has; -32603 with ``data.code = "store"`` while a durable
    memory cannot be written.
    """
    fact = _new_fact(params)
    now = session.now()

    def add(memory: Memgine) -> int:
        memory.add_fact(fact, now)
        return memory.fact_count

    return await session.remember(add)


def _new_fact(params: Fact) -> NewFact:
    return NewFact(
        subject=params.subject,
        body=params.body,
        kind="constraint" if params.kind == "constraint" else "pattern",
        id=params.fact_id if params.fact_id is not None else params.id,
        supersedes=params.supersedes,
        depends_on=params.depends_on,
        scope=params.scope,
        authority=params.authority,
        source=params.source,
        confidence=params.confidence,
        tags=params.tags,
        min_authority=_rank(params.min_authority),
        valid_from=_instant(params.valid_from, "valid_from"),
        expires_at=_instant(params.expires_at, "expires_at"),
    )


def _rank(word: str | None) -> int:
    return 0 if word is None else authority_rank(word)


def _instant(value: str | float | None, field: str) -> float | None:
    """Seconds since the epoch; raises InvalidParams naming *field*."""
    if not isinstance(value, str):
        return value
    try:
        return seconds(value)
    except InstantError as problem:
        raise InvalidParams(f"{field}: {problem}") from None


@method("memory.query")
async def memory_query(session: ClientSession, params: Query) -> list[JsonObject]:
    """The facts, conclusions and lines of conversation that have to do with a query.

    Result: ``[{subject, body, kind, confidence}]``, best first, ``k`` at most; ``kind`` is
    ``pattern``, ``constraint``, ``knowledge``, ``procedural``, ``conclusion`` or
    ``conversation``, ``confidence`` between 0 and 1.  What no longer holds, or is above the
    asker, is left out; a query whose words are nowhere gets ``[]``.  Errors: -32602 unless
    ``k`` is 1 to 1000.
    """
    if not 1 <= params.k <= MOST_HITS:
        raise InvalidParams(f"k: expected 1 to {MOST_HITS}, got {params.k}")
    vector = await session.memory_vector(params.query)
    hits = session.memory.query(params.query, params.k, session.now(), vector=vector)
    return [_hit(hit) for hit in hits]


def _hit(hit: Hit) -> JsonObject:
    node = hit.node
    return {
        "subject": node.key,
        "body": node.value if node.shown is None else node.shown,
        "kind": node.label if node.kind == "fact" else node.kind,
        "confidence": round(hit.score / (hit.score + EVEN_SCORE), 4),
    }


@method("memory.fact_count")
def memory_fact_count(session: ClientSession, params: NoParams) -> int:
    """How many facts hold.

    Result: an integer.
    """
    return session.memory.fact_count


@method("memory.build_context")
async def memory_build_context(session: ClientSession, params: ContextQuery) -> str:
    """What a model should be given before it answers a query, within its budget.

    Sections: Identity, Active Constraints, General Strategies, Current Facts, Conversation,
    Environment, Known Unknowns; empty ones are left out.  The budget is 8,000 tokens of four
    characters, or ``max(2000, 0.4 × (window − 4096))``.  Identity and constraints are never
    cut.  Result: a string, the same for the same memory, query and instant.
    """
    vector = await session.memory_vector(params.query)
    return _context(session, params, fast=False, vector=vector)


@method("memory.build_context_fast")
def memory_build_context_fast(session: ClientSession, params: ContextQuery) -> str:
    """The same in a hurry: constraints, the best facts by their words, the last turns.

    Result: a string.
    """
    return _context(session, params, fast=True)


def _context(
    session: ClientSession,
    params: ContextQuery,
    *,
    fast: bool,
    vector: list[float] | None = None,
) -> str:
    window = params.model_context_window
    if window is not None and window < 1:
        raise InvalidParams(f"model_context_window: expected tokens, at least 1, got {window}")
    return session.memory.build_context(
        params.query, session.now(), budget=budget_tokens(window), fast=fast, vector=vector
    )


@method("memory.consolidate")
async def memory_consolidate(session: ClientSession, params: NoParams) -> Report:
    """Tidy the memory up: what has expired goes, doubles are joined, old talk is compacted.

    In slices of a millisecond, between which everything goes on.  A second run finds nothing
    to do.  Result: ``{expired_pruned, superseded_gc, stale_embeddings_removed,
    nodes_embedded, domains_evolved, total_nodes, total_edges, embedding_coverage,
    trajectory_insights, model_insights, turns_compacted, summaries_created,
    conv_facts_extracted, candidates_promoted, candidates_rejected}``.
    """
    return await session.state.memories.consolidate(session.memory_held, session.now())


@method("memory.history")
def memory_history(session: ClientSession, params: HistoryQuery) -> list[JsonObject]:
    """What became of a fact, or of all facts of a subject, newest first.

    Result: ``[{id, subject, body, status, valid_from?, valid_to?, recorded_at, retired_at?,
    superseded_by?, source?}]``; ``status`` is current, superseded, overruled, expired,
    retracted or under_review.  Errors: -32602 unless one of ``subject`` and ``id`` is given,
    or where no fact has it.
    """
    if (params.subject is None) == (params.id is None):
        raise InvalidParams("subject: expected either a subject or an id")
    if params.limit < 1:
        raise InvalidParams(f"limit: expected at least 1, got {params.limit}")
    memory = session.memory
    found = memory.history(
        subject=params.subject, id=params.id, at=session.now(), limit=params.limit
    )
    return [_entry(memory, node, status) for node, status in found]


def _entry(memory: Memgine, node: Node, status: str) -> JsonObject:
    by = None if node.superseded_by is None else memory.graph.nodes.get(node.superseded_by)
    entry: dict[str, Any] = {
        "id": node.id,
        "subject": node.key,
        "body": node.value,
        "status": status,
        "recorded_at": rfc3339(node.recorded_at),
    }
    optional = {
        "valid_from": _text(node.valid_from),
        "valid_to": _text(node.valid_to),
        "retired_at": _text(node.retired_at),
        "superseded_by": None if by is None else by.id or str(by.index),
        "source": node.source,
    }
    entry.update((name, value) for name, value in optional.items() if value is not None)
    return entry


def _text(at: float | None) -> str | None:
    return None if at is None else rfc3339(at)


@method("memory.persist")
async def memory_persist(session: ClientSession, params: File) -> int:
    """Write the whole memory to a file under the daemon's memory directory.

    A JSON array of ``{subject, body, kind, content_type, meta}``, which the reference reads
    too.  The file is there whole or not at all, and its predecessor stays beside it as
    ``<name>.previous``.  Result: how many facts were written, an integer.  Errors: -32602
    ``memory.persist rejected path …`` for a path that leads out of there.
    """
    return await session.state.memories.persist(session.memory_held, params.path)


@method("memory.load")
async def memory_load(session: ClientSession, params: File) -> int:
    """Replace the memory by what a file holds, all at once.

    Result: how many facts were loaded, an integer.  Errors: -32602 ``memory.load rejected
    path …`` for a path that leads out of the memory directory; -32603 for a file that is
    missing or broken, with the place, and for a memory that other sessions share unless
    ``force`` is true.  The memory is then as it was.
    """
    held = session.memory_held
    if held.shared and not params.force:
        raise SharedMemory(
            "memory.load: this memory is shared by every session; force: true replaces it"
        )
    return await session.state.memories.load(held, params.path, session.now())
