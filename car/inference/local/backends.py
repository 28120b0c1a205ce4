"""The back ends that run models in worker processes, by name (``worker.child.BackendModule``)."""

from car.inference.errors import InvalidRequest
from car.ir.json import JsonObject
from car.worker.child import Backend


def open_backend(options: JsonObject, directory: str) -> Backend:
    """Load what *options* name: ``backend``, and what that one needs.

    *directory* is private to this process.  Raises InferenceError.
    """
    options = dict(options)
    backend = options.pop("backend", None)
    if backend == "gguf":
        from car.inference.local.gguf import GgufModel

        return GgufModel(directory=directory, **options)
    if backend == "onnx":
        from car.inference.local.onnx import OnnxModel

        return OnnxModel(**options)
    raise InvalidRequest(f"backend must be gguf or onnx, not {backend!r}")
