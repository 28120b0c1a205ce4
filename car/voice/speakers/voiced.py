"""The part of a stretch of speech in which somebody speaks: what a vector is made of.

Everything here computes and is for threads and worker processes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from car.voice.records import RATE
from car.voice.vad import FRAME_SAMPLES, load_vad

LEAST_SAMPLES = RATE // 4
"""A quarter of a second; less says nothing of a voice [ours]."""

_SPEECH = 0.5
"""The probability from which a frame is speech (``subsystem-voice.md``, Engines)."""

_AROUND = 2
"""Frames of 32 ms on either side of speech that go with it, so that sounds are not cut off."""

Samples = NDArray[np.int16]


class Voiced(NamedTuple):
    """``samples`` are what is left without pauses; ``length_ms`` counts frames of speech alone."""

    samples: Samples
    length_ms: int


def voiced(samples: Samples) -> Voiced:
    """What is speech in *samples*, 16 kHz mono.  Takes 50 ms and 5 ms a second of audio."""
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    vad = load_vad()  # a new one, as it remembers what it heard
    speech = np.array([vad.probability(frame) >= _SPEECH for frame in frames], bool)
    length_ms = int(speech.sum()) * FRAME_SAMPLES * 1000 // RATE
    return Voiced(frames[_widened(speech)].reshape(-1), length_ms)


def _widened(speech: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """*speech* with the frames around it."""
    wide = speech.copy()
    for distance in range(1, _AROUND + 1):
        wide[distance:] |= speech[:-distance]
        wide[:-distance] |= speech[distance:]
    return wide
