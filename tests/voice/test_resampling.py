"""Tests of car.voice.resampling."""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from twisted.trial.unittest import SynchronousTestCase

from car.voice.errors import InvalidRequest
from car.voice.records import RATE
from car.voice.resampling import Resampler
from tests.voice.needed import needs

SECONDS = 1.0


def tone(hertz: float, rate: int, *, amplitude: float = 10_000) -> NDArray[np.float64]:
    """A second of a sine."""
    sine: NDArray[np.float64] = np.sin(np.arange(int(rate * SECONDS)) * 2 * np.pi * hertz / rate)
    return sine * amplitude


def octets(samples: NDArray[Any]) -> bytes:
    """Samples as s16le."""
    whole: NDArray[np.int16] = np.rint(samples).astype("<i2")
    return whole.tobytes()


def converted(
    pcm: bytes, rate: int, channels: int = 1, *, chunk: int = 1 << 30
) -> NDArray[np.int16]:
    """All of *pcm* at 16 kHz, fed in chunks of so many octets."""
    resampler = Resampler(rate, channels)
    fed = [resampler.feed(pcm[start : start + chunk]) for start in range(0, len(pcm), chunk)]
    return np.concatenate([*fed, resampler.flush()])


def power_db(samples: NDArray[Any]) -> float:
    """Mean power in dB of a full sine of amplitude 10,000, the first and last 50 ms aside."""
    middle = samples[800:-800].astype(float)
    return float(10 * np.log10(np.mean(middle**2) / (10_000**2 / 2) + 1e-12))


class FormatTests(SynchronousTestCase):
    """Resampler: what is taken, and what is not."""

    def test_refused(self) -> None:
        """Rates and channels out of bounds are refused in a sentence that names them."""
        for rate, channels, told in (
            (7_999, 1, "sample_rate must be from 8000 to 192000 Hz, and is 7999"),
            (192_001, 1, "sample_rate must be from 8000 to 192000 Hz, and is 192001"),
            (16_000, 0, "channels must be from 1 to 8, and is 0"),
            (16_000, 9, "channels must be from 1 to 8, and is 9"),
        ):
            problem = self.assertRaises(InvalidRequest, Resampler, rate, channels)
            self.assertEqual(str(problem), told)

    def test_as_it_is(self) -> None:
        """16 kHz mono passes unchanged, odd octets carried over."""
        pcm = octets(tone(440, RATE))
        for chunk in (1, 7, 640):
            self.assertEqual(converted(pcm, RATE, chunk=chunk).tobytes(), pcm)

    def test_channels(self) -> None:
        """Channels are averaged, wherever chunks are cut."""
        left, right = tone(440, RATE), tone(440, RATE, amplitude=-5_000)
        pcm = octets(np.stack((left, right), axis=1).ravel())
        for chunk in (5, 1_000):
            mixed = converted(pcm, RATE, 2, chunk=chunk)
            self.assertTrue(np.allclose(mixed, (left + right) / 2, atol=1.01))

    def test_unfinished_frame(self) -> None:
        """Octets that complete no frame are gone with the flush."""
        resampler = Resampler(RATE, 1)
        resampler.feed(b"x")
        self.assertEqual(len(resampler.flush()), 0)
        self.assertEqual(resampler.feed(b"ab").tobytes(), b"ab")


class SincTests(SynchronousTestCase):
    """Resampler without soxr."""

    def setUp(self) -> None:
        self.patch(sys, "modules", {**sys.modules, "soxr": None})

    def test_pass_band(self) -> None:
        """What 16 kHz can hold keeps its level and its time."""
        for rate in (8_000, 11_025, 22_050, 44_100, 44_056, 48_000, 96_000, 192_000):
            for hertz in (100, 1_000, 3_000):
                made = converted(octets(tone(hertz, rate)), rate)
                expected = tone(hertz, RATE)
                self.assertEqual(abs(len(made) - len(expected)) <= 1, True, rate)
                size = min(len(made), len(expected))
                wrong = power_db(made[:size] - expected[:size])
                self.assertLess(wrong, -45 if hertz < 3_000 else -35, (rate, hertz))

    def test_aliases(self) -> None:
        """What 16 kHz cannot hold is not heard as something else."""
        for rate in (22_050, 44_100, 48_000, 96_000):
            for hertz in (8_300, 9_500, rate // 2 - 500):
                self.assertLess(power_db(converted(octets(tone(hertz, rate)), rate)), -55, rate)

    def test_images(self) -> None:
        """8 kHz gains nothing above 4 kHz."""
        made = converted(octets(tone(3_000, 8_000)), 8_000)[800:-800]
        spectrum = np.abs(np.fft.rfft(made * np.hanning(len(made)))) ** 2
        above = spectrum[len(spectrum) * 9 // 16 :].sum() / spectrum.sum()
        self.assertLess(10 * np.log10(above), -50)

    def test_chunks(self) -> None:
        """The borders of chunks cannot be seen in what is made."""
        for rate in (8_000, 44_100, 48_000, 44_056):
            pcm = octets(tone(700, rate))
            whole = converted(pcm, rate)
            for chunk in (2, 33, 640, 9_999):
                made = converted(pcm[:8_000], rate, chunk=chunk)
                self.assertTrue(np.array_equal(made[:500], whole[:500]), (rate, chunk))
            self.assertTrue(np.array_equal(converted(pcm, rate, chunk=1_234), whole), rate)

    def test_loud(self) -> None:
        """Full scale is clipped, not turned over."""
        square = np.sign(tone(200, 48_000)) * 32_767
        made = converted(octets(square), 48_000).astype(int)
        self.assertLess(np.abs(np.diff(made)).max(), 60_000)
        self.assertEqual(made.max(), 32_767)

    def test_begins_anew(self) -> None:
        """What comes after a flush is made as the first was."""
        resampler = Resampler(44_100, 1)
        pcm = octets(tone(500, 44_100))
        first = np.concatenate((resampler.feed(pcm), resampler.flush()))
        second = np.concatenate((resampler.feed(pcm), resampler.flush()))
        self.assertTrue(np.array_equal(first, second))
        self.assertEqual(len(resampler.flush()), 0)


@needs("soxr")
class SoxrTests(SynchronousTestCase):
    """Resampler with soxr."""

    def test_same_as_sinc(self) -> None:
        """Level and time are those of the tone, in chunks too."""
        for rate in (8_000, 22_050, 44_100, 48_000, 192_000):
            made = converted(octets(tone(1_000, rate)), rate, chunk=1_000)
            expected = tone(1_000, RATE)
            self.assertLessEqual(abs(len(made) - len(expected)), 2, rate)
            size = min(len(made), len(expected))
            self.assertLess(power_db(made[:size] - expected[:size]), -50, rate)

    def test_aliases(self) -> None:
        """What 16 kHz cannot hold is not heard as something else."""
        self.assertLess(power_db(converted(octets(tone(9_500, 48_000)), 48_000)), -70)

    def test_flush(self) -> None:
        """A flush without audio gives none."""
        self.assertEqual(len(Resampler(44_100, 1).flush()), 0)
