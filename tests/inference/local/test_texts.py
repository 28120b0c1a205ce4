"""Tests of car.inference.local.texts, with workers that are fakes."""

from typing import Any

import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from car.inference.errors import UnsupportedMode
from car.inference.interfaces import ITextModels
from car.inference.local.texts import BATCH_TEXTS, LocalTexts, reranker_name, shares
from car.inference.models import ModelSchema, RemoteApi
from car.ir.json import JsonObject
from tests.inference.local.doubles import GGUF_MODEL, ONNX_MODEL, FakeWorkers

CROSS_ENCODER = msgspec.structs.replace(ONNX_MODEL, id="lab/cross:1", capabilities=["rerank"])
REMOTE = ModelSchema(id="openai/owl", name="owl", source=RemoteApi(endpoint="https://a.example"))


def answer(op: str, arguments: JsonObject) -> Any:
    """What a worker says that knows texts by their length."""
    match op:
        case "embed":
            return [[float(len(text))] for text in arguments["texts"]]
        case "near" | "rank":
            return [float(len(document)) for document in arguments["documents"]]
        case "score":
            return [-float(len(label)) for label in arguments["labels"]]
        case "tokenize":
            return [len(arguments["text"])]
        case _:
            return "x" * arguments["tokens"][0]


class LocalTextsTests(SynchronousTestCase):
    """LocalTexts: who is asked what."""

    def setUp(self) -> None:
        self.workers = FakeWorkers(answer)
        self.texts = LocalTexts(self.workers)

    def test_interface(self) -> None:
        """It is the text models as the engine wants them."""
        verifyObject(ITextModels, self.texts)

    def test_embed(self) -> None:
        """Many texts go in batches, one after the other, and come back in order."""
        texts = ["x" * size for size in range(BATCH_TEXTS + 2)]
        vectors = self.successResultOf(self.texts.embed(ONNX_MODEL, texts))
        self.assertEqual(vectors, [[float(size)] for size in range(BATCH_TEXTS + 2)])
        sizes = [len(arguments["texts"]) for _, arguments in self.workers.calls]
        self.assertEqual(sizes, [BATCH_TEXTS, 2])
        self.assertEqual(self.successResultOf(self.texts.embed(ONNX_MODEL, [])), [])

    def test_cancel(self) -> None:
        """Cancelling cancels the batch under way, and no other follows."""
        waiting: Deferred[Any] = Deferred()
        workers = FakeWorkers(lambda op, arguments: waiting)
        embedding = LocalTexts(workers).embed(ONNX_MODEL, ["x"] * 99)
        embedding.cancel()
        self.failureResultOf(embedding, CancelledError)
        self.assertEqual(len(workers.calls), 1)

    def test_rerank(self) -> None:
        """Vectors rank by nearness, a cross-encoder by its score; the name tells which."""
        for model, op, name in (
            (ONNX_MODEL, "near", "bi-encoder:lab/near:1"),
            (CROSS_ENCODER, "rank", "lab/cross:1"),
        ):
            ranked = self.texts.rerank(model, "owl", ["a", "bb"])
            self.assertEqual(self.successResultOf(ranked), [1.0, 2.0])
            asked = {"query": "owl", "documents": ["a", "bb"]}
            self.assertEqual(self.workers.calls[-1], (op, asked))
            self.assertEqual(reranker_name(model), name)

    def test_instruction(self) -> None:
        """An instruction stands before the query."""
        self.successResultOf(self.texts.rerank(ONNX_MODEL, "owl", ["a"], "Find birds"))
        query = self.workers.calls[-1][1]["query"]
        self.assertEqual(query, "Instruct: Find birds\nQuery: owl")

    def test_classify(self) -> None:
        """Scores become shares that sum to 1, in the order of the labels."""
        for model, op in ((GGUF_MODEL, "score"), (ONNX_MODEL, "near")):
            found = self.texts.classify(model, "a text", ["long label", "short"])
            first, second = self.successResultOf(found)
            self.assertAlmostEqual(first + second, 1.0)
            self.assertEqual(first > second, op == "near")
            self.assertEqual(self.workers.calls[-1][0], op)
        self.assertEqual(self.successResultOf(self.texts.classify(GGUF_MODEL, "a", [])), [])

    def test_tokens(self) -> None:
        """Tokens are the worker's affair, whatever its kind."""
        for model in (GGUF_MODEL, ONNX_MODEL):
            self.assertEqual(self.successResultOf(self.texts.tokenize(model, "owl")), [3])
            self.assertEqual(self.successResultOf(self.texts.detokenize(model, [3])), "xxx")

    def test_impossible(self) -> None:
        """Remote models have no tokens here, and GGUF models no vectors; both are told."""
        failure = self.failureResultOf(self.texts.tokenize(REMOTE, "owl"), UnsupportedMode)
        self.assertEqual(
            str(failure.value),
            "UnsupportedMode: tokenize is not available for remote model 'openai/owl'; "
            "use a local model.",
        )
        self.failureResultOf(self.texts.detokenize(REMOTE, [1]), UnsupportedMode)
        self.failureResultOf(self.texts.embed(GGUF_MODEL, ["owl"]), UnsupportedMode)
        self.failureResultOf(self.texts.rerank(GGUF_MODEL, "owl", ["a"]), UnsupportedMode)

    def test_shares(self) -> None:
        """Shares are a softmax that large numbers do not break."""
        self.assertEqual(shares([1_000.0, 1_000.0]), [0.5, 0.5])
