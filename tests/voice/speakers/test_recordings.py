"""Recordings that people are enrolled by."""

import base64
from pathlib import Path

import numpy as np
from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import RecordError, convert
from car.voice.errors import InvalidRequest
from car.voice.speakers.recordings import MAX_SECONDS, enrollment_pcm
from car.voice.speakers.records import EnrollmentAudio, PcmAudio, WavAudio
from tests.voice.speakers.doubles import tone, write_wav


class _Request(Struct):
    audio: EnrollmentAudio


class RecordingTests(SynchronousTestCase):
    """enrollment_pcm."""

    def wav(self, seconds: float, rate: int) -> WavAudio:
        """A file of a tone."""
        path = Path(self.mktemp()).absolute()
        write_wav(path, tone(120, seconds, rate), rate)
        return WavAudio(str(path))

    def test_wav(self) -> None:
        """A file of any rate becomes 16 kHz mono."""
        for rate in (16_000, 22_050, 48_000):
            pcm = enrollment_pcm(self.wav(1.5, rate))
            self.assertApproximates(len(pcm) / 32_000, 1.5, 0.01)

    def test_longest(self) -> None:
        """What comes after the first 20 s is not listened to."""
        rate = 8_000
        samples = np.zeros((MAX_SECONDS + 5) * rate, "<i2")
        octets = base64.b64encode(samples.tobytes()).decode()
        pushed = enrollment_pcm(PcmAudio(rate, octets))
        self.assertApproximates(len(pushed) / 32_000, MAX_SECONDS, 0.1)
        path = Path(self.mktemp()).absolute()
        write_wav(path, samples, rate)
        read = enrollment_pcm(WavAudio(str(path)))
        self.assertApproximates(len(read) / 32_000, MAX_SECONDS, 0.1)

    def test_pcm(self) -> None:
        """Samples in base64 are taken as they are, several channels mixed."""
        samples = tone(120, 0.5).astype("<i2")
        octets = base64.b64encode(samples.tobytes()).decode()
        self.assertEqual(enrollment_pcm(PcmAudio(16_000, octets)), samples.tobytes())
        octets = base64.b64encode(np.repeat(samples, 2).tobytes()).decode()
        self.assertEqual(enrollment_pcm(PcmAudio(16_000, octets, 2)), samples.tobytes())

    def test_wrong_pcm(self) -> None:
        """What is wrong with samples is said by field."""
        for audio, said in (
            (PcmAudio(16_000, "?"), "audio.pcm_b64: expected s16le"),
            (PcmAudio(1, ""), "sample_rate must be from"),
            (PcmAudio(16_000, "", 0), "channels must be from"),
        ):
            with self.assertRaisesRegex(InvalidRequest, said):
                enrollment_pcm(audio)

    def test_wrong_path(self) -> None:
        """A path must be absolute and lead to a file."""
        for path in ("relative.wav", "/a\0b"):
            with self.assertRaisesRegex(InvalidRequest, "^audio.path: expected an absolute path"):
                enrollment_pcm(WavAudio(path))
        with self.assertRaisesRegex(InvalidRequest, "must name a file"):
            enrollment_pcm(WavAudio("/nowhere.wav"))

    def test_request(self) -> None:
        """Requests are told by their kind."""
        wav = convert({"audio": {"kind": "wav", "path": "/x"}}, _Request)
        self.assertEqual(wav.audio, WavAudio("/x"))
        asked = {"kind": "pcm", "sample_rate": 8000, "pcm_b64": ""}
        self.assertEqual(convert({"audio": asked}, _Request).audio, PcmAudio(8_000, ""))
        with self.assertRaises(RecordError):
            convert({"audio": {"kind": "mp3"}}, _Request)
