"""Evolution: which components of an agent are worth working on now, and what came of it.

A plan follows from pressures, one for each component that anybody measured, and a budget.
How pressure is measured is ``signals``'s; the work itself is done by whoever asked for the
plan, and its results are handed back.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Component = Literal["memory", "skills", "context", "harness", "tools"]

COSTS: dict[Component, float] = {
    "memory": 0.5,
    "skills": 1.0,
    "context": 1.0,
    "harness": 2.0,
    "tools": 1.0,
}
"""What working on each takes of a budget, in units of one pass over the skills."""

DEFAULT_THRESHOLD = 0.5
DEFAULT_BUDGET = 3.0


class EvolutionPolicy(Struct, frozen=True):
    """From which pressure on a component is worked on, and what may be spent in all."""

    pressure_threshold: Annotated[float, Meta(ge=0, le=1)] = DEFAULT_THRESHOLD
    budget: Annotated[float, Meta(ge=0)] = DEFAULT_BUDGET


class PlanDecision(Struct, frozen=True, kw_only=True):
    """What is done about one component; ``priority`` is its pressure for each unit of cost."""

    component: Component
    action: Literal["evolve_now", "defer", "skip"]
    priority: float
    defer_reason: str | UnsetType = UNSET
    reason: str


class EvolutionPlan(Struct, frozen=True, kw_only=True):
    """The decisions, the most pressing first, and the components to work on now."""

    decisions: list[PlanDecision]
    spent: float
    evolve_now: list[Component]


class StepResult(Struct, frozen=True, kw_only=True):
    """What came of working on a component: done at all, changed anything, in words."""

    ran: bool
    applied: bool
    outcome: str


_NOT_EXECUTABLE = StepResult(ran=False, applied=False, outcome="not_executable")


class EvolutionStep(Struct, frozen=True, kw_only=True):
    """A StepResult with its component."""

    component: Component
    ran: bool
    applied: bool
    outcome: str


class EvolutionRun(Struct, frozen=True, kw_only=True):
    """A plan and what came of it; ``evolved`` are the components that changed."""

    plan: EvolutionPlan
    steps: list[EvolutionStep]
    evolved: list[Component]


def plan_evolution(pressures: Mapping[Component, float], policy: EvolutionPolicy) -> EvolutionPlan:
    """The plan for *pressures*, 0 to 1 by component; one that is not there is left out.

    The most pressure for its cost comes first; equal ones in the order of ``COSTS``.
    """
    decisions: list[PlanDecision] = []
    spent = 0.0
    known = [component for component in COSTS if component in pressures]
    for component in sorted(known, key=lambda one: -pressures[one] / COSTS[one]):
        pressure, cost = pressures[component], COSTS[component]
        priority = round(pressure / cost, 4)
        if pressure < policy.pressure_threshold:
            reason = f"pressure {pressure:.2f} below {policy.pressure_threshold:.2f}"
            decision = PlanDecision(
                component=component, action="skip", priority=priority, reason=reason
            )
        elif spent + cost > policy.budget:
            left = policy.budget - spent
            decision = PlanDecision(
                component=component,
                action="defer",
                priority=priority,
                defer_reason="budget",
                reason=f"pressure {pressure:.2f}, but it costs {cost:g} and {left:g} is left",
            )
        else:
            spent += cost
            reason = f"pressure {pressure:.2f}, at least {policy.pressure_threshold:.2f}"
            decision = PlanDecision(
                component=component, action="evolve_now", priority=priority, reason=reason
            )
        decisions.append(decision)
    chosen = [one.component for one in decisions if one.action == "evolve_now"]
    return EvolutionPlan(decisions=decisions, spent=spent, evolve_now=chosen)


def conclude(plan: EvolutionPlan, results: Mapping[Component, StepResult]) -> EvolutionRun:
    """What came of *plan*, in its order; a component without a result is not executable."""
    steps = []
    for component in plan.evolve_now:
        result = results.get(component, _NOT_EXECUTABLE)
        steps.append(
            EvolutionStep(
                component=component,
                ran=result.ran,
                applied=result.applied,
                outcome=result.outcome,
            )
        )
    evolved = [step.component for step in steps if step.applied]
    return EvolutionRun(plan=plan, steps=steps, evolved=evolved)
