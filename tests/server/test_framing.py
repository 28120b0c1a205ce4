"""Frames as pure functions: reading, masking, headers."""

from unittest import skipUnless

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.server import framing
from car.server.framing import BINARY, CLOSE, PING, PONG, TEXT, read_frames
from car.testing.wire import MASK, client_frame, server_frames

LIMIT = 1 << 20
SIZES = [0, 1, 2, 3, 4, 5, 125, 126, 127, 511, 512, 513, 4095, 4096, 4097, 65535, 65536, 70001]


def plainly_masked(payload: bytes, mask: bytes) -> bytes:
    """Masking as RFC 6455, section 5.3, puts it."""
    return bytes(octet ^ mask[place % 4] for place, octet in enumerate(payload))


class UnmaskTests(SynchronousTestCase):
    """Every routine that may be chosen does the same."""

    def test_python(self) -> None:
        """The routine that needs nothing agrees with the definition at every size."""
        for size in SIZES:
            payload = bytes(place * 7 % 256 for place in range(size))
            self.assertEqual(
                framing.unmask_in_python(payload, MASK), plainly_masked(payload, MASK), size
            )

    def test_chosen(self) -> None:
        """So does the one that is in use."""
        for size in SIZES:
            payload = bytes(place * 11 % 256 for place in range(size))
            self.assertEqual(framing.unmask(payload, MASK), plainly_masked(payload, MASK), size)

    @skipUnless(framing._nvx_unmask(), "Autobahn was built without NVX")
    def test_nvx(self) -> None:
        """So does the one that comes with Autobahn."""
        unmask = framing._nvx_unmask()
        assert unmask is not None
        for size in SIZES:
            payload = bytes(place * 13 % 256 for place in range(size))
            self.assertEqual(unmask(payload, MASK), plainly_masked(payload, MASK), size)

    @given(st.binary(max_size=2000), st.binary(min_size=4, max_size=4))
    def test_twice(self, payload: bytes, mask: bytes) -> None:
        """Masking twice gives the payload."""
        masked = framing.unmask_in_python(payload, mask)
        self.assertEqual(framing.unmask_in_python(masked, mask), payload)


class ReadFramesTests(SynchronousTestCase):
    """read_frames: what it takes, what it waits for, what it leaves to Autobahn."""

    def test_sizes(self) -> None:
        """Whole frames of every size and length form are read."""
        for size in SIZES:
            for opcode in (TEXT, BINARY):
                octets = client_frame(opcode, b"x" * size)
                found = read_frames(octets, LIMIT)
                self.assertEqual(found, ([(opcode, b"x" * size)], len(octets), 0, False), size)

    def test_many(self) -> None:
        """All frames of a chunk are read in order, pings and pongs among them."""
        frames = [(TEXT, b"a"), (PING, b"?"), (BINARY, b"\xff"), (PONG, b""), (TEXT, b"\xc3\xa9")]
        octets = b"".join(client_frame(opcode, payload) for opcode, payload in frames)
        self.assertEqual(read_frames(octets, LIMIT), (frames, len(octets), 0, False))

    def test_incomplete(self) -> None:
        """Each beginning of a frame tells how far its header, then its payload, goes."""
        for size, header in ((5, 2), (300, 4), (70000, 10)):
            octets = client_frame(TEXT, b"x" * size)
            for here in range(1, header):
                found = read_frames(octets[:here], LIMIT)
                self.assertEqual(found, ([], 0, 2 if here == 1 else header, False))
            for here in (header, header + 3, header + 4, len(octets) - 1):
                found = read_frames(octets[:here], LIMIT)
                self.assertEqual(found, ([], 0, len(octets), True))

    def test_incomplete_after_whole(self) -> None:
        """What is needed counts from the incomplete frame on."""
        whole, half = client_frame(TEXT, b"one"), client_frame(TEXT, b"x" * 600)
        found = read_frames(whole + half[:50], LIMIT)
        self.assertEqual(found, ([(TEXT, b"one")], len(whole), len(half), True))

    def test_left(self) -> None:
        """What is not common is left, together with all that follows."""
        good = client_frame(TEXT, b"good")
        for left in (
            client_frame(TEXT, b"part", fin=False),
            client_frame(0, b"rest"),
            client_frame(CLOSE, b"\x03\xe8"),
            client_frame(TEXT, b"rsv", rsv=4),
            client_frame(3, b"reserved"),
            client_frame(TEXT, b"naked", mask=b""),
            client_frame(PING, b"x" * 126),
            client_frame(TEXT, b"\xc3\x28"),
            client_frame(TEXT, b"\xed\xa0\x80"),  # a surrogate
            client_frame(TEXT, b"x" * (LIMIT + 1)),
            b"\x81\xfe\x00\x05" + MASK + b"hello",  # 16 bits where 7 would do
            b"\x81\xff" + (500).to_bytes(8, "big") + MASK,  # 64 where 16 would do
            b"\x81\xff" + b"\xff" * 8 + MASK,
        ):
            found = read_frames(good + left + good, LIMIT)
            self.assertEqual(found, ([(TEXT, b"good")], len(good), 0, False), left[:20])

    def test_limit(self) -> None:
        """A payload of exactly the limit is read."""
        octets = client_frame(BINARY, b"x" * LIMIT)
        self.assertEqual(read_frames(octets, LIMIT).used, len(octets))

    @given(
        st.lists(st.tuples(st.sampled_from([TEXT, BINARY]), st.text(max_size=300)), max_size=6),
        st.integers(min_value=0),
    )
    def test_cut_anywhere(self, messages: list[tuple[int, str]], where: int) -> None:
        """Wherever the octets are cut, the two parts give all messages."""
        frames = [(opcode, text.encode()) for opcode, text in messages]
        octets = b"".join(client_frame(opcode, payload) for opcode, payload in frames)
        first = read_frames(octets[: where % (len(octets) + 1)], LIMIT)
        second = read_frames(octets[first.used :], LIMIT)
        self.assertEqual(first.frames + second.frames, frames)


class WriteFramesTests(SynchronousTestCase):
    """Headers and frames as a server sends them."""

    def test_headers(self) -> None:
        """Each length has its shortest form (RFC 6455, section 5.2)."""
        for length, header in (
            (0, b"\x82\x00"),
            (125, b"\x82\x7d"),
            (126, b"\x82\x7e\x00\x7e"),
            (65535, b"\x82\x7e\xff\xff"),
            (65536, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
        ):
            self.assertEqual(framing.header(BINARY, length), header)

    def test_text_frames(self) -> None:
        """All messages become frames in order."""
        payloads = [b"x" * size for size in SIZES]
        octets = framing.text_frames(payloads)
        self.assertEqual(server_frames(octets), [(TEXT, payload) for payload in payloads])

    def test_pong_frames(self) -> None:
        """A pong carries what its ping carried."""
        octets = framing.pong_frames([b"", b"x" * 125])
        self.assertEqual(server_frames(octets), [(PONG, b""), (PONG, b"x" * 125)])
