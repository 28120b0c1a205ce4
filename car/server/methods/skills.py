"""``skills.*``: skills as a collection: listing, learning from traces, the gate."""

from msgspec import Struct

from car.ir.json import JsonObject
from car.memgine.skills.book import DEFAULT_THRESHOLD
from car.memgine.skills.distilling import distill
from car.memgine.skills.gate import GateReport, run_gate
from car.memgine.skills.records import Batch, DistilledSkill, Name, SkillMeta, TraceEvent
from car.server.registry import NoParams, method
from car.server.session import ClientSession


class Which(Struct, frozen=True):
    """The skills of one domain, or all."""

    domain: str | None = None


class Trace(Struct, frozen=True):
    """Events to learn from, oldest first."""

    events: list[TraceEvent]


class DomainTrace(Struct, frozen=True):
    """Events to learn from, oldest first, for one domain."""

    events: list[TraceEvent]
    domain: Name


class Distilled(Struct, frozen=True):
    """Skills that were distilled."""

    skills: Batch


class Candidates(Struct, frozen=True):
    """Skills that are to prove themselves, and whose they are."""

    skills: Batch
    tenant: str | None = None


class Threshold(Struct, frozen=True):
    """A success rate."""

    threshold: float = DEFAULT_THRESHOLD


@method("skills.list")
def skills_list(session: ClientSession, params: Which) -> list[SkillMeta]:
    """The skills that stand, oldest first: all, or the global ones and those of a domain.

    Result: ``SkillMeta[]``, degraded ones and candidates among them.
    """
    return session.memory.skills.rows(params.domain)


@method("skills.distill")
async def skills_distill(session: ClientSession, params: Trace) -> list[DistilledSkill]:
    """The skills in a trace: sequences of successful calls that occur more than once.

    Found by rule; a model that the operator named (``--skill-writer``) puts them in words.
    Nothing is kept.  Result: ``DistilledSkill[]``.
    """
    return await _in_words(session, distill(params.events))


async def _in_words(session: ClientSession, skills: list[DistilledSkill]) -> list[DistilledSkill]:
    writer = session.state.skill_writer
    return skills if writer is None else await writer.describe(skills)


@method("skills.ingest_distilled")
async def skills_ingest_distilled(session: ClientSession, params: Distilled) -> JsonObject:
    """Take distilled skills in as they are.

    Result: ``{ingested: int}``.  Errors: -32603 for a name that ends in ``@cand``.
    """
    count = await session.remember(
        lambda memory: memory.skills.ingest_distilled(params.skills, at=session.now())
    )
    return {"ingested": count}


@method("skills.ingest_provisional")
async def skills_ingest_provisional(session: ClientSession, params: Candidates) -> JsonObject:
    """Take skills in as candidates, each under its name with ``@cand`` after it.

    One whose code is there already is passed over.  Result: ``{ingested: int}``.  Errors:
    -32603 for a name that ends in ``@cand``.
    """
    count = await session.remember(
        lambda memory: memory.skills.ingest_provisional(
            params.skills, at=session.now(), tenant=params.tenant
        )
    )
    return {"ingested": count}


@method("skills.evolve")
async def skills_evolve(session: ClientSession, params: DomainTrace) -> list[DistilledSkill]:
    """Distil a trace for one domain, and take what comes of it in as candidates.

    Result: ``DistilledSkill[]``.
    """
    domain = None if params.domain == "global" else params.domain
    found = await _in_words(session, distill(params.events, domain))
    if found:
        await session.remember(
            lambda memory: memory.skills.ingest_provisional(found, at=session.now())
        )
    return found


@method("skills.domains_needing_evolution")
def skills_domains_needing_evolution(session: ClientSession, params: Threshold) -> list[str]:
    """The domains whose skills succeed less often than the threshold; ``global`` is one.

    Result: ``[domain]``, by name; domains without outcomes are none of them.
    """
    return session.memory.skills.domains_needing_evolution(params.threshold)


@method("skills.gate")
async def skills_gate(session: ClientSession, params: NoParams) -> GateReport:
    """Promote the candidates that do better than their incumbents beyond doubt.

    By the lower Wilson bound of the success rates; what is worse beyond doubt, or degraded,
    is given up.  Result: ``{promoted: [key], rejected: [key]}``.
    """
    report: GateReport = await session.remember(
        lambda memory: run_gate(memory.skills, at=session.now())
    )
    return report
