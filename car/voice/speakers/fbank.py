"""``fbank-stats-70``: vectors of voices from 70 statistics of their spectrum and pitch.

What is used without the speaker encoder; it needs numpy alone and is not nearly as good.  It
computes, so it is called in a thread.
"""

import numpy as np
from numpy.typing import NDArray

from car.voice.speakers.mel import Samples, levelled, log_mel
from car.voice.speakers.pitch import pitches
from car.voice.speakers.records import Thresholds

MODEL_ID = "fbank-stats-70"
"""Not ``fbank-stats-v1``, as the reference calls its own statistics: these are others, and
vectors under one name are compared."""

THRESHOLDS = Thresholds(match=0.85, join=0.76, near=0.60)
"""Measured as those of the encoder, on seven synthetic voices with four sentences each: from
0.76 on, two sentences count as of one voice wrongly or fail to in 2 of 100 cases."""

_BANDS = 32

SIZE = 2 * (2 * _BANDS + 6)

_QUIET_PERCENT = 40
"""So many of a hundred frames, the quietest, say more of the words than of the voice [ours]."""

_SCALES = np.array([0.4] * (2 * _BANDS) + [0.4, 0.5, 0.5, 0.5, 0.3, 0.2])
_WEIGHTS = np.array([1.0] * (2 * _BANDS) + [4.5] + [2.1] * 5)
"""How far a statistic differs between voices (log10 of power, then octaves and a share), and
what it counts.  Chosen on the voices above."""


def voice_vector(samples: Samples) -> NDArray[np.float64]:
    """The vector of *samples*, at least 40 ms of 16 kHz speech: 140 values of unit length.

    Each statistic stands as the cosine and sine of an angle, so that the cosine of two vectors
    is the mean of the cosines of their statistics' differences: one where they agree, and no
    average voice has to be known.
    """
    angles = _statistics(samples) / _SCALES
    vector = np.concatenate((_WEIGHTS * np.cos(angles), _WEIGHTS * np.sin(angles)))
    unit: NDArray[np.float64] = vector / np.linalg.norm(vector)
    return unit


def _statistics(samples: Samples) -> NDArray[np.float64]:
    """Means and deviations of the bands; middle, range, low, high, deviation, share of pitch."""
    level = levelled(samples)
    mel = log_mel(level, _BANDS)
    loudness = mel.mean(axis=1)
    loud = mel[loudness >= np.percentile(loudness, _QUIET_PERCENT)]
    octaves, share = pitches(level)
    if not len(octaves):
        octaves = np.zeros(1)
    low, middle, high = np.percentile(octaves, [10, 50, 90])
    pitch = [middle, high - low, low, high, octaves.std(), share]
    return np.concatenate((loud.mean(axis=0), loud.std(axis=0), pitch))
