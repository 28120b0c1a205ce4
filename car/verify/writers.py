"""Who writes which state key, and which writers are in each other's way."""

from car.ir.levels import ActionGraph
from car.ir.proposal import Action

MAX_CONFLICTS = 1_000
"""Conflicts that are listed: their number grows with the square of the actions."""

MAX_PAIRS = 1_000_000
"""Pairs of writers that are looked at, about a tenth of a second's work."""


def written_keys(action: Action) -> list[str]:
    """The state keys that *action* writes if it succeeds, each once."""
    keys = list(action.expected_effects)
    key = action.written_key
    if key is not None and key not in action.expected_effects:
        keys.insert(0, key)
    return keys


def find_conflicts(graph: ActionGraph) -> tuple[list[tuple[int, int, str]], bool]:
    """Pairs of indexes of writers of one key, and that key; and whether these are all.

    A pair is not in conflict where the later declares a dependency on the key, or one names
    the other among its ``dependencies``, also through others.
    """
    found: list[tuple[int, int, str]] = []
    ancestors = _NamedAncestors(graph)
    writers: dict[str, list[int]] = {}
    pairs = 0
    for index, action in enumerate(graph.actions):
        depends_on = frozenset(action.state_dependencies)
        for key in written_keys(action):
            earlier = writers.setdefault(key, [])
            if key not in depends_on:
                pairs += len(earlier)
                if pairs > MAX_PAIRS:
                    return found, False
                for other in earlier:
                    if other not in ancestors.of(index) and index not in ancestors.of(other):
                        if len(found) == MAX_CONFLICTS:
                            return found, False
                        found.append((other, index, key))
            earlier.append(index)
    return found, True


class _NamedAncestors:
    """The actions that an action waits for by name, each set made once."""

    def __init__(self, graph: ActionGraph) -> None:
        self._explicit = graph.explicit
        self._known: dict[int, set[int]] = {}

    def of(self, index: int) -> set[int] | frozenset[int]:
        if index not in self._explicit:
            return _NOBODY
        found = self._known.get(index)
        if found is None:
            found = self._known[index] = set()
            waiting = list(self._explicit[index])
            while waiting:
                other = waiting.pop()
                if other not in found:
                    found.add(other)
                    waiting.extend(self._explicit.get(other, ()))
        return found


_NOBODY: frozenset[int] = frozenset()
