"""Tests of car.voice.recognisers.decoding: files and spans."""

import base64
import io
import os
import wave
from pathlib import Path

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from car.voice.errors import InvalidRequest, MissingComponent, SourceFailed
from car.voice.recognisers import decoding
from car.voice.recognisers.decoding import Samples, blocks, quietest, spans
from car.voice.records import RATE
from tests.voice.needed import missing


def tone(seconds: float, rate: int) -> Samples:
    """A tone of 440 Hz."""
    times = np.arange(int(seconds * rate)) / rate
    return (np.sin(2 * np.pi * 440 * times) * 10_000).astype(np.int16)


def wav(seconds: float, rate: int) -> bytes:
    """The octets of a stereo WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((2, 2, rate, 0, "NONE", ""))
        writer.writeframes(np.repeat(tone(seconds, rate), 2).tobytes())
    return file.getvalue()


class FileTests(SynchronousTestCase):
    """blocks: what files hold, and what holds nothing."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()).absolute()
        self.path.write_bytes(wav(0.5, 44_100))

    def check_tone(self, arguments: dict[str, str]) -> None:
        """Half a second of the tone, at our rate."""
        samples = np.concatenate(list(blocks(arguments)))
        self.assertApproximates(len(samples), RATE // 2, 64)
        spectrum = np.abs(np.fft.rfft(samples))
        self.assertApproximates(int(spectrum.argmax()) * RATE / len(samples), 440, 3)

    def test_without_library(self) -> None:
        """Without PyAV WAV files are read all the same; what is no file is missing it."""
        self.patch(decoding, "find_spec", lambda name: None)

        def no_library(name: str, extra: str, feature: str, error: type[Exception]) -> None:
            raise error(f"{feature} needs {name}")

        self.patch(decoding, "import_component", no_library)
        self.check_tone({"audio_path": str(self.path)})
        with self.assertRaisesRegex(MissingComponent, "reading audio files needs av"):
            list(blocks({"audio_b64": ""}))

    def test_cannot_be_opened(self) -> None:
        """What is no file is told; a pipe that nobody writes to is not waited for."""
        pipe = f"{self.path}-pipe"
        os.mkfifo(pipe)
        for arguments, text in (
            ({"audio_path": "/no/such"}, "audio_path: '/no/such' cannot be read: No such file"),
            ({"audio_path": str(self.path.parent)}, "is not a file"),
            ({"audio_path": pipe}, "is not a file"),
            ({"audio_path": "/dev/zero"}, "is not a file"),
            ({"audio_b64": "%"}, "audio_b64: expected an audio file in base64"),
        ):
            with self.assertRaisesRegex(InvalidRequest, text):
                list(blocks(arguments))


class LibraryTests(FileTests):
    """blocks with PyAV."""

    skip = missing("av")

    def test_formats(self) -> None:
        """Files are converted; octets in base64 as well."""
        self.check_tone({"audio_path": str(self.path)})
        self.check_tone({"audio_b64": base64.b64encode(self.path.read_bytes()).decode()})

    def test_unreadable(self) -> None:
        """A file that opens and cannot be read is told, and ends nobody's worker."""
        with self.assertRaisesRegex(SourceFailed, "'/proc/self/mem' holds no audio that can be"):
            list(blocks({"audio_path": "/proc/self/mem"}))

    def test_no_audio(self) -> None:
        """What is no audio is told with its name; a playlist, which leads elsewhere, is none."""
        other = Path(f"{self.path}.m3u8")
        for octets in (
            b"",
            b"owls " * 1_000,
            f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{self.path}\n#EXT-X-ENDLIST\n".encode(),
        ):
            other.write_bytes(octets)
            with self.assertRaisesRegex(SourceFailed, f"^'{other}' holds no audio that can be"):
                list(blocks({"audio_path": str(other)}))
        with self.assertRaisesRegex(SourceFailed, "^audio_b64 holds no audio"):
            list(blocks({"audio_b64": "b3dscw=="}))

    def test_torn(self) -> None:
        """Of a file that breaks off what is there is read."""
        self.path.write_bytes(self.path.read_bytes()[:40_000])
        samples = np.concatenate(list(blocks({"audio_path": str(self.path)})))
        self.assertGreater(len(samples), 3_000)


class SpanTests(SynchronousTestCase):
    """spans and quietest."""

    def test_cut(self) -> None:
        """Long audio is cut where it is quiet; the spans make up the whole."""
        audio = tone(10, RATE)
        for second in (2.5, 5.0, 7.9):
            audio[int(second * RATE) :][:1_600] = 0
        pieces = iter(np.array_split(audio, 37))
        found = list(spans(pieces, 3 * RATE, RATE))
        np.testing.assert_array_equal(np.concatenate([span.samples for span in found]), audio)
        self.assertEqual(
            [span.start for span in found[1:]],
            [int(np.cumsum([len(span.samples) for span in found])[at]) for at in range(3)],
        )
        for span, second in zip(found[1:], (2.5, 5.0, 7.9), strict=True):
            self.assertTrue(0 <= span.start / RATE - second <= 0.1, span.start / RATE)

    def test_short(self) -> None:
        """What is short stays whole, and nothing is no span."""
        (span,) = spans(iter([tone(1, RATE)]), 3 * RATE, RATE)
        self.assertEqual((span.start, len(span.samples)), (0, RATE))
        self.assertEqual(list(spans(iter([]), 3 * RATE, RATE)), [])

    def test_too_long(self) -> None:
        """A recording longer than the limit is refused."""
        self.patch(decoding, "MAX_FILE_SECONDS", 5)
        with self.assertRaisesRegex(SourceFailed, "is longer than"):
            list(spans(iter([tone(10, RATE)]), 3 * RATE, RATE))

    def test_quietest(self) -> None:
        """The middle of the quietest 32 ms."""
        samples = tone(1, RATE)
        samples[8_192:8_704] = 0
        self.assertEqual(quietest(samples), 8_448)
