"""Tests of car.voice.speech.waves."""

import io
import wave

from twisted.trial.unittest import SynchronousTestCase

from car.voice.errors import EngineFailed
from car.voice.speech.waves import HEADER_BYTES, WaveReader, wave_header

SAMPLES = bytes(range(200))


class WaveTests(SynchronousTestCase):
    """WaveReader and wave_header."""

    def read(self, octets: bytes, size: int = 0) -> bytes:
        """What a reader makes of *octets*, given *size* at a time."""
        self.reader = WaveReader("the service")
        size = size or len(octets)
        pieces = [octets[start : start + size] for start in range(0, len(octets), size)]
        return b"".join(map(self.reader.feed, pieces))

    def test_header(self) -> None:
        """The standard library reads what is written."""
        with wave.open(io.BytesIO(wave_header(200, 22_050) + SAMPLES)) as file:
            form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            self.assertEqual(form, (22_050, 1, 2))
            self.assertEqual(file.readframes(100), SAMPLES)

    def test_any_cut(self) -> None:
        """However the octets are cut, the samples are the same."""
        whole = wave_header(200, 8_000) + SAMPLES
        for size in range(1, len(whole) + 1):
            self.assertEqual(self.read(whole, size), SAMPLES)
            self.assertEqual(self.reader.sample_rate, 8_000)

    def test_unknown_length(self) -> None:
        """A length of 0, espeak-ng's and -1 mean: up to the end."""
        for size in (0, 0x7FFF_F000, 0xFFFF_FFFF):
            head = wave_header(0, 22_050)[:-4] + size.to_bytes(4, "little")
            self.assertEqual(self.read(head + SAMPLES), SAMPLES)

    def test_other_chunks(self) -> None:
        """What stands before and after the samples is passed over."""
        head = wave_header(len(SAMPLES), 16_000)
        before = b"LIST" + (3).to_bytes(4, "little") + b"abc\0"
        whole = head[:12] + before + head[12:] + SAMPLES + b"LIST\4\0\0\0abcd"
        for size in (1, 7, 0):
            self.assertEqual(self.read(whole, size), SAMPLES)

    def test_refused(self) -> None:
        """What is no 16-bit mono WAV is refused with a sentence that names who sent it."""
        head = wave_header(0, 16_000)
        stereo = head[:22] + b"\2" + head[23:]
        texts = {
            b'{"error": "busy"}': "the service sent no WAV",
            stereo: "the service sent a WAV of 2 channels and 16 bits (kind 1); "
            "only 16-bit PCM, mono, is taken",
            head[:12] + head[36:]: "the service sent a WAV without a format",
            head[:16] + b"\1\0\0\0\1\0" + head[36:]: "the service sent a WAV without a format",
            head[:12] + b"junk\xff\xff\xff\xff": "the service sent a WAV without samples",
        }
        for octets, text in texts.items():
            problem = self.assertRaises(EngineFailed, self.read, octets)
            self.assertEqual(str(problem), text)

    def test_short(self) -> None:
        """A header that does not end gives no samples."""
        self.assertEqual(self.read(wave_header(200, 8_000)[: HEADER_BYTES - 1]), b"")
