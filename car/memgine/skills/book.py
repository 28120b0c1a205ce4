"""The skill book: the skills of one memory, as nodes of its graph.

A skill is a node of kind ``skill``: its name the key, its description the value, its record
the data; one that was replaced is ``skill_deprecated`` and stays, as its code may be wanted
for a repair.  The book keeps those that stand at hand, and can be made anew from a graph at
any time.  Learning skills, judging candidates and deciding on deployment are beside it.
"""

import heapq
from collections.abc import Iterable, Iterator

import msgspec

from car.memgine.errors import BrokenMemory
from car.memgine.graph import Graph
from car.memgine.nodes import Node
from car.memgine.skills.confidence import wilson_interval
from car.memgine.skills.errors import UnknownSkill
from car.memgine.skills.matching import Profile, Request
from car.memgine.skills.records import (
    CANDIDATE_SUFFIX,
    DistilledSkill,
    FoundSkill,
    Skill,
    SkillMeta,
    SkillStats,
    Tier,
    require_plain,
)

DEFAULT_THRESHOLD = 0.6
"""The success rate below which a domain's skills are to be evolved (memgine §6)."""

VERSIONS_KEPT = 10
"""Earlier versions of a skill that stay in the graph, for repairs [ours]."""


class _Entry:
    """A skill that stands: its node, its record, and the record made ready for matching."""

    __slots__ = ("node", "profile", "skill")

    def __init__(self, node: Node, skill: Skill) -> None:
        self.node = node
        self.skill = skill
        self.profile = Profile(skill)


class SkillBook:
    """The skills in *graph*; *at* is throughout in seconds since the epoch."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._entries: dict[str, _Entry] = {}
        for node in graph.of_kind("skill"):
            self._entries[node.key] = _Entry(node, _read(node))

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    # ---- taking in ---------------------------------------------------------------------

    def ingest(self, skill: Skill, *, at: float, supersedes: str | None = None) -> int:
        """Take *skill* in; answers the index of its node.

        One that stands under the same name is replaced, and the version goes on from its.
        *supersedes* names a further one to be replaced; a name that nobody has is no error.
        Raises InvalidSkill for the name of a candidate.
        """
        require_plain(skill.name)
        return self._put(skill, at, () if supersedes is None else (supersedes,))

    def ingest_distilled(self, skills: Iterable[DistilledSkill], *, at: float) -> int:
        """Take distilled skills in as they are; answers how many.  Raises InvalidSkill."""
        found = _read_all(skills)
        for skill in found:
            self._put(skill, at)
        return len(found)

    def ingest_provisional(
        self, skills: Iterable[DistilledSkill], *, at: float, tenant: str | None = None
    ) -> int:
        """Take skills in as candidates, each for the place of its name; answers how many.

        One with the code of the skill it would replace, or of the candidate that is there,
        brings nothing new and is passed over, so that outcomes are not lost.  Raises
        InvalidSkill.
        """
        taken = 0
        for skill in _read_all(skills):
            key = skill.name + CANDIDATE_SUFFIX
            standing = (self._entries.get(name) for name in (skill.name, key))
            if any(entry is not None and entry.skill.code == skill.code for entry in standing):
                continue
            candidate = msgspec.structs.replace(
                skill,
                name=key,
                status="provisional",
                incumbent=skill.name,
                tenant=tenant or msgspec.UNSET,
            )
            self._put(candidate, at)
            taken += 1
        return taken

    def _put(self, skill: Skill, at: float, others: Iterable[str] = ()) -> int:
        """Enter *skill* in place of the one of its name and of the *others*."""
        standing = self._entries.get(skill.name)
        if standing is not None:
            version = max(skill.version, standing.skill.version + 1)
            skill = msgspec.structs.replace(skill, version=version)
        node = self.graph.add_node(
            "skill",
            skill.name,
            skill.description,
            at=at,
            recorded_at=at,
            content_type="code",
            scope=skill.domain,
            data=msgspec.to_builtins(skill),
        )
        for name in dict.fromkeys((skill.name, *others)):
            self._retire(name, at, by=node)
        self._entries[skill.name] = _Entry(node, skill)
        for old in self._earlier(skill.name)[:-VERSIONS_KEPT]:
            self.graph.remove(old)
        return node.index

    def _earlier(self, name: str) -> list[Node]:
        """What stood under *name* before, oldest first."""
        return [node for node in self.graph.by_key(name) if node.kind == "skill_deprecated"]

    def _retire(self, name: str, at: float, by: Node | None) -> None:
        entry = self._entries.pop(name, None)
        if entry is None:
            return
        self.graph.update(
            entry.node,
            kind="skill_deprecated",
            retired_at=at,
            retirement="retracted" if by is None else "superseded",
            superseded_by=None if by is None else by.index,
        )
        if by is not None:
            self.graph.add_edge("Supersedes", by.index, entry.node.index, at=at)

    # ---- what is reported and decided -----------------------------------------------------

    def report(self, name: str, success: bool) -> SkillStats:
        """Count one outcome of a skill; its stats after it.  Raises UnknownSkill."""
        return self._change(name, self.get(name).reported(success)).stats

    def deploy(self, name: str, tier: Tier | None) -> Skill:
        """Note the tier a skill is deployed at, None for not at all.  Raises UnknownSkill."""
        skill = self.get(name)
        decided = msgspec.UNSET if tier is None else tier
        return self._change(name, msgspec.structs.replace(skill, deployment_tier=decided))

    def promote(self, key: str, *, at: float) -> int:
        """Put the candidate *key*, with its outcomes, in its incumbent's place."""
        candidate = self.get(key)
        promoted = msgspec.structs.replace(
            candidate,
            name=key.removesuffix(CANDIDATE_SUFFIX),
            status="active",
            incumbent=msgspec.UNSET,
        )
        return self._put(promoted, at, (key,))

    def withdraw(self, name: str, *, at: float) -> None:
        """Deprecate a skill that nothing replaces.  Raises UnknownSkill."""
        self.get(name)
        self._retire(name, at, by=None)

    def _change(self, name: str, skill: Skill) -> Skill:
        entry = self._entries[name]
        entry.skill = skill
        self.graph.update(entry.node, data=msgspec.to_builtins(skill))
        return skill

    # ---- asking ----------------------------------------------------------------------------

    def get(self, name: str) -> Skill:
        """The skill that stands under *name*; raises UnknownSkill."""
        entry = self._entries.get(name)
        if entry is None:
            raise UnknownSkill(name)
        return entry.skill

    def skills(self) -> Iterator[Skill]:
        """Every skill that stands, candidates too, oldest first."""
        return (entry.skill for entry in self._entries.values())

    def candidates(self) -> list[Skill]:
        """The provisional skills, oldest first."""
        return [skill for skill in self.skills() if skill.status == "provisional"]

    def meta(self, name: str) -> SkillMeta | None:
        """What clients see of the skill *name*; None where none stands."""
        entry = self._entries.get(name)
        return None if entry is None else entry.skill.meta()

    def rows(self, domain: str | None = None) -> list[SkillMeta]:
        """Every skill, or the global ones and those of *domain*, oldest first."""
        wanted = None if domain is None else {"global", domain}
        return [skill.meta() for skill in self.skills() if wanted is None or skill.domain in wanted]

    def find(
        self, *, persona: str = "", url: str = "", task: str = "", limit: int = 1
    ) -> list[FoundSkill]:
        """The *limit* skills that answer a request best; none where none has to do with it.

        Of equal scores the one with the better record comes first, then the newer.  Degraded
        skills are left out, and candidates whose incumbent works.
        """
        request = Request(persona, url, task)
        return [
            FoundSkill(
                name=entry.skill.name,
                code=entry.skill.code,
                platform=entry.skill.platform,
                description=entry.skill.description,
                stats=entry.skill.stats,
                match_score=score,
            )
            for score, entry in self._best(request, limit)
        ]

    def for_query(self, text: str, limit: int) -> list[Skill]:
        """The *limit* skills whose words have to do with *text*, best first."""
        return [entry.skill for _, entry in self._best(Request(task=text), limit)]

    def _best(self, request: Request, limit: int) -> list[tuple[float, _Entry]]:
        scored = (
            (entry.profile.match_score(request), entry)
            for entry in self._entries.values()
            if self._usable(entry.skill)
        )
        matching = (pair for pair in scored if pair[0] > 0)
        return heapq.nsmallest(limit, matching, key=_rank)

    def _usable(self, skill: Skill) -> bool:
        if skill.stats.degraded:
            return False
        if not isinstance(skill.incumbent, str):
            return True
        incumbent = self._entries.get(skill.incumbent)
        return incumbent is None or incumbent.skill.stats.degraded

    def repair(self, name: str) -> str | None:
        """Code that may stand in for that of a broken skill: the newest earlier version's.

        Only of a version that did work and was not degraded.  None where there is none, or
        nothing to repair.
        """
        entry = self._entries.get(name)
        if entry is None or not entry.skill.stats.broken_for_repair:
            return None
        for node in reversed(self._earlier(name)):
            earlier = _read(node)
            proven = earlier.stats.success_count > 0 and not earlier.stats.degraded
            if proven and earlier.code != entry.skill.code:
                return earlier.code
        return None

    def domains_needing_evolution(self, threshold: float = DEFAULT_THRESHOLD) -> list[str]:
        """The domains, ``global`` one of them, whose success rate is below *threshold*, by name."""
        rates = self.success_rates()
        return sorted(domain for domain, rate in rates.items() if rate < threshold)

    def success_rates(self) -> dict[str, float]:
        """The success rate of each domain whose active skills have outcomes."""
        counts: dict[str, tuple[int, int]] = {}
        for skill in self.skills():
            if skill.status == "active" and skill.stats.trials:
                succeeded, trials = counts.get(skill.domain, (0, 0))
                counts[skill.domain] = (
                    succeeded + skill.stats.success_count,
                    trials + skill.stats.trials,
                )
        return {domain: succeeded / trials for domain, (succeeded, trials) in counts.items()}


def _rank(scored: tuple[float, _Entry]) -> tuple[float, float, float, int]:
    score, entry = scored
    stats = entry.skill.stats
    earned, _ = wilson_interval(stats.success_count, stats.trials)
    return (-score, -earned, -entry.node.created_at, -entry.node.index)


def _read_all(skills: Iterable[DistilledSkill]) -> list[Skill]:
    """The records of *skills*; raises InvalidSkill before any has been taken in."""
    found = [one.skill() for one in skills]
    for skill in found:
        require_plain(skill.name)
    return found


def _read(node: Node) -> Skill:
    try:
        return msgspec.convert(node.data, Skill)
    except msgspec.ValidationError as problem:
        raise BrokenMemory(f"node {node.index} holds no skill: {problem}") from None
