"""Vectors from ``/v1/embeddings``, as OpenAI and the servers that follow it have it."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from msgspec import Struct
from msgspec.json import Decoder

from car.inference.errors import ProviderError, UnsupportedMode
from car.inference.remote.answers import read
from car.inference.remote.calls import Caller
from car.inference.remote.exchange import HttpRequest
from car.inference.remote.protocols.openai_chat import bearer
from car.inference.remote.targets import Target
from car.inference.remote.urls import operation_url
from car.ir.json import encode

BATCH = 32
"""Texts a request (subsystem-inference, Local backends): read without a stall of the reactor."""

_SPOKEN = ("open_ai_compat", "open_ai_responses")


class _Row(Struct):
    index: int
    embedding: list[float]


class _Vectors(Struct):
    data: list[_Row]


_decoder = Decoder(_Vectors)


async def embed_texts(caller: Caller, target: Target, texts: Sequence[str]) -> list[list[float]]:
    """A vector of unit length for each of *texts*.  Raises InferenceError."""
    if target.protocol not in _SPOKEN:
        raise UnsupportedMode(
            f"UnsupportedMode: embeddings are asked of OpenAI-compatible endpoints only, "
            f"and {target.model_name} speaks {target.protocol}."
        )
    vectors: list[list[float]] = []
    for start in range(0, len(texts), BATCH):
        batch = list(texts[start : start + BATCH])
        vectors += await caller.call(target, partial(_embed, caller, target, batch))
    return vectors


async def _embed(
    caller: Caller, target: Target, texts: list[str], key: str | None
) -> list[list[float]]:
    body = {"model": target.model_name, "input": texts, "encoding_format": "float"}
    url = operation_url(target.endpoint, "embeddings", "v1")
    pieces: list[bytes] = []
    request = HttpRequest(url, bearer(key), encode(body))
    await caller.post(target, request, pieces.append, whole=True)
    rows = read(_decoder, b"".join(pieces)).data
    if sorted(row.index for row in rows) != list(range(len(texts))):
        raise ProviderError(f"The provider sent {len(rows)} vectors for {len(texts)} texts.")
    return _of_unit_length([row.embedding for row in sorted(rows, key=lambda row: row.index)])


def _of_unit_length(rows: list[list[float]]) -> list[list[float]]:
    if len({len(row) for row in rows}) != 1:
        raise ProviderError("The provider sent vectors of different lengths.")
    matrix = np.array(rows, dtype=np.float64)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    scaled: list[list[float]] = (matrix / np.where(lengths == 0, 1, lengths)).tolist()
    return scaled
