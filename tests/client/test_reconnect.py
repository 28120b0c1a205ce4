"""Tests of reconnecting: car.client.client and car.client.backoff."""

from twisted.trial.unittest import SynchronousTestCase

from car.client.backoff import Backoff
from car.client.client import CarClient
from car.client.errors import (
    Disconnected,
)
from car.policy.rules import PolicyDefinition
from tests.client.daemon import GREETING, FakeDaemon


class ReconnectTests(SynchronousTestCase):
    """A client that comes back by itself."""

    def setUp(self) -> None:
        self.daemon = FakeDaemon(self)
        self.daemon.answers["tools.register"] = lambda params: 1
        self.daemon.answers["policy.register"] = lambda params: {}
        self.daemon.answers["session.init"] = lambda params: {}
        self.client: CarClient = self.daemon.connect(Backoff(initial=1, factor=2, maximum=3))
        self.times: list[float] = []
        self.client.on_reconnect(lambda: self.times.append(self.daemon.clock.seconds()))

    def lose(self) -> None:
        """The connection goes, without taking time."""
        self.daemon.sessions[-1].connection.abort()
        self.daemon.flush()
        self.assertFalse(self.client.connected)

    def test_restored(self) -> None:
        """After the first wait it greets again and registers tools and policies."""
        policy = PolicyDefinition(name="no-rm", rule="deny_tool", target="rm")
        scoped = PolicyDefinition(name="s", rule="deny_tool", target="rm", session_id="s-1")
        self.client.register_tool(lambda: 1, name="one")
        self.client.register_policy(policy)
        self.client.register_policy(scoped)
        self.daemon.flush()
        called = self.client.call("x")
        self.lose()
        self.failureResultOf(called, Disconnected)
        self.daemon.requests.clear()
        self.daemon.advance(1)
        self.daemon.flush()
        self.assertTrue(self.client.connected)
        self.assertEqual(self.daemon.greetings, GREETING * 2)
        (init,) = self.daemon.requests
        self.assertEqual(init["method"], "session.init")
        self.assertEqual([tool["name"] for tool in init["params"]["tools"]], ["one"])
        self.assertEqual([rule["name"] for rule in init["params"]["policies"]], ["no-rm"])
        self.assertEqual(len(self.times), 1)

    def test_nothing_to_restore(self) -> None:
        """Without tools and policies nothing is sent but the greeting."""
        self.lose()
        self.daemon.advance(1)
        self.assertEqual((self.client.connected, self.daemon.requests), (True, []))

    def test_backoff(self) -> None:
        """Failed attempts wait longer each time, up to the maximum."""
        self.daemon.way.open = False
        self.lose()
        start = self.daemon.clock.seconds()
        for seconds in (1, 2, 3):
            self.daemon.advance(seconds)
            self.assertFalse(self.client.connected)
        self.daemon.way.open = True
        self.daemon.advance(3)
        self.assertTrue(self.client.connected)
        self.assertEqual(self.times, [start + 9])

    def test_lost_while_greeting(self) -> None:
        """A connection that goes during the greeting is one more failed attempt."""
        del self.daemon.answers["server.handshake"]
        self.lose()
        self.daemon.advance(1)
        self.daemon.hang_up()
        self.daemon.answers["server.handshake"] = lambda params: {"protocol_version": 3}
        self.daemon.advance(2)
        self.assertTrue(self.client.connected)

    def test_closed_meanwhile(self) -> None:
        """close() ends the attempts, in a wait and in a greeting; nothing is left."""
        del self.daemon.answers["server.handshake"]
        self.lose()
        self.daemon.advance(1)
        self.successResultOf(self.client.close())
        self.daemon.flush()
        self.assertEqual(self.daemon.sessions[-1].names[-1], "lost")
        self.assertEqual(self.daemon.clock.getDelayedCalls(), [])

    def test_without(self) -> None:
        """A client that was not asked to reconnect stays away."""
        client = self.daemon.connect()
        self.daemon.hang_up()
        self.daemon.advance(100)
        self.assertFalse(client.connected)


class BackoffTests(SynchronousTestCase):
    """Backoff.delay."""

    def test_delays(self) -> None:
        """Waits double up to the maximum; chance takes its share."""
        backoff = Backoff()
        self.assertEqual(
            [backoff.delay(attempt, 0.0) for attempt in (0, 1, 2, 6, 5000)], [0.5, 1, 2, 30, 30]
        )
        self.assertAlmostEqual(backoff.delay(0, 1.0), 0.4)
