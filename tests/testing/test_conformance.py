"""Tests of car.testing.conformance and car.testing.worlds."""

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonObject, encode
from car.testing.conformance import main, replay


def case(call: str, arguments: Any, expect: Any, **members: Any) -> JsonObject:
    """A conformance case."""
    return {
        "id": "x-001",
        "area": "x",
        "call": call,
        "input": arguments,
        "expect": expect,
        **members,
    }


def run(*tools: str, **members: Any) -> JsonObject:
    """The arguments of an execution that calls *tools* one after the other."""
    actions = [{"id": tool, "type": "tool_call", "tool": tool, **members} for tool in tools]
    return {"proposal": {"actions": actions}}


OK: JsonObject = {"ok": {"$any": True}}


class ReplayTests(SynchronousTestCase):
    """replay: one case in a world of its own."""

    def outcome(self, one: JsonObject) -> str:
        """What became of the case."""
        return replay(one).outcome

    def test_answers(self) -> None:
        """An answer is compared with the pattern."""
        empty: JsonObject = {"proposal": {"actions": []}}
        self.assertEqual(self.outcome(case("verify", empty, {"ok": {"valid": True}})), "passed")
        verdict = replay(case("verify", empty, {"ok": {"valid": False}}))
        self.assertEqual(verdict.outcome, "failed")
        self.assertIn("1. verify: $.valid: expected False, got True", verdict.details)

    def test_errors(self) -> None:
        """An error passes where it is expected and mentions what it should."""
        arguments = {"proposal_raw": '{"actions": 3}'}
        for expect, outcome in (
            ({"error": {"mentions": ["ACTIONS"]}}, "passed"),
            ({"error": {"mentions": ["bananas"]}}, "failed"),
            (OK, "failed"),
        ):
            self.assertEqual(self.outcome(case("simulate", arguments, expect)), outcome)
        fine: JsonObject = {"proposal": {"actions": []}}
        self.assertEqual(self.outcome(case("verify", fine, {"error": {"mentions": []}})), "failed")

    def test_not_available(self) -> None:
        """A call that this world cannot make is never counted as passed."""
        self.assertEqual(self.outcome(case("multi.swarm", {}, OK)), "not available")
        steps = [{"call": "event_count"}, {"call": "workflow.run"}]
        self.assertEqual(self.outcome(case("sequence", steps, [OK, OK])), "not available")

    def test_defects(self) -> None:
        """An exception that is no CarError fails its case with a traceback."""
        verdict = replay(case("verify", {}, OK))
        self.assertEqual(verdict.outcome, "failed")
        self.assertIn("KeyError", verdict.details[-1])

    def test_behaviours(self) -> None:
        """Tools behave as told; waits take no time; the calls are there afterwards."""
        behaviours = {
            "late": {"delay_ms": 3_600_000, "result": 1},
            "steps": {"sequence": [{"error": "one"}, {"count": True}]},
            "flaky": {"fail_times": 1, "result": "ok"},
        }
        tools = ["late", "steps", "flaky", "plain"]
        outputs = [1, 2, "ok", {"tool": "plain", "params": {}}]
        expect = {"ok": {"results": [{"output": output} for output in outputs]}}
        calls: list[list[Any]] = [
            [tool, {}] for tool in ("late", "steps", "steps", "flaky", "flaky", "plain")
        ]
        verdict = replay(
            case(
                "execute",
                run(*tools, failure_behavior="retry"),
                expect,
                setup={"tools": tools, "behaviours": behaviours},
                after={"calls": {"$unordered": calls}, "state": {"$exact": {}}},
            )
        )
        self.assertEqual(verdict.details, ())

    def test_sequence(self) -> None:
        """A sequence runs in one world, as its setup says."""
        steps = [
            {"call": "state.set", "input": {"key": "k", "value_raw": "[1]"}},
            {"call": "sleep", "input": {"ms": 10}},
            {"call": "set_replan_config", "input": {"max_replans": 1}},
            {"call": "register_tool", "input": {"name": "t"}},
            {"call": "state.snapshot"},
            {"call": "register_policy", "input": {"name": "p", "rule": "deny_tool", "target": "t"}},
            {"call": "execute", "input": run("t", "sh", "read_file")},
        ]
        rejected = {"results": [{"status": "rejected"}] * 3}
        expects = [{"ok": None}] * 4 + [{"ok": {"k": [1], "s": 0}}, {"ok": None}, {"ok": rejected}]
        verdict = replay(
            case(
                "sequence",
                steps,
                expects,
                setup={
                    "state": {"s": 0},
                    "tools": [{"name": "sh"}],
                    "policies": [{"name": "q", "rule": "deny_tool", "target": "sh"}],
                    "replan": {"max_replans": 1},
                    "agent_basics": True,
                },
                after={"events": {"$type": "integer"}},
            )
        )
        self.assertEqual(verdict.details, ())


class MainTests(SynchronousTestCase):
    """main: files in, counts out."""

    def replayed(self, *cases: JsonObject) -> tuple[int, list[str]]:
        """The exit status and the lines printed for a file of *cases*."""
        directory = Path(self.mktemp())
        (directory / "deeper").mkdir(parents=True)
        (directory / "deeper" / "x.json").write_bytes(encode({"cases": cases}))
        output = io.StringIO()
        with redirect_stdout(output):
            status = main([str(directory)])
        return status, output.getvalue().splitlines()

    def test_counts(self) -> None:
        """Failures come first, then the counts of areas, of all, and the last line."""
        good = case(
            "equivalent", {"first": {"actions": []}, "second": {"actions": []}}, {"ok": True}
        )
        bad = {**good, "id": "y-001", "area": "y", "expect": {"ok": False}}
        status, lines = self.replayed(good, bad, case("multi.vote", {}, OK))
        self.assertEqual(status, 1)
        self.assertEqual(lines[0], "y-001: equivalent")
        self.assertEqual(
            lines[-4:],
            [
                "x: 1 passed, 0 failed, 1 not available",
                "y: 0 passed, 1 failed",
                "total: 1 passed, 1 failed, 1 not available",
                "1 passed, 1 failed",
            ],
        )

    def test_status(self) -> None:
        """Success needs a case, and no failure."""
        good = case("simulate", {"proposal": {"actions": []}}, {"ok": {"$exact": {}}})
        self.assertEqual(self.replayed(good)[0], 0)
        self.assertEqual(self.replayed()[0], 1)
