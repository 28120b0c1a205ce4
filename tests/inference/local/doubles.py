"""Stand-ins for models and the workers that run them."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed

from car.inference.local.locate import ModelFiles
from car.inference.local.workers import LocalWorkers
from car.inference.models import Local, ModelSchema
from car.ir.json import JsonObject, JsonValue
from car.worker.process import OnPart

GGUF_MODEL = ModelSchema(
    id="lab/owl:1",
    name="owl",
    capabilities=["generate"],
    context_length=512,
    source=Local(path="owl.gguf"),
)
ONNX_MODEL = ModelSchema(
    id="lab/near:1",
    name="near",
    capabilities=["embed", "rerank"],
    context_length=64,
    source=Local(path="near.onnx", format="onnx"),
)


class FakeWorkers(LocalWorkers):
    """Workers that answer each call at once with what *answer* makes of it.

    ``calls`` holds the op and the arguments of each.  Where *answer* gives a Deferred, that is
    the call's.
    """

    def __init__(self, answer: Callable[[str, JsonObject], Any]) -> None:
        self.calls: list[tuple[str, JsonObject]] = []
        self.on_part: OnPart | None = None
        self._answer = answer

    def call(
        self,
        model: ModelSchema,
        op: str,
        arguments: JsonObject,
        on_part: OnPart | None = None,
        *,
        seconds: float = 0.0,
    ) -> "Deferred[JsonValue]":
        """Note the call and answer it."""
        self.calls.append((op, arguments))
        self.on_part = on_part
        answer = self._answer(op, arguments)
        return answer if isinstance(answer, Deferred) else succeed(answer)


def place(files: ModelFiles, name: str, content: bytes = b"weights") -> None:
    """Put a file where models lie."""
    files.directory.mkdir(parents=True, exist_ok=True)
    (files.directory / name).write_bytes(content)
