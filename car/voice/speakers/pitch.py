"""The pitch of a voice, by autocorrelation in numpy; for threads, as it computes."""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from car.voice.records import RATE
from car.voice.speakers.mel import HOP, Floats

_WINDOW = 640
"""40 ms: more than two periods of the lowest voices."""

_FFT = 2_048

_SHORTEST, _LONGEST = RATE // 400, RATE // 60
"""Periods in samples: voices from 60 to 400 Hz."""

_CLEAR = 0.5
"""How much of a frame must repeat after a period to be voiced: half of its energy [ours]."""

_NEARLY = 0.9
"""The first peak that is nearly as high as the highest is the period, later ones multiples."""

_FAINT = 0.05
"""Frames of less than so much of the usual energy are not looked at [ours]."""

_BLOCK = 512
"""Frames at once, to bound what is held meanwhile: 4 MiB."""


Doubles = NDArray[np.float64]


class Pitches(NamedTuple):
    """``octaves``: log2 of the pitch in Hz of each voiced frame; ``share``: of all frames."""

    octaves: Doubles
    share: float


def pitches(samples: Floats) -> Pitches:
    """The pitches in *samples*, 16 kHz mono, at least 40 ms."""
    windows = sliding_window_view(samples, _WINDOW)[::HOP]
    blocks = [_block(windows[at : at + _BLOCK]) for at in range(0, len(windows), _BLOCK)]
    periods, heights, energies = (np.concatenate(part) for part in zip(*blocks, strict=True))
    is_voiced = (heights > _CLEAR) & (energies > _FAINT * np.median(energies))
    return Pitches(np.log2(RATE / periods[is_voiced]), float(is_voiced.mean()))


def _block(windows: Floats) -> tuple[NDArray[np.int64], Doubles, Doubles]:
    """Of each window its period, how well it repeats (0 to 1) and its energy."""
    shape = np.hanning(_WINDOW)
    own = _autocorrelation(shape[np.newaxis])
    repeats = _autocorrelation(windows * shape)
    energies = repeats[:, 0]
    repeats = repeats / (energies[:, np.newaxis] + 1e-9) / (own / own[0, 0])
    found = repeats[:, _SHORTEST : _LONGEST + 1]
    middle, before, after = found[:, 1:-1], found[:, :-2], found[:, 2:]
    peaks = np.where((middle >= before) & (middle >= after), middle, 0.0)
    heights = peaks.max(axis=1)
    first = (peaks >= _NEARLY * heights[:, np.newaxis]).argmax(axis=1)
    return first + _SHORTEST + 1, heights, energies


def _autocorrelation(windows: Floats | Doubles) -> Doubles:
    spectrum = np.fft.rfft(windows, _FFT)
    repeats: Doubles = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)
    return repeats[:, : _LONGEST + 1]
