"""The speaker encoder for a worker process (``worker.child.BackendModule``)."""

from car.ir.json import JsonObject
from car.voice.speakers.dvector import DVectorModel
from car.worker.child import Backend


def open_backend(options: JsonObject, directory: str) -> Backend:
    """Load the encoder in the file ``path`` of *options*; *directory* is not used.

    Raises VoiceError.
    """
    return DVectorModel(options["path"])
