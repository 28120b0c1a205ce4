"""Walking through a proposal without running it: the state it leads to (``engine.md`` §3).

Tools are not called: an action is taken to do what its ``expected_effects`` say.
"""

from collections.abc import Iterator, Sequence

import msgspec

from car.ir.json import JsonObject, same
from car.ir.levels import ActionGraph
from car.ir.proposal import Action, ActionProposal
from car.state.reader import StateReader, ValuesReader
from car.validator.actions import state_reasons

DEFAULT_PROBES: tuple[JsonObject, ...] = ({}, {"x": 1, "y": 2})
"""The states from which two proposals are compared (``engine.md`` §3)."""

_ABOUT_PRESENCE = frozenset({"exists", "not_exists"})


class Walk:
    """One pass over a proposal, level by level and in list order inside a level.

    ``state`` is what the actions passed so far leave behind.  A value that is a reference to
    an output stands there as written; as it is not known, conditions on it count as met.
    """

    def __init__(self, graph: ActionGraph, state: JsonObject) -> None:
        self._graph = graph
        self.state = dict(state)
        self._reader: StateReader = ValuesReader(self.state)
        self._unknown: set[str] = set()

    def steps(self) -> Iterator[int]:
        """The indexes of the actions in the order in which they would run."""
        for level in self._graph.levels:
            yield from level

    def reasons(self, index: int) -> Sequence[str]:
        """What in ``state`` forbids the action: preconditions, dependencies."""
        action = self._graph.actions[index]
        if not self._unknown.isdisjoint(condition.key for condition in action.preconditions):
            action = self._without_unknown(action)
        return state_reasons(action, self._reader)

    def apply(self, index: int) -> None:
        """Let the action do what it says: the value it writes, its effects on top."""
        action = self._graph.actions[index]
        key = action.written_key
        if key is not None:
            self.state[key] = action.parameters.get("value")
            if index in self._graph.references:
                self._unknown.add(key)
            else:
                self._unknown.discard(key)
        self.state.update(action.expected_effects)
        self._unknown.difference_update(action.expected_effects)

    def _without_unknown(self, action: Action) -> Action:
        known = [
            condition
            for condition in action.preconditions
            if condition.key not in self._unknown or condition.operator in _ABOUT_PRESENCE
        ]
        return msgspec.structs.replace(action, preconditions=known)


def simulate(proposal: ActionProposal, state: JsonObject | None = None) -> JsonObject:
    """The state that *proposal* leads to from *state* (empty when None).

    An action that cannot run has no effects, and neither has what waits for it by name.
    """
    graph = ActionGraph(proposal.actions)
    walk = Walk(graph, state or {})
    blocked: set[int] = set()
    for index in walk.steps():
        if index in graph.faults or walk.reasons(index) or _needs(graph, index) & blocked:
            blocked.add(index)
        else:
            walk.apply(index)
    return walk.state


def equivalent(
    first: ActionProposal,
    second: ActionProposal,
    probes: Sequence[JsonObject] = DEFAULT_PROBES,
) -> bool:
    """Whether both proposals lead to equal states from each of *probes*."""
    return all(same(simulate(first, probe), simulate(second, probe)) for probe in probes)


def _needs(graph: ActionGraph, index: int) -> set[int]:
    """The actions that must succeed before this one may run."""
    needed = set(graph.explicit.get(index, ()))
    for reference in graph.references.get(index, ()):
        needed.add(graph.index_of[reference.action_id])
    return needed
