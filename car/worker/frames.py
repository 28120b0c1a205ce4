"""Frames between the daemon and a worker: four octets of length, big-endian, then JSON.

Both sides use them; neither Twisted nor a pipe is known here.  Into the worker go, first,
``{open: {…}}``, then ``{id, op, arguments}`` and ``{cancel: id}``; out of it come
``{opened: true}`` or ``{failed: error}``, then ``{id, part}``, ``{id, result}`` and
``{id, error}``, an error being ``{type, message}``.
"""

from collections.abc import Iterator

from car.errors import CarError
from car.ir.json import JsonError, JsonObject, decode, encode

MAX_FRAME_BYTES = 64 * 1024 * 1024
"""[ours]: eight times the longest prompt (8 MiB), as JSON text may grow by escapes."""

_LENGTH_BYTES = 4


class FrameError(CarError):
    """Octets that are no frame: the other side is broken."""


def pack(message: JsonObject) -> bytes:
    """The frame of *message*.  Raises FrameError for one longer than MAX_FRAME_BYTES."""
    body = encode(message)
    if len(body) > MAX_FRAME_BYTES:
        raise FrameError(f"a frame of {len(body)} octets is longer than {MAX_FRAME_BYTES}")
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


class FrameReader:
    """Frames out of octets, however these are cut."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[JsonObject]:
        """Take *data*; yields each message that is complete.  Raises FrameError."""
        self._held += data
        while len(self._held) >= _LENGTH_BYTES:
            end = _LENGTH_BYTES + int.from_bytes(self._held[:_LENGTH_BYTES], "big")
            if end > MAX_FRAME_BYTES + _LENGTH_BYTES:
                raise FrameError(f"a frame is longer than {MAX_FRAME_BYTES} octets")
            if len(self._held) < end:
                return
            body = bytes(self._held[_LENGTH_BYTES:end])
            del self._held[:end]
            yield _read(body)


def _read(body: bytes) -> JsonObject:
    try:
        message = decode(body)
    except JsonError as problem:
        raise FrameError(f"a frame does not hold JSON: {problem}") from None
    if not isinstance(message, dict):
        raise FrameError("a frame does not hold a JSON object")
    return message
