"""What a skill is made of, with the names that the wire and the interchange files use."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from car.ir.json import JsonObject, JsonValue
from car.memgine.skills.errors import InvalidSkill

CANDIDATE_SUFFIX = "@cand"
"""Ends the name of a candidate; what stands before it is the skill it wants to replace."""

DEGRADE_MARGIN = 2
"""A skill degrades with more failures than successes plus these: at the third failure of one
that never worked (memgine §6, observed)."""

HEALING_SUCCESSES = 3
"""Successes in a row, with failures inside the margin again, that heal a degraded skill."""

Name = Annotated[str, Meta(min_length=1, max_length=512)]
Count = Annotated[int, Meta(ge=0)]
Tier = Literal["read_only", "sandbox_edit", "full_access"]
"""What a deployed skill may do, the least first."""


class Domain(Struct, frozen=True):
    """The scope of a skill that is for one domain only."""

    domain: Name


Scope = Literal["global"] | Domain


class Trigger(Struct, frozen=True):
    """When a skill is called for; a part that is empty says nothing.

    ``url_pattern`` is a glob: ``*`` stands for anything.
    """

    persona: str = ""
    url_pattern: str = ""
    task_keywords: list[str] = []


class SkillStats(Struct, frozen=True):
    """How a skill has done.  A degraded one is no longer found."""

    success_count: Count = 0
    fail_count: Count = 0
    degraded: bool = False
    broken_for_repair: bool = False

    @property
    def trials(self) -> int:
        """How many outcomes were reported."""
        return self.success_count + self.fail_count


class SkillMeta(Struct, frozen=True, kw_only=True):
    """A skill as clients see it.

    A provisional one is a candidate for the place of ``incumbent``.  ``deployment_tier`` is
    there once its deployment was decided.
    """

    name: Name
    code: str
    description: str = ""
    platform: str = ""
    scope: Scope = "global"
    trigger: Trigger = Trigger()
    version: int = 1
    when_to_apply: str = ""
    stats: SkillStats = SkillStats()
    status: Literal["active", "provisional"] = "active"
    incumbent: str | UnsetType = UNSET
    deployment_tier: Tier | UnsetType = UNSET


class Skill(SkillMeta, frozen=True, kw_only=True):
    """A skill as it is kept: with where it came from, and how far it has healed."""

    source: str | UnsetType = UNSET
    source_event_ids: list[str] | UnsetType = UNSET
    tenant: str | UnsetType = UNSET
    recovery: int | UnsetType = UNSET
    """Successes in a row while degraded, with failures inside the margin."""

    @property
    def domain(self) -> str:
        """The domain it is for, ``global`` for every one."""
        return self.scope.domain if isinstance(self.scope, Domain) else "global"

    def meta(self) -> SkillMeta:
        """What clients see of it."""
        return SkillMeta(**{name: getattr(self, name) for name in SkillMeta.__struct_fields__})

    def reported(self, success: bool) -> "Skill":
        """The skill after one more outcome: degraded or healed by it, as the rules say."""
        stats = self.stats
        succeeded = stats.success_count + success
        failed = stats.fail_count + (not success)
        failing = failed > succeeded + DEGRADE_MARGIN
        before = 0 if self.recovery is UNSET else self.recovery
        recovery = before + 1 if stats.degraded and success and not failing else 0
        degraded = failing or (stats.degraded and recovery < HEALING_SUCCESSES)
        return msgspec.structs.replace(
            self,
            stats=SkillStats(succeeded, failed, degraded, degraded),
            recovery=recovery if degraded and recovery else UNSET,
        )


class FoundSkill(Struct, frozen=True, kw_only=True):
    """A skill that answers a request; ``match_score`` is 0 to 1."""

    name: str
    code: str
    platform: str
    description: str
    stats: SkillStats
    match_score: float


class TraceEvent(Struct, frozen=True, kw_only=True):
    """One event of a trace to learn from.

    ``data`` may hold ``parameters``, the call's, and ``tool`` where the event itself does not.
    """

    kind: str
    tool: str | None = None
    id: str | None = None
    action_id: str | None = None
    data: JsonObject | None = None
    reward: float | None = None
    state_before: JsonValue = None
    state_after: JsonValue = None


class DistilledSkill(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A skill that was distilled from a trace, by this daemon or by its client.

    ``domain`` is another way to say ``scope``, which wins.
    """

    name: Name
    code: str = ""
    description: str | None = None
    platform: str | None = None
    domain: Name | None = None
    scope: Scope | None = None
    when_to_apply: str | None = None
    trigger: Trigger | None = None
    source: str | None = None
    source_event_ids: list[str] | None = None

    def skill(self) -> Skill:
        """The skill that this describes, without outcomes yet."""
        return Skill(
            name=self.name,
            code=self.code,
            description=self.description or "",
            platform=self.platform or "distilled",
            scope=self.scope or scope_of(self.domain),
            trigger=self.trigger or Trigger(),
            when_to_apply=self.when_to_apply or "",
            source=self.source or UNSET,
            source_event_ids=self.source_event_ids or UNSET,
        )


MAX_BATCH = 500
"""Skills that are taken in at once: some 10 ms."""

Batch = Annotated[list[DistilledSkill], Meta(max_length=MAX_BATCH)]


def scope_of(domain: str | None) -> Scope:
    """The scope for *domain*: the global one for none and for ``global``."""
    return "global" if domain is None or domain == "global" else Domain(domain)


def require_plain(name: str) -> None:
    """Raise InvalidSkill for a name that only a candidate may have."""
    if name.endswith(CANDIDATE_SUFFIX):
        raise InvalidSkill(
            f"name: '{name}' is that of a candidate; give the name before '{CANDIDATE_SUFFIX}'"
        )
