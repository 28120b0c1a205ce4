"""Tests of car.policy.rules."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonObject, JsonValue, RecordError, convert
from car.ir.proposal import Action
from car.policy.errors import PolicyError
from car.policy.rules import PolicyDefinition, Rule, rule_of
from car.state.reader import ValuesReader


def rule(**members: Any) -> Rule:
    """The rule of a definition read from JSON."""
    return rule_of(convert({"name": "p", **members}, PolicyDefinition))


class RuleTests(SynchronousTestCase):
    """rule_of: the rules of engine.md §6."""

    def forbids(self, one: Rule, parameters: JsonObject, state: JsonObject) -> bool:
        """Whether the rule forbids a call with these parameters in this state."""
        action = Action(type="tool_call", tool="sh", parameters=parameters)
        return one.forbids(action, parameters, ValuesReader(state))

    def test_unknown_rule(self) -> None:
        """An unknown rule is named as the protocol says."""
        problem = self.assertRaises(PolicyError, rule, rule="DENY_TOOL", target="sh")
        self.assertEqual(str(problem), "unknown rule type: DENY_TOOL")

    def test_missing_arguments(self) -> None:
        """A rule without what it needs is refused by name of the argument; null is missing."""
        incomplete: list[tuple[str, JsonObject]] = [
            ("target", {"rule": "deny_tool"}),
            ("target", {"rule": "deny_tool", "target": None}),
            ("target", {"rule": "deny_tool_param", "key": "k", "pattern": "x"}),
            ("key", {"rule": "deny_tool_param", "target": "t", "pattern": "x"}),
            ("pattern", {"rule": "deny_tool_param", "target": "t", "key": "k"}),
            ("key", {"rule": "require_state", "value": 1}),
            ("value", {"rule": "require_state", "key": "k"}),
        ]
        for field, members in incomplete:
            problem = str(self.assertRaises(PolicyError, rule, **members))
            self.assertIn("'p'", problem)
            self.assertTrue(problem.endswith(f"needs {field}"), problem)
        self.assertRaises(RecordError, rule, rule="deny_tool", target=7)

    def test_deny_tool(self) -> None:
        """The rule is about calls of that tool and forbids them all."""
        denied = rule(rule="deny_tool", target="sh")
        self.assertEqual(denied.tool, "sh")
        self.assertTrue(self.forbids(denied, {}, {}))
        self.assertIn("policy 'p'", denied.text)

    def test_deny_tool_param(self) -> None:
        """The pattern is looked for in text, or in the JSON of anything else."""
        denied = rule(rule="deny_tool_param", target="sh", key="n", pattern="5")
        found: list[JsonValue] = ["a5", 5, 15.5, {"a": 5}, ["5"]]
        for value in found:
            self.assertTrue(self.forbids(denied, {"n": value}, {}), value)
        others: list[JsonValue] = ["five", None, True, [1]]
        for value in others:
            self.assertFalse(self.forbids(denied, {"n": value}, {}), value)
        self.assertFalse(self.forbids(denied, {"m": "5"}, {}))
        anything = rule(rule="deny_tool_param", target="sh", key="n", pattern="")
        self.assertTrue(self.forbids(anything, {"n": None}, {}))
        self.assertFalse(self.forbids(anything, {}, {}))

    def test_require_state(self) -> None:
        """The value is typed, a null is a value, an absent key equals nothing."""
        needed = rule(rule="require_state", key="k", value=1)
        self.assertIsNone(needed.tool)
        self.assertFalse(self.forbids(needed, {}, {"k": 1}))
        for state in ({"k": 1.0}, {"k": True}, {}):
            self.assertTrue(self.forbids(needed, {}, state))
        null = rule(rule="require_state", key="k", value=None)
        self.assertFalse(self.forbids(null, {}, {"k": None}))
        self.assertTrue(self.forbids(null, {}, {}))

    def test_descriptions_are_short(self) -> None:
        """A description does not carry a whole value."""
        self.assertLess(len(rule(rule="require_state", key="k", value="x" * 9999).description), 200)
