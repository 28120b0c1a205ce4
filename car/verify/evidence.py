"""What a verdict rests on: which checks ran, what was taken for granted, what is untested."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from car.ir.levels import ActionGraph
from car.ir.proposal import Action
from car.verify.report import Check, Evidence, Tier

MAX_LISTED = 20
"""Entries of each list of the evidence, the last one saying how many are left out."""


class _Kind(NamedTuple):
    verifies: str
    cannot_verify: str
    tier: Tier


_KINDS: dict[str, _Kind] = {
    "order": _Kind(
        "that dependencies and references name one action each and form no cycle",
        "that actions without a declared dependency may run in any order",
        "decision_procedure",
    ),
    "tools": _Kind(
        "that every tool called is registered",
        "that the tool works",
        "decision_procedure",
    ),
    "parameters": _Kind(
        "that parameters match the tool's schema",
        "values that are outputs of other actions",
        "decision_procedure",
    ),
    "state": _Kind(
        "that preconditions and state dependencies hold when an action's turn comes",
        "values that only a run can tell, and writes of others meanwhile",
        "decision_procedure",
    ),
    "conflicts": _Kind(
        "that no two actions write one key without an order between them",
        "writes that are not declared",
        "decision_procedure",
    ),
    "repetition": _Kind(
        "that no tool is called again and again with the same parameters",
        "whether a repetition is meant",
        "heuristic",
    ),
    "size": _Kind(
        "that the number of actions is usual",
        "how long an action takes",
        "heuristic",
    ),
}


def evidence(graph: ActionGraph, ran: frozenset[str], findings: Mapping[str, int]) -> Evidence:
    """The evidence for a verdict, given which checks *ran* and their number of findings."""
    checks = [
        Check(
            name=name,
            ran=name in ran,
            verifies=kind.verifies,
            cannot_verify=kind.cannot_verify,
            findings=findings.get(name, 0),
            tier=kind.tier,
        )
        for name, kind in _KINDS.items()
    ]
    untested = _untested_regions(graph)
    share = sum(check.ran for check in checks) / len(checks)
    return Evidence(
        checks=checks,
        assumptions=_assumptions(graph.actions),
        untested_regions=_listed(untested),
        residual_risks=_listed(_residual_risks(graph.actions)),
        confidence=share / 2 if untested else share,
    )


def _assumptions(actions: Sequence[Action]) -> list[str]:
    found = ["nobody else writes the state while the proposal runs"]
    if any(action.expected_effects for action in actions):
        found.append("an action that succeeds has exactly its expected effects")
    if any(action.type == "tool_call" for action in actions):
        found.append("every tool call succeeds")
    return found


def _untested_regions(graph: ActionGraph) -> list[str]:
    tools = Counter(
        action.tool_name
        for action in graph.actions
        if action.type == "tool_call" and action.tool_name is not None
    )
    found = [f"what tool '{tool}' does in {count} calls" for tool, count in tools.items()]
    for index, action in enumerate(graph.actions):
        if action.type == "assertion":
            found.append(f"the assertion of action '{action.id}'")
        found.extend(
            f"the value of '{reference.text}' in action '{action.id}'"
            for reference in graph.references.get(index, ())
        )
    return found


def _residual_risks(actions: Sequence[Action]) -> list[str]:
    return [
        f"action '{action.id}' is declared irreversible: an abort does not undo it"
        for action in actions
        if action.reversibility == "irreversible"
    ]


def _listed(entries: list[str]) -> list[str]:
    if len(entries) <= MAX_LISTED:
        return entries
    kept = entries[: MAX_LISTED - 1]
    return [*kept, f"and {len(entries) - len(kept)} more"]
