"""An ONNX model for texts in a worker process: vectors, scores of pairs, tokens.

``onnxruntime`` runs the model, ``tokenizers`` reads its ``tokenizer.json``.  Importing the
former holds the interpreter's lock for some 100 ms, which is why this is no thread of the
daemon.  What vectors and scores are used for is the daemon's side.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from car.components import import_component
from car.inference.errors import MissingComponent, UnsupportedMode
from car.ir.json import JsonObject, JsonValue

_QUIET = 3
"""onnxruntime's severity for errors."""

_NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""The variable that keeps onnxruntime, from 1.29 on, from sending events to its maker and from
writing an identifier to the disk; it is read when the library is loaded."""

_FEATURE = "running an ONNX model"

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


class OnnxModel:
    """The model in the file *path*, with the *tokenizer* in that file.

    Texts are cut at *context* tokens; *threads* compute.  Raises MissingComponent.
    """

    def __init__(self, path: str, tokenizer: str, context: int, threads: int) -> None:
        os.environ[_NO_TELEMETRY] = "1"
        runtime = import_component("onnxruntime", "embed", _FEATURE, MissingComponent)
        tokenizers = import_component("tokenizers", "embed", _FEATURE, MissingComponent)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _QUIET
        self._session: Any = runtime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {given.name for given in self._session.get_inputs()}
        self._tokenizer: Any = tokenizers.Tokenizer.from_file(tokenizer)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._batcher: Any = tokenizers.Tokenizer.from_file(tokenizer)
        self._batcher.enable_truncation(context)
        self._batcher.enable_padding(**(self._batcher.padding or {}) | {"length": None})

    def call(self, op: str, arguments: JsonObject, tell: Callable[[JsonValue], bool]) -> JsonValue:
        """Do one of

        - ``embed {texts}``: a vector of unit length for each
        - ``near {query, documents}``: the cosine of each document's vector and the query's
        - ``rank {query, documents}``: a cross-encoder's score from 0 to 1 for each document
        - ``tokenize {text}``, ``detokenize {tokens}``: raw ids, no special tokens
        """
        match op:
            case "embed":
                return self._embed(arguments["texts"]).tolist()
            case "near":
                vectors = self._embed([arguments["query"], *arguments["documents"]])
                return (vectors[1:] @ vectors[0]).tolist()
            case "rank":
                return self._rank(arguments["query"], arguments["documents"]).tolist()
            case "tokenize":
                return self._tokenizer.encode(arguments["text"], add_special_tokens=False).ids
            case "detokenize":
                return self._tokenizer.decode(arguments["tokens"], skip_special_tokens=False)
        raise UnsupportedMode(f"UnsupportedMode: an ONNX model cannot {op}.")

    def _embed(self, texts: Sequence[str]) -> Floats:
        """``(texts, size)``: the mean over each text's tokens, or what the model pooled."""
        output, mask = self._run(list(texts))
        if output.ndim == 3:
            weights = mask[:, :, np.newaxis].astype(np.float32)
            output = (output * weights).sum(axis=1) / weights.sum(axis=1)
        if output.ndim != 2:
            raise UnsupportedMode("UnsupportedMode: the model's output is no vector for each text.")
        unit: Floats = output / np.linalg.norm(output, axis=1, keepdims=True)
        return unit

    def _rank(self, query: str, documents: Sequence[str]) -> Floats:
        """``(documents,)``: from one logit a pair, or from two of which the second means yes."""
        output, _ = self._run([(query, document) for document in documents])
        if output.ndim != 2 or output.shape[1] not in (1, 2):
            raise UnsupportedMode("UnsupportedMode: the model's output is no score for each pair.")
        logits = output[:, -1] - (output[:, 0] if output.shape[1] == 2 else 0.0)
        scores: Floats = 1.0 / (1.0 + np.exp(-logits))
        return scores

    def _run(self, texts: Sequence[str | tuple[str, str]]) -> tuple[Floats, Integers]:
        """The first output for *texts*, and the mask ``(texts, tokens)`` of what is text."""
        encodings = self._batcher.encode_batch(texts)
        mask: Integers = np.array([encoding.attention_mask for encoding in encodings])
        given = {
            "input_ids": np.array([encoding.ids for encoding in encodings]),
            "attention_mask": mask,
            "token_type_ids": np.array([encoding.type_ids for encoding in encodings]),
        }
        used = {name: values for name, values in given.items() if name in self._inputs}
        output: Floats = self._session.run(None, used)[0]
        return output, mask
