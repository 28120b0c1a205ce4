"""``skill.*``: one skill at a time, and who may deploy it; packs of skills."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from car.ir.json import JsonObject
from car.memgine.memgine import Memgine
from car.memgine.skills.deployment import Decision, Enforcement, SkillProvenance, decide
from car.memgine.skills.markdown import export_skill, read_skill
from car.memgine.skills.packs import (
    Manifest,
    manifest_provenance,
    read_pack,
)
from car.memgine.skills.records import (
    Count,
    DistilledSkill,
    FoundSkill,
    Name,
    Skill,
    SkillMeta,
    SkillStats,
    Tier,
    Trigger,
)
from car.server.errors import InvalidParams
from car.server.registry import method
from car.server.session import ClientSession
from car.server.skill_approvals import (
    Deployment,
    PendingDeployment,
    judge_deployment,
    with_record,
)


class NewSkill(Struct, frozen=True, kw_only=True):
    """A skill to take in; ``supersedes_skill`` is what clients call ``supersedes``."""

    name: Name
    code: str
    platform: str = ""
    persona: str = ""
    url_pattern: str = ""
    description: str = ""
    task_keywords: list[str] = []
    supersedes: str | None = None
    supersedes_skill: str | None = None

    def skill(self) -> Skill:
        """The skill's record."""
        return Skill(
            name=self.name,
            code=self.code,
            description=self.description,
            platform=self.platform,
            trigger=Trigger(self.persona, self.url_pattern, self.task_keywords),
        )

    @property
    def replaces(self) -> str | None:
        """The skill that this one supersedes besides that of its name."""
        return self.supersedes or self.supersedes_skill


class Wanted(Struct, frozen=True):
    """What a skill is wanted for."""

    persona: str = ""
    url: str = ""
    task: str = ""
    max_results: Count = 1


class Outcome(Struct, frozen=True):
    """How a skill did: ``success``; every other word is a failure."""

    skill_name: str
    outcome: str


class SkillName(Struct, frozen=True):
    """One skill."""

    skill_name: str


class SkillKey(Struct, frozen=True):
    """One skill or candidate, by the name it stands under."""

    key: str


class SkillDocument(Struct, frozen=True):
    """An exported skill."""

    markdown: str


class DeploymentRequest(Struct, frozen=True):
    """A skill to be deployed, and what it is to be allowed."""

    skill_name: str
    requested_tier: Tier
    provenance: SkillProvenance | None = None


class GovernedSkill(NewSkill, frozen=True, kw_only=True):
    """A skill to take in if it may be deployed."""

    requested_tier: Tier
    provenance: SkillProvenance | None = None


class NewPack(Struct, frozen=True, kw_only=True):
    """A pack to adopt; where its skills come from is told by a manifest or outright."""

    pack: JsonObject
    requested_tier: Tier = "read_only"
    manifest: Manifest | None = None
    provenance: SkillProvenance | None = None
    scanned: bool = False
    vulnerabilities: Count = 0
    source: Literal["official", "first_party", "community", "unknown"] = "unknown"


class GovernedResult(Struct, frozen=True, kw_only=True):
    """Whether a governed skill was taken in, and under which node."""

    ingested: bool
    node: int | UnsetType = UNSET
    decision: Decision
    enforcement: Enforcement
    pending_approval: PendingDeployment | UnsetType = UNSET


@method("skill.ingest")
async def skill_ingest(session: ClientSession, params: NewSkill) -> int:
    """Take a skill in; one of the same name is superseded, and the version goes on.

    Result: the index of its node, an integer.  Errors: -32603 for a name that ends in
    ``@cand``.
    """
    node: int = await session.remember(
        lambda memory: memory.skills.ingest(
            params.skill(), at=session.now(), supersedes=params.replaces
        )
    )
    return node


@method("skill.find")
def skill_find(session: ClientSession, params: Wanted) -> list[FoundSkill]:
    """The skills that answer a request best; none that has nothing to do with it.

    Degraded and superseded ones are left out, and candidates whose incumbent works.
    Result: ``[{name, code, platform, description, stats, match_score}]``.
    """
    return session.memory.skills.find(
        persona=params.persona, url=params.url, task=params.task, limit=params.max_results
    )


@method("skill.report")
async def skill_report(session: ClientSession, params: Outcome) -> SkillStats:
    """Count one outcome of a skill; an outcome other than ``success`` is a failure.

    A skill degrades when its failures outnumber its successes by more than two, and heals
    after three successes in a row with failures inside that margin.  Result: SkillStats.
    Errors: -32603 ``skill '<n>' not found``.
    """
    stats: SkillStats = await session.remember(
        lambda memory: memory.skills.report(params.skill_name, params.outcome == "success")
    )
    return stats


@method("skill.repair")
async def skill_repair(session: ClientSession, params: SkillName) -> JsonObject:
    """Code to replace that of a broken skill: the newest earlier version's that did work.

    Where no version is known to work, a model that the operator named (``--skill-writer``)
    mends the code.  Nothing is kept: ``skill.ingest`` does that.  Result: ``{code}``, null where
    nothing is broken, or nothing helps.
    """
    skills = session.memory.skills
    code = skills.repair(params.skill_name)
    skill, writer = skills.meta(params.skill_name), session.state.skill_writer
    if code is None and writer is not None and skill and skill.stats.broken_for_repair:
        code = await writer.mend(skill)
    return {"code": code}


@method("skill.meta")
def skill_meta(session: ClientSession, params: SkillKey) -> SkillMeta | None:
    """Everything about a skill or candidate.

    Result: SkillMeta, or null.
    """
    return session.memory.skills.meta(params.key)


@method("skill.export")
def skill_export(session: ClientSession, params: SkillKey) -> str | None:
    """A skill as a markdown document with a digest, without its outcomes.

    Result: the text, or null where there is no such skill.
    """
    skills = session.memory.skills
    return export_skill(skills.get(params.key)) if params.key in skills else None


@method("skill.import")
async def skill_import(session: ClientSession, params: SkillDocument) -> JsonObject:
    """Take in a skill that was exported, as ``skill.ingest`` would.

    Result: ``{imported: true}``.  Errors: -32603 for a document that is no skill, or was
    changed after its export.
    """
    skill = read_skill(params.markdown)
    await session.remember(lambda memory: memory.skills.ingest(skill, at=session.now()))
    return {"imported": True}


@method("skill.gate_deployment")
def skill_gate_deployment(session: ClientSession, params: DeploymentRequest) -> Decision:
    """What a skill's provenance allows; asks nobody and changes nothing.

    The outcome counts in ``provenance`` are replaced by the daemon's own.  Result:
    ``{trust, ceiling, granted, outcome: allow | downgrade | deny, reason}``.  Errors:
    -32603 ``skill '<n>' not found``.
    """
    skill = session.memory.skills.get(params.skill_name)
    return decide(with_record(params.provenance, skill.stats), params.requested_tier)


@method("skill.enforce_deployment")
async def skill_enforce_deployment(session: ClientSession, params: DeploymentRequest) -> Deployment:
    """Decide on a skill's deployment and put it into effect.

    What is not allowed waits for a human, who approves or denies it as an approval of the
    host (``host.resolve_approval``); calling again tells the outcome.  Result:
    ``{decision, enforcement: {deploy, effective_tier, overridden, blocked, pending, reason},
    pending_approval?: {fingerprint, skill_name, requested_tier}}``.  Errors: -32603
    ``skill '<n>' not found``, or busy with too many approvals.
    """
    skill = session.memory.skills.get(params.skill_name)
    provenance = with_record(params.provenance, skill.stats)
    judged = judge_deployment(session, skill.name, skill.code, provenance, params.requested_tier)
    tier = judged.enforcement.effective_tier
    await session.remember(lambda memory: memory.skills.deploy(skill.name, tier))
    return judged


@method("skill.ingest_governed")
async def skill_ingest_governed(session: ClientSession, params: GovernedSkill) -> GovernedResult:
    """Take a skill in if its provenance, or a human, lets it be deployed.

    Params: those of ``skill.ingest``, ``requested_tier``, ``provenance?``.  Result:
    ``{ingested, node?, decision, enforcement, pending_approval?}`` as for
    ``skill.enforce_deployment``.
    """
    known = session.memory.skills.meta(params.name)
    provenance = with_record(params.provenance, SkillStats() if known is None else known.stats)
    judged = judge_deployment(session, params.name, params.code, provenance, params.requested_tier)
    enforcement = judged.enforcement
    node: int | UnsetType = UNSET
    if enforcement.deploy:
        node = await session.remember(
            lambda memory: _deploy(session, memory, params.skill(), judged, params.replaces)
        )
    return GovernedResult(
        ingested=enforcement.deploy,
        node=node,
        decision=judged.decision,
        enforcement=enforcement,
        pending_approval=judged.pending_approval,
    )


@method("skill.adopt_pack")
async def skill_adopt_pack(session: ClientSession, params: NewPack) -> JsonObject:
    """Take in those skills of a pack that may be deployed.

    Params: ``pack`` ``{name, skills[]}``, ``requested_tier?``, and ``manifest?``
    ``{digest, signatures?: [{signer, signature, public_key?, algorithm?}]}`` with
    ``scanned?``, ``vulnerabilities?``, ``source?``, or ``provenance?``.  Signatures are
    Ed25519 over the digest's text, in base64; ``--skill-signer`` names who is trusted, and
    one without a known key counts for nothing.  A skill that was granted less than asked
    for is both loaded and pending.  Result: ``{loaded[], pending: [{skill_id,
    fingerprint}], refused: [{skill_id, reason}], requested_tier, provenance,
    trusted_signers}``.  Errors: -32602 for both a manifest and a provenance or skills that
    are none, -32603 for a digest or a signature that does not fit.
    """
    if params.manifest is not None and params.provenance is not None:
        raise InvalidParams("manifest: give it or provenance, not both")
    pack = read_pack(params.pack)
    origin = params.provenance or manifest_provenance(
        params.pack,
        params.manifest,
        session.state.config.skill_signers,
        scanned=params.scanned,
        vulnerabilities=params.vulnerabilities,
        source=params.source,
    )
    tier = params.requested_tier
    judged = [(skill, _judge(session, skill, origin, tier)) for skill in pack.skills]
    loaded = [(skill, one) for skill, one in judged if one.enforcement.deploy]
    if loaded:
        await session.remember(
            lambda memory: [_deploy(session, memory, skill.skill(), one) for skill, one in loaded]
        )
    return {
        "loaded": [skill.name for skill, _ in loaded],
        "pending": [
            {"skill_id": skill.name, "fingerprint": one.pending_approval.fingerprint}
            for skill, one in judged
            if isinstance(one.pending_approval, PendingDeployment)
        ],
        "refused": [
            {"skill_id": skill.name, "reason": one.enforcement.reason}
            for skill, one in judged
            if one.enforcement.blocked and not one.enforcement.pending
        ],
        "requested_tier": tier,
        "provenance": origin,
        "trusted_signers": len(session.state.config.skill_signers),
    }


def _judge(
    session: ClientSession, skill: DistilledSkill, origin: SkillProvenance, tier: Tier
) -> Deployment:
    known = session.memory.skills.meta(skill.name)
    provenance = with_record(origin, SkillStats() if known is None else known.stats)
    return judge_deployment(session, skill.name, skill.code, provenance, tier)


def _deploy(
    session: ClientSession,
    memory: Memgine,
    skill: Skill,
    judged: Deployment,
    supersedes: str | None = None,
) -> int:
    """Take *skill* in at the tier that it was granted; the index of its node."""
    node = memory.skills.ingest(skill, at=session.now(), supersedes=supersedes)
    memory.skills.deploy(skill.name, judged.enforcement.effective_tier)
    return node
