"""SIGTERM: what runs is let finish, then everything goes in order (``reliability.md`` §6)."""

import time
from typing import Any

from car.eventlog.reading import read_journal
from tests.system.client import CallFailed, Client, ConnectionEnded, proposal
from tests.system.daemon import PATIENCE, DaemonTestCase

GOING_AWAY = 1001


class TerminationTests(DaemonTestCase):
    """A daemon that is told to stop while a tool runs."""

    def working(self, *flags: str) -> tuple[Client, int, str]:
        """A client whose tool is running, the id of its submission and of the tool's call."""
        self.daemon.start(*flags)
        client = self.client()
        client.register("slow")
        submission = client.begin("proposal.submit", proposal("p", "slow"))
        client.wait_for("tools.execute")
        return client, submission, client.calls[0]["id"]

    def events(self) -> list[Any]:
        """The events of the one journal."""
        [path] = self.daemon.journals
        return [line.event for line in read_journal(path)]

    def assertGone(self) -> None:
        """The daemon has ended well and left nothing for others to stumble over."""
        self.assertEqual(self.daemon.wait(), 0, self.daemon.logged)
        self.assertFalse(self.daemon.token_file.exists())
        self.assertFalse(self.daemon.host_token_file.exists())
        self.assertFalse(self.daemon.pid_file.exists())
        self.assertFalse(self.daemon.unix_socket.exists())
        self.assertNotIn("Traceback", self.daemon.logged)

    def assertCloses(self, client: Client) -> None:
        """The next thing that *client* gets is the daemon's going away."""
        with self.assertRaises(ConnectionEnded) as caught:
            client.receive()
        self.assertEqual(caught.exception.code, GOING_AWAY)

    def test_drain(self) -> None:
        """A running proposal finishes; new work and new connections are refused meanwhile."""
        client, submission, call = self.working()
        self.daemon.terminate()
        self.assertEqual(client.wait_for("server.draining"), {"grace_secs": 10.0})
        with self.assertRaises(CallFailed) as caught:
            client.call("state.keys")
        self.assertEqual((caught.exception.code, caught.exception.data), (-32603, {"code": "busy"}))
        with self.assertRaises(ConnectionRefusedError):
            Client(self.daemon.port)
        client.answer(call, "done")
        [result] = client.result_of(submission)["results"]
        self.assertEqual((result["status"], result["output"]), ("succeeded", "done"))
        self.assertCloses(client)
        self.assertGone()
        events = self.events()
        self.assertEqual(events[-1].kind, "record_closed")
        self.assertIn("record_finished", [event.kind for event in events])

    def test_idle(self) -> None:
        """Without running work there is nothing to wait for."""
        self.daemon.start()
        client = self.client()
        begun = time.monotonic()
        self.daemon.terminate()
        client.wait_for("server.draining")
        self.assertCloses(client)
        self.assertGone()
        self.assertLess(time.monotonic() - begun, 2.0 * PATIENCE)

    def test_grace_over(self) -> None:
        """A tool that never answers is cancelled after the grace, and that is recorded."""
        client, _, _ = self.working("--limit", "drain_timeout=1")
        begun = time.monotonic()
        self.daemon.terminate()
        self.assertEqual(client.wait_for("server.draining"), {"grace_secs": 1.0})
        self.assertEqual(client.wait_for("tools.cancel")["action_id"], "p-1")
        with self.assertRaises(ConnectionEnded) as caught:
            while True:
                client.receive()
        self.assertEqual(caught.exception.code, GOING_AWAY)
        self.assertGone()
        self.assertTrue(1.0 < time.monotonic() - begun < 5.0)
        events = self.events()
        [ended] = [e for e in events if e.action_id == "p-1" and e.kind == "action_failed"]
        self.assertIn("the daemon is stopping", ended.data["error"])
        self.assertEqual(events[-1].kind, "record_closed")

    def test_second_signal(self) -> None:
        """A second SIGTERM cuts the grace short."""
        client, _, _ = self.working()
        begun = time.monotonic()
        self.daemon.terminate()
        client.wait_for("server.draining")
        self.daemon.terminate()
        with self.assertRaises(ConnectionEnded) as caught:
            while True:
                client.receive()
        self.assertEqual(caught.exception.code, GOING_AWAY)
        self.assertGone()
        self.assertLess(time.monotonic() - begun, 3.0 * PATIENCE)
        self.assertEqual(self.events()[-1].kind, "record_closed")

    def test_silent_peer(self) -> None:
        """A peer that does not answer the close frame is dropped."""
        self.working("--limit", "drain_timeout=1")
        self.daemon.terminate()
        self.assertEqual(self.daemon.wait(6.0), 0)
