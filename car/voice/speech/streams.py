"""SpeechStreams: the speech streams of all connections, each bound to the one that asked."""

import re
from collections.abc import Iterator

from twisted.internet.defer import Deferred

from car.voice.errors import DuplicateSession, InvalidRequest, TooMany
from car.voice.speech.records import SpeechOptions, check_text
from car.voice.speech.stream import SendPart, SpeechStream, StreamRow
from car.voice.speech.synthesisers import Synthesisers

MOST_OF_CLIENT = 16
MOST = 64
"""Streams of one connection, and of all (as sessions: ``subsystem-voice.md``, Back-pressure)."""

MOST_ID_CHARS = 64

_BINARY_ID = re.compile(r"[0-9a-f]{32}")


class SpeechStreams:
    """Streams by their connection and id: an id is that of its connection alone."""

    def __init__(self, synthesisers: Synthesisers) -> None:
        self._synthesisers = synthesisers
        self._streams: dict[tuple[str, str], SpeechStream] = {}

    def start(
        self, stream_id: str, client_id: str, text: str, options: SpeechOptions, send: SendPart
    ) -> Deferred[None]:
        """Begin to speak; fires once a provider has taken it on, before any audio.

        *send* gets the parts, from then on.  Fails, with nothing left behind, with
        InvalidRequest, DuplicateSession, TooMany, UnknownProvider, MissingComponent or
        MissingKey.  What fails later is the error of the final part.
        """
        return Deferred.fromCoroutine(self._start(stream_id, client_id, text, options, send))

    def cancel(self, stream_id: str, client_id: str) -> bool:
        """Stop a stream at once; whether there was one."""
        stream = self._streams.get((client_id, stream_id))
        if stream is None:
            return False
        stream.cancel()
        return True

    def session_closed(self, client_id: str) -> list[str]:
        """Stop all streams of a connection, as when it ends or somebody barges in; their ids."""
        streams = [*self._of(client_id)]
        for stream in streams:
            stream.cancel()
        return [stream.stream_id for stream in streams]

    def rows(self, client_id: str) -> list[StreamRow]:
        """The streams of a connection."""
        return [stream.row for stream in self._of(client_id)]

    def stop_all(self) -> None:
        """Stop every stream."""
        for stream in [*self._streams.values()]:
            stream.cancel()

    async def _start(
        self, stream_id: str, client_id: str, text: str, options: SpeechOptions, send: SendPart
    ) -> None:
        _check_id(stream_id, options.binary_frames)
        check_text(text)
        self._check_room(stream_id, client_id)
        key = (client_id, stream_id)
        stream = SpeechStream(stream_id, send, lambda: self._forget(key, stream))
        self._streams[key] = stream
        chosen = None
        try:
            chosen = await self._synthesisers.choose(options)
        finally:
            if chosen is None:
                stream.cancel()
        stream.begin(*chosen, text)

    def _check_room(self, stream_id: str, client_id: str) -> None:
        if (client_id, stream_id) in self._streams:
            raise DuplicateSession(f"speech stream '{stream_id}' already exists")
        if sum(1 for _ in self._of(client_id)) >= MOST_OF_CLIENT:
            raise TooMany(f"a connection may have {MOST_OF_CLIENT} speech streams at a time")
        if len(self._streams) >= MOST:
            raise TooMany(f"{MOST} speech streams run already, which is the most; try again later")

    def _of(self, client_id: str) -> Iterator[SpeechStream]:
        return (stream for (owner, _), stream in self._streams.items() if owner == client_id)

    def _forget(self, key: tuple[str, str], stream: SpeechStream) -> None:
        if self._streams.get(key) is stream:
            del self._streams[key]


def _check_id(stream_id: str, is_binary: bool) -> None:
    if not 1 <= len(stream_id) <= MOST_ID_CHARS:
        raise InvalidRequest(f"stream_id: expected 1 to {MOST_ID_CHARS} characters")
    if is_binary and not _BINARY_ID.fullmatch(stream_id):
        raise InvalidRequest("stream_id: with binary_frames, expected 32 lower-case hex digits")
