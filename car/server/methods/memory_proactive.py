"""``memory.*``, the proactive half: status, knowledge, interventions."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from car.eventlog.line import parse_object
from car.ir.instants import seconds
from car.ir.json import JsonObject
from car.memgine.evaluation import Case, Evaluation
from car.memgine.intervention import (
    MOST_CANDIDATES,
    USUAL_CANDIDATES,
    Inject,
    Silent,
    Situation,
    Trigger,
)
from car.memgine.lessons import RecentEvent
from car.memgine.memgine import Memgine
from car.memgine.proactive import (
    USUAL_RECENT,
    Deleted,
    Maintained,
    NewEntry,
    ProactiveMemory,
    Saved,
    Status,
)
from car.memgine.utility import Utility
from car.server.registry import NoParams, method
from car.server.session import ClientSession

MOST_RECENT = 1_000
"""The most events that ``memory.maintain`` looks at [ours]."""

_FAILURES = frozenset({"action_failed", "action_skipped", "action_retrying"})
"""The events that end an attempt with an ``error``; a skip without one never ran."""


class NewStatus(Struct, frozen=True):
    """How things stand, for a tenant or for everybody."""

    body: str
    tenant_id: str | None = None


class Maintain(Struct, frozen=True):
    """How many of this session's last events to learn from."""

    max_recent: Annotated[int, Meta(ge=1, le=MOST_RECENT)] = USUAL_RECENT
    tenant_id: str | None = None


class Entry(Struct, frozen=True):
    """A fact to keep."""

    subject: str
    body: str
    id: str | None = None
    tags: list[str] = msgspec.field(default_factory=list)
    confidence: str | None = None
    tenant_id: str | None = None
    is_constraint: bool = False

    def entry(self) -> NewEntry:
        """The fact without its tenant."""
        return NewEntry(
            self.subject, self.body, self.id, self.tags, self.confidence, self.is_constraint
        )


class Id(Struct, frozen=True):
    """A fact by its id."""

    id: str


class Intervene(Struct, frozen=True):
    """What is going on; ``trigger`` names signs of trouble, ``force`` asks for a word anyhow."""

    query: str = ""
    recent: list[str] = msgspec.field(default_factory=list)
    trigger: Trigger = Trigger()
    force: bool = False
    max_candidates: Annotated[int, Meta(ge=1, le=MOST_CANDIDATES)] = USUAL_CANDIDATES
    tenant_id: str | None = None


class Evaluate(Struct, frozen=True):
    """Requests, each with the ids of the facts that would have helped."""

    cases: list[Case]


class NewUtility(Struct, frozen=True):
    """New weights; what is absent stays."""

    utility_weight: float | None = None
    utility_exploration: float | None = None


@method("memory.update_status")
async def memory_update_status(session: ClientSession, params: NewStatus) -> Status:
    """Say how things stand, in place of what was said before.

    Result: ``{id, body, tenant_id?}``; the id is ``proactive-status:<tenant or global>``.
    Errors: -32602 for an empty body.
    """
    now = session.now()

    def update(memory: Memgine) -> Status:
        return ProactiveMemory(memory).update_status(params.body, now, tenant_id=params.tenant_id)

    return await session.remember(update)


@method("memory.maintain")
async def memory_maintain(session: ClientSession, params: Maintain) -> Maintained:
    """Learn from this session's last events: what keeps failing, and what mended it.

    The same events again change nothing, and what memory itself has said is not learnt.
    Result: ``{trigger, saved, skipped_existing, status?}``, ``trigger`` being none,
    tool_error, repeated_failures or recovery.
    """
    now = session.now()
    recent = _recent(session, params.max_recent)

    def maintain(memory: Memgine) -> Maintained:
        return ProactiveMemory(memory).maintain(
            recent, now, max_recent=params.max_recent, tenant_id=params.tenant_id
        )

    session.require_journal()
    maintained = await session.remember(maintain)
    session.record(
        "proactive_memory_maintained",
        {
            "trigger": maintained.trigger,
            "saved": len(maintained.saved),
            "skipped_existing": len(maintained.skipped_existing),
        },
    )
    return maintained


def _recent(session: ClientSession, limit: int) -> list[RecentEvent]:
    """The last outcomes of this session's actions, oldest first."""
    found: list[RecentEvent] = []
    tools: dict[object, Any] = {}
    for line in session.runtime.events.memory:
        event = parse_object(line)
        kind, data = str(event["kind"]), event["data"]
        if not isinstance(data, dict):
            continue
        action = (event["proposal_id"], event["action_id"])
        error = data.get("error")
        if kind == "action_executing":
            tools[action] = data.get("tool")
        elif kind == "action_succeeded" or (kind in _FAILURES and error is not None):
            at = seconds(str(event["timestamp"]))
            text = "" if error is None else str(error)
            found.append(RecentEvent(kind, tools.get(action), error is None, text, at))
    return found[-limit:]


@method("memory.save_knowledge")
async def memory_save_knowledge(session: ClientSession, params: Entry) -> Saved:
    """Keep something worth knowing.

    Result: ``{id, kind: "knowledge", fact_count}``; an id that is taken gets ``-2``.
    Errors: -32602 for an empty subject.
    """
    now = session.now()
    return await session.remember(
        lambda memory: ProactiveMemory(memory).save_knowledge(
            params.entry(), now, tenant_id=params.tenant_id
        )
    )


@method("memory.save_procedural")
async def memory_save_procedural(session: ClientSession, params: Entry) -> Saved:
    """Keep how something is done.

    Result: ``{id, kind: "procedural", fact_count}``; an id that is taken gets ``-2``.
    Errors: -32602 for an empty subject.
    """
    now = session.now()
    return await session.remember(
        lambda memory: ProactiveMemory(memory).save_procedural(
            params.entry(), now, tenant_id=params.tenant_id
        )
    )


@method("memory.delete")
async def memory_delete(session: ClientSession, params: Id) -> Deleted:
    """Remove a fact for good, by its id; what it had replaced holds again.

    Result: ``{id, deleted, kind, fact_count}``; ``deleted`` is false where there is none.
    """
    now = session.now()
    return await session.remember(lambda memory: ProactiveMemory(memory).delete(params.id, now))


@method("memory.intervene")
async def memory_intervene(session: ClientSession, params: Intervene) -> Inject | Silent:
    """Ask whether memory has something to say before the agent goes on.

    Result: ``{decision: "inject", reminder, selected, candidates, bank}`` or ``{decision:
    "silent", reason, candidates, bank}``; ``candidates`` are ``{id, kind, subject, relevance,
    utility, score}``, ``bank`` is how many facts there were to choose from.
    """
    situation = Situation(
        params.query, params.recent, params.trigger, params.force, params.max_candidates
    )
    now = session.now()

    def intervene(memory: Memgine) -> Inject | Silent:
        return ProactiveMemory(memory).intervene(situation, now, tenant_id=params.tenant_id)

    session.require_journal()
    decision = await session.remember(intervene)
    session.record("proactive_memory_intervention", _counts(decision))
    return decision


def _counts(decision: Inject | Silent) -> JsonObject:
    """What the journal is told: counts and ids, never what the facts say."""
    told: JsonObject = {"candidates": len(decision.candidates), "bank": decision.bank}
    if isinstance(decision, Inject):
        return {"decision": "inject", "selected": list(decision.selected), **told}
    return {"decision": "silent", "reason": decision.reason, **told}


@method("memory.evaluate")
def memory_evaluate(session: ClientSession, params: Evaluate) -> Evaluation:
    """Compare four ways of using this memory on cases whose helpful facts are known.

    Result: ``{cases, selective, always_inject, passive_retrieval, no_memory}``, each way with
    ``{interventions, true_positives, false_positives, false_negatives, precision, recall,
    interruption_rate, avg_candidates_exposed}``.  Changes nothing.
    """
    return ProactiveMemory(session.memory).evaluate(params.cases, session.now())


@method("memory.utility_get")
def memory_utility_get(session: ClientSession, params: NoParams) -> Utility:
    """How much experience with a fact counts when it is recalled.

    Result: ``{utility_weight, utility_exploration}``.
    """
    return ProactiveMemory(session.memory).utility_get()


@method("memory.utility_set")
async def memory_utility_set(session: ClientSession, params: NewUtility) -> Utility:
    """Set how much experience counts (0 to 1) and how much is ventured on the untried (0 to 4).

    Values out of range are brought into it.  Result: as of ``memory.utility_get``.
    """
    return await session.remember(
        lambda memory: ProactiveMemory(memory).utility_set(
            params.utility_weight, params.utility_exploration
        )
    )
