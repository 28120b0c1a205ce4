"""The front end of speaker vectors, against librosa's."""

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from car.voice.speakers.mel import levelled, log_mel, mel_filters

_PLACES = ([0, 50, 100], [0, 3, 10, 25, 39])
"""Frames and bands of which librosa's values stand below."""

_LIBROSA = [
    [0.3479442, 0.36480826, -2.4785483, -2.606105, -4.037953],
    [-5.8763976, -4.078208, -5.3141108, -5.9895597, -5.999857],
    [-1.145027, -1.0245068, 0.6084595, -3.8152664, -4.0525804],
]
"""librosa 0.11: log10 of ``filters.mel(sr=16000, n_fft=512, n_mels=40)`` times the square of
``stft(…, n_fft=512, hop_length=160, win_length=400, pad_mode="reflect")``, plus 1e-6."""


class MelTests(SynchronousTestCase):
    """log_mel and what it is made of."""

    def test_as_librosa(self) -> None:
        """A chirp and a tone have the spectrum that librosa gives them."""
        time = np.arange(16_000)
        chirp = 8_000 * np.sin(2 * np.pi * (200 * time / 16_000 + 300 * (time / 16_000) ** 2))
        samples = chirp + 2_000 * np.sin(2 * np.pi * 3_100 * time / 16_000)
        mel = log_mel(samples.astype(np.int16), 40)
        self.assertEqual(mel.shape, (101, 40))
        np.testing.assert_allclose(mel[np.ix_(*_PLACES)], _LIBROSA, atol=2e-5)

    def test_filters_as_librosa(self) -> None:
        """The bands have librosa's weights and peaks."""
        filters = mel_filters(40)
        self.assertEqual(filters.shape, (40, 257))
        rows = [0, 10, 25, 39]
        sums = [0.03127548, 0.03272428, 0.03208952, 0.03198153]
        np.testing.assert_allclose(filters.sum(axis=1)[rows], sums, rtol=1e-5)
        self.assertEqual(filters.argmax(axis=1)[rows].tolist(), [2, 26, 82, 237])

    def test_level(self) -> None:
        """Loud and soft audio come to one level; silence stays silent."""
        samples = np.array([100, -100] * 400, np.int16)
        soft, loud = levelled(samples), levelled(samples * np.int16(50))
        np.testing.assert_allclose(soft, loud, rtol=1e-5)
        self.assertAlmostEqual(float(np.abs(soft).max()), 32_768 * 10 ** (-33 / 20), places=1)
        self.assertFalse(levelled(np.zeros(800, np.int16)).any())
