"""Tests of car.verify.analysis, car.verify.evidence and car.verify.writers."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonObject
from car.ir.proposal import ActionProposal, proposal_of
from car.ir.tools import ToolSchema
from car.validator.schemas import compile_tool
from car.verify import writers
from car.verify.analysis import verify
from car.verify.report import VerifyIssue, VerifyReport


def plan(*actions: JsonObject) -> ActionProposal:
    """A proposal of actions, state reads where they do not say otherwise."""
    return proposal_of({"actions": [{"type": "state_read", **action} for action in actions]})


def call(name: str, tool: str | None = "scan", **members: Any) -> JsonObject:
    """A tool call as JSON."""
    return {"id": name, "type": "tool_call", "tool": tool, **members}


def write(name: str, key: str, value: Any = 1, **members: Any) -> JsonObject:
    """A state write as JSON."""
    parameters = {"key": key, "value": value}
    return {"id": name, "type": "state_write", "parameters": parameters, **members}


def errors(report: VerifyReport) -> list[str]:
    """The ids of actions with errors."""
    return [issue.action_id for issue in report.issues if issue.severity == "error"]


class VerifyTests(SynchronousTestCase):
    """verify: the findings of engine.md §3 that the conformance cases do not pin down."""

    def only_issue(self, report: VerifyReport) -> VerifyIssue:
        """The one issue of a report."""
        (issue,) = report.issues
        return issue

    def test_faults_of_order(self) -> None:
        """Cycles, unknown and duplicated ids are errors of the action that declares them."""
        report = verify(
            plan(
                {"id": "a", "dependencies": ["b"]},
                {"id": "b", "dependencies": ["a"]},
                {"id": "c", "dependencies": ["nobody"]},
                {"id": "d", "dependencies": ["c"]},
            )
        )
        self.assertEqual(errors(report), ["a", "b", "c"])
        self.assertFalse(report.valid)
        self.assertEqual(report.execution_levels, [["a", "b", "c"], ["d"]])

    def test_compiled_tools(self) -> None:
        """Parameters are checked where schemas are known; references are left out."""
        schema: JsonObject = {"properties": {"n": {"type": "integer"}}, "required": ["n", "m"]}
        tools = {"scan": compile_tool(ToolSchema(name="scan", parameters=schema))}
        proposal = plan(
            call("a", parameters={"n": "x", "m": 1}),
            call("b", parameters={"n": "$a.output"}, dependencies=["a"]),
            call("c", parameters={"n": "$a.output", "m": 1}),
        )
        report = verify(proposal, tools=tools)
        texts = {issue.action_id: issue.message for issue in report.issues}
        self.assertIn("(at /n)", texts["a"])
        self.assertIn('"m" is a required property', texts["b"])
        self.assertIn("(at /n)", texts["c"], "c is not ordered after a: plain text")
        self.assertEqual(verify(proposal, tools=iter(["scan"])).issues, [])

    def test_nested_references(self) -> None:
        """References inside of lists and objects are left out as well."""
        schema: JsonObject = {"properties": {"l": {"items": {"items": {"type": "integer"}}}}}
        tools = {"scan": compile_tool(ToolSchema(name="scan", parameters=schema))}
        parameters = {"l": [["$a.output", "x"]]}
        report = verify(
            plan(call("a"), call("b", parameters=parameters, dependencies=["a"])), tools=tools
        )
        self.assertIn("(at /l/0/1)", self.only_issue(report).message)

    def test_unknown_values(self) -> None:
        """A condition on a value that only a run can tell is no finding; its absence is."""
        condition = {"key": "k", "operator": "gt", "value": 1}
        absent = {"key": "k", "operator": "not_exists"}
        proposal = plan(
            call("a"),
            write("w", "k", "$a.output", dependencies=["a"]),
            {"id": "r", "state_dependencies": ["k"], "preconditions": [condition, absent]},
        )
        self.assertIn("not_exists", self.only_issue(verify(proposal)).message)

    def test_conflicts(self) -> None:
        """An order by name ends a conflict, in whichever direction and through others."""
        pair = (call("a", expected_effects={"k": 1}), call("b", "list", expected_effects={"k": 2}))
        self.assertEqual(verify(plan(*pair)).conflicts, [("a", "b", "k")])
        between = {"id": "m", "dependencies": ["a"]}
        ordered = plan(pair[0], between, {**pair[1], "dependencies": ["m"]})
        self.assertEqual(verify(ordered).conflicts, [])
        backwards = plan({**pair[0], "dependencies": ["b"]}, pair[1])
        self.assertEqual(verify(backwards).conflicts, [])

    def test_too_many_conflicts(self) -> None:
        """Only so many conflicts are listed, and the report says so."""
        proposal = plan(*(write(f"w{n}", "k", dependencies=[]) for n in range(20)))
        self.patch(writers, "MAX_CONFLICTS", 10)
        report = verify(proposal)
        self.assertEqual(len(report.conflicts), 10)
        self.assertIn("only 10", report.issues[-1].message)
        self.patch(writers, "MAX_PAIRS", 5)
        self.assertIn("only 3", verify(proposal).issues[-1].message)

    def test_repetition_tells_values_apart(self) -> None:
        """1 and 1.0 are two values, the order of keys is none."""
        one = call("a", parameters={"x": 1, "y": 2})
        other = call("b", parameters={"y": 2, "x": 1})
        self.assertEqual(self.only_issue(verify(plan(one, other))).tier, "heuristic")
        self.assertEqual(verify(plan(one, call("c", parameters={"x": 1.0, "y": 2}))).issues, [])

    def test_state_is_not_changed(self) -> None:
        """The state given stays as it is."""
        state: JsonObject = {"k": 0}
        self.assertEqual(verify(plan(write("w", "k")), state).simulated_state, {"k": 1})
        self.assertEqual(state, {"k": 0})


class EvidenceTests(SynchronousTestCase):
    """What a verdict says that it rests on."""

    def test_checks(self) -> None:
        """Checks that lack what they need did not run, and confidence is less."""
        proposal = plan({"id": "a", "state_dependencies": ["k"]})
        alone, named = verify(proposal).evidence, verify(proposal, tools=[]).evidence
        complete = verify(proposal, tools={}).evidence
        self.assertLess(alone.confidence, named.confidence)
        self.assertLess(named.confidence, complete.confidence)
        self.assertEqual(complete.confidence, 1.0)
        findings = {check.name: (check.ran, check.findings) for check in alone.checks}
        self.assertEqual(findings["state"], (True, 1))
        self.assertEqual(findings["tools"], (False, 0))

    def test_regions(self) -> None:
        """What tools, assertions and references do is untested, and halves confidence."""
        proposal = plan(
            call("a", expected_effects={"k": 1}, reversibility="irreversible"),
            {"id": "b", "type": "assertion"},
            call("c", "list", parameters={"x": "$a.output"}, dependencies=["a"]),
        )
        evidence = verify(proposal, tools={}).evidence
        self.assertEqual(len(evidence.untested_regions), 4)
        self.assertEqual(evidence.confidence, 0.5)
        self.assertEqual(len(evidence.assumptions), 3)
        self.assertIn("'a'", evidence.residual_risks[0])

    def test_lists_are_short(self) -> None:
        """Of many entries the last says how many are left out."""
        proposal = plan(*({"id": str(n), "type": "assertion"} for n in range(30)))
        regions = verify(proposal).evidence.untested_regions
        self.assertEqual((len(regions), regions[-1]), (20, "and 11 more"))
