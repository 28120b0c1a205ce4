"""Tests of car.voice.sources.file and push, through open_source."""

import os
import wave

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from car.voice.errors import InvalidRequest, SourceFailed
from car.voice.records import AudioFile, AudioSource, PcmPush
from car.voice.sources import file as file_module
from car.voice.sources.opening import open_source
from car.voice.sources.push import MAX_PUSH_BYTES
from car.voice.sources.source import Source
from tests.server.doubles import QueuedThread, ThreadlessClock

RATE = 8_000


class SourceTestCase(SynchronousTestCase):
    """Sources whose audio and end are kept."""

    def setUp(self) -> None:
        self.clock = ThreadlessClock()
        self.audio: list[bytes] = []
        self.ends: list[str | None] = []

    def begin(self, source: AudioSource) -> "Deferred[Source]":
        """Begin to open *source*."""
        return open_source(self.clock, source, self.audio.append, self.ends.append)

    def open(self, source: AudioSource) -> Source:
        """Open *source*."""
        return self.successResultOf(self.begin(source))

    def refused(self, source: AudioSource) -> str:
        """What is told of a *source* that is not opened."""
        return str(self.failureResultOf(self.begin(source), InvalidRequest).value)

    def advance(self, seconds: float, steps: int = 1) -> None:
        """Let time pass."""
        for _ in range(steps):
            self.clock.advance(seconds)


class FileSourceTests(SourceTestCase):
    """FileSource: pace, pauses, ends."""

    def setUp(self) -> None:
        super().setUp()
        self.pcm = bytes(range(256)) * 75  # 1.2 s
        self.path: str = os.path.abspath(self.mktemp())
        with wave.open(self.path, "wb") as file:
            file.setsampwidth(2)
            file.setnchannels(1)
            file.setframerate(RATE)
            file.writeframes(self.pcm)

    def test_realtime(self) -> None:
        """A tenth of a second comes when it would have been heard, and then the end."""
        source = self.open(AudioFile(self.path))
        self.assertEqual((source.sample_rate, source.channels), (RATE, 1))
        self.assertEqual(self.audio, [])
        self.advance(0.09)
        self.assertEqual(self.audio, [])
        self.advance(0.02)
        self.assertEqual(self.audio, [self.pcm[:1_600]])
        self.advance(0.1, 10)
        self.assertEqual((len(self.audio), self.ends), (11, []))
        self.advance(0.1)
        self.assertEqual((b"".join(self.audio), self.ends), (self.pcm, [None]))
        self.successResultOf(source.stop())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_late(self) -> None:
        """A reactor that was late catches up."""
        self.open(AudioFile(self.path))
        self.advance(1.0)
        self.advance(0.0, 20)
        self.assertEqual(len(self.audio), 10)

    def test_fast(self) -> None:
        """Without a pace half a second comes at once, and no time passes."""
        self.open(AudioFile(self.path, pace="fast"))
        self.advance(0.0)
        self.assertEqual([len(piece) for piece in self.audio], [8_000, 8_000, 3_200])
        self.assertEqual((b"".join(self.audio), self.ends), (self.pcm, [None]))

    def test_pause_fast(self) -> None:
        """A source that is paused gives nothing."""
        source = self.open(AudioFile(self.path, pace="fast"))
        source.pause()
        source.pause()
        self.advance(1.0, 5)
        self.assertEqual(self.audio, [])
        source.resume()
        source.resume()
        self.advance(0.0, 3)
        self.assertEqual((b"".join(self.audio), self.ends), (self.pcm, [None]))

    def test_pause_realtime(self) -> None:
        """Time that passes in a pause does not count."""
        source = self.open(AudioFile(self.path))
        self.advance(0.25)
        source.pause()
        self.advance(5.0)
        source.resume()
        self.advance(0.04)
        self.assertEqual(len(self.audio), 2)
        self.advance(0.02)
        self.assertEqual(len(self.audio), 3)

    def test_pause_while_reading(self) -> None:
        """What a thread reads during a pause waits for its end."""
        source = self.open(AudioFile(self.path, pace="fast"))
        thread = self.clock.pool = QueuedThread()
        self.advance(0.0)
        source.pause()
        thread.run()
        self.advance(1.0)
        self.assertEqual(len(self.audio), 1)
        source.resume()
        self.advance(0.0)
        self.assertEqual(len(self.audio), 2)

    def test_stop(self) -> None:
        """A source that is stopped gives nothing and tells nothing."""
        source = self.open(AudioFile(self.path))
        stops = [source.stop(), source.stop()]
        for stopped in stops:
            self.successResultOf(stopped)
        self.advance(0.1, 20)
        self.assertEqual((self.audio, self.ends), ([], []))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop_while_reading(self) -> None:
        """The file is closed when the thread that reads it is done, and stop fires then."""
        source = self.open(AudioFile(self.path, pace="fast"))
        thread = self.clock.pool = QueuedThread()
        self.advance(0.0)
        stopped = source.stop()
        thread.run()
        self.assertNoResult(stopped)
        thread.run()
        self.successResultOf(stopped)
        self.assertEqual((len(self.audio), self.ends), (1, []))

    def test_stop_by_audio(self) -> None:
        """Who takes audio may stop the source."""

        def stop(pcm: bytes) -> None:
            self.audio.append(pcm)
            self.successResultOf(source.stop())

        file = AudioFile(self.path, pace="fast")
        source = self.successResultOf(open_source(self.clock, file, stop, self.ends.append))
        self.advance(0.0)
        self.assertEqual((len(self.audio), self.ends), (1, []))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_damaged(self) -> None:
        """A file that cannot be read any more ends with a sentence."""

        class Damaged:
            sample_rate, channels, closed = RATE, 1, False

            def read(self, frames: int) -> bytes:
                raise SourceFailed("the audio file cannot be read: Input/output error")

            def close(self) -> None:
                self.closed = True

        reader = Damaged()
        self.patch(file_module, "open_audio", lambda path: reader)
        self.open(AudioFile(self.path))
        self.assertEqual(self.ends, ["the audio file cannot be read: Input/output error"])
        self.assertTrue(reader.closed)

    def test_refused(self) -> None:
        """No file, or a format that cannot be converted, is refused before anything is given."""
        self.assertIn("audio_source.path must name a file", self.refused(AudioFile("/none")))
        with wave.open(self.path, "wb") as file:
            file.setsampwidth(2)
            file.setnchannels(9)
            file.setframerate(RATE)
            file.writeframes(bytes(18))
        told = self.refused(AudioFile(self.path))
        self.assertEqual(told, "channels must be from 1 to 8, and is 9")

    def test_cancel(self) -> None:
        """A file that is opened after all is closed again."""
        thread = self.clock.pool = QueuedThread()
        opening = self.begin(AudioFile(self.path))
        opening.cancel()
        self.failureResultOf(opening, CancelledError)
        while thread.work:
            thread.run()
        self.assertEqual((self.audio, self.ends), ([], []))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_push(self) -> None:
        """Nothing can be pushed to a file."""
        source = self.open(AudioFile(self.path))
        told = str(self.assertRaises(InvalidRequest, source.push, b"12"))
        self.assertEqual(
            told, "audio can be pushed where audio_source.kind is 'pcm_push', and it is 'file'"
        )


class PushSourceTests(SourceTestCase):
    """PushSource"""

    def test_push(self) -> None:
        """What is pushed is given, up to the stop."""
        source = self.open(PcmPush(sample_rate=48_000, channels=2))
        self.assertEqual((source.sample_rate, source.channels), (48_000, 2))
        source.push(b"abcd")
        source.pause()
        source.resume()
        self.successResultOf(source.stop())
        source.push(b"efgh")
        self.assertEqual((self.audio, self.ends), ([b"abcd"], []))

    def test_refused(self) -> None:
        """A format that cannot be converted is refused, and so is too much at once."""
        told = self.refused(PcmPush(sample_rate=4_000))
        self.assertEqual(told, "sample_rate must be from 8000 to 192000 Hz, and is 4000")
        source = self.open(PcmPush(sample_rate=16_000))
        source.push(bytes(MAX_PUSH_BYTES))
        told = str(self.assertRaises(InvalidRequest, source.push, bytes(MAX_PUSH_BYTES + 1)))
        self.assertEqual(told, "a push holds at most 1048576 octets of audio, and this has 1048577")
