"""What the tests of speakers have in common: calls without threads, vectors without a model."""

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from twisted.internet.defer import Deferred, execute, succeed

from car.voice.speakers.records import Heard, Thresholds, Vector


def at_once(function: Callable[..., Any], *arguments: Any) -> "Deferred[Any]":
    """Call it here and now, as a thread would."""
    return execute(function, *arguments)


def direction(*values: float) -> Vector:
    """A vector of unit length."""
    vector = np.array(values)
    unit: Vector = vector / np.linalg.norm(vector)
    return unit


def beside(cosine: float) -> Vector:
    """A vector with that *cosine* to ``direction(1, 0, 0)``."""
    return direction(cosine, float(np.sqrt(1 - cosine**2)), 0.0)


def tone(hertz: float, seconds: float, rate: int = 16_000) -> NDArray[np.int16]:
    """A tone with the overtones of a voice, some 12 dB below full scale."""
    time = np.arange(round(seconds * rate)) / rate
    harmonics = range(1, 1 + int(3_500 // hertz))
    wave_ = sum(np.sin(2 * np.pi * hertz * number * time) / number for number in harmonics)
    return np.asarray(wave_ * 4_000).astype(np.int16)


def write_wav(path: Path, samples: NDArray[np.int16], rate: int = 16_000) -> None:
    """A mono WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())


class FakeVectors:
    """Hears what the test put into ``next``."""

    model_id = "fake-3"
    size = 3
    thresholds = Thresholds(match=0.8, join=0.75, near=0.6)

    def __init__(self) -> None:
        self.pcm: list[bytes] = []
        self.next: list[Heard | Deferred[Heard]] = []
        self.loaded = 0

    def load(self) -> "Deferred[None]":
        """Count it."""
        self.loaded += 1
        return succeed(None)

    def heard(self, pcm: bytes) -> "Deferred[Heard]":
        """What is next."""
        self.pcm.append(pcm)
        heard = self.next.pop(0)
        return heard if isinstance(heard, Deferred) else succeed(heard)
