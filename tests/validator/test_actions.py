"""Tests of car.validator.actions."""

from twisted.trial.unittest import SynchronousTestCase

from car.ir.proposal import Action, Precondition
from car.ir.tools import ToolSchema
from car.state.reader import ValuesReader
from car.validator.actions import reasons
from car.validator.schemas import compile_tool

TOOLS = {
    "any": compile_tool(ToolSchema(name="any")),
    "rd": compile_tool(ToolSchema(name="rd", parameters={"required": ["path"]})),
}
STATE = ValuesReader({"k": None})


class ReasonTests(SynchronousTestCase):
    """reasons: all that forbids an action, in the order of engine.md §4."""

    def test_nothing(self) -> None:
        """What nothing forbids shares one empty answer."""
        free = Action(type="tool_call", tool="any", state_dependencies=["k"])
        self.assertFalse(reasons(free, {}, TOOLS, STATE))
        plain = Action(type="tool_call", tool="any")
        self.assertIs(reasons(plain, {"x": 1}, TOOLS, STATE), reasons(plain, {}, TOOLS, STATE))

    def test_order(self) -> None:
        """Tool, then preconditions, then dependencies; all of them."""
        action = Action(
            type="tool_call",
            tool="ghost",
            preconditions=[Precondition(key="p"), Precondition(key="q", operator="exists")],
            state_dependencies=["d", "k", "e"],
        )
        found = reasons(action, {}, TOOLS, STATE)
        self.assertEqual(found[0], "tool 'ghost' is not registered")
        for sentence, words in zip(
            found[1:],
            (
                ("precondition", "p"),
                ("precondition", "q"),
                ("dependency 'd'",),
                ("dependency 'e'",),
            ),
            strict=True,
        ):
            for word in words:
                self.assertIn(word, sentence)

    def test_parameters(self) -> None:
        """The parameters given are checked, not those written in the action."""
        action = Action(
            type="tool_call", tool="rd", parameters={"path": 1}, state_dependencies=["d"]
        )
        self.assertEqual(
            list(reasons(action, {}, TOOLS, STATE)),
            [
                "tool 'rd' parameter validation: \"path\" is a required property (at /)",
                "dependency 'd' is absent from the state",
            ],
        )

    def test_other_actions(self) -> None:
        """A tool call without a tool passes, and only tool calls need one registered."""
        self.assertFalse(reasons(Action(type="tool_call"), {}, TOOLS, STATE))
        self.assertFalse(reasons(Action(type="state_write", tool="ghost"), {}, TOOLS, STATE))
