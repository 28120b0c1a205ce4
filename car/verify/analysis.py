"""Checking a whole proposal before it runs (``engine.md`` §3).

Nothing is called and nothing is changed; policies are not asked.  The walk is that of
``car.verify.simulation``, but the effects of a blocked action are applied all the same, so
that one pass shows all problems.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from car.ir.json import JsonObject, JsonValue, canonical
from car.ir.levels import ActionGraph
from car.ir.proposal import ActionProposal
from car.validator.actions import invalid_parameters, unregistered
from car.validator.schemas import CompiledTool, Path
from car.verify.evidence import evidence
from car.verify.report import WHOLE_PROPOSAL, Severity, Tier, VerifyIssue, VerifyReport
from car.verify.simulation import Walk
from car.verify.writers import find_conflicts

DEFAULT_MAX_ACTIONS = 30
"""Actions beyond which a proposal draws a warning (``engine.md`` §3)."""

MANY_REPEATS = 3
"""Identical calls from which a repetition is an error."""

Tools = Iterable[str] | Mapping[str, CompiledTool]


def verify(
    proposal: ActionProposal,
    state: JsonObject | None = None,
    tools: Tools | None = None,
    max_actions: int = DEFAULT_MAX_ACTIONS,
) -> VerifyReport:
    """Analyse *proposal* from *state* (empty when None).

    *tools* are the registered ones: None checks no tools, names check that they are
    registered, compiled tools check parameters as well.
    """
    analysis = _Analysis(ActionGraph(proposal.actions), tools)
    return analysis.report(state or {}, max_actions)


class _Analysis:
    """One analysis; collects issues as it goes."""

    def __init__(self, graph: ActionGraph, tools: Tools | None) -> None:
        self._graph = graph
        self._compiled = tools if isinstance(tools, Mapping) else None
        self._names: Collection[str] | None = None
        if tools is not None:
            self._names = tools if isinstance(tools, Mapping) else frozenset(tools)
        self._issues: list[VerifyIssue] = []
        self._findings: Counter[str] = Counter()

    def report(self, state: JsonObject, max_actions: int) -> VerifyReport:
        graph = self._graph
        self._check_size(max_actions)
        walk = Walk(graph, state)
        for index in walk.steps():
            self._check_action(index)
            for sentence in walk.reasons(index):
                self._found("state", graph.actions[index].id, "error", sentence)
            walk.apply(index)
        self._check_repetition()
        pairs = self._check_conflicts()
        return VerifyReport(
            valid=not any(issue.severity == "error" for issue in self._issues),
            issues=self._issues,
            simulated_state=walk.state,
            execution_levels=[
                [graph.actions[index].id for index in level] for level in graph.levels
            ],
            conflicts=pairs,
            evidence=evidence(graph, self._ran(), self._findings),
        )

    def _ran(self) -> frozenset[str]:
        ran = {"order", "state", "conflicts", "repetition", "size"}
        if self._names is not None:
            ran.add("tools")
        if self._compiled is not None:
            ran.add("parameters")
        return frozenset(ran)

    def _check_size(self, max_actions: int) -> None:
        actions = self._graph.actions
        if len(actions) > max_actions and actions:
            sentence = f"excessive actions: {len(actions)} (limit {max_actions})"
            self._found("size", actions[0].id, "warning", sentence, "heuristic")

    def _check_action(self, index: int) -> None:
        action = self._graph.actions[index]
        for fault in self._graph.faults.get(index, ()):
            self._found("order", action.id, "error", fault)
        if action.type != "tool_call":
            return
        name = action.tool_name
        if name is None:
            self._found("tools", action.id, "error", "a tool_call needs a tool")
        elif self._names is not None and name not in self._names:
            self._found("tools", action.id, "error", unregistered(name))
        elif self._compiled is not None:
            unknown = self._unknown_paths(index)
            for error in self._compiled[name].parameter_errors(action.parameters, unknown):
                self._found("parameters", action.id, "error", invalid_parameters(name, error))

    def _unknown_paths(self, index: int) -> list[Path]:
        references = self._graph.references.get(index)
        if not references:
            return []
        texts = {reference.text for reference in references}
        return list(_paths(self._graph.actions[index].parameters, texts, ()))

    def _check_repetition(self) -> None:
        calls = Counter(
            (action.tool_name, canonical(action.parameters))
            for action in self._graph.actions
            if action.type == "tool_call" and action.tool_name is not None
        )
        for (tool, _), count in calls.items():
            if count > 1:
                self._found(
                    "repetition",
                    WHOLE_PROPOSAL,
                    "error" if count >= MANY_REPEATS else "warning",
                    f"tool '{tool}' is called {count} times with the same parameters",
                    "heuristic",
                )

    def _check_conflicts(self) -> list[tuple[str, str, str]]:
        pairs: list[tuple[str, str, str]] = []
        actions = self._graph.actions
        found, complete = find_conflicts(self._graph)
        for first, second, key in found:
            one, other = actions[first].id, actions[second].id
            pairs.append((one, other, key))
            sentence = f"write conflict on '{key}' with action '{other}': no order between them"
            self._found("conflicts", one, "warning", sentence)
        if not complete:
            sentence = f"too many write conflicts: only {len(pairs)} are listed"
            self._found("conflicts", WHOLE_PROPOSAL, "warning", sentence)
        return pairs

    def _found(
        self,
        check: str,
        action_id: str,
        severity: Severity,
        message: str,
        tier: Tier = "decision_procedure",
    ) -> None:
        self._findings[check] += 1
        self._issues.append(
            VerifyIssue(action_id=action_id, severity=severity, message=message, tier=tier)
        )


def _paths(value: JsonValue, texts: Collection[str], place: Path) -> Iterator[Path]:
    """Where in *value* one of *texts* stands."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _paths(member, texts, (*place, key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _paths(member, texts, (*place, index))
    elif isinstance(value, str) and value in texts:
        yield place
