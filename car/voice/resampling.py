"""Audio of any rate and number of channels as the 16 kHz mono that speech engines take.

``soxr`` does it where it is installed; else a windowed sinc in numpy, good enough for speech.
Either keeps its state between chunks, so that their borders are not heard.
"""

import importlib
import math
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from car.voice.errors import InvalidRequest
from car.voice.records import RATE

MIN_RATE, MAX_RATE = 8_000, 192_000
"""Samples a second: from the telephone to the fastest sound cards [ours]."""

MAX_CHANNELS = 8
"""7.1 [ours]."""

_SAMPLE_BYTES = 2

_PHASES = 1_024
"""Into how many the time between two input samples is divided, where the rates' ratio does not
need fewer: a sample is then at most 1/2048 of that time off."""

_ZERO_CROSSINGS = 24
"""Of the sinc, on either side: with the window and pass band below the stop band begins at half
the lower rate, some 70 dB down (Kaiser's formula)."""

_KAISER_BETA = 7.0
_PASS_BAND = 0.9

_BLOCK = 16_384
"""Output samples that the sinc makes at once, to bound what it holds meanwhile."""

Floats = NDArray[np.float32]
Samples = NDArray[np.int16]


class Resampler:
    """Makes 16 kHz mono of s16le audio, interleaved, of *sample_rate* and *channels*.

    The first ``feed`` loads the library (some 10 ms).  Raises InvalidRequest.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        check_format(sample_rate, channels)
        self._rate = sample_rate
        self._channels = channels
        self._frame_bytes = channels * _SAMPLE_BYTES
        self._rest = b""
        self._converter: _Converter | None = None

    def feed(self, pcm: bytes) -> Samples:
        """The samples that *pcm* completes; octets of an unfinished frame wait for the next."""
        pcm = self._rest + pcm
        whole = len(pcm) - len(pcm) % self._frame_bytes
        self._rest = pcm[whole:]
        frames = np.frombuffer(pcm, "<i2", whole // _SAMPLE_BYTES)
        if self._channels > 1:
            mixed = frames.reshape(-1, self._channels).mean(axis=1, dtype=np.float32)
            return self._convert(mixed, last=False)
        if self._rate == RATE:
            return frames.astype(np.int16, copy=False)
        return self._convert(frames.astype(np.float32), last=False)

    def flush(self) -> Samples:
        """The samples still on their way; what is fed next is the beginning of other audio."""
        self._rest = b""
        rest = self._convert(np.zeros(0, np.float32), last=True)
        self._converter = None
        return rest

    def _convert(self, samples: Floats, *, last: bool) -> Samples:
        if self._rate != RATE:
            if self._converter is None:
                self._converter = _converter(self._rate)
            samples = self._converter.resample_chunk(samples, last)
        rounded: Samples = np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16)
        return rounded


def check_format(sample_rate: int, channels: int) -> None:
    """Raise InvalidRequest for a rate or a number of channels that cannot be converted."""
    if not MIN_RATE <= sample_rate <= MAX_RATE:
        raise InvalidRequest(
            f"sample_rate must be from {MIN_RATE} to {MAX_RATE} Hz, and is {sample_rate}"
        )
    if not 1 <= channels <= MAX_CHANNELS:
        raise InvalidRequest(f"channels must be from 1 to {MAX_CHANNELS}, and is {channels}")


class _Converter(Protocol):
    """Changes the rate of mono audio, chunk by chunk; soxr's streams have this form."""

    def resample_chunk(self, samples: Floats, last: bool) -> Floats:
        """The samples at 16 kHz that the chunk completes; all of them if it is the *last*."""


def _converter(rate: int) -> _Converter:
    try:
        soxr = importlib.import_module("soxr")
    except ImportError:
        return SincConverter(rate)
    converter: _Converter = soxr.ResampleStream(rate, RATE, 1, dtype="float32")
    return converter


class SincConverter:
    """A polyphase filter: each output sample is a windowed sinc laid over the input around it."""

    def __init__(self, rate: int) -> None:
        divisor = math.gcd(rate, RATE)
        self._step, self._unit = rate // divisor, RATE // divisor
        self._phases = min(self._unit, _PHASES)
        lower = min(1.0, RATE / rate)  # the lower of both rates, in input samples
        self._half = math.ceil(_ZERO_CROSSINGS / lower)
        self._kernels = self._make_kernels(_PASS_BAND * lower)
        # The input begins with silence, so that the first output lies on the first sample.
        self._held: Floats = np.zeros(self._half - 1, np.float32)
        self._made = 0
        self._let_go = 0

    def resample_chunk(self, samples: Floats, last: bool) -> Floats:
        """As ``_Converter`` says."""
        end = np.zeros(self._half if last else 0, np.float32)
        self._held = np.concatenate((self._held, samples, end))
        windows = len(self._held) - 2 * self._half + 1
        # Output n lies at input n * step / unit, counted from what was let go.
        ready = -(-(self._let_go + max(windows, 0)) * self._unit // self._step)
        made = [
            self._block(first, min(first + _BLOCK, ready))
            for first in range(self._made, ready, _BLOCK)
        ]
        self._made = max(self._made, ready)
        used = min(self._made * self._step // self._unit - self._let_go, len(self._held))
        self._held = self._held[used:]
        self._let_go += used
        return np.concatenate(made) if made else np.zeros(0, np.float32)

    def _block(self, first: int, end: int) -> Floats:
        """The output samples from *first* to *end*."""
        places = np.arange(first, end, dtype=np.int64) * self._step
        whole, part = np.divmod(places, self._unit)
        phases = (part * self._phases + self._unit // 2) // self._unit
        windows = sliding_window_view(self._held, 2 * self._half)[whole - self._let_go]
        block: Floats = np.einsum("ij,ij->i", windows, self._kernels[phases])
        return block

    def _make_kernels(self, cutoff: float) -> Floats:
        """``(phases + 1, 2 * half)``: the filter for each place between two input samples."""
        taps = np.arange(1 - self._half, self._half + 1)
        distance = taps - np.arange(self._phases + 1)[:, np.newaxis] / self._phases
        window = np.i0(
            _KAISER_BETA * np.sqrt(np.clip(1 - (distance / self._half) ** 2, 0, 1))
        ) / np.i0(_KAISER_BETA)
        kernels = np.sinc(cutoff * distance) * window
        unit: Floats = (kernels / kernels.sum(axis=1, keepdims=True)).astype(np.float32)
        return unit
