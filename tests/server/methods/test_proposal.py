"""Tests of proposal.submit and verify, as far as the wire goes."""

from car.ir.json import JsonObject
from car.ir.proposal import Action, ActionProposal
from car.server.limits import Limits
from car.server.methods.proposal import checked_deadline
from tests.server.doubles import ServerCase, state_write, submission, tool_call


class SubmitTests(ServerCase):
    """proposal.submit"""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.peer()

    def test_result(self) -> None:
        """The result has the proposal's id, results in its order, and the cost."""
        answer = self.client.call(
            "proposal.submit", submission(state_write("a", "k", 1), tool_call("b"))
        )
        self.assertEqual(sorted(answer), ["cost", "proposal_id", "results"])
        self.assertEqual(answer["proposal_id"], "p1")
        written, rejected = answer["results"]
        self.assertEqual(written["output"], "written: k")
        self.assertEqual(written["state_changes"], {"k": 1})
        self.assertNotIn("error", written)
        self.assertEqual(rejected["error"], "tool 'lint' is not registered")
        self.assertNotIn("output", rejected)
        self.assertEqual(
            sorted(rejected),
            ["action_id", "duration_ms", "error", "state_changes", "status", "timestamp"],
        )
        self.assertEqual(
            answer["cost"],
            {
                "tool_calls": 0,
                "actions_executed": 1,
                "actions_rejected": 1,
                "actions_skipped": 0,
                "total_duration_ms": 0.0,
                "retries": 0,
            },
        )

    def test_empty(self) -> None:
        """A proposal without actions is one."""
        answer = self.client.call("proposal.submit", {"proposal": {"actions": []}})
        self.assertEqual(answer["results"], [])
        self.assertEqual(len(answer["proposal_id"]), 12)

    def test_limits(self) -> None:
        """More than 1,000 actions or 10 retries are -32602, naming which and how many."""
        many = [state_write(str(n), "k", n) for n in range(1001)]
        error = self.client.error("proposal.submit", submission(*many))
        self.assertEqual(error["code"], -32602)
        self.assertIn("proposal.actions: 1001", error["message"])
        error = self.client.error("verify", submission(*many))
        self.assertEqual(error["code"], -32602)
        eager = tool_call("b", max_retries=11)
        error = self.client.error("proposal.submit", submission(state_write("a", "k", 1), eager))
        self.assertIn("proposal.actions[1].max_retries: 11, at most 10", error["message"])
        self.assertEqual(self.client.call("state.keys"), [])
        self.assertEqual(self.client.call("events.count"), 0)

    def test_null_inside(self) -> None:
        """Inside a proposal null is not the same as absent."""
        for wrong in ({"id": None}, {"actions": None}, {"context": None}):
            params: JsonObject = {"proposal": {"actions": [], **wrong}}
            self.assertEqual(self.client.error("proposal.submit", params)["code"], -32602)

    def test_scope_wins(self) -> None:
        """With a scope as well, the policy session is not looked at."""
        params = submission(state_write("a", "k", 1), session_id="s9", scope={"callerId": "x"})
        answer = self.client.call("proposal.submit", params)
        self.assertEqual(answer["results"][0]["status"], "succeeded")

    def test_deadline(self) -> None:
        """The sum of the budgets with all attempts and 15 s, at least the usual one (§9)."""
        limits = Limits(handler_timeout=100)

        def deadline(*actions: Action) -> float:
            return checked_deadline(ActionProposal(actions=list(actions)), limits)

        self.assertEqual(deadline(), 100)
        retried = Action(type="tool_call", failure_behavior="retry", max_retries=3, timeout_ms=5000)
        skipped = Action(type="tool_call", failure_behavior="skip", max_retries=3)
        self.assertEqual(deadline(retried, skipped), 100)  # 95 would do
        self.assertEqual(deadline(retried, skipped, skipped), 4 * 5 + 60 + 60 + 15)
        self.assertEqual(Limits().handler_timeout, 1800)


class VerifyTests(ServerCase):
    """verify"""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.peer()
        self.client.call("state.set", {"key": "stage", "value": "checked"})
        self.client.call("tools.register", [{"name": "lint"}])

    def test_session(self) -> None:
        """State and tools are the session's unless told otherwise; nothing is called."""
        report = self.client.call(
            "verify", submission(tool_call("x", "nope"), tool_call("y", expected_effects={"k": 1}))
        )
        self.assertFalse(report["valid"])
        self.assertEqual(report["simulated_state"], {"stage": "checked", "k": 1})
        (issue,) = report["issues"]
        self.assertEqual(
            (issue["action_id"], issue["severity"], issue["message"]),
            ("x", "error", "tool 'nope' is not registered"),
        )
        self.assertEqual((report["execution_levels"], report["conflicts"]), ([["x", "y"]], []))
        self.assertEqual(self.client.call("state.keys"), ["stage"])
        self.assertEqual(self.client.new(), [])

    def test_given(self) -> None:
        """Another state, other tools, another limit."""
        report = self.client.call(
            "verify",
            submission(
                tool_call("x", "nope"),
                tool_call("y"),
                initial_state={"a": 1},
                tool_names=["nope"],
                max_actions=1,
            ),
        )
        messages = [issue["message"] for issue in report["issues"]]
        self.assertIn("tool 'lint' is not registered", messages)
        self.assertTrue(any("excessive actions: 2 (limit 1)" in text for text in messages))
        self.assertEqual(report["simulated_state"], {"a": 1})
