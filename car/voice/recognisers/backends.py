"""The engines that run in worker processes, by name (``worker.child.BackendModule``)."""

from car.ir.json import JsonObject
from car.voice.errors import InvalidRequest
from car.worker.child import Backend


def open_backend(options: JsonObject, directory: str) -> Backend:
    """Load what *options* name: ``engine``, and what that one needs.

    *directory* is not used.  Raises VoiceError.
    """
    options = dict(options)
    engine = options.pop("engine", None)
    if engine == "whisper":
        from car.voice.recognisers.whisper_model import WhisperModel

        return WhisperModel(**options)
    if engine == "pocketsphinx":
        from car.voice.recognisers.sphinx_decoders import SphinxDecoders

        return SphinxDecoders()
    raise InvalidRequest(f"engine must be whisper or pocketsphinx, not {engine!r}")
