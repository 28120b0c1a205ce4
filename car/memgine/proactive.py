"""Proactive memory: a bank of knowledge that is kept up and spoken from unasked.

The methods answer what the wire's ``memory.*`` rows of tier 2 do (protocol-memory §2), as
records with its names.  It stands on one memory; each call names its tenant.  Events and
parameters are the caller's business.
"""

from collections.abc import Sequence

import msgspec

from car.memgine.bank import KNOWLEDGE, PROCEDURAL, Bank
from car.memgine.errors import InvalidFact
from car.memgine.evaluation import Case, Evaluation, evaluate
from car.memgine.intervention import Inject, Silent, Situation, decide
from car.memgine.lessons import RecentEvent, Trigger, read_events
from car.memgine.memgine import Memgine
from car.memgine.nodes import FACT_KINDS
from car.memgine.utility import Utility, set_utility, utility_of

USUAL_RECENT = 32
"""How many of the last events ``maintain`` looks at (protocol-memory §2)."""


class Status(msgspec.Struct, frozen=True, omit_defaults=True):
    """How things stand for a tenant, or for everybody."""

    id: str
    body: str
    tenant_id: str | None = None


class Saved(msgspec.Struct, frozen=True):
    """A fact that was saved: its id, ``knowledge`` or ``procedural``, and how many hold now."""

    id: str
    kind: str
    fact_count: int


class Deleted(msgspec.Struct, frozen=True):
    """What became of a deletion: *kind* is what the fact was saved as, None where none was."""

    id: str
    deleted: bool
    kind: str | None
    fact_count: int


class Maintained(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was learnt: ids of new facts, ids of those that were known, how things stand."""

    trigger: Trigger
    saved: list[str]
    skipped_existing: list[str]
    status: Status | None = None


class NewEntry(msgspec.Struct, frozen=True):
    """A fact to save, with the names of the wire."""

    subject: str
    body: str
    id: str | None = None
    tags: Sequence[str] = ()
    confidence: str | None = None
    is_constraint: bool = False


class ProactiveMemory:
    """Proactive memory over *memory*; *at* is throughout in seconds since the epoch."""

    def __init__(self, memory: Memgine) -> None:
        self._memory = memory

    # ---- keeping -----------------------------------------------------------------------------

    def update_status(self, body: str, at: float, *, tenant_id: str | None = None) -> Status:
        """Say how things stand, in place of what was said before.  Raises InvalidFact."""
        if not body.strip():
            raise InvalidFact("body: a status needs some text, this is empty")
        node = self._bank(tenant_id).set_status(body, at)
        return Status(node.id or "", node.value, tenant_id)

    def save_knowledge(self, entry: NewEntry, at: float, *, tenant_id: str | None = None) -> Saved:
        """Keep something worth knowing.  Raises InvalidFact."""
        return self._save(KNOWLEDGE, entry, at, tenant_id)

    def save_procedural(self, entry: NewEntry, at: float, *, tenant_id: str | None = None) -> Saved:
        """Keep how something is done.  Raises InvalidFact."""
        return self._save(PROCEDURAL, entry, at, tenant_id)

    def _save(self, kind: str, entry: NewEntry, at: float, tenant_id: str | None) -> Saved:
        node = self._bank(tenant_id).save(
            kind,
            entry.subject,
            entry.body,
            at,
            id=entry.id,
            tags=entry.tags,
            confidence=entry.confidence,
            is_constraint=entry.is_constraint,
        )
        return Saved(node.id or "", kind, self._memory.fact_count)

    def delete(self, id: str, at: float) -> Deleted:
        """Remove the fact *id*, and only by its id; one that is not there is no error."""
        node = self._memory.graph.by_id(id)
        if node is None or node.kind not in FACT_KINDS:
            return Deleted(id, False, None, self._memory.fact_count)
        kind = node.label
        self._memory.delete(id, at)
        return Deleted(id, True, kind, self._memory.fact_count)

    def maintain(
        self,
        recent: Sequence[RecentEvent],
        at: float,
        *,
        max_recent: int = USUAL_RECENT,
        tenant_id: str | None = None,
    ) -> Maintained:
        """Learn from the last events of a session, oldest first, and say how things stand.

        The same events again change nothing.  What was recalled is not learnt again.
        """
        bank = self._bank(tenant_id)
        teaching = read_events(recent[-max_recent:] if max_recent > 0 else (), bank.is_recalled)
        saved: list[str] = []
        known: list[str] = []
        for lesson in teaching.lessons:
            id = f"proactive-lesson:{bank.owner}:{lesson.name}"
            if self._memory.graph.by_id(id) is not None:
                known.append(id)
                continue
            node = bank.save(
                lesson.kind, lesson.subject, lesson.body, at, id=id, source="proactive"
            )
            (saved if node.id == id else known).append(node.id or id)
        status = None
        if teaching.status is not None:
            status = self.update_status(teaching.status, at, tenant_id=tenant_id)
        return Maintained(teaching.trigger, saved, known, status)

    # ---- speaking up -------------------------------------------------------------------------

    def intervene(
        self, situation: Situation, at: float, *, tenant_id: str | None = None
    ) -> Inject | Silent:
        """Decide whether memory has something to say now; what it says counts as recalled."""
        bank = self._bank(tenant_id)
        decision = decide(self._memory, bank, situation, at)
        if isinstance(decision, Inject):
            found = (self._memory.graph.by_id(id) for id in decision.selected)
            bank.recalled([node for node in found if node is not None])
        return decision

    def evaluate(
        self, cases: Sequence[Case], at: float, *, tenant_id: str | None = None
    ) -> Evaluation:
        """Compare four ways of using this memory on *cases*; changes nothing."""
        return evaluate(self._memory, self._bank(tenant_id), cases, at)

    def utility_get(self) -> Utility:
        """How much experience counts when facts are chosen."""
        return utility_of(self._memory.graph)

    def utility_set(
        self, utility_weight: float | None = None, utility_exploration: float | None = None
    ) -> Utility:
        """Set what is given, brought into range (0 to 1, 0 to 4); the weights as they now are."""
        return set_utility(self._memory.graph, utility_weight, utility_exploration)

    def _bank(self, tenant_id: str | None) -> Bank:
        return Bank(self._memory, tenant_id)
