"""The order of a proposal's actions: a graph of edges, and its levels (``engine.md`` §2).

Actions are named by their index in the proposal, as ids may repeat.
"""

from collections import Counter
from collections.abc import Sequence

from car.ir.proposal import Action
from car.ir.references import Reference, find_references

_SHOWN = 10
"""Ids that a sentence about a cycle names; a proposal may be one cycle of 1,000 actions."""


class ActionGraph:
    """Which action waits for which, and what is wrong with what they declare.

    ``predecessors[i]`` are the indexes that action *i* waits for, in order, as the keys of a
    dict.  ``levels`` are lists of indexes; every action of a level may start once the level
    before has ended.  ``explicit[i]`` are the indexes that its ``dependencies`` name: it is
    rejected unless they succeed.  ``references[i]`` are the references to outputs among its
    parameters.  ``faults[i]`` are sentences, one for each fault of its ``dependencies`` and
    references; such an action must be rejected.  An action with a fault of order stands in a
    level as if it declared nothing.
    """

    def __init__(self, actions: Sequence[Action]) -> None:
        self.actions = actions
        self.explicit: dict[int, dict[int, None]] = {}
        self.references: dict[int, list[Reference]] = {}
        self.faults: dict[int, list[str]] = {}
        self.index_of = {action.id: index for index, action in enumerate(actions)}
        self._duplicated: set[str] = set()
        if len(self.index_of) < len(actions):
            ids = Counter(action.id for action in actions)
            self._duplicated = {id for id, count in ids.items() if count > 1}
        self.predecessors = _state_edges(actions)
        self._add_explicit_edges()
        self.levels = self._levels()
        self._check_references()

    def _add_explicit_edges(self) -> None:
        for index, action in enumerate(self.actions):
            if not action.dependencies:
                continue
            for name in dict.fromkeys(action.dependencies):
                other = self.index_of.get(name)
                if other is None:
                    self._fault(index, f"dependency '{name}' is not an action of this proposal")
                elif name in self._duplicated:
                    self._fault(index, f"dependency '{name}' is the id of more than one action")
                else:
                    self.explicit.setdefault(index, {})[other] = None
        for index, others in self.explicit.items():
            self.predecessors.setdefault(index, {}).update(others)

    def _levels(self) -> list[list[int]]:
        """Indexes by level; actions on a cycle are faulted and lose their explicit edges."""
        cyclic = self._cycles() if self.explicit else []
        for component in cyclic:
            names = ", ".join(f"'{self.actions[i].id}'" for i in component[:_SHOWN])
            more = f" and {len(component) - _SHOWN} more" if len(component) > _SHOWN else ""
            for index in component:
                self._fault(index, f"dependencies form a cycle through {names}{more}")
                self.explicit.pop(index, None)
        if cyclic:
            self.predecessors = _state_edges(self.actions)
            for index, others in self.explicit.items():
                self.predecessors.setdefault(index, {}).update(others)
        if not self.predecessors:
            return [list(range(len(self.actions)))] if self.actions else []
        depth: list[int] = [0] * len(self.actions)
        for index in self._in_order():
            edges = self.predecessors.get(index)
            if edges:
                depth[index] = 1 + max(depth[other] for other in edges)
        levels: list[list[int]] = [[] for _ in range(max(depth, default=-1) + 1)]
        for index, level in enumerate(depth):
            levels[level].append(index)
        return levels

    def _in_order(self) -> list[int]:
        """All indexes, each after its predecessors (list order where nothing else says so)."""
        if not self.explicit:
            return list(range(len(self.actions)))  # edges of state keys only point back
        order: list[int] = []
        done: set[int] = set()
        for start in range(len(self.actions)):
            stack = [start]
            while stack:
                index = stack[-1]
                waiting = [i for i in self.predecessors.get(index, ()) if i not in done]
                if index in done or not waiting:
                    stack.pop()
                    if index not in done:
                        done.add(index)
                        order.append(index)
                else:
                    stack.extend(waiting)
        return order

    def _cycles(self) -> list[list[int]]:
        """The groups of indexes that lie on cycles (Tarjan's components, without recursion)."""
        number: dict[int, int] = {}
        low: dict[int, int] = {}
        path: list[int] = []
        on_path: set[int] = set()
        cyclic: list[list[int]] = []
        for root in self.explicit:
            work: list[tuple[int, int]] = [(root, 0)] if root not in number else []
            while work:
                index, position = work.pop()
                if position == 0:
                    number[index] = low[index] = len(number)
                    path.append(index)
                    on_path.add(index)
                edges = list(self.predecessors.get(index, ()))
                for offset in range(position, len(edges)):
                    other = edges[offset]
                    if other not in number:
                        work.append((index, offset + 1))
                        work.append((other, 0))
                        break
                    if other in on_path:
                        low[index] = min(low[index], number[other])
                else:
                    if low[index] == number[index]:
                        component = _pop_to(path, index)
                        on_path.difference_update(component)
                        if len(component) > 1 or index in edges:
                            cyclic.append(sorted(component))
                    if work:
                        parent = work[-1][0]
                        low[parent] = min(low[parent], low[index])
        return cyclic

    def _check_references(self) -> None:
        """Keep the references of each action to actions that it is ordered after."""
        for index, action in enumerate(self.actions):
            if not _may_refer(action):
                continue
            after = None
            for reference in find_references(action.parameters, self.index_of):
                if after is None:
                    after = self._ancestors(index)
                if reference.action_id in self._duplicated:
                    self._fault(
                        index,
                        f"reference '{reference.text}': "
                        f"'{reference.action_id}' is the id of more than one action",
                    )
                elif self.index_of[reference.action_id] in after:
                    self.references.setdefault(index, []).append(reference)

    def _ancestors(self, index: int) -> set[int]:
        found: set[int] = set()
        waiting = list(self.predecessors.get(index, ()))
        while waiting:
            other = waiting.pop()
            if other not in found:
                found.add(other)
                waiting.extend(self.predecessors.get(other, ()))
        return found

    def _fault(self, index: int, sentence: str) -> None:
        self.faults.setdefault(index, []).append(sentence)


def _may_refer(action: Action) -> bool:
    """Whether some parameter might hold a reference: a cheap test before the search."""
    for value in action.parameters.values():
        kind = type(value)
        if kind is str:
            if value[:1] == "$":
                return True
        elif kind is dict or kind is list:
            return True
    return False


def _state_edges(actions: Sequence[Action]) -> dict[int, dict[int, None]]:
    """Edges from writers of state keys to later readers, and along the writes of one key."""
    last_writer: dict[str, int] = {}
    last_write: dict[str, int] = {}
    edges: dict[int, dict[int, None]] = {}
    for index, action in enumerate(actions):
        if (
            action.type == "tool_call"
            and not action.state_dependencies
            and not action.expected_effects
        ):
            continue
        sources: dict[int, None] = {}
        for key in action.state_dependencies:
            writer = last_writer.get(key)
            if writer is not None:
                sources[writer] = None
        written = action.written_key
        if written is not None:
            earlier = last_write.get(written)
            if earlier is not None:
                sources[earlier] = None
            last_write[written] = index
            last_writer[written] = index
        for key in action.expected_effects:
            last_writer[key] = index
        if sources:
            edges[index] = sources
    return edges


def _pop_to(path: list[int], index: int) -> list[int]:
    component: list[int] = []
    while True:
        component.append(path.pop())
        if component[-1] == index:
            return component
