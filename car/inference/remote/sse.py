"""Server-sent events out of octets, however the network cut them (WHATWG HTML, section 9.2).

Only what providers use is kept: the event's name and its data.  What the data mean is left to
the protocols.
"""

import re

from msgspec import Struct

from car.inference.errors import ProviderError

MAX_EVENT_BYTES = 4 * 1024 * 1024
"""One event, and so also one line: the last event of OpenAI's responses repeats the whole
answer; [ours]."""

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\r|\n")


class ServerSentEvent(Struct, frozen=True):
    """One event: ``name`` is empty where the stream gave none."""

    name: str
    data: str


class EventReader:
    """Reads a stream piece by piece; a line end or a character may be cut anywhere.

    Comments, ids, events without data and the ``[DONE]`` of OpenAI are left out.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._line = bytearray()
        self._data: list[bytes] = []
        self._name = b""
        self._size = 0
        self._after_cr = False
        self._at_start = True

    def feed(self, piece: bytes) -> list[ServerSentEvent]:
        """The events that *piece* completes.

        Raises ProviderError for an event that is too long.
        """
        events: list[ServerSentEvent] = []
        if not piece:
            return events
        if self._after_cr:
            piece = piece.removeprefix(b"\n")
        start = 0
        for found in _LINE_END.finditer(piece):
            self._grow(piece[start : found.start()])
            start = found.end()
            self._end_line(events)
        self._grow(piece[start:])
        self._after_cr = start == len(piece) and piece.endswith(b"\r")
        return events

    def _grow(self, octets: bytes) -> None:
        self._size += len(octets)
        if self._size > self._max_event_bytes:
            raise ProviderError(
                f"The provider sent an event of more than {self._max_event_bytes} octets."
            )
        self._line += octets

    def _end_line(self, events: list[ServerSentEvent]) -> None:
        line = bytes(self._line)
        self._line.clear()
        if self._at_start:
            line = line.removeprefix(_BOM)
            self._at_start = False
        if not line:
            self._end_event(events)
            return
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
        elif field == b"event":
            self._name = value
        else:
            self._size -= len(line)  # nothing of it is kept

    def _end_event(self, events: list[ServerSentEvent]) -> None:
        data = b"\n".join(self._data)
        if data and data != b"[DONE]":
            name = self._name.decode("utf-8", "replace")
            events.append(ServerSentEvent(name, data.decode("utf-8", "replace")))
        self._data.clear()
        self._name = b""
        self._size = 0
