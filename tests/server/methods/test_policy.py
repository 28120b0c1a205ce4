"""Tests of policy.*."""

from tests.server.doubles import ServerCase, state_write, submission, tool_call

NO_SHELL = {"name": "no_shell", "rule": "deny_tool", "target": "shell"}


class PolicyTests(ServerCase):
    """policy.register, unregister and list."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.peer()
        self.client.call("tools.register", [{"name": "shell"}])

    def test_register(self) -> None:
        """A rule is in force at once, and the answer names it every way (A7)."""
        self.assertEqual(
            self.client.call("policy.register", NO_SHELL),
            {"name": "no_shell", "registered": "no_shell", "scope": "global"},
        )
        answer = self.client.call("proposal.submit", submission(tool_call("a", "shell")))
        result = answer["results"][0]
        self.assertEqual(result["status"], "rejected")
        self.assertIn("no_shell", result["error"])

    def test_list(self) -> None:
        """Rules are listed in the order of their registration, equal names too."""
        for rule in (NO_SHELL, {**NO_SHELL, "name": "a"}, NO_SHELL):
            self.client.call("policy.register", rule)
        listed = self.client.call("policy.list")
        self.assertEqual([p["name"] for p in listed["policies"]], ["no_shell", "a", "no_shell"])
        self.assertEqual(listed["scope"], "global")
        for policy in listed["policies"]:
            self.assertTrue(policy["description"])

    def test_unregister(self) -> None:
        """Every rule of the name goes; none is no error."""
        for _ in range(2):
            self.client.call("policy.register", NO_SHELL)
        for removed in (2, 0):
            self.assertEqual(
                self.client.call("policy.unregister", {"name": "no_shell"}),
                {"unregistered": "no_shell", "removed": removed, "scope": "global"},
            )

    def test_unknown_rule(self) -> None:
        """An unknown rule is -32602 in the protocol's words."""
        error = self.client.error("policy.register", {"name": "n", "rule": "allow_all"})
        self.assertEqual(error["code"], -32602)
        self.assertIn("unknown rule type: allow_all", error["message"])

    def test_incomplete(self) -> None:
        """A rule that lacks what it needs is -32602 and names that."""
        for rule, lacks in (
            ({"rule": "deny_tool"}, "target"),
            ({"rule": "deny_tool_param", "target": "t", "pattern": "p"}, "key"),
            ({"rule": "deny_tool_param", "target": "t", "key": "k"}, "pattern"),
            ({"rule": "deny_tool_param", "key": "k", "pattern": "p"}, "target"),
            ({"rule": "require_state", "value": 1}, "key"),
            ({"rule": "require_state", "key": "k"}, "value"),
        ):
            error = self.client.error("policy.register", {"name": "n", **rule})
            self.assertEqual(error["code"], -32602)
            self.assertIn(lacks, error["message"])
        self.assertEqual(self.client.call("policy.list")["policies"], [])

    def test_unknown_scope(self) -> None:
        """A scope that is not open is -32603 and named, in every method that takes one."""
        scope = {"session_id": "s9"}
        for method, params in (
            ("policy.register", {**NO_SHELL, **scope}),
            ("policy.unregister", {"name": "no_shell", **scope}),
            ("policy.list", scope),
            ("proposal.submit", submission(state_write("a", "k", 1), **scope)),
        ):
            error = self.client.error(method, params)
            self.assertEqual(
                (error["code"], error["message"]), (-32603, "unknown policy session 's9'")
            )
        self.assertEqual(self.client.call("state.keys"), [])
