"""Opening requests on the wire: who gets a 101, who a refusal, who is dropped."""

from collections.abc import Callable

from twisted.internet.address import UNIXAddress
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.server.limits import KIB
from car.server.opening import Opening, OpeningPolicy, Refusal
from car.server.websocket import CarServerFactory
from car.testing.wire import (
    REQUEST,
    RawPeer,
    RecordingSession,
    client_frame,
    patch_timers,
    server_frames,
)

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="


def request(
    *,
    line: bytes = b"GET / HTTP/1.1",
    without: str = "",
    **headers: bytes,
) -> bytes:
    """An opening request with some *headers* replaced or added and one left out."""
    fields = {
        "host": b"127.0.0.1:9100",
        "upgrade": b"websocket",
        "connection": b"Upgrade",
        "sec_websocket_key": KEY,
        "sec_websocket_version": b"13",
    }
    fields.update(headers)
    fields.pop(without, None)
    lines = [name.replace("_", "-").encode() + b": " + value for name, value in fields.items()]
    return b"\r\n".join([line, *lines, b"", b""])


ACCEPTED = [
    request(),
    request(line=b"GET /any/path?x=1 HTTP/1.1"),
    request(host=b"localhost"),
    request(host=b"[::1]:9100"),
    request(host=b"allowed.example"),
    request(upgrade=b"WebSocket"),
    request(connection=b"keep-alive, Upgrade"),
    request(origin=b"http://127.0.0.1:9100"),
    request(origin=b"https://app.example"),
    request(sec_websocket_protocol=b"chat, superchat"),
    request(sec_websocket_extensions=b"permessage-deflate; client_max_window_bits"),
    request(user_agent="näme".encode()),
    request(x_long=b"x" * 15_000),
]

REFUSED = [
    (403, request(host=b"evil.example")),
    (403, request(host=b"evil.example:9100", origin=b"http://evil.example:9100")),
    (403, request(host=b"127.0.0.1.evil.example")),
    (403, request(origin=b"null")),
    (403, request(origin=b"file://")),
    (403, request(origin=b"https://evil.example")),
    (403, request(origin=b"http://127.0.0.1:9101")),
    (403, request(origin=b"https://app.example.evil.example")),
    (403, request(origin=b"https://app.example", Origin=b"https://app.example")),
    (403, request(line=b"GET /healthz HTTP/1.1", host=b"evil.example", without="upgrade")),
    (400, request(without="host")),
    (400, request(Host=b"127.0.0.1:9100")),
    (400, request(without="sec_websocket_version")),
    (400, request(sec_websocket_version=b"8")),
    (400, request(sec_websocket_version=b"14")),
    (400, request(sec_websocket_version=b"thirteen")),
    (400, request(without="sec_websocket_key")),
    (400, request(sec_websocket_key=b"short")),
    (400, request(sec_websocket_key=b"dGhlIHNhbXBsZSBub25jZ!==")),
    (400, request(without="connection")),
    (400, request(connection=b"close")),
    (400, request(upgrade=b"h2c")),
    (426, request(without="upgrade")),
    (405, request(line=b"POST / HTTP/1.1")),
    (505, request(line=b"GET / HTTP/1.0")),
    (400, request(line=b"GET /")),
    (400, request(line=b"GET /#fragment HTTP/1.1")),
    (400, b"\r\n\r\n"),
    (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    (431, request(x_long=b"x" * 17_000)),
    (431, b"GET / HTTP/1.1\r\n" + b"x" * 16 * KIB),
    (431, b"\x00" * 200_000),
]


class OpeningsTests(SynchronousTestCase):
    """The opening handshake of CarServerFactory's connections."""

    def setUp(self) -> None:
        self.clock = Clock()
        patch_timers(self, self.clock)
        self.openings: list[Opening] = []
        self.sessions: list[RecordingSession] = []

    def factory(self, admit: Callable[[Opening], Refusal | None] | None = None) -> CarServerFactory:
        policy = OpeningPolicy.allowing(["allowed.example"], ["https://app.example"])
        if admit is None:
            return CarServerFactory(self._session, self.clock, policy=policy)
        return CarServerFactory(self._session, self.clock, policy=policy, admit=admit)

    def _session(self, opening: Opening) -> RecordingSession:
        self.openings.append(opening)
        self.sessions.append(RecordingSession())
        return self.sessions[-1]

    def test_accepted(self) -> None:
        """Each of these is answered with 101 and nothing negotiated, however it is cut."""
        for octets in ACCEPTED:
            for step in (0, 1, 7):
                peer = RawPeer(self.factory())
                peer.send(octets, step)
                head = peer.received()
                self.assertTrue(head.startswith(b"HTTP/1.1 101 "), octets)
                self.assertTrue(head.endswith(b"\r\n\r\n"))
                self.assertIn(b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", head)
                for absent in (b"Extensions", b"Protocol:", b"Autobahn"):
                    self.assertNotIn(absent, head)
                peer.lose()
        self.assertEqual(len(self.sessions), 3 * len(ACCEPTED))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_refused(self) -> None:
        """Each of these gets its status and the connection ends; no session is made."""
        for status, octets in REFUSED:
            for step in (0, 7):
                peer = RawPeer(self.factory())
                peer.send(octets, step)
                head = peer.received()
                self.assertTrue(head.startswith(b"HTTP/1.1 %d " % status), (status, head, octets))
                self.assertFalse(peer.transport.connected)
        self.assertGreaterEqual(len(ACCEPTED) + len(REFUSED), 30)
        self.assertEqual(self.sessions, [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_refusal_tells_nothing(self) -> None:
        """A refusal does not repeat what the request said."""
        peer = RawPeer(self.factory())
        head = peer.open(request(host=b"evil.example", origin=b"http://evil.example"))
        self.assertNotIn(b"evil", head)
        self.assertIn(b"Content-Length: 0\r\n", head)

    def test_silent(self) -> None:
        """Who sends nothing is dropped after five seconds."""
        peer = RawPeer(self.factory())
        self.clock.advance(3.9)
        self.assertFalse(peer.transport.aborted)
        self.clock.advance(1.2)
        self.assertTrue(peer.transport.aborted)
        peer.settle()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_half(self) -> None:
        """So is who sends half a request, octet by octet."""
        peer = RawPeer(self.factory())
        for octet in REQUEST[:50]:
            peer.send(bytes([octet]))
            self.clock.advance(0.11)
        self.assertTrue(peer.transport.aborted)

    def test_gone(self) -> None:
        """Who goes before the request is whole leaves nothing behind."""
        peer = RawPeer(self.factory())
        peer.send(REQUEST[:50])
        peer.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.sessions, [])

    def test_impatient(self) -> None:
        """Messages that come with the request are read, of any number and size."""
        for step in (0, 1, 100):
            peer = RawPeer(self.factory())
            messages = [b"one", b"x" * 20_000, b"three"]
            peer.send(REQUEST + b"".join(client_frame(1, text) for text in messages), step)
            self.assertEqual(self.sessions[-1].messages, messages)

    def test_opening(self) -> None:
        """The session is told who is there; keepalive is on and reading is not paused."""
        peer = RawPeer(self.factory())
        peer.open()
        self.assertEqual(self.openings, [Opening("tcp4:127.0.0.1:40000", False, None)])
        self.assertEqual(self.sessions[0].connection.peer, "tcp4:127.0.0.1:40000")
        self.assertTrue(peer.transport.keeps_alive)

    def test_unix_socket(self) -> None:
        """On a Unix socket any Host will do, but not any Origin."""
        address = UNIXAddress(b"/run/car.sock")
        peer = RawPeer(self.factory(), address)
        self.assertIn(b"101", peer.open(request(host=b"anything")))
        self.assertTrue(self.openings[0].is_unix)
        self.assertFalse(peer.transport.keeps_alive)
        peer = RawPeer(self.factory(), address)
        self.assertIn(b"403", peer.open(request(host=b"x", origin=b"http://x")))

    def test_full(self) -> None:
        """The server may refuse for want of a place, after everything else was right."""
        asked: list[Opening] = []

        def admit(opening: Opening) -> Refusal | None:
            asked.append(opening)
            return Refusal(503, "The daemon is full") if len(asked) > 1 else None

        factory = self.factory(admit)
        self.assertIn(b"403", RawPeer(factory).open(request(host=b"evil.example")))
        self.assertIn(b"101", RawPeer(factory).open())
        full = RawPeer(factory)
        self.assertTrue(full.open().startswith(b"HTTP/1.1 503 The daemon is full\r\n"))
        self.assertFalse(full.transport.connected)
        self.assertEqual(len(self.sessions), 1)

    def test_no_session(self) -> None:
        """When the session cannot be made the connection closes with 1011."""

        def fail(opening: Opening) -> RecordingSession:
            raise RuntimeError("no session today")

        peer = RawPeer(CarServerFactory(fail, self.clock))
        _, _, frames = peer.open().partition(b"\r\n\r\n")
        self.assertEqual(server_frames(frames), [(8, b"\x03\xf3internal error")])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        peer.send(client_frame(1, b"hello"))
        self.clock.advance(5)
        self.assertTrue(peer.transport.aborted)
        peer.settle()
        self.assertEqual(self.clock.getDelayedCalls(), [])
