"""``evolution.*``: which components of this agent to work on, and working on them."""

import hashlib
from collections import Counter

from msgspec import UNSET, Struct, UnsetType

from car.eventlog.kinds import ACTION_FAILED, ACTION_SUCCEEDED
from car.eventlog.line import parse_object
from car.evolution.plan import (
    Component,
    EvolutionPlan,
    EvolutionPolicy,
    EvolutionRun,
    StepResult,
    conclude,
    plan_evolution,
)
from car.evolution.signals import (
    Comparison,
    compare_metrics,
    memory_pressure,
    skills_pressure,
    tools_pressure,
)
from car.ir.json import JsonObject, canonical
from car.memgine.graph import Graph
from car.memgine.nodes import TURN_KINDS
from car.memgine.skills.book import SkillBook
from car.memgine.skills.gate import run_gate
from car.server.errors import Busy, InvalidParams
from car.server.registry import method
from car.server.session import ClientSession
from car.server.skill_approvals import human_verdict

EVOLUTION_TRIGGERED = "evolution_triggered"

RECENT_EVENTS = 1000
"""The last events among which the outcomes of tool calls are the signal of the tools."""

ADOPT_HARNESS = "adopt_harness_candidate"


class PlanRequest(Struct, frozen=True):
    """What to plan by."""

    policy: EvolutionPolicy = EvolutionPolicy()


class RunRequest(Struct, frozen=True):
    """What to plan by, and how a candidate for the harness compares, if there is one."""

    policy: EvolutionPolicy = EvolutionPolicy()
    dry_run: bool = False
    harness_baseline_metrics: dict[str, float] | None = None
    harness_candidate_metrics: dict[str, float] | None = None


class PendingMutation(Struct, frozen=True, kw_only=True):
    """A change that waits for a human."""

    fingerprint: str
    mutation: str
    component: Component
    safety_affecting: bool
    rationale: str
    reason: str


class RunReport(EvolutionRun, frozen=True, kw_only=True):
    """What was planned and done, and what waits for a human."""

    pending_approvals: list[PendingMutation] | UnsetType = UNSET


@method("evolution.plan")
def evolution_plan(session: ClientSession, params: PlanRequest) -> EvolutionPlan:
    """Which components ask most to be worked on, within a budget.

    Memory, skills and tools are measured here; a component without a signal is left out.
    Params: ``policy? {pressure_threshold? = 0.5, budget? = 3}``.  Result: ``{decisions:
    [{component, action: evolve_now | defer | skip, priority, defer_reason?, reason}],
    spent, evolve_now[]}``.
    """
    return plan_evolution(_pressures(session), params.policy)


@method("evolution.run")
async def evolution_run(session: ClientSession, params: RunRequest) -> RunReport:
    """Plan as ``evolution.plan`` does, and do it; appends ``evolution_triggered``.

    Memory is consolidated; candidates for skills go through the gate.  A harness candidate
    that is better in some metric and worse in none is a signal, and is applied when a human
    approves it (``host.resolve_approval``); calling again tells.  Metrics are better when
    greater, but for names with a word in them such as cost, errors or latency.  A dry run
    changes nothing and asks nobody.  Result: ``{plan, steps: [{component, ran, applied,
    outcome}], evolved[], pending_approvals?: [{fingerprint, mutation, component,
    safety_affecting, rationale, reason}]}``.  Errors: -32602 for one kind of metrics
    without the other; busy while a run of this session is under way, or with too many
    approvals.
    """
    harness = _comparison(params)
    pressures = _pressures(session)
    if harness is not None:
        pressures["harness"] = harness.pressure
    plan = plan_evolution(pressures, params.policy)
    if params.dry_run:
        not_done = StepResult(ran=False, applied=False, outcome="dry run")
        return _report(conclude(plan, dict.fromkeys(plan.evolve_now, not_done)))
    session.require_journal()
    if session.evolving:
        raise Busy("an evolution run of this session is under way; wait for its answer")
    session.evolving = True
    try:
        return await _evolve(session, params, plan, harness)
    finally:
        session.evolving = False


async def _evolve(
    session: ClientSession, params: RunRequest, plan: EvolutionPlan, harness: Comparison | None
) -> RunReport:
    """Work on what *plan* says; the candidates before the memory, as consolidation judges too."""
    results: dict[Component, StepResult] = {}
    pending: list[PendingMutation] = []
    if harness is not None and "harness" in plan.evolve_now:
        results["harness"], pending = _review_harness(session, params, harness)
    if "skills" in plan.evolve_now:
        results["skills"] = await session.remember(
            lambda memory: _judge_candidates(memory.skills, session.now())
        )
    if "memory" in plan.evolve_now:
        results["memory"] = await _consolidate(session)
    run = conclude(plan, results)
    outcomes: JsonObject = {step.component: step.outcome for step in run.steps}
    session.record(EVOLUTION_TRIGGERED, {"evolved": run.evolved, "outcomes": outcomes})
    return _report(run, pending)


def _report(run: EvolutionRun, pending: list[PendingMutation] | None = None) -> RunReport:
    return RunReport(
        plan=run.plan, steps=run.steps, evolved=run.evolved, pending_approvals=pending or UNSET
    )


def _comparison(params: RunRequest) -> Comparison | None:
    baseline, candidate = params.harness_baseline_metrics, params.harness_candidate_metrics
    if baseline is None and candidate is None:
        return None
    if baseline is None or candidate is None:
        missing = "baseline" if baseline is None else "candidate"
        raise InvalidParams(f"harness_{missing}_metrics: expected beside the other metrics")
    return compare_metrics(baseline, candidate)


def _pressures(session: ClientSession) -> dict[Component, float]:
    """What this session's memory and its last tool calls say."""
    memory = session.memory
    candidates = len(memory.skills.candidates())
    found: dict[Component, float | None] = {
        "memory": _graph_pressure(memory.graph, session.now()),
        "skills": skills_pressure(memory.skills.success_rates(), candidates),
        "tools": _calls_pressure(session),
    }
    return {component: value for component, value in found.items() if value is not None}


def _graph_pressure(graph: Graph, at: float) -> float | None:
    expired = turns = 0
    for node in graph.nodes.values():
        expired += node.expires_at is not None and node.expires_at <= at
        turns += node.live and node.kind in TURN_KINDS
    return memory_pressure(len(graph.nodes), expired, turns)


def _calls_pressure(session: ClientSession) -> float | None:
    recent = session.runtime.events.memory[-RECENT_EVENTS:]
    kinds = Counter(parse_object(line)["kind"] for line in recent)
    return tools_pressure(kinds[ACTION_SUCCEEDED], kinds[ACTION_FAILED])


def _judge_candidates(skills: SkillBook, at: float) -> StepResult:
    """Put the candidates through the gate; without any there is nothing to do but by a model."""
    if not skills.candidates():
        return StepResult(ran=False, applied=False, outcome="no inference engine")
    report = run_gate(skills, at=at)
    promoted, rejected = len(report.promoted), len(report.rejected)
    return StepResult(
        ran=True,
        applied=bool(promoted or rejected),
        outcome=f"{promoted} candidates promoted, {rejected} rejected",
    )


async def _consolidate(session: ClientSession) -> StepResult:
    """Tidy the memory up, in slices."""
    report = await session.state.memories.consolidate(session.memory_held, session.now())
    expired, superseded, turns = (
        report.expired_pruned,
        report.superseded_gc,
        report.turns_compacted,
    )
    return StepResult(
        ran=True,
        applied=bool(expired or superseded or turns),
        outcome=f"{expired} expired and {superseded} superseded gone, {turns} turns compacted",
    )


def _review_harness(
    session: ClientSession, params: RunRequest, compared: Comparison
) -> tuple[StepResult, list[PendingMutation]]:
    """What a human says to the harness candidate, and what of it is still open."""
    metrics = [params.harness_baseline_metrics, params.harness_candidate_metrics]
    digest = hashlib.sha256(canonical(metrics)).hexdigest()[:32]
    mutation = PendingMutation(
        fingerprint=f"evolution:harness:{digest}",
        mutation=ADOPT_HARNESS,
        component="harness",
        safety_affecting=True,
        rationale=compared.rationale,
        reason="a change of the harness needs a human's approval",
    )
    details = {"fingerprint": mutation.fingerprint, "rationale": compared.rationale}
    verdict = human_verdict(session, mutation.fingerprint, details)
    if verdict is None:
        return StepResult(ran=False, applied=False, outcome="pending approval"), [mutation]
    if verdict == "rejected":
        return StepResult(ran=True, applied=False, outcome="rejected by a human"), []
    return StepResult(ran=True, applied=True, outcome="approved by a human"), []
