"""The daemon's WebSocket: turns, sending, back-pressure, silence, closing."""

from struct import pack
from typing import Any

from autobahn.twisted.websocket import WebSocketServerProtocol
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from car.server.framing import BINARY, CLOSE, PING, PONG, TEXT
from car.server.interfaces import IConnection, IConnectionSession
from car.server.limits import MIB
from car.server.liveness import SWEEP_SECONDS
from car.server.websocket import CarServerFactory, CarServerProtocol
from car.testing.wire import RawPeer, RecordingSession, client_frame, patch_timers


class ConnectionTestCase(SynchronousTestCase):
    """One open connection whose session does what ``on_message`` says."""

    def setUp(self) -> None:
        self.clock = Clock()
        patch_timers(self, self.clock)
        self.factory = CarServerFactory(self._session, self.clock)
        self.peer = RawPeer(self.factory)
        self.peer.open()
        self.connection: CarServerProtocol = self.session.connection
        self.session.events.clear()

    def tearDown(self) -> None:
        """However a test ends, no timer is left once the connection has gone."""
        self.peer.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def _session(self, opening: object) -> RecordingSession:
        self.session = RecordingSession(lambda connection, text: self.on_message(connection, text))
        return self.session

    def on_message(self, connection: Any, text: bytes) -> None:
        """Nothing, unless a test says otherwise."""

    def send(self, *texts: bytes) -> None:
        """Deliver the frames of *texts* in one read."""
        self.peer.send(b"".join(client_frame(TEXT, text) for text in texts))


class TurnTests(ConnectionTestCase):
    """What the session is told, and when."""

    def test_interfaces(self) -> None:
        """Both ends of the seam are what they say they are."""
        verifyObject(IConnection, self.connection)
        verifyObject(IConnectionSession, self.session)

    def test_one_turn_a_read(self) -> None:
        """The messages of one read are one turn."""
        self.send(b"a", b"b")
        self.send(b"c")
        self.assertEqual(
            self.session.events,
            [
                ("began", None),
                ("text", b"a"),
                ("text", b"b"),
                ("ended", None),
                ("began", None),
                ("text", b"c"),
                ("ended", None),
            ],
        )

    def test_no_empty_turns(self) -> None:
        """Pings, pongs and parts of messages are no turn."""
        self.peer.send(client_frame(PING) + client_frame(PONG))
        self.peer.send(client_frame(TEXT, b"x", fin=False))
        self.peer.send(client_frame(0, b"y" * 1000)[:500])
        self.assertEqual(self.session.events, [])

    def test_answers_before_close(self) -> None:
        """What a turn gathers leaves before the answer to a close frame in the same read."""
        gathered: list[bytes] = []
        self.on_message = lambda connection, text: gathered.append(text)  # type: ignore[method-assign]
        self.session.turn_ended = (  # type: ignore[method-assign]
            lambda: self.connection.send_messages(gathered)
        )
        fragments = client_frame(TEXT, b"b", fin=False) + client_frame(0, b"c")
        self.peer.send(client_frame(TEXT, b"a") + client_frame(CLOSE, b"\x03\xe8"))
        self.assertEqual(self.peer.frames(), [(TEXT, b"a"), (CLOSE, b"\x03\xe8")])
        self.peer = RawPeer(self.factory)
        self.peer.open()
        self.connection = self.session.connection
        self.session.turn_ended = (  # type: ignore[method-assign]
            lambda: self.connection.send_messages([gathered[-1]])
        )
        self.peer.send(fragments + client_frame(CLOSE, b"\x03\xe8"))
        self.assertEqual(self.peer.frames(), [(TEXT, b"bc"), (CLOSE, b"\x03\xe8")])

    def test_defect(self) -> None:
        """A session that raises is logged, and the messages behind are read all the same."""

        def fail(connection: Any, text: bytes) -> None:
            if text == b"bad":
                raise ZeroDivisionError

        self.on_message = fail  # type: ignore[method-assign]
        self.send(b"bad", b"good", b"bad", b"good")
        self.assertEqual(self.session.messages, [b"bad", b"good", b"bad", b"good"])
        self.assertEqual(self.session.names[-1], "ended")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)

    def test_defect_elsewhere(self) -> None:
        """So it is when it raises at the turn's end or at the connection's."""

        def fail(*args: object) -> None:
            raise ZeroDivisionError

        for name in ("turn_began", "turn_ended", "connection_lost"):
            setattr(self.session, name, fail)
        self.send(b"a", b"b")
        self.assertEqual(self.session.messages, [b"a", b"b"])
        self.peer.lose()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 3)

    def test_close_within_a_turn(self) -> None:
        """After its own close the session hears no more of the messages that had come."""
        self.on_message = lambda connection, text: connection.close(1008, "no")  # type: ignore[method-assign]
        self.send(b"a", b"b", b"c")
        self.send(b"d")
        self.peer.send(client_frame(TEXT, b"e", fin=False) + client_frame(0, b"f"))
        self.assertEqual(self.session.messages, [b"a"])
        self.assertEqual(self.session.names, ["began", "text", "ended"])

    def test_close_while_a_frame_is_gathered(self) -> None:
        """A close from outside finds its answer behind the frame that was on its way."""
        octets = client_frame(TEXT, b"x" * 5000)
        self.peer.send(octets[:3000])
        self.connection.close(1001, "going")
        self.peer.send(octets[3000:] + client_frame(CLOSE, b"\x03\xe9"))
        self.assertEqual(self.session.names, ["lost"])
        self.assertIn("code 1001", self.session.events[0][1])

    def test_abort_within_a_turn(self) -> None:
        """After abort nothing more is read or sent."""
        self.on_message = lambda connection, text: connection.abort()  # type: ignore[method-assign]
        self.send(b"a", b"b")
        self.assertTrue(self.peer.transport.aborted)
        self.connection.send_messages([b"late"])
        self.assertEqual(self.peer.received(), b"")
        self.assertEqual(self.session.names, ["began", "text", "ended", "lost"])

    def test_limits_raised_within_a_turn(self) -> None:
        """A long message right behind the one that authenticates is read."""
        self.on_message = lambda connection, text: connection.raise_limits()  # type: ignore[method-assign]
        self.send(b"authenticate", b"x" * 100_000, b"y")
        self.assertEqual(self.session.messages[1:], [b"x" * 100_000, b"y"])

    def test_tiny_pieces(self) -> None:
        """A frame that comes octet by octet is gathered in few pieces."""
        octets = client_frame(BINARY, b"x" * 5000)
        self.peer.send(octets[:-1], step=1)
        assert self.connection._held is not None
        self.assertLess(len(self.connection._held), 1100)
        self.peer.send(octets[-1:])
        self.assertEqual(self.session.messages, [b"x" * 5000])

    def test_traffic_stats(self) -> None:
        """Autobahn's figures are the same by the lean path as by its own."""
        self.on_message = lambda connection, text: connection.send_messages([text])  # type: ignore[method-assign]
        mixed = client_frame(TEXT, b"a", fin=False) + client_frame(0, b"b") + client_frame(PING)
        octets = client_frame(TEXT, b"x" * 900) + mixed + client_frame(BINARY, b"z" * 70)
        self.peer.send(octets + client_frame(TEXT, b"y" * 60_000), step=1000)
        stats = self.connection.trafficStats
        self.assertEqual(stats.incomingOctetsWireLevel, len(octets) + 60_008)
        self.assertEqual(stats.incomingWebSocketMessages, 4)
        self.assertEqual(stats.incomingOctetsAppLevel, 900 + 2 + 70 + 60_000)
        self.assertEqual(stats.outgoingWebSocketMessages, 3)
        self.assertEqual(stats.outgoingOctetsWireLevel, len(self.peer.received()))


class SendTests(ConnectionTestCase):
    """send_messages, and Autobahn's own ways beside it."""

    def test_one_write(self) -> None:
        """All messages are framed and written at once."""
        writes: list[bytes] = []
        self.patch(self.peer.transport, "write", writes.append)
        self.connection.send_messages([b"a", b"x" * 200, b"y" * 70_000])
        self.connection.send_messages([])
        self.assertEqual(len(writes), 1)

    def test_order(self) -> None:
        """Messages of either way, pings and the close frame keep their order."""
        self.connection.send_messages([b"a"])
        self.connection.sendMessage(b"b")
        self.connection.sendPing(b"?")
        self.connection.send_messages([b"c"])
        self.connection.close(4409, "enough")
        expected = [(TEXT, b"a"), (TEXT, b"b"), (PING, b"?"), (TEXT, b"c")]
        self.assertEqual(self.peer.frames(), [*expected, (CLOSE, pack("!H", 4409) + b"enough")])

    def test_after_the_end(self) -> None:
        """Once closed or lost, sending and closing do nothing."""
        self.connection.close(1000, "")
        self.peer.received()
        self.connection.send_messages([b"late"])
        self.connection.close(1001, "again")
        self.assertEqual(self.peer.received(), b"")
        self.peer.lose()
        self.connection.send_messages([b"late"])
        self.connection.close(1001, "again")
        self.connection.abort()
        self.assertEqual(self.peer.received(), b"")

    def test_options(self) -> None:
        """A connection has every option that Autobahn would have copied."""
        for name in WebSocketServerProtocol.CONFIG_ATTRS:
            self.assertEqual(getattr(self.connection, name), getattr(self.factory, name), name)
        for name in ("failByDrop", "webStatus", "allowNullOrigin", "trackTimings"):
            self.assertFalse(getattr(self.connection, name), name)


class CloseTests(ConnectionTestCase):
    """Closing from our side."""

    def test_codes(self) -> None:
        """Any code goes out with its reason, cut to what a close frame may hold."""
        for code in (1000, 1001, 1003, 1008, 1011, 1013, 4401, 4409):
            peer = RawPeer(self.factory)
            peer.open()
            self.session.connection.close(code, "é" * 100)
            self.assertEqual(peer.frames(), [(CLOSE, pack("!H", code) + ("é" * 61).encode())])
            peer.send(client_frame(CLOSE, pack("!H", code)))
            reason = f"The daemon closed the connection with code {code}."
            self.assertEqual(self.session.events[-1], ("lost", reason))

    def test_unanswered(self) -> None:
        """A peer that does not answer the close frame is dropped after two seconds."""
        self.connection.close(1001, "")
        self.clock.advance(0.9)
        self.assertFalse(self.peer.transport.aborted)
        self.clock.advance(1.2)
        self.assertTrue(self.peer.transport.aborted)
        self.peer.settle()
        self.assertIn("closing handshake timeout", self.session.events[-1][1])

    def test_unanswered_while_output_waits(self) -> None:
        """As long as output is still leaving, the close frame cannot have been seen."""
        self.connection.pauseProducing()
        self.connection.close(1001, "")
        self.clock.pump([1.0] * 10)
        self.assertFalse(self.peer.transport.aborted)
        self.connection.resumeProducing()
        self.clock.pump([1.0] * 4)
        self.assertTrue(self.peer.transport.aborted)

    def test_lost(self) -> None:
        """A connection that just goes is reported once, as lost."""
        self.peer.lose()
        [(name, reason)] = self.session.events
        self.assertEqual(name, "lost")
        self.assertTrue(reason.startswith("The connection was lost: "), reason)

    def test_lost_while_closing(self) -> None:
        """A peer that hangs up instead of answering our close leaves no timer behind."""
        self.connection.close(1001, "")
        self.peer.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class BackPressureTests(ConnectionTestCase):
    """A peer that does not read what we send."""

    def test_stall_and_resume(self) -> None:
        """The session is told once each way, and reading stops in between."""
        self.assertIs(self.peer.transport.producer, self.connection)
        for _ in range(3):
            self.connection.pauseProducing()
        self.assertTrue(self.connection.stalled)
        self.assertEqual(self.peer.transport.producerState, "paused")
        for _ in range(2):
            self.connection.resumeProducing()
        self.assertFalse(self.connection.stalled)
        self.assertEqual(self.peer.transport.producerState, "producing")
        self.assertEqual(self.session.names, ["stalled", "resumed"])

    def test_stuck(self) -> None:
        """Thirty seconds without progress end the connection."""
        self.clock.advance(SWEEP_SECONDS)
        self.connection.pauseProducing()
        self.clock.pump([SWEEP_SECONDS] * 5)
        self.assertFalse(self.peer.transport.aborted)
        self.clock.pump([SWEEP_SECONDS] * 2)
        self.assertTrue(self.peer.transport.aborted)
        self.peer.settle()
        self.assertIn("does not take our output", self.session.events[-1][1])

    def test_stuck_after_the_peers_close(self) -> None:
        """So they do when the peer has sent its close frame but does not read our answer."""
        self.patch(self.peer.transport, "loseConnection", lambda: None)
        self.connection.pauseProducing()
        self.peer.send(client_frame(CLOSE, b"\x03\xe8"))
        self.assertTrue(self.peer.transport.connected)
        self.clock.pump([SWEEP_SECONDS] * 8)
        self.assertTrue(self.peer.transport.aborted)

    def test_not_stuck(self) -> None:
        """A peer that reads now and then stays."""
        for _ in range(20):
            self.connection.pauseProducing()
            self.clock.pump([SWEEP_SECONDS] * 4)
            self.connection.resumeProducing()
            self.clock.advance(SWEEP_SECONDS)
        self.assertFalse(self.peer.transport.aborted)


class SilenceTests(ConnectionTestCase):
    """A peer from which nothing comes (decision 8)."""

    def pings(self, seconds: float) -> int:
        """How many pings are sent while *seconds* pass."""
        self.clock.pump([SWEEP_SECONDS] * int(seconds / SWEEP_SECONDS))
        return self.peer.frames().count((PING, b""))

    def test_never_answered(self) -> None:
        """In open mode a peer that never answers a ping stays, and is pinged on."""
        self.connection.raise_limits()
        self.assertEqual(self.pings(605), 20)
        self.assertFalse(self.peer.transport.aborted)

    def test_answered_before(self) -> None:
        """One that has answered once is dropped when it falls silent, within 95 s."""
        self.connection.raise_limits()
        self.assertEqual(self.pings(35), 1)
        self.peer.send(client_frame(PONG))
        self.assertEqual(self.pings(60), 1)
        self.assertFalse(self.peer.transport.aborted)
        self.clock.pump([SWEEP_SECONDS] * 2)
        self.assertTrue(self.peer.transport.aborted)
        self.peer.settle()
        self.assertIn("fallen silent", self.session.events[-1][1])

    def test_answered_between_fragments(self) -> None:
        """A pong that Autobahn reads, inside a fragmented message, counts as well."""
        self.peer.send(client_frame(TEXT, b"x", fin=False))
        self.pings(35)
        self.peer.send(client_frame(PONG))
        self.clock.pump([SWEEP_SECONDS] * 14)
        self.assertTrue(self.peer.transport.aborted)

    def test_authenticated(self) -> None:
        """An authenticated peer is dropped even if it has never answered."""
        self.connection.raise_limits(expect_pongs=True)
        self.assertEqual(self.pings(55), 1)
        self.assertFalse(self.peer.transport.aborted)
        self.clock.pump([SWEEP_SECONDS] * 2)
        self.assertTrue(self.peer.transport.aborted)

    def test_heard(self) -> None:
        """Any octet will do: half a frame each minute is enough to stay."""
        self.connection.raise_limits(expect_pongs=True)
        for octet in client_frame(TEXT, b"slow"):
            self.peer.send(bytes([octet]))
            self.clock.pump([SWEEP_SECONDS] * 10)
        self.assertFalse(self.peer.transport.aborted)
        self.assertEqual(self.session.messages, [b"slow"])

    def test_silent_while_not_read(self) -> None:
        """While we do not read, silence is our own doing."""
        self.connection.raise_limits(expect_pongs=True)
        for _ in range(10):
            self.connection.pauseProducing()
            self.clock.pump([SWEEP_SECONDS] * 5)
            self.connection.resumeProducing()
            self.clock.advance(SWEEP_SECONDS)
        self.assertEqual(self.pings(0), 0)
        self.assertFalse(self.peer.transport.aborted)

    def test_one_timer(self) -> None:
        """However many connections are idle, they share one timer."""
        peers = [RawPeer(self.factory) for _ in range(50)]
        for peer in peers:
            peer.open()
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        for peer in peers:
            peer.lose()


class LimitTests(ConnectionTestCase):
    """The length of a message before and after the limits are raised."""

    def test_raised(self) -> None:
        """64 KiB before, 16 MiB after, for frames and for messages."""
        self.assertEqual(self.connection.maxFramePayloadSize, 65536)
        self.connection.raise_limits()
        self.assertEqual(self.connection.maxFramePayloadSize, 16 * MIB)
        self.assertEqual(self.connection.maxMessagePayloadSize, 16 * MIB)

    def test_ours_is_longer(self) -> None:
        """What we send is not limited by what the peer may send."""
        self.connection.send_messages([b"x" * 100_000])
        self.assertEqual(self.peer.frames(), [(TEXT, b"x" * 100_000)])
