"""What makes vectors of voices: the encoder in its worker process, or statistics in a thread.

Which of them is used is for ``speakers``; vectors of one are never compared with the other's.
"""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from car.ir.json import JsonObject
from car.voice.errors import EngineFailed, InvalidRequest, MissingComponent
from car.voice.speakers import dvector, fbank
from car.voice.speakers.records import Heard, Thresholds
from car.voice.speakers.voiced import LEAST_SAMPLES, voiced
from car.worker.errors import WorkerFailed
from car.worker.process import IDLE_SECONDS, WorkerProcess

CALL_SECONDS = 60.0
"""How long a stretch of speech may take: 25 ms for each second of it were measured, and 1 s to
start the worker [ours]."""

BACKENDS = "car.voice.speakers.backends"
"""The module that the worker imports."""

InThread = Callable[..., "Deferred[Any]"]


class IVectors(Protocol):
    """Makes vectors of one model."""

    @property
    def model_id(self) -> str:
        """As enrolments name it."""

    @property
    def size(self) -> int:
        """How many values they have."""

    @property
    def thresholds(self) -> Thresholds:
        """Which of its vectors are of one voice."""

    def load(self) -> "Deferred[None]":
        """Fires when vectors can be made at once; fails as ``heard`` does."""

    def heard(self, pcm: bytes) -> "Deferred[Heard]":
        """What *pcm*, 16 kHz mono s16le, says of its speaker.

        Fails with MissingComponent or EngineFailed.
        """


class DVectors:
    """``dvector-lstm-256`` by the encoder in the file *path*.

    *reactor* provides IReactorProcess and IReactorTime; a worker that nobody calls for
    *idle_seconds* is stopped.
    """

    model_id = dvector.MODEL_ID
    size = dvector.SIZE
    thresholds = dvector.THRESHOLDS

    def __init__(self, reactor: Any, path: Path, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._worker = WorkerProcess(
            reactor,
            "speaker",
            BACKENDS,
            lambda: {"path": str(path)},
            (EngineFailed, InvalidRequest, MissingComponent),
            idle_seconds=idle_seconds,
        )

    @property
    def pids(self) -> list[int]:
        """The id of the worker process if it runs."""
        return [] if self._worker.pid is None else [self._worker.pid]

    def load(self) -> "Deferred[None]":
        """As ``IVectors`` says."""
        return self._call("load", {})

    def heard(self, pcm: bytes) -> "Deferred[Heard]":
        """As ``IVectors`` says."""
        octets = base64.b64encode(pcm).decode()
        return self._call("vector", {"pcm": octets}).addCallback(_heard)

    def stop(self) -> "Deferred[None]":
        """Kill the worker and refuse further calls; fires when it is gone."""
        return self._worker.stop()

    def _call(self, op: str, arguments: JsonObject) -> "Deferred[Any]":
        answer = self._worker.call(op, arguments, seconds=CALL_SECONDS)
        return answer.addErrback(_as_engine_failed)


class FbankVectors:
    """``fbank-stats-70``, computed by *in_thread*."""

    model_id = fbank.MODEL_ID
    size = fbank.SIZE
    thresholds = fbank.THRESHOLDS

    def __init__(self, in_thread: InThread) -> None:
        self._in_thread = in_thread

    def load(self) -> "Deferred[None]":
        """As ``IVectors`` says: there is nothing to load."""
        return succeed(None)

    def heard(self, pcm: bytes) -> "Deferred[Heard]":
        """As ``IVectors`` says."""
        return self._in_thread(_statistics, pcm)


def _statistics(pcm: bytes) -> Heard:
    speech = voiced(np.frombuffer(pcm, "<i2"))
    enough = len(speech.samples) >= LEAST_SAMPLES
    return Heard(speech.length_ms, fbank.voice_vector(speech.samples) if enough else None)


def _heard(answer: JsonObject) -> Heard:
    vector = answer["vector"]
    return Heard(answer["voiced_ms"], None if vector is None else np.array(vector))


def _as_engine_failed(failure: Failure) -> None:
    """Raise the failure of the process as one of this package."""
    failure.trap(WorkerFailed)
    raise EngineFailed(str(failure.value))
