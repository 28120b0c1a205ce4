"""Statistics of spectrum and pitch as vectors."""

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from car.voice.speakers.fbank import SIZE, THRESHOLDS, voice_vector
from car.voice.speakers.pitch import pitches
from tests.voice.speakers.doubles import tone


class PitchTests(SynchronousTestCase):
    """pitches."""

    def test_tones(self) -> None:
        """The pitch of a tone with overtones is found to a fiftieth of an octave."""
        for hertz in (80.0, 120.0, 210.0, 330.0):
            octaves, share = pitches(tone(hertz, 1.0).astype(np.float32))
            self.assertApproximates(float(np.median(octaves)), float(np.log2(hertz)), 0.02)
            self.assertGreater(share, 0.95)

    def test_noise(self) -> None:
        """Noise has no pitch."""
        noise = np.random.default_rng(1).normal(0, 1_000, 16_000).astype(np.float32)
        self.assertLess(pitches(noise).share, 0.05)

    def test_blocks(self) -> None:
        """What is worked on in blocks gives a value for each frame."""
        self.assertEqual(len(pitches(tone(120, 12).astype(np.float32)).octaves), 1_197)


class VoiceVectorTests(SynchronousTestCase):
    """voice_vector."""

    def test_unit(self) -> None:
        """A vector has 140 values and unit length."""
        vector = voice_vector(tone(120, 1.0))
        self.assertEqual(vector.shape, (SIZE,))
        self.assertEqual(SIZE, 140)
        self.assertAlmostEqual(float(vector @ vector), 1.0)

    def test_loudness(self) -> None:
        """How loud somebody speaks does not matter."""
        samples = tone(120, 1.0)
        self.assertGreater(voice_vector(samples) @ voice_vector(samples // 8), 0.98)

    def test_pitch_tells_apart(self) -> None:
        """A high tone is no low one."""
        cosine = voice_vector(tone(110, 1.0)) @ voice_vector(tone(220, 1.0))
        self.assertLess(cosine, THRESHOLDS.join)

    def test_no_pitch(self) -> None:
        """Whispering, which has no pitch, has a vector."""
        noise = np.random.default_rng(1).normal(0, 1_000, 16_000).astype(np.int16)
        self.assertTrue(np.isfinite(voice_vector(noise)).all())
