"""``dvector-lstm-256``: the speaker encoder in a worker process, run by onnxruntime.

The encoder is the d-vector network of VoiceFilter (Wang et al., 2019): a window of 80 frames of
40 mel bands in, 256 values out.  Which file it is, and what vectors are used for, is the
daemon's side.
"""

import base64
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from car.components import import_component
from car.ir.json import JsonObject, JsonValue
from car.voice.errors import EngineFailed, InvalidRequest, MissingComponent
from car.voice.speakers.locate import EXTRA, FEATURE
from car.voice.speakers.mel import Floats, Samples, levelled, log_mel
from car.voice.speakers.records import Thresholds
from car.voice.speakers.voiced import LEAST_SAMPLES, voiced
from car.worker.child import Tell

MODEL_ID = "dvector-lstm-256"

THRESHOLDS = Thresholds(match=0.80, join=0.75, near=0.60)
"""``subsystem-voice.md``, Enrolment.  Measured with this front end on seven synthetic voices:
one voice 0.81 and up, two 0.68 and below; a second of speech 0.58 and up, 0.69 and below."""

SIZE = 256

_NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""See ``car.inference.local.onnx``."""

_QUIET = 3
"""onnxruntime's severity for errors."""

_BANDS, _WINDOW, _STRIDE = 40, 80, 40
"""What the encoder was trained on: windows of 80 frames, that is 0.8 s, half over each other."""

_INPUT = "mel_window"


class DVectorModel:
    """The encoder in the file *path*.  Raises MissingComponent, EngineFailed."""

    def __init__(self, path: str) -> None:
        os.environ[_NO_TELEMETRY] = "1"
        runtime = import_component("onnxruntime", EXTRA, FEATURE, MissingComponent)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = _QUIET
        try:
            with open(path, "rb") as file:
                self._session: Any = runtime.InferenceSession(
                    file.read(), options, providers=["CPUExecutionProvider"]
                )
            shape = self.vector_of_windows(np.zeros((1, _WINDOW, _BANDS), np.float32)).shape
        except (OSError, RuntimeError, ValueError) as problem:
            raise EngineFailed(f"'{path}' cannot be loaded: {problem}") from None
        if shape != (SIZE,):
            raise EngineFailed(f"'{path}' is no d-vector encoder: it gives {shape}, not 256 values")

    def call(self, op: str, arguments: JsonObject, tell: Tell) -> JsonValue:
        """Do one of

        - ``load {}``: nothing, as it is loaded
        - ``vector {pcm}``: ``{voiced_ms, vector}`` of 16 kHz mono s16le in base64; ``vector``
          is null where nobody speaks for long enough
        """
        match op:
            case "load":
                return None
            case "vector":
                return self._heard(np.frombuffer(base64.b64decode(arguments["pcm"]), "<i2"))
        raise InvalidRequest(f"a speaker encoder cannot {op}")

    def vector(self, samples: Samples) -> Floats:
        """The vector of *samples*, speech without pauses; of unit length."""
        mel = log_mel(levelled(samples), _BANDS)
        if len(mel) < _WINDOW:
            mel = np.resize(mel, (_WINDOW, _BANDS))  # said again until the window is full
        starts = range(0, len(mel) - _WINDOW + 1, _STRIDE)
        return self.vector_of_windows(np.stack([mel[at : at + _WINDOW] for at in starts]))

    def vector_of_windows(self, windows: Floats) -> Floats:
        """The mean of the vectors of ``(windows, 80, 40)``, at unit length."""
        vectors: NDArray[np.float32] = self._session.run(None, {_INPUT: windows})[0]
        mean = vectors.mean(axis=0)
        unit: Floats = mean / np.linalg.norm(mean)
        return unit

    def _heard(self, samples: Samples) -> JsonObject:
        speech = voiced(samples)
        vector = None
        if len(speech.samples) >= LEAST_SAMPLES:
            vector = self.vector(speech.samples).tolist()
        return {"voiced_ms": speech.length_ms, "vector": vector}
