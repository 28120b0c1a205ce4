"""Tests of real workers and real models, in processes of their own."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # ships no types
from msgspec.structs import replace
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import TestCase

from car.application import the_reactor
from car.inference.errors import InferenceError, InvalidRequest, UnsupportedMode, WorkerFailed
from car.inference.local.generator import LocalGenerator
from car.inference.local.locate import ModelFiles
from car.inference.local.packaged import MINILM, SMOLLM2, installed_models
from car.inference.local.texts import LocalTexts
from car.inference.local.workers import LocalWorkers
from car.inference.models import Local
from car.inference.records import (
    Completion,
    GenerateParams,
    GenerateRequest,
    StreamEvent,
    TextDelta,
)
from car.ir.json import decode
from tests.inference.local.needed import GGUF, ONNX, missing
from tests.inference.local.tiny import write_cross_encoder

END_SECONDS = 10.0
"""How long a process may take to end; it takes some milliseconds."""


class RealTestCase(TestCase):
    """Workers in a temporary directory of their own; none may outlive its test."""

    timeout = 120

    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp())
        self.addCleanup(self.directory.rmdir)
        self.patch(tempfile, "tempdir", str(self.directory))
        self.files = ModelFiles(Path(self.mktemp()).absolute())
        self.workers = LocalWorkers(the_reactor(), self.files, slots=2)
        self.generator = LocalGenerator(self.workers)
        self.texts = LocalTexts(self.workers)
        self.addCleanup(self.workers.stop)

    def generate(self, prompt: str = "Tell me about owls.", **members: Any) -> Any:
        """Ask the small model, to be cut at a few tokens."""
        params = GenerateParams(max_tokens=8, temperature=0.0, seed=1)
        request = GenerateRequest(**{"prompt": prompt, "params": params, **members})
        return self.generator.generate(SMOLLM2, request, None)


class GgufTests(RealTestCase):
    """The packaged GGUF model: real tokens."""

    skip = missing(*GGUF)

    def begin_long(self) -> "tuple[Deferred[Completion], Deferred[None]]":
        """Begin a long answer; the second fires with its first piece of text."""
        arrived: Deferred[None] = Deferred()

        def event_received(event: StreamEvent) -> None:
            if isinstance(event, TextDelta) and not arrived.called:
                arrived.callback(None)

        params = GenerateParams(max_tokens=2_000)
        request = GenerateRequest(prompt="Write a very long story.", params=params)
        return self.generator.generate(SMOLLM2, request, event_received), arrived

    async def test_stream(self) -> None:
        """Tokens come one by one and make up the text; usage and timings are told."""
        events: list[StreamEvent] = []
        request = GenerateRequest(prompt="Hello", params=GenerateParams(max_tokens=6))
        answer = await self.generator.generate(SMOLLM2, request, events.append)
        pieces = [event.data for event in events if isinstance(event, TextDelta)]
        self.assertGreater(len(pieces), 2)
        self.assertEqual("".join(pieces), answer.text)
        assert answer.usage is not None
        assert answer.timings is not None
        self.assertEqual(answer.usage.output_tokens, 6)
        self.assertGreater(answer.usage.input_tokens, 6)
        self.assertEqual(answer.stop_reason, "length")
        self.assertGreater(answer.timings["predicted_per_second"], 0)

    async def test_no_tcp_port(self) -> None:
        """The worker listens on nothing but a socket in a directory that is ours alone."""
        await self.generate()
        (pid,) = self.workers.pids
        process = psutil.Process(pid)
        self.assertEqual(process.net_connections(kind="inet"), [])
        (sockets,) = {Path(each.laddr) for each in process.net_connections("unix") if each.laddr}
        self.assertEqual(sockets.parent.parent, self.directory)
        self.assertEqual(sockets.parent.stat().st_mode & 0o777, 0o700)
        self.assertNotIn(str(self.directory), " ".join(process.cmdline()))

    async def test_same_seed(self) -> None:
        """The same seed gives the same text; a stop text ends it."""
        params = GenerateParams(max_tokens=8, temperature=1.0, seed=7)
        first, second = [(await self.generate(params=params)).text for _ in range(2)]
        self.assertEqual(first, second)
        word = first.split()[1]
        stopping = replace(params, stop=[word])
        stopped = await self.generate(params=stopping)
        self.assertNotIn(word, stopped.text)
        self.assertEqual(stopped.stop_reason, "stop")

    async def test_schema(self) -> None:
        """A schema is kept to."""
        schema = {
            "type": "object",
            "properties": {"colour": {"enum": ["red", "blue"]}},
            "required": ["colour"],
            "additionalProperties": False,
        }
        wanted = {"type": "json_schema", "schema": schema}
        answer = await self.generate(
            "Pick a colour.", response_format=wanted, params=GenerateParams(max_tokens=40)
        )
        self.assertIn(decode(answer.text)["colour"], ("red", "blue"))

    async def test_tokens(self) -> None:
        """A text becomes ids and the same text again; ids of special tokens are not made."""
        text = "Größe <|im_start|> owl"
        tokens = await self.texts.tokenize(SMOLLM2, text)
        self.assertEqual(await self.texts.detokenize(SMOLLM2, tokens), text)
        self.assertNotIn(1, tokens)  # <|im_start|> itself
        await self.assertFailure(self.texts.detokenize(SMOLLM2, [10**6]), InvalidRequest)

    async def test_classify(self) -> None:
        """The label that fits is the likeliest."""
        scores = await self.texts.classify(
            SMOLLM2, "The striker scored two goals in the final.", ["politics", "sports", "cooking"]
        )
        self.assertEqual(scores.index(max(scores)), 1)
        self.assertAlmostEqual(sum(scores), 1.0)

    async def test_refused(self) -> None:
        """A prompt that is too long, or tools without a place for them, are told so."""
        too_long = await self.assertFailure(self.generate("owl " * 9_000), InvalidRequest)
        self.assertIn("exceeds the available context size (8192 tokens)", str(too_long))
        tool = {"name": "look", "parameters": {"type": "object"}}
        await self.assertFailure(self.generate(tools=[tool]), UnsupportedMode)
        wrong = {"type": "json_schema", "schema": {"type": "owl"}}
        unread = await self.assertFailure(self.generate(response_format=wrong), InvalidRequest)
        self.assertIn("unrecognized type owl", str(unread))
        await self.generate()

    async def test_cancel(self) -> None:
        """An answer that is cancelled half-way leaves the worker usable."""
        answer, arrived = self.begin_long()
        await arrived
        (pid,) = self.workers.pids
        answer.cancel()
        await self.assertFailure(answer, CancelledError)
        self.assertTrue((await self.generate()).text)
        self.assertEqual(self.workers.pids, [pid])

    async def test_kill(self) -> None:
        """A worker that is killed fails its call; the next call starts another."""
        answer, arrived = self.begin_long()
        await arrived
        (pid,) = self.workers.pids
        os.kill(pid, signal.SIGKILL)
        failure = await self.assertFailure(answer, WorkerFailed)
        self.assertEqual(str(failure), "gguf worker exited (signal 9)")
        self.assertTrue((await self.generate()).text)
        self.assertNotEqual(self.workers.pids, [pid])

    async def test_bad_file(self) -> None:
        """A file that is no model is told with its path, its size and what is wrong with it."""
        self.files.directory.mkdir(parents=True)
        path = self.files.directory / "bad.gguf"
        path.write_bytes(b"GGUF" + b"x" * 1_000)
        model = replace(SMOLLM2, id="lab/bad:1", source=Local(path="bad.gguf"))
        failure = await self.assertFailure(self.texts.tokenize(model, "owl"), InferenceError)
        self.assertRegex(
            str(failure), rf"^{path} \(1004 bytes\) cannot be loaded: .*failed to load model"
        )

    async def test_stop(self) -> None:
        """Stopping ends the process, even while it generates."""
        answer, arrived = self.begin_long()
        await arrived
        (pid,) = self.workers.pids
        await self.workers.stop()
        await self.assertFailure(answer, WorkerFailed)
        self.assertFalse(psutil.pid_exists(pid))

    def test_packaged(self) -> None:
        """The package is among the models that are there."""
        self.assertIn(SMOLLM2, installed_models())


class OnnxTests(RealTestCase):
    """The packaged ONNX model: vectors whose nearness makes sense."""

    skip = missing(*ONNX)

    async def test_neighbours(self) -> None:
        """Sentences about the same thing are nearest to each other."""
        pairs = {
            "How do I reset my password?": "Steps to change your login credentials",
            "The cat sleeps on the sofa.": "A kitten is napping on the couch.",
            "Shares fell sharply today.": "The stock market lost value.",
        }
        texts = [text for pair in pairs.items() for text in pair]
        vectors = await self.texts.embed(MINILM, texts)
        for vector in vectors:
            self.assertAlmostEqual(sum(number * number for number in vector), 1.0, places=4)
        for index, vector in enumerate(vectors):
            nearness = list(_nearness(vector, vectors))
            nearness[index] = -1.0
            self.assertEqual(nearness.index(max(nearness)), index ^ 1, texts[index])

    async def test_rerank(self) -> None:
        """The document that answers comes first, over more than one batch."""
        documents = ["Stocks fell."] * 40 + ["A cat sat on the mat."]
        scores = await self.texts.rerank(MINILM, "Where is the kitten?", documents)
        self.assertEqual(scores.index(max(scores)), 40)

    async def test_classify(self) -> None:
        """The label that fits gets the largest share."""
        text = "The striker scored two goals in the final."
        scores = await self.texts.classify(MINILM, text, ["politics", "sports", "cooking"])
        self.assertEqual(scores.index(max(scores)), 1)

    async def test_no_telemetry(self) -> None:
        """The worker opens no network connection, and leaves nothing beside its directory."""
        await self.texts.embed(MINILM, ["owl"])
        (pid,) = self.workers.pids
        self.assertEqual(psutil.Process(pid).net_connections(kind="inet"), [])
        self.assertEqual(len(list(self.directory.iterdir())), 1)

    async def test_tokens(self) -> None:
        """A text becomes ids and the same text again, without special tokens."""
        tokens = await self.texts.tokenize(MINILM, "hello world")
        self.assertEqual(tokens, [7592, 2088])
        self.assertEqual(await self.texts.detokenize(MINILM, tokens), "hello world")

    def test_packaged(self) -> None:
        """The packages are among the models that are there."""
        self.assertIn(MINILM, installed_models())


class ParentTests(TestCase):
    """What becomes of a worker when its daemon dies."""

    skip = missing("onnxruntime", "tokenizers")

    def test_killed_parent(self) -> None:
        """The worker of a daemon that is killed ends by itself and leaves nothing behind."""
        directory = Path(self.mktemp()).absolute()
        directory.mkdir()
        weights, tokenizer = write_cross_encoder(directory)
        temporary = directory / "temporary"
        temporary.mkdir()
        command = [sys.executable, "-m", "tests.inference.local.parent"]
        parent = subprocess.Popen(
            [*command, str(weights), str(tokenizer)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        self.addCleanup(parent.wait)
        self.addCleanup(parent.kill)
        with parent.stdout as said:  # type: ignore[union-attr]  # it is a pipe
            worker = psutil.Process(int(said.readline()))
        self.assertEqual(len(list(temporary.iterdir())), 1)
        parent.kill()
        worker.wait(END_SECONDS)
        self.assertEqual(list(temporary.iterdir()), [])


def _nearness(vector: list[float], others: list[list[float]]) -> Iterator[float]:
    for other in others:
        yield sum(one * two for one, two in zip(vector, other, strict=True))
