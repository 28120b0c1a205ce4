"""Tests of car.voice.ring."""

from twisted.trial.unittest import SynchronousTestCase

from car.voice.ring import RingBuffer


class RingBufferTests(SynchronousTestCase):
    """RingBuffer: order, bound, what is counted."""

    def test_order(self) -> None:
        """What went in comes out, however it is cut."""
        ring = RingBuffer(16_000, 1)
        for piece in (b"ab", b"", b"cdefg", b"h"):
            ring.append(piece)
        self.assertEqual([ring.take(3), ring.take(3), ring.take(9)], [b"abc", b"def", b"gh"])
        self.assertEqual((len(ring), ring.take(1)), (0, b""))

    def test_thirty_seconds(self) -> None:
        """Thirty seconds are held, of any format; nothing is dropped before."""
        for rate, channels in ((16_000, 1), (44_100, 2)):
            ring = RingBuffer(rate, channels)
            ring.append(bytes(rate * channels * 2 * 30))
            self.assertEqual((ring.held_ms, ring.dropped_ms), (30_000, 0))
            ring.append(bytes(rate * channels * 2))
            self.assertEqual((ring.held_ms, ring.dropped_ms), (30_000, 1_000))

    def test_oldest_goes(self) -> None:
        """The oldest goes, in whole frames, so that channels are not exchanged."""
        ring = RingBuffer(1_000, 2, seconds=0.004)
        ring.append(b"LlRrMmSs")
        ring.append(b"NnTtOoUuX")
        self.assertEqual(ring.dropped_ms, 1)
        self.assertEqual(ring.take(99), b"MmSsNnTtOoUuX")
        ring.append(b"LlRr" * 9)
        self.assertEqual((len(ring), ring.dropped_ms), (16, 6))

    def test_clear(self) -> None:
        """What is cleared is not counted as dropped."""
        ring = RingBuffer(1_000, 1)
        ring.append(bytes(2_000))
        ring.clear()
        self.assertEqual((len(ring), ring.held_ms, ring.dropped_ms), (0, 0, 0))
