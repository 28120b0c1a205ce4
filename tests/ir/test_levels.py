"""Tests of car.ir.levels."""

from hypothesis import given, settings
from twisted.trial.unittest import SynchronousTestCase

from car.ir.levels import ActionGraph
from car.ir.proposal import Action, ActionProposal
from tests.ir.strategies import proposals


def read(name: str, *needs: str, gives: str = "", after: list[str] | None = None) -> Action:
    """An action that depends on the keys *needs* and has an effect on the key *gives*."""
    return Action(
        id=name,
        type="state_read",
        state_dependencies=list(needs),
        expected_effects={gives: 1} if gives else {},
        dependencies=after or [],
    )


def write(name: str, key: str) -> Action:
    """A state_write of *key*."""
    return Action(id=name, type="state_write", parameters={"key": key, "value": 1})


def explicit(graph: ActionGraph) -> dict[int, list[int]]:
    """The edges that ``dependencies`` make, as lists."""
    return {index: list(before) for index, before in graph.explicit.items()}


class LevelTests(SynchronousTestCase):
    """ActionGraph: edges, levels, faults (engine.md §2, decision 3)."""

    def test_nearest_earlier_writer(self) -> None:
        """A reader waits for the nearest writer before it, and for none after it."""
        graph = ActionGraph([read("r", "k"), read("a", gives="k"), read("b", "k"), write("w", "k")])
        self.assertEqual(
            {index: list(before) for index, before in graph.predecessors.items()}, {2: [1]}
        )
        self.assertEqual(graph.levels, [[0, 1, 3], [2]])

    def test_writes_are_chained(self) -> None:
        """Writes of one key keep their order, effects do not."""
        self.assertEqual(ActionGraph([write("a", "k"), write("b", "k")]).levels, [[0], [1]])
        self.assertEqual(ActionGraph([read("a", gives="k"), read("b", gives="k")]).levels, [[0, 1]])

    def test_named_dependencies(self) -> None:
        """Named actions come first, also those listed later."""
        graph = ActionGraph([read("a", after=["b"]), read("b"), read("c", after=["a", "b"])])
        self.assertEqual(graph.levels, [[1], [0], [2]])
        self.assertEqual(explicit(graph), {0: [1], 2: [0, 1]})

    def test_cycle(self) -> None:
        """All on a cycle are at fault, what waits for them is not."""
        graph = ActionGraph(
            [
                read("a", after=["b"]),
                read("b", after=["a"]),
                read("c", after=["a"]),
                read("d", after=["d"]),
            ]
        )
        self.assertEqual(set(graph.faults), {0, 1, 3})
        self.assertIn("cycle", graph.faults[0][0])
        self.assertEqual(explicit(graph), {2: [0]})

    def test_unknown_and_duplicated(self) -> None:
        """A dependency must name exactly one action."""
        graph = ActionGraph(
            [read("x"), read("x"), read("a", after=["x"]), read("b", after=["nobody"])]
        )
        self.assertEqual(set(graph.faults), {2, 3})
        self.assertIn("more than one", graph.faults[2][0])
        self.assertIn("'nobody'", graph.faults[3][0])

    def test_references(self) -> None:
        """Only references to actions that come first count; duplicated ids are a fault."""
        call = Action(id="c", type="tool_call", parameters={"p": "$a.output", "q": ["$b.output"]})
        graph = ActionGraph([read("a", gives="k"), read("b"), call])
        self.assertEqual(graph.references, {})
        after = Action(id="c", type="tool_call", parameters=call.parameters, dependencies=["a"])
        graph = ActionGraph([read("a"), read("b"), after])
        self.assertEqual([one.text for one in graph.references[2]], ["$a.output"])
        graph = ActionGraph([read("a"), read("a"), read("b"), call])
        self.assertIn("'a' is the id of more than one action", graph.faults[3][0])

    def test_long_chain(self) -> None:
        """Depth costs no recursion."""
        names = [str(index) for index in range(3000)]
        chain = [read(name, after=names[index + 1 : index + 2]) for index, name in enumerate(names)]
        self.assertEqual(len(ActionGraph(chain).levels), 3000)

    @settings(deadline=None, max_examples=200)
    @given(proposals())
    def test_levels_respect_every_edge(self, proposal: ActionProposal) -> None:
        """Each action stands one level after the last that it waits for, in list order."""
        graph = ActionGraph(proposal.actions)
        level_of = {index: depth for depth, level in enumerate(graph.levels) for index in level}
        self.assertEqual(sorted(level_of), list(range(len(proposal.actions))))
        for index, level in level_of.items():
            before = [level_of[other] for other in graph.predecessors.get(index, ())]
            self.assertEqual(level, max(before, default=-1) + 1)
        for ordered in graph.levels:
            self.assertEqual(ordered, sorted(ordered))
        for index, action in enumerate(proposal.actions):
            named = (
                set(action.dependencies or ()) if isinstance(action.dependencies, list) else set()
            )
            if index not in graph.faults:
                self.assertEqual(
                    {graph.actions[i].id for i in graph.explicit.get(index, ())}, named
                )
