"""Tests of car.voice.listening."""

import numpy as np
from numpy.typing import NDArray
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

from car.application import the_reactor
from car.voice.errors import InvalidRequest
from car.voice.listening import Listener
from car.voice.records import VadOptions
from car.voice.segmenter import Began, Ended, Event, More, Segmenter
from car.voice.vad import EnergyVad, open_vad
from tests.server.doubles import QueuedThread, ThreadlessClock
from tests.voice.needed import needs, samples, speech

Samples = NDArray[np.int16]


class LevelVad:
    """Takes for speech what is not silent."""

    def __init__(self) -> None:
        self.frames = 0

    def probability(self, frame: Samples) -> float:
        """0 or 1."""
        self.frames += 1
        return float(frame.any())


class BrokenVad:
    """Fails once."""

    def __init__(self) -> None:
        self.broken = True

    def probability(self, frame: Samples) -> float:
        """0 from the second frame on."""
        if self.broken:
            self.broken = False
            raise RuntimeError("the network is ill")
        return 0.0


def silence(ms: int, rate: int = 16_000) -> bytes:
    """So much digital silence."""
    return bytes(ms * rate // 1000 * 2)


def sound(ms: int, rate: int = 16_000) -> bytes:
    """So much that is not silent."""
    return np.full(ms * rate // 1000, 1_000, "<i2").tobytes()


class ListenerTestCase(SynchronousTestCase):
    """A Listener whose threads run at once, or when told."""

    def setUp(self) -> None:
        self.clock = ThreadlessClock()
        self.events: list[Event] = []
        self.dropped: list[int] = []
        self.vad = LevelVad()
        self.listener = self.make(16_000)

    def make(self, rate: int, channels: int = 1, options: VadOptions | None = None) -> Listener:
        """A listener that tells ``events`` and ``dropped``."""
        return Listener(
            self.clock,
            rate,
            channels,
            self.vad,
            Segmenter(options or VadOptions()),
            self.events.append,
            self.dropped.append,
        )

    def queue(self) -> QueuedThread:
        """Let threads work only when told from now on."""
        queued = self.clock.pool = QueuedThread()
        return queued

    def times(self) -> list[tuple[str, int]]:
        """The events that have a time."""
        return [
            (type(event).__name__, event.at_ms)
            for event in self.events
            if not isinstance(event, More)
        ]

    def heard(self) -> bytes:
        """The audio of all segments."""
        return b"".join(event.audio for event in self.events if not isinstance(event, Ended))


class SegmentTests(ListenerTestCase):
    """Listener: what comes out of what goes in."""

    def test_segment(self) -> None:
        """Speech is told with its times and its audio, however the audio is cut."""
        pcm = silence(960) + sound(640) + silence(960)
        for chunk in (2, 33, 640, 100_000):
            self.events.clear()
            self.listener = self.make(16_000)
            for start in range(0, len(pcm), chunk):
                self.listener.audio_received(pcm[start : start + chunk])
            self.assertEqual(self.times(), [("Began", 960), ("Ended", 1_600)], chunk)
            self.assertEqual(self.heard(), silence(200) + sound(640) + silence(608))
            self.assertEqual(self.listener.audio_ms, 2_560)
            self.assertLess(self.listener.behind_ms, 32)

    def test_other_rates(self) -> None:
        """Audio of another rate has the same times."""
        for rate in (8_000, 44_100, 48_000):
            self.events.clear()
            self.listener = self.make(rate)
            self.listener.audio_received(silence(960, rate) + sound(640, rate) + silence(960, rate))
            self.successResultOf(self.listener.flush())
            (began, at), (ended, end) = self.times()
            self.assertEqual((began, ended), ("Began", "Ended"))
            self.assertLessEqual(abs(at - 960), 32)
            self.assertLessEqual(abs(end - 1_600), 32)

    def test_more_is_joined(self) -> None:
        """A batch tells the audio that goes on once."""
        self.listener.audio_received(sound(320))
        self.assertEqual([type(event) for event in self.events], [Began, More])

    def test_refused(self) -> None:
        """A format that cannot be converted is refused."""
        self.assertRaises(InvalidRequest, self.make, 4_000)

    @needs("flite")
    def test_speech(self) -> None:
        """Times of real speech are within 300 ms of the truth, without any optional package."""
        rate, wave = samples(speech("the quick brown fox jumps over the lazy dog", "flite"))
        loud = np.nonzero(np.abs(wave.astype(int)) > 500)[0] * 1000 // rate
        self.listener = Listener(
            self.clock,
            rate,
            1,
            EnergyVad(),
            Segmenter(VadOptions()),
            self.events.append,
            self.dropped.append,
        )
        self.listener.audio_received(silence(1_000, rate) + wave.tobytes() + silence(1_000, rate))
        self.successResultOf(self.listener.flush())
        (_, at), (_, end) = self.times()
        self.assertLess(abs(at - 1_000 - loud[0]), 300)
        self.assertLess(abs(end - 1_000 - loud[-1]), 300)


class ThreadTests(ListenerTestCase):
    """Listener: batches in threads, and what waits meanwhile."""

    def test_one_batch(self) -> None:
        """One second at most is worked on at once, in order; the rest waits."""
        thread = self.queue()
        self.listener.audio_received(silence(500))
        self.listener.audio_received(silence(2_000))
        self.assertEqual(len(thread.work), 1)
        self.assertEqual(self.listener.behind_ms, 2_500)
        thread.run()
        self.assertEqual((self.listener.behind_ms, len(thread.work)), (2_000, 1))
        thread.run()
        thread.run()
        self.assertEqual((self.listener.behind_ms, thread.work), (0, []))
        self.assertEqual(self.vad.frames, 2_500 // 32)

    def test_less_than_a_frame(self) -> None:
        """No thread is asked for less than a frame."""
        thread = self.queue()
        self.listener.audio_received(silence(31))
        self.assertEqual((thread.work, self.listener.behind_ms), ([], 31))

    def test_overflow(self) -> None:
        """More than 30 s push out the oldest, which is told and counts for the times."""
        thread = self.queue()
        self.listener.audio_received(silence(1_000))
        self.listener.audio_received(silence(10_000))
        self.assertEqual(self.dropped, [])
        self.listener.audio_received(silence(22_000) + sound(3_000))
        self.assertEqual(self.dropped, [5_000])
        self.assertEqual(self.listener.behind_ms, 31_000)
        while thread.work:
            thread.run()
        self.assertEqual(self.listener.audio_ms, 36_000)
        ((_, at),) = self.times()
        self.assertLessEqual(abs(at - 33_000), 32)

    def test_flush(self) -> None:
        """A flush fires when all is segmented, and ends what is open."""
        thread = self.queue()
        self.listener.audio_received(sound(1_510))
        flushed = self.listener.flush()
        thread.run()
        thread.run()
        self.assertNoResult(flushed)
        thread.run()
        self.assertIsNone(self.successResultOf(flushed))
        self.assertEqual(self.times(), [("Began", 0), ("Ended", 1_536)])
        self.assertEqual(self.heard(), sound(1_510) + silence(26))

    def test_flush_twice(self) -> None:
        """Each that flushes has a Deferred of its own; one that was given up harms none."""
        thread = self.queue()
        flushes = [self.listener.flush() for _ in range(3)]
        flushes[1].cancel()
        self.failureResultOf(flushes[1])
        while thread.work:
            thread.run()
        self.successResultOf(flushes[0])
        self.successResultOf(flushes[2])

    def test_after_flush(self) -> None:
        """What comes after a flush begins anew, and its times go on."""
        self.listener.audio_received(sound(320))
        self.successResultOf(self.listener.flush())
        self.listener.audio_received(sound(320))
        self.successResultOf(self.listener.flush())
        self.assertEqual(
            self.times(), [("Began", 0), ("Ended", 320), ("Began", 320), ("Ended", 640)]
        )

    def test_close(self) -> None:
        """After the close nothing is told, and who waits is let go."""
        thread = self.queue()
        self.listener.audio_received(sound(3_000))
        flushed: Deferred[None] = self.listener.flush()
        self.listener.close()
        self.successResultOf(flushed)
        self.listener.audio_received(sound(3_000))
        while thread.work:
            thread.run()
        self.assertEqual((self.events, self.listener.behind_ms), ([], 0))
        self.successResultOf(self.listener.flush())

    def test_close_within(self) -> None:
        """An event that closes the listener is the last."""

        def told(event: Event) -> None:
            self.events.append(event)
            listener.close()

        segmenter = Segmenter(VadOptions())
        listener = Listener(self.clock, 16_000, 1, self.vad, segmenter, told, self.dropped.append)
        listener.audio_received(sound(960))
        self.assertEqual(len(self.events), 1)

    def test_defect(self) -> None:
        """A defect is logged; the listener lives, and flushes fire."""
        listener = Listener(
            self.clock,
            16_000,
            1,
            BrokenVad(),
            Segmenter(VadOptions()),
            self.events.append,
            self.dropped.append,
        )
        listener.audio_received(silence(96))
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        listener.audio_received(silence(96))
        self.successResultOf(listener.flush())


class RealThreadTests(TestCase):
    """Listener with the reactor's own threads."""

    timeout = 60

    @needs("flite")
    async def test_large_push(self) -> None:
        """Half a minute at once gives the segments that its pieces give."""
        rate, wave = samples(speech("the quick brown fox jumps over the lazy dog", "flite"))
        pcm = (wave.tobytes() + silence(1_000, rate)) * 20
        reactor = the_reactor()
        vad = await open_vad(reactor)
        events: list[Event] = []
        segmenter = Segmenter(VadOptions())
        listener = Listener(reactor, rate, 1, vad, segmenter, events.append, self.fail)
        listener.audio_received(pcm[: 29_000 * 32])
        await listener.flush()
        ends = [event.at_ms for event in events if isinstance(event, Ended)]
        length = len(wave) * 1000 // rate + 1_000
        self.assertEqual(len(ends), 29_000 // length + 1)
        for number, end in enumerate(ends[:-1]):
            self.assertLess(abs(end - (number + 1) * length + 1_000), 300)
