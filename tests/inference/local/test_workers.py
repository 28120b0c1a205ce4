"""Tests of car.inference.local.workers, with processes that are fakes."""

import os
import tempfile
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types
from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from car.inference.errors import NoModel, NotEnoughMemory, WorkerFailed
from car.inference.local import workers
from car.inference.local.locate import ModelFiles
from car.inference.local.workers import LocalWorkers
from car.inference.models import ModelSchema
from tests.inference.local.doubles import GGUF_MODEL, ONNX_MODEL, place
from tests.processes import SpawningClock


class LocalWorkersTests(SynchronousTestCase):
    """LocalWorkers: a process a model."""

    def setUp(self) -> None:
        directory = Path(self.mktemp()).absolute()
        directory.mkdir()
        self.patch(tempfile, "tempdir", str(directory))
        self.files = ModelFiles(directory)
        for name in ("owl.gguf", "near.onnx", "tokenizer.json"):
            place(self.files, name)
        self.clock = SpawningClock()
        self.workers = LocalWorkers(self.clock, self.files, slots=2, threads=3)

    def test_options(self) -> None:
        """Each kind of model is told what it needs, in a process of its own."""
        for model in (GGUF_MODEL, ONNX_MODEL, GGUF_MODEL):
            self.workers.call(model, "tokenize", {"text": "owl"})
        gguf, onnx = (process.received[0]["open"] for process in self.clock.processes)
        directory = self.files.directory
        self.assertEqual(
            gguf,
            {
                "backend": "gguf",
                "path": str(directory / "owl.gguf"),
                "context": 512,
                "threads": 3,
                "slots": 2,
            },
        )
        self.assertEqual(onnx["tokenizer"], str(directory / "tokenizer.json"))
        self.assertNotIn("slots", onnx)
        self.assertEqual(self.workers.pids, [process.pid for process in self.clock.processes])

    def test_threads(self) -> None:
        """One core is left to the daemon, as long as there is another."""
        for cores, threads in ((8, 7), (2, 1), (1, 1), (None, 1)):
            self.patch(psutil, "cpu_count", lambda logical, cores=cores: cores)
            self.assertEqual(workers.threads_to_use(), threads)

    def test_no_file(self) -> None:
        """A model that is not here fails the call; once it is here, it is called."""
        os.remove(self.files.directory / "owl.gguf")
        self.failureResultOf(self.workers.call(GGUF_MODEL, "tokenize", {}), NoModel)
        place(self.files, "owl.gguf")
        self.workers.call(GGUF_MODEL, "tokenize", {})
        self.assertEqual(len(self.clock.processes), 1)

    def test_registered_anew(self) -> None:
        """A model registered anew with another context gets another worker."""
        self.workers.call(GGUF_MODEL, "tokenize", {})
        self.workers.call(replace(GGUF_MODEL, context_length=64), "tokenize", {})
        contexts = [process.received[0]["open"]["context"] for process in self.clock.processes]
        self.assertEqual(contexts, [512, 64])

    def test_make_room(self) -> None:
        """Where memory is short, workers that nobody waits for make room; busy ones stay."""
        self.patch(workers, "_resident", lambda pid: 100)

        def check(model: ModelSchema, weights: Path, spare: int = 0) -> None:
            if model.id == ONNX_MODEL.id and spare < 100:
                raise NotEnoughMemory("too large")

        self.patch(workers, "check_memory", check)
        self.workers.call(GGUF_MODEL, "tokenize", {})
        first = self.clock.processes[0]
        self.failureResultOf(self.workers.call(ONNX_MODEL, "embed", {}), NotEnoughMemory)
        first.say({"id": 1, "result": []})
        self.assertNoResult(self.workers.call(ONNX_MODEL, "embed", {}))
        self.assertEqual(first.signals, ["KILL"])
        self.assertEqual(len(self.clock.processes), 2)

    def test_stop(self) -> None:
        """Stopping kills every process and waits for all of them."""
        for model in (GGUF_MODEL, ONNX_MODEL):
            self.workers.call(model, "tokenize", {}).addErrback(lambda _: None)
        stopped = self.workers.stop()
        for process in self.clock.processes:
            self.assertNoResult(stopped)
            self.assertEqual(process.signals, ["KILL"])
            process.end(signal=9)
        self.successResultOf(stopped)
        self.successResultOf(stopped)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        again = self.workers.call(replace(GGUF_MODEL, id="lab/other:1"), "tokenize", {})
        self.failureResultOf(again, WorkerFailed)
