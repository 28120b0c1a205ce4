"""Tests of replan.set_config."""

from tests.server.doubles import ServerCase, submission, tool_call


class SetConfigTests(ServerCase):
    """replan.set_config"""

    def test_set(self) -> None:
        """The settings are kept; the answer is an object, not null (A1)."""
        client = self.peer()
        params = {"max_replans": 2, "delay_ms": 5, "verify_before_execute": False}
        self.assertEqual(client.call("replan.set_config", params), {})
        config = client.session.runtime.replan
        self.assertEqual((config.max_replans, config.delay_ms), (2, 5))
        self.assertEqual((config.verify_before_execute, config.replan_on_rejected), (False, False))

    def test_replanner_in_vain(self) -> None:
        """Without a replanner nobody is asked (decision 24)."""
        client = self.peer()
        client.call("tools.register", [{"name": "lint"}])
        client.call("replan.set_config", {"max_replans": 3})
        client.send("proposal.submit", submission(tool_call("a")), id="p")
        client.new()
        (answer,) = client.refuse("cb-1", "no")
        self.assertEqual(answer["result"]["results"][0]["status"], "failed")

    def test_negative(self) -> None:
        """Negative values are errors that name the member."""
        for member in ("max_replans", "delay_ms"):
            error = self.peer().error("replan.set_config", {"max_replans": 1, member: -1})
            self.assertEqual(error["code"], -32602)
            self.assertIn(member, error["message"])
