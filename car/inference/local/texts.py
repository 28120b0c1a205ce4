"""Local models for texts: vectors, ranking, labels, tokens.

Where no cross-encoder is at hand, documents are ranked, and labels found, by the nearness of
vectors.  The models run in ``workers``.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from twisted.internet.defer import Deferred, fail
from zope.interface import implementer

from car.inference.errors import UnsupportedMode
from car.inference.interfaces import ITextModels
from car.inference.local.locate import backend_of, local_source
from car.inference.local.workers import LocalWorkers
from car.inference.models import ModelSchema
from car.ir.json import JsonObject

BATCH_TEXTS = 32
"""Texts that go through a model at once (``subsystem-inference.md``, Local backends)."""

NEARNESS_SCALE = 0.1
"""What differences of cosines are measured by when they become shares [ours]: labels 0.1
apart differ by a factor of e."""

LABEL_PROMPT = "Text: {text}\nOne of these labels fits the text: {labels}.\nLabel:"
"""What a GGUF model is to continue with a label."""

LABEL_SENTENCE = "This text is about {label}."
"""What a text's vector is to be near to: a sentence says more than a word."""

Vector = list[float]


@implementer(ITextModels)
class LocalTexts:
    """Text models in *workers*: ONNX for all but tokens and labels, which GGUF has too."""

    def __init__(self, workers: LocalWorkers) -> None:
        self._workers = workers

    def embed(self, model: ModelSchema, texts: Sequence[str]) -> "Deferred[list[Vector]]":
        """Fires with a vector of unit length for each text; fails with InferenceError.

        Cancelling stops after the batch under way.
        """
        return Deferred.fromCoroutine(self._embed(model, texts))

    def rerank(
        self,
        model: ModelSchema,
        query: str,
        documents: Sequence[str],
        instruction: str | None = None,
    ) -> "Deferred[list[float]]":
        """Fires with a score for each document, greater is better; fails with InferenceError.

        A cross-encoder's are from 0 to 1, others are cosines.  An *instruction* is put before
        the query, in the form that instructed models know.
        """
        if instruction:
            query = f"Instruct: {instruction}\nQuery: {query}"
        return Deferred.fromCoroutine(self._rerank(model, query, documents))

    def tokenize(self, model: ModelSchema, text: str) -> "Deferred[list[int]]":
        """Fires with raw ids, no special tokens; fails with InferenceError."""
        return self._tokens(model, "tokenize", {"text": text})

    def detokenize(self, model: ModelSchema, tokens: Sequence[int]) -> "Deferred[str]":
        """Fires with the text of raw ids; fails with InferenceError."""
        return self._tokens(model, "detokenize", {"tokens": list(tokens)})

    def classify(
        self, model: ModelSchema, text: str, labels: Sequence[str]
    ) -> "Deferred[list[float]]":
        """Fires with a score for each label; they sum to 1.  Fails with InferenceError.

        A GGUF model's come from how likely it finds each label, others from nearness.
        """
        return Deferred.fromCoroutine(self._classify(model, text, labels))

    async def _embed(self, model: ModelSchema, texts: Sequence[str]) -> list[Vector]:
        _require_onnx(model, "make vectors")
        vectors: list[Vector] = []
        for batch in _batches(texts):
            vectors += await self._workers.call(model, "embed", {"texts": batch})
        return vectors

    async def _rerank(
        self, model: ModelSchema, query: str, documents: Sequence[str]
    ) -> list[float]:
        _require_onnx(model, "rank documents")
        op = "rank" if is_cross_encoder(model) else "near"
        scores: list[float] = []
        for batch in _batches(documents):
            asked = {"query": query, "documents": batch}
            scores += await self._workers.call(model, op, asked)
        return scores

    async def _classify(self, model: ModelSchema, text: str, labels: Sequence[str]) -> list[float]:
        if not labels:
            return []
        if backend_of(local_source(model)) == "gguf":
            prompt = LABEL_PROMPT.format(text=text, labels=", ".join(labels))
            asked = {"prompt": prompt, "labels": list(labels)}
            return shares(await self._workers.call(model, "score", asked))
        sentences = [LABEL_SENTENCE.format(label=label) for label in labels]
        nearness = await self._rerank(model, text, sentences)
        return shares([cosine / NEARNESS_SCALE for cosine in nearness])

    def _tokens(self, model: ModelSchema, op: str, arguments: JsonObject) -> "Deferred[Any]":
        if not model.is_local:
            return fail(
                UnsupportedMode(
                    f"UnsupportedMode: {op} is not available for remote model '{model.id}'; "
                    "use a local model."
                )
            )
        return self._workers.call(model, op, arguments)


def is_cross_encoder(model: ModelSchema) -> bool:
    """Whether *model* reads query and document together: it ranks, and makes no vectors."""
    return "rerank" in model.capabilities and "embed" not in model.capabilities


def reranker_name(model: ModelSchema) -> str:
    """What ``model_used`` says of a ranking by *model*."""
    return model.id if is_cross_encoder(model) else f"bi-encoder:{model.id}"


def shares(logits: Sequence[float]) -> list[float]:
    """*logits* as positive numbers that sum to 1 (softmax)."""
    highest = max(logits)
    powers = [math.exp(logit - highest) for logit in logits]
    return [power / sum(powers) for power in powers]


def _require_onnx(model: ModelSchema, what: str) -> None:
    if not model.is_local or backend_of(local_source(model)) != "onnx":
        raise UnsupportedMode(
            f"UnsupportedMode: model '{model.id}' cannot {what}; use a local ONNX model."
        )


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(texts), BATCH_TEXTS):
        yield list(texts[start : start + BATCH_TEXTS])
