"""The WebSocket client: opening, messages, closing, and every way to fail."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionRefusedError, DNSLookupError
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from car.server.opening import Refusal
from car.server.websocket import CarServerFactory
from car.testing.wire import MemoryEndpoint, RecordingSession, patch_timers
from car.wsclient.connecting import connect
from car.wsclient.connection import WebSocketConnection
from car.wsclient.errors import CannotConnect, ConnectionClosed, MessageTooLong
from car.wsclient.urls import read_url

URL = "ws://127.0.0.1:9100/"


class JoinedTests(SynchronousTestCase):
    """Our client and our server, joined in memory."""

    def setUp(self) -> None:
        self.clock = Clock()
        patch_timers(self, self.clock)
        self.session = RecordingSession()
        self.factory = CarServerFactory(lambda opening: self.session, self.clock)
        self.endpoint = MemoryEndpoint(self.factory, self.clock)
        self.heard: list[tuple[Any, ...]] = []

    def connect(self, url: str = URL, **options: Any) -> Deferred[WebSocketConnection]:
        """Begin to connect; what the connection hears goes to ``heard``."""
        opened = connect(url, reactor=self.clock, endpoint=self.endpoint, **options)
        return opened.addCallback(self._listen)

    def _listen(self, connection: WebSocketConnection) -> WebSocketConnection:
        connection.on_text = lambda text: self.heard.append(("text", text))
        connection.on_binary = lambda octets: self.heard.append(("binary", octets))
        connection.on_close = lambda code, reason: self.heard.append(("close", code, reason))
        return connection

    def opened(self, **options: Any) -> WebSocketConnection:
        """An open connection."""
        attempt = self.connect(**options)
        self.endpoint.flush()
        return self.successResultOf(attempt)

    def assertQuiet(self) -> None:
        """No timer is left."""
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_messages(self) -> None:
        """Text, as str or octets, and binary go both ways."""
        connection = self.opened()
        self.assertTrue(connection.is_open)
        self.assertEqual(connection.peer, "tcp4:127.0.0.1:9100")
        connection.send_text("é")
        connection.send_text(b"b")
        connection.send_binary(b"\xff")
        self.session.connection.send_messages([b"one", b"two"])
        self.session.connection.sendMessage(b"\xfe", True)
        self.endpoint.flush()
        self.assertEqual(self.session.messages, ["é".encode(), b"b", b"\xff"])
        self.assertEqual(self.heard, [("text", b"one"), ("text", b"two"), ("binary", b"\xfe")])

    def test_greeting(self) -> None:
        """A message that comes together with the handshake's answer is heard."""
        self.session.opened = lambda connection: connection.send_messages([b"hi"])  # type: ignore[method-assign]
        self.opened()
        self.assertEqual(self.heard, [("text", b"hi")])

    def test_pings(self) -> None:
        """Pings are answered without the user: the connection outlives any silence."""
        self.opened()
        self.session.connection.raise_limits(expect_pongs=True)
        for _ in range(60):
            self.clock.advance(5)
            self.endpoint.flush()
        self.assertNotIn("lost", self.session.names)

    def test_close(self) -> None:
        """Closing tells both sides once, and then nothing can be sent."""
        connection = self.opened()
        connection.send_text("last")
        connection.close(4000, "bye")
        connection.close(4001, "again")
        self.assertRaises(ConnectionClosed, connection.send_text, "late")
        self.endpoint.flush()
        self.assertEqual(self.session.messages, [b"last"])
        self.assertIn("code 4000", self.session.events[-1][1])
        self.assertEqual(self.heard, [("close", 1000, "")])
        self.assertQuiet()

    def test_closed_by_server(self) -> None:
        """The server's code and reason are told, after the messages before."""
        connection = self.opened()
        self.session.connection.send_messages([b"last"])
        self.session.connection.close(4401, "authenticate first")
        self.endpoint.flush()
        self.assertEqual(self.heard, [("text", b"last"), ("close", 4401, "authenticate first")])
        self.assertFalse(connection.is_open)
        self.assertRaises(ConnectionClosed, connection.send_binary, b"late")
        self.assertQuiet()

    def test_lost(self) -> None:
        """A connection that goes without a close frame has code 1006."""
        self.opened()
        self.session.connection.abort()
        self.endpoint.flush()
        [(name, code, _)] = self.heard
        self.assertEqual((name, code), ("close", 1006))
        self.assertQuiet()

    def test_abort(self) -> None:
        """So has one that we drop ourselves."""
        self.opened().abort()
        self.endpoint.flush()
        self.assertEqual(self.heard[0][:2], ("close", 1006))
        self.assertEqual(self.session.names[-1], "lost")
        self.assertQuiet()

    def test_too_long(self) -> None:
        """The limit holds both ways: we refuse to send, and close on what is received."""
        connection = self.opened(message_bytes=100)
        error = self.assertRaises(MessageTooLong, connection.send_text, "x" * 101)
        self.assertIn("101 octets", str(error))
        self.session.connection.send_messages([b"x" * 101])
        self.endpoint.flush()
        self.assertEqual(self.heard, [("close", 1000, "")])
        self.assertIn("code 1009", self.session.events[-1][1])

    def test_headers(self) -> None:
        """Headers of the user's reach the server."""
        self.opened(headers={"Authorization": "Bearer x"})
        headers = self.session.connection.http_headers
        self.assertEqual(headers["authorization"], "Bearer x")
        self.assertNotIn("user-agent", headers)

    def test_ipv6_host(self) -> None:
        """An IPv6 address is put in brackets, as the server expects it."""
        attempt = self.connect("ws://[::1]:9100/")
        self.endpoint.flush()
        self.successResultOf(attempt)
        self.assertEqual(self.session.connection.http_headers["host"], "[::1]:9100")

    def test_refused(self) -> None:
        """A refusal fails with its status and reason."""
        self.factory.admit = lambda opening: Refusal(503, "The daemon is full")
        attempt = self.connect()
        self.endpoint.flush()
        error = self.failureResultOf(attempt, CannotConnect).value
        self.assertEqual(error.status, 503)
        self.assertIn("The daemon is full", str(error))
        self.assertQuiet()

    def test_silent_server(self) -> None:
        """A server that never answers is given up after the time-out."""
        attempt = self.connect(timeout=7)
        self.clock.advance(6.9)
        self.assertNoResult(attempt)
        self.clock.advance(0.2)
        error = self.failureResultOf(attempt, CannotConnect).value
        self.assertIn("7 seconds", str(error))
        self.endpoint.flush()
        self.assertQuiet()

    def test_cancel(self) -> None:
        """Cancelling drops the attempt."""
        attempt = self.connect()
        attempt.cancel()
        self.failureResultOf(attempt, CancelledError)
        self.endpoint.flush()
        self.assertEqual(self.session.names[-1], "lost")
        self.assertEqual(self.heard, [])
        self.assertQuiet()

    def test_protocol_error(self) -> None:
        """A server that sends wrong frames is closed on with 1002."""
        self.opened()
        self.session.connection.transport.write(b"\xf1\x00")
        self.endpoint.flush()
        self.assertIn("code 1002", self.session.events[-1][1])

    def test_messages_after_close(self) -> None:
        """What comes after our close frame is not heard."""
        connection = self.opened()
        self.session.connection.send_messages([b"too late"])
        connection.close()
        self.endpoint.flush()
        self.assertEqual(self.heard, [("close", 1000, "")])


class WayTests(SynchronousTestCase):
    """From a URL to an endpoint, on a reactor that connects nowhere."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        patch_timers(self, self.reactor)

    def test_tcp(self) -> None:
        """An address is connected to as it is."""
        self.failIfFired(connect("ws://192.0.2.1:81/x?y=1", reactor=self.reactor))
        self.assertEqual(self.reactor.tcpClients[0][:2], ("192.0.2.1", 81))
        self.failIfFired(connect("ws://[::1]/", reactor=self.reactor))
        self.assertEqual(self.reactor.tcpClients[1][:2], ("::1", 80))

    def test_unix(self) -> None:
        """A Unix socket is connected to by its path."""
        self.failIfFired(connect("unix:/run/car.sock", reactor=self.reactor))
        self.assertEqual(self.reactor.unixClients[0][0], "/run/car.sock")

    def failIfFired(self, attempt: Deferred[Any]) -> None:
        """The attempt goes on; it is given up when the test is over."""
        self.assertNoResult(attempt)
        self.addCleanup(attempt.addErrback, lambda failure: None)
        self.addCleanup(attempt.cancel)

    def test_nobody_there(self) -> None:
        """A refused connection and an unknown name are sentences."""
        for error in (ConnectionRefusedError(), DNSLookupError()):
            attempt = connect("ws://192.0.2.1/", reactor=self.reactor)
            factory: Any = self.reactor.tcpClients[-1][2]
            factory.clientConnectionFailed(None, Failure(error))
            self.assertIn("Nobody answers", str(self.failureResultOf(attempt, CannotConnect).value))

    def test_time_out(self) -> None:
        """Connecting counts towards the time-out; cancelling then is no time-out."""
        attempt = connect("ws://192.0.2.1/", reactor=self.reactor, timeout=3)
        self.reactor.advance(3)
        self.assertIn("3 seconds", str(self.failureResultOf(attempt, CannotConnect).value))
        attempt = connect("ws://192.0.2.1/", reactor=self.reactor)
        attempt.cancel()
        self.failureResultOf(attempt, CancelledError)

    def test_bad_urls(self) -> None:
        """Each URL that names no place fails with a sentence that holds it."""
        for url in (
            "",
            "http://localhost/",
            "localhost:9100",
            "ws://",
            "ws://:9100/",
            "ws://host:99999/",
            "ws://host:0/",
            "ws://host:port/",
            "ws://unix:/run/car.sock",
            "unix:car.sock",
            "ws://host/#x",
        ):
            attempt = connect(url, reactor=self.reactor)
            self.assertIn(repr(url), str(self.failureResultOf(attempt, CannotConnect).value))

    def test_ports(self) -> None:
        """Each scheme has its port, and only wss is secure."""
        self.assertEqual((read_url("ws://a/").port, read_url("wss://a/").port), (80, 443))
        self.assertEqual(
            (read_url("ws://a/").is_secure, read_url("wss://a/").is_secure), (False, True)
        )
