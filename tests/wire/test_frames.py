"""Frames on the wire, right and wrong, before and after authentication (RFC 6455).

Each case is delivered whole, three octets at a time and one by one: how the octets are cut
must never matter.
"""

import random
from collections.abc import Iterator
from struct import pack

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.server.framing import BINARY, CLOSE, PING, PONG, TEXT
from car.server.limits import KIB, MIB
from car.server.websocket import MESSAGE_FRAGMENTS, CarServerFactory
from car.testing.wire import MASK, RawPeer, RecordingSession, client_frame, patch_timers

CONTINUATION = 0
GOOD = client_frame(TEXT, b"ok")

NOT_UTF8 = [
    b"\xc3\x28",
    b"\xff",
    b"\xc0\xaf",  # overlong
    b"\xe0\x80\xaf",
    b"\xed\xa0\x80",  # a surrogate
    b"\xf4\x90\x80\x80",  # beyond U+10FFFF
    b"\xf8\x88\x80\x80\x80",
    b"cut \xe2\x82",
    b"\x80",
    b"x" * 600 + b"\xc3",
]

CLOSES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999]
NO_CLOSES = [0, 1, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 2000, 2999, 5000, 65535]


def fragments(opcode: int, *parts: bytes) -> bytes:
    """One message in as many frames."""
    last = len(parts) - 1
    return b"".join(
        client_frame(CONTINUATION if place else opcode, part, fin=place == last)
        for place, part in enumerate(parts)
    )


def bad_frames() -> Iterator[tuple[str, bytes, int]]:
    """Octets that end a connection, with a name and the close code."""
    for rsv in range(1, 8):
        for opcode in (TEXT, BINARY, PING, CONTINUATION):
            yield f"rsv {rsv} on {opcode}", client_frame(opcode, b"x", rsv=rsv), 1002
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield f"reserved opcode {opcode}", client_frame(opcode, b"x"), 1002
    for opcode in (TEXT, BINARY, PING, PONG):
        yield f"unmasked {opcode}", client_frame(opcode, b"hello", mask=b""), 1002
    for opcode in (PING, PONG):
        yield f"fragmented control {opcode}", client_frame(opcode, b"x", fin=False), 1002
        yield f"long control {opcode}", client_frame(opcode, b"x" * 126), 1002
    yield "16 bits for 5", b"\x81\xfe\x00\x05" + MASK + b"hello", 1002
    yield "64 bits for 5", b"\x81\xff" + pack("!Q", 5) + MASK + b"hello", 1002
    yield "64 bits for 300", b"\x82\xff" + pack("!Q", 300) + MASK + b"x" * 300, 1002
    yield "stray continuation", client_frame(CONTINUATION, b"x"), 1002
    yield "stray unfinished continuation", client_frame(CONTINUATION, b"x", fin=False), 1002
    for opcode in (TEXT, BINARY):
        started = client_frame(opcode, b"x", fin=False)
        yield f"new message inside {opcode}", started + client_frame(TEXT, b"y"), 1002
    for text in NOT_UTF8:
        yield f"not UTF-8: {text[-6:]!r}", client_frame(TEXT, text), 1007
        yield f"not UTF-8, in parts: {text[-6:]!r}", fragments(TEXT, text[:2], text[2:]), 1007
    empty = client_frame(CONTINUATION, b"", fin=False)
    endless = client_frame(TEXT, b"", fin=False) + empty * MESSAGE_FRAGMENTS
    yield "endless fragments", endless, 1009


class FramesTests(SynchronousTestCase):
    """What the daemon makes of each frame."""

    def setUp(self) -> None:
        self.clock = Clock()
        patch_timers(self, self.clock)
        self.factory = CarServerFactory(self._session, self.clock)

    def _session(self, opening: object) -> RecordingSession:
        self.session = RecordingSession(lambda connection, text: connection.send_messages([text]))
        return self.session

    def peers(self) -> Iterator[tuple[RawPeer, int]]:
        """An open connection for each way of cutting, before and after authentication."""
        for step in (0, 3, 1):
            for authenticated in (False, True):
                peer = RawPeer(self.factory)
                peer.open()
                if authenticated:
                    self.session.connection.raise_limits(expect_pongs=True)
                yield peer, step
                peer.lose()
                self.assertEqual(self.session.names[-1], "lost")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_messages(self) -> None:
        """Messages of every size and length form arrive whole and in order."""
        for size in (0, 1, 125, 126, 127, 511, 512, 513, 4095, 4097, 65535, 65536):
            text = ("é" * (size // 2) + "x" * (size % 2)).encode()
            blob = random.Random(size).randbytes(size)
            octets = client_frame(TEXT, text) + client_frame(BINARY, blob) + GOOD
            for peer, step in self.peers():
                if size > 600 and step:
                    step *= 1000
                peer.send(octets, step)
                self.assertEqual(self.session.messages, [text, blob, b"ok"], (size, step))
                self.assertEqual(peer.frames(), [(TEXT, text), (TEXT, b"ok")], (size, step))

    def test_large_messages(self) -> None:
        """After authentication so do messages of megabytes, up to the very limit."""
        for size in (70_001, 3_000_000, 16 * MIB):
            for step in (0, 65536, 50_000):
                peer = RawPeer(self.factory)
                peer.open()
                self.session.connection.raise_limits()
                blob = b"x" * size
                peer.send(client_frame(BINARY, blob) + GOOD, step)
                self.assertEqual(self.session.messages, [blob, b"ok"], (size, step))

    def test_fragments(self) -> None:
        """Fragments make one message, with pings answered between them."""
        ping = client_frame(PING, b"between")
        text = fragments(TEXT, b"frag", "mentéd ".encode()[:5], "mentéd ".encode()[5:])
        octets = client_frame(TEXT, b"a", fin=False) + ping + client_frame(CONTINUATION, b"b")
        for peer, step in self.peers():
            peer.send(
                GOOD + text + octets + GOOD + fragments(BINARY, b"", b"\xff", b"") + GOOD, step
            )
            expected = [b"ok", "fragmentéd ".encode(), b"ab", b"ok", b"\xff", b"ok"]
            self.assertEqual(self.session.messages, expected)
            self.assertEqual([f for f in peer.frames() if f[0] == PONG], [(PONG, b"between")])

    def test_as_many_fragments_as_allowed(self) -> None:
        """A message may come in 4,096 fragments."""
        for peer, _ in self.peers():
            peer.send(fragments(TEXT, *[b"x"] * MESSAGE_FRAGMENTS))
            self.assertEqual(self.session.messages, [b"x" * MESSAGE_FRAGMENTS])

    def test_pings(self) -> None:
        """Each ping is answered with its payload; pongs are taken and not answered."""
        payloads = [b"", b"x", b"\xff\x00", b"y" * 125]
        octets = b"".join(client_frame(PING, p) + client_frame(PONG, p) for p in payloads)
        for peer, step in self.peers():
            peer.send(octets, step)
            self.assertEqual(peer.frames(), [(PONG, payload) for payload in payloads])

    def test_bad_frames(self) -> None:
        """Each violation closes with its code, after the answer to what came before."""
        count = 0
        for name, octets, code in bad_frames():
            for peer, step in self.peers():
                if len(octets) > 1000 and step:
                    step *= 100
                peer.send(GOOD + octets + GOOD, step)
                answer, close = peer.frames()
                self.assertEqual(answer, (TEXT, b"ok"), (name, step))
                self.assertEqual((close[0], close[1][:2]), (CLOSE, pack("!H", code)), (name, step))
                self.assertEqual(self.session.messages, [b"ok"], (name, step))
                count += 1
        self.assertGreaterEqual(count, 100)

    def test_too_long(self) -> None:
        """A declared length beyond the limit closes with 1009 before the payload has come."""
        for peer, step in self.peers():
            limit = self.session.connection.maxFramePayloadSize
            self.assertIn(limit, (64 * KIB, 16 * MIB))
            peer.send(GOOD + b"\x82\xff" + pack("!Q", limit + 1) + MASK + b"x", step)
            _, close = peer.frames()
            self.assertEqual((close[0], close[1][:2]), (CLOSE, pack("!H", 1009)), step)

    def test_too_long_in_fragments(self) -> None:
        """Fragments that add up to more than the limit do so as well."""
        half = b"x" * (32 * KIB + 1)
        peer = RawPeer(self.factory)
        peer.open()
        peer.send(fragments(BINARY, half, half))
        self.assertEqual(peer.frames()[0][1][:2], pack("!H", 1009))
        self.assertEqual(self.session.messages, [])

    def test_length_beyond_63_bits(self) -> None:
        """A length with the topmost bit set ends the connection."""
        for peer, step in self.peers():
            peer.send(b"\x82\xff" + b"\xff" * 8 + MASK, step)
            self.assertEqual(peer.frames()[0][0], CLOSE)

    def test_close(self) -> None:
        """Each code that a peer may send is answered with 1000, and the connection ends."""
        for code in CLOSES:
            for reason in (b"", "adiós".encode(), b"x" * 123):
                for peer, step in self.peers():
                    peer.send(GOOD + client_frame(CLOSE, pack("!H", code) + reason) + GOOD, step)
                    answer, close = peer.frames()
                    self.assertEqual(answer, (TEXT, b"ok"))
                    self.assertEqual(close, (CLOSE, pack("!H", 1000)), code)
                    self.assertFalse(peer.transport.aborted)
                    self.assertFalse(peer.transport.connected)
                    self.assertIn(f"code {code}.", self.session.events[-1][1])

    def test_close_without_code(self) -> None:
        """An empty close frame is answered too."""
        for peer, step in self.peers():
            peer.send(client_frame(CLOSE), step)
            self.assertEqual(peer.frames(), [(CLOSE, pack("!H", 1000))])

    def test_bad_close(self) -> None:
        """A close frame that is wrong itself ends the connection, with 1002 or 1007."""
        bad = [(pack("!H", code), 1002) for code in NO_CLOSES]
        bad += [(b"\x03", 1002), (pack("!H", 1000) + b"\xff", 1007)]
        for payload, code in bad:
            for peer, step in self.peers():
                peer.send(client_frame(CLOSE, payload), step)
                self.assertEqual(peer.frames()[0][1][:2], pack("!H", code), (payload, step))

    def test_random_cuts(self) -> None:
        """Thousands of messages with pings between, cut at random, all arrive in order."""
        source = random.Random(20261)
        messages = [b"m%d " % place * source.randrange(300) for place in range(3000)]
        octets = b"".join(
            client_frame(PING, b"?") * (source.random() < 0.01) + client_frame(TEXT, message)
            for message in messages
        )
        peer = RawPeer(self.factory)
        peer.open()
        start = 0
        while start < len(octets):
            end = start + source.choice([1, 2, 5, 100, 1460, 65536])
            peer.send(octets[start:end])
            start = end
        self.assertEqual(self.session.messages, messages)
        self.assertEqual([p for opcode, p in peer.frames() if opcode == TEXT], messages)
