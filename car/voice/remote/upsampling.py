"""16 kHz audio as the 24 kHz that OpenAI's realtime API takes: three samples out of two.

A windowed sinc at the three places that an output sample can have between two of the input.
Nothing above the input's 8 kHz comes of it, so this is about form, not about quality.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_HALF = 16
"""Input samples on either side of an output sample: 1 ms."""

_KAISER_BETA = 7.0
_PASS_BAND = 0.95

_PLACES = np.array([0.0, 2 / 3, 1 / 3])
"""Where outputs 0, 1 and 2 of three lie after the input sample before them: 0, 0 and 1."""


def _make_kernels() -> NDArray[np.float32]:
    """``(3, 2 * _HALF)``: the filter for each place; it sums to 1."""
    taps = np.arange(1 - _HALF, _HALF + 1)
    distance = taps - _PLACES[:, np.newaxis]
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (distance / _HALF) ** 2, 0, 1)))
    kernels = np.sinc(_PASS_BAND * distance) * window
    unit: NDArray[np.float32] = (kernels / kernels.sum(axis=1, keepdims=True)).astype(np.float32)
    return unit


_KERNELS = _make_kernels()


class Upsampler:
    """Makes 24 kHz of 16 kHz, mono s16le; the borders of pieces are not heard."""

    def __init__(self) -> None:
        self._held = np.zeros(_HALF - 1, np.float32)

    def feed(self, pcm: bytes) -> bytes:
        """The samples that *pcm* completes: 1 ms of it waits for the next."""
        self._held = np.concatenate((self._held, np.frombuffer(pcm, "<i2").astype(np.float32)))
        pairs = max(len(self._held) - 2 * _HALF + 1, 0) // 2
        if not pairs:
            return b""
        windows = sliding_window_view(self._held, 2 * _HALF)[: 2 * pairs]
        made = np.empty((pairs, 3), np.float32)
        for place, first in enumerate((0, 0, 1)):
            # einsum, as a product by BLAS would wait for threads that compete for the cores
            np.einsum("ij,j->i", windows[first::2], _KERNELS[place], out=made[:, place])
        self._held = self._held[2 * pairs :]
        samples = np.clip(np.rint(made.ravel()), -32_768, 32_767).astype("<i2")
        return samples.tobytes()

    def flush(self) -> bytes:
        """The samples still on their way; what is fed next is the beginning of other audio."""
        rest = self.feed(bytes(2 * (_HALF + 1)))
        self._held = np.zeros(_HALF - 1, np.float32)
        return rest
