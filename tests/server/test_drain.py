"""Tests of car.server.drain: stopping without losing work."""

from car.proto.codes import CLOSE_GOING_AWAY
from car.server.drain import CLOSE_SECONDS, LOOK_SECONDS, Drain
from tests.server.doubles import Peer, ServerCase, state_write, submission, tool_call


class DrainTests(ServerCase):
    """Drain"""

    def busy_peer(self) -> Peer:
        """A client whose proposal has written state and waits for its tool."""
        client = self.peer()
        client.call("tools.register", [{"name": "lint"}])
        client.send("proposal.submit", submission(state_write("w", "k", 1), tool_call("a")), id="p")
        client.new()
        return client

    def look(self, seconds: float = LOOK_SECONDS) -> None:
        """Let the drain look again."""
        self.later(seconds)
        self.later()

    def assertClosed(self, client: Peer) -> None:
        self.assertEqual(client.connection.closed, (CLOSE_GOING_AWAY, "the daemon is stopping"))

    def test_nobody(self) -> None:
        """Without sessions it is done at once."""
        self.assertIsNone(self.successResultOf(Drain(self.state, 10).done))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_idle(self) -> None:
        """Idle sessions are told, then closed with 1001; done once they have gone."""
        client = self.peer()
        drain = Drain(self.state, 10)
        self.assertClosed(client)
        (notice,) = client.new()
        self.assertEqual(
            (notice["method"], notice["params"]), ("server.draining", {"grace_secs": 10})
        )
        self.assertNoResult(drain.done)
        client.lose()
        self.look()
        self.successResultOf(drain.done)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_work_goes_on(self) -> None:
        """What runs gets its grace: tools are still asked and answered, nothing new starts."""
        client = self.busy_peer()
        drain = Drain(self.state, 10)
        self.look(5)
        self.assertIsNone(client.connection.closed)
        self.assertEqual(client.error("state.keys")["data"], {"code": "busy"})
        (answer,) = client.reply("cb-1", 1)
        self.assertEqual(answer["result"]["results"][1]["status"], "succeeded")
        self.look()
        self.assertClosed(client)
        client.lose()
        self.look()
        self.successResultOf(drain.done)

    def test_grace_over(self) -> None:
        """After the grace what runs is cancelled, undone, and answered before the close."""
        client = self.busy_peer()
        runtime = client.session.runtime
        Drain(self.state, 10)
        self.look(9)
        self.assertIsNone(client.connection.closed)
        self.look(1)
        self.assertClosed(client)
        answer = next(frame for frame in client.new() if frame.get("id") == "p")
        results = answer["result"]["results"]
        self.assertEqual([r["status"] for r in results], ["succeeded", "failed"])
        self.assertIn("the daemon is stopping", results[1]["error"])
        self.assertFalse(runtime.state.exists("k"))
        client.lose()
        self.look()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_hurry(self) -> None:
        """A second signal ends the grace."""
        client = self.busy_peer()
        drain = Drain(self.state, 1000)
        self.look()
        drain.hurry()
        self.look()
        self.assertClosed(client)

    def test_no_closing_handshake(self) -> None:
        """A peer that does not close within its time is dropped."""
        client = self.peer()
        drain = Drain(self.state, 10)
        self.look(CLOSE_SECONDS - LOOK_SECONDS)
        self.assertFalse(client.connection.aborted)
        self.look()
        self.assertTrue(client.connection.aborted)
        self.assertNoResult(drain.done)
        client.lose()
        self.look()
        self.successResultOf(drain.done)

    def test_approvals_expire(self) -> None:
        """Pending approvals are not left open."""
        client = self.peer()
        client.call("host.request_approval", {"action": "deploy"})
        Drain(self.state, 10)
        self.assertEqual([a.status for a in self.state.host.approvals()], ["expired"])
