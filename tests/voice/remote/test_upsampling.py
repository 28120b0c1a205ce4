"""Tests of car.voice.remote.upsampling: three samples out of two, without seams."""

import numpy as np
from numpy.typing import NDArray
from twisted.trial.unittest import SynchronousTestCase

from car.voice.remote.upsampling import Upsampler

SECONDS = 1.0


def tone(hertz: float, rate: int) -> NDArray[np.int16]:
    """A sine of 10,000."""
    times = np.arange(int(SECONDS * rate)) / rate
    samples: NDArray[np.int16] = np.rint(10_000 * np.sin(2 * np.pi * hertz * times)).astype("<i2")
    return samples


def upsampled(upsampler: Upsampler, pcm: bytes, piece: int) -> NDArray[np.int16]:
    """All of *pcm*, given in pieces."""
    pieces = [upsampler.feed(pcm[at : at + piece]) for at in range(0, len(pcm), piece)]
    return np.frombuffer(b"".join([*pieces, upsampler.flush()]), "<i2")


class UpsamplerTests(SynchronousTestCase):
    """Tones stay what they are."""

    def test_tones(self) -> None:
        """A tone comes out as itself at 24 kHz, at its place in time, within 40 dB."""
        for hertz in (100.0, 1_000.0, 5_000.0):
            made = upsampled(Upsampler(), tone(hertz, 16_000).tobytes(), 3_200)
            wanted = tone(hertz, 24_000)
            self.assertLess(abs(len(made) - len(wanted)), 4)
            inner = slice(100, len(wanted) - 100)
            error = made[inner].astype(float) - wanted[inner]
            self.assertLess(np.sqrt(np.mean(error**2)), 10_000 / np.sqrt(2) / 100)

    def test_pieces(self) -> None:
        """How it is cut into pieces makes no difference; nor does what came before."""
        pcm = tone(700.0, 16_000).tobytes()
        whole = upsampled(Upsampler(), pcm, len(pcm))
        upsampler = Upsampler()
        for piece in (2, 66, 1_024, 3_202):
            made = upsampled(upsampler, pcm, piece)
            np.testing.assert_allclose(made, whole, atol=1)  # numpy rounds as lengths have it

    def test_loud(self) -> None:
        """What would be louder than 16 bits can say is cut off."""
        square = np.repeat(np.array([32_767, -32_768] * 400, "<i2"), 20)
        made = upsampled(Upsampler(), square.tobytes(), 3_200)
        self.assertEqual((made.max(), made.min()), (32_767, -32_768))
