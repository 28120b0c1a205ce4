"""Tests of session.init; session.auth is tested with the session itself."""

from tests.server.doubles import ServerCase

LINT = {"name": "lint"}
NO_SHELL = {"name": "no_shell", "rule": "deny_tool", "target": "shell"}


class InitTests(ServerCase):
    """session.init"""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.peer()

    def test_init(self) -> None:
        """Tools and policies are registered; the session id is the connection's."""
        self.assertEqual(
            self.client.call("session.init", {"tools": [LINT], "policies": [NO_SHELL]}),
            {
                "session_id": self.client.session.client_id,
                "tools_registered": 1,
                "policies_registered": 1,
            },
        )

    def test_again(self) -> None:
        """It is optional, and repeating it adds."""
        for params in (None, {"tools": [LINT]}, {"tools": [{"name": "x"}]}, {}):
            self.client.call("session.init", params)
        self.assertEqual(self.client.call("tools.list")["count"], 2)

    def test_all_or_none(self) -> None:
        """A wrong tool or policy refuses the call; nothing is registered."""
        bad_tool = {"name": "bad", "parameters": {"type": 7}}
        bad_policies = (
            {"name": "n", "rule": "nope"},
            {"name": "n", "rule": "deny_tool"},
            {**NO_SHELL, "session_id": "s9"},
        )
        params = [{"tools": [LINT, bad_tool], "policies": [NO_SHELL]}]
        params += [{"tools": [LINT], "policies": [NO_SHELL, bad]} for bad in bad_policies]
        for wrong in params:
            self.client.error("session.init", wrong)
            self.assertEqual(self.client.call("tools.list")["count"], 0)
            self.assertEqual(self.client.call("policy.list")["policies"], [])
