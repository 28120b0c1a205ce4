"""Spectra of 16 kHz speech in bands of mel, by numpy: what vectors of voices are made of.

The frames are librosa's defaults and those of the speaker encoders trained with it: 400 samples
under a Hann window every 160, in a Fourier transform of 512, the first frame around the first
sample, with the audio mirrored at its ends.  Bands are Slaney's (Auditory Toolbox, 1998): linear
up to 1 kHz, logarithmic above, triangles of equal area.
"""

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from car.voice.records import RATE

HOP = 160
"""Samples from frame to frame: 10 ms."""

_WINDOW, _FFT = 400, 512

_LINEAR_HZ = 200 / 3
"""Hertz a mel below the break."""

_BREAK_HZ, _BREAK_MEL = 1_000.0, 15.0
_LOG_STEP = np.log(6.4) / 27
"""Above it 27 mels lead from 1 to 6.4 kHz."""

_FLOOR = 1e-6
"""Added to power, so that silence has a logarithm."""

_LEVEL = 32_768 * 10 ** (-33 / 20)
"""What audio is brought to, root mean square: 33 dB below full scale.  Speaker vectors depend on
loudness otherwise; of levels from -25 to -40 dB this one tells voices apart best (seven synthetic
voices, four sentences each: cosines of one voice 0.81 and up, of two 0.68 and below)."""

_FULL_SCALE = np.float32(32_768)

Floats = NDArray[np.float32]
Samples = NDArray[np.int16]


def levelled(samples: Samples) -> Floats:
    """*samples* at the level of all others; pure silence stays what it is."""
    wide = samples.astype(np.float32)
    loudness = max(1.0, float(np.sqrt(np.mean(np.square(wide)))))
    level: Floats = wide * np.float32(_LEVEL / loudness)
    return level


def log_mel(samples: Samples | Floats, bands: int) -> Floats:
    """``(frames, bands)``: log10 of the power in each band, samples of 32768 being full scale.

    There are ``1 + len(samples) // HOP`` frames.  *samples* are more than 256.
    """
    edges = np.pad(samples.astype(np.float32) / _FULL_SCALE, _FFT // 2, mode="reflect")
    frames = sliding_window_view(edges, _FFT)[::HOP]
    spectrum = np.fft.rfft(frames * _window())
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    mel: Floats = np.log10(power @ mel_filters(bands).T + np.float32(_FLOOR))
    return mel


@cache
def mel_filters(bands: int) -> Floats:
    """``(bands, 257)``: the weight of each frequency of the transform in each band, to 8 kHz."""
    edges = _hertz(np.linspace(0.0, _mel(RATE / 2), bands + 2))
    frequencies = np.linspace(0.0, RATE / 2, _FFT // 2 + 1)
    low, middle, high = (edges[place : place + bands, np.newaxis] for place in range(3))
    rising = (frequencies - low) / (middle - low)
    falling = (high - frequencies) / (high - middle)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    filters: Floats = (triangles * 2 / (high - low)).astype(np.float32)
    return filters


@cache
def _window() -> Floats:
    """A periodic Hann window in the middle of the transform."""
    angles = 2 * np.pi * np.arange(_WINDOW) / _WINDOW
    hann = 0.5 - 0.5 * np.cos(angles)
    window: Floats = np.pad(hann, (_FFT - _WINDOW) // 2).astype(np.float32)
    return window


def _mel(hertz: float) -> float:
    return float(_BREAK_MEL + np.log(hertz / _BREAK_HZ) / _LOG_STEP)


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mels, _BREAK_MEL) - _BREAK_MEL))
    hertz: NDArray[np.float64] = np.where(mels < _BREAK_MEL, mels * _LINEAR_HZ, above)
    return hertz
