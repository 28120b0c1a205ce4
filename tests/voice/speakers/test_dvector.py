"""The encoder's side of the worker, on a network of the test's."""

import base64
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from twisted.trial.unittest import SynchronousTestCase

from car.voice.errors import EngineFailed, InvalidRequest, MissingComponent
from car.voice.speakers import dvector
from car.voice.speakers.backends import open_backend
from car.voice.speakers.voiced import Voiced
from tests.voice.speakers.doubles import tone


class FakeNetwork:
    """Gives each window the vector that the test says, after *size* values of it."""

    size = 256

    def __init__(self, content: bytes, options: Any, providers: list[str]) -> None:
        if content == b"broken":
            raise RuntimeError("not a model")
        self.threads = options.intra_op_num_threads
        self.windows: list[NDArray[np.float32]] = []

    def run(self, outputs: None, given: dict[str, NDArray[np.float32]]) -> list[Any]:
        """The vectors of windows: the number of each in another place."""
        windows = given["mel_window"]
        self.windows.append(windows)
        return [np.eye(len(windows), self.size, dtype=np.float32)]


class DVectorTests(SynchronousTestCase):
    """DVectorModel."""

    def setUp(self) -> None:
        runtime = SimpleNamespace(SessionOptions=SimpleNamespace, InferenceSession=FakeNetwork)
        self.patch(sys, "modules", {**sys.modules, "onnxruntime": runtime})
        self.patch(os, "environ", dict(os.environ))
        self.path = Path(self.mktemp()).absolute()
        self.path.write_bytes(b"network")

    def model(self) -> Any:
        """The encoder, as the worker opens it."""
        return open_backend({"path": str(self.path)}, "")

    def call(self, op: str, **arguments: Any) -> Any:
        """A call to it."""
        return self.model().call(op, arguments, lambda part: False)

    def test_windows(self) -> None:
        """Speech is windows of 80 frames every 40; their vectors are averaged to unit length."""
        model = self.model()
        vector = model.vector(tone(120, 2.0))  # 201 frames
        self.assertEqual(model._session.windows[-1].shape, (4, 80, 40))
        self.assertEqual(model._session.windows[-1].dtype, np.float32)
        np.testing.assert_allclose(vector[:5], [0.5, 0.5, 0.5, 0.5, 0])
        self.assertEqual(model._session.threads, 1)

    def test_short(self) -> None:
        """Less than a window is said again until there is one."""
        model = self.model()
        model.vector(tone(120, 0.3))  # 31 frames
        [window] = model._session.windows[-1]
        np.testing.assert_array_equal(window[:31], window[31:62])

    def test_no_telemetry(self) -> None:
        """The library is told to keep to itself before it is loaded."""
        os.environ.pop("ORT_DISABLE_TELEMETRY", None)
        self.model()
        self.assertEqual(os.environ["ORT_DISABLE_TELEMETRY"], "1")

    def test_calls(self) -> None:
        """``load`` has nothing to do; ``vector`` answers with the speech there is."""
        self.assertIsNone(self.call("load"))
        samples = tone(120, 1.0)
        self.patch(dvector, "voiced", lambda heard: Voiced(heard, 992))
        answer = self.call("vector", pcm=base64.b64encode(samples.tobytes()).decode())
        self.assertEqual(answer["voiced_ms"], 992)
        self.assertEqual(len(answer["vector"]), 256)

    def test_too_little(self) -> None:
        """Under a quarter of a second of speech there is no vector."""
        self.patch(dvector, "voiced", lambda heard: Voiced(heard[:3_999], 192))
        answer = self.call("vector", pcm=base64.b64encode(bytes(32_000)).decode())
        self.assertEqual(answer, {"voiced_ms": 192, "vector": None})

    def test_unknown_call(self) -> None:
        """Nothing else can be asked."""
        with self.assertRaisesRegex(InvalidRequest, "cannot sing"):
            self.call("sing")

    def test_broken_file(self) -> None:
        """A file that is no network, or not there, is named."""
        self.path.write_bytes(b"broken")
        with self.assertRaisesRegex(EngineFailed, f"'{self.path}' cannot be loaded: not a model"):
            self.model()
        self.path.unlink()
        with self.assertRaisesRegex(EngineFailed, "cannot be loaded"):
            self.model()

    def test_other_network(self) -> None:
        """A network that gives something else is refused."""
        self.patch(FakeNetwork, "size", 192)
        with self.assertRaisesRegex(EngineFailed, "is no d-vector encoder"):
            self.model()

    def test_no_library(self) -> None:
        """Without the library the sentence with the command is the error."""
        self.patch(sys, "modules", {**sys.modules, "onnxruntime": None})
        with self.assertRaisesRegex(MissingComponent, "needs the optional package onnxruntime"):
            self.model()
