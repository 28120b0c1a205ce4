"""One speech stream: its text spoken, cut into parts, sent no faster than they are taken."""

from collections import deque
from collections.abc import Callable

from msgspec import Struct
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from car.errors import CarError
from car.voice.speech.records import Chunk, Format, SpeechOptions, StreamPart
from car.voice.speech.synthesiser import Synthesiser
from car.voice.speech.waves import wave_header

_log = Logger()

MOST_UNSENT = 4
"""Speech is made only while fewer parts than this are unsent (``subsystem-voice.md``)."""

PART_BYTES = 128 * 1024
"""The audio of a part [ours]: some 3 s as PCM, 175 kB as JSON."""

SendPart = Callable[[StreamPart], "Deferred[None] | None"]
"""Sends a part; answers None if it has left, else a Deferred that fires when it has."""


class StreamRow(Struct, frozen=True):
    """A stream as it is listed; ``parts`` counts those handed to the transport."""

    stream_id: str
    provider: str
    format: Format | None
    status: str
    parts: int


class SpeechStream:
    """Speaks for one ``stream_id``; *on_end* is called once, when nothing more will come.

    The last part is final, with the error of what failed; after ``cancel`` nothing is sent.
    """

    def __init__(self, stream_id: str, send: SendPart, on_end: Callable[[], None]) -> None:
        self.stream_id = stream_id
        self._send = send
        self._on_end = on_end
        self._provider = ""
        self._format: Format = "wav"
        self._parts: deque[StreamPart] = deque()
        self._made = self._sent = self._unsent = 0
        self._room: Deferred[None] | None = None
        self._speaking: Deferred[None] | None = None
        self._over = False

    @property
    def row(self) -> StreamRow:
        """The stream as it is listed."""
        begun = self._speaking is not None
        status = "speaking" if begun else "starting"
        sound = self._format if begun else None
        return StreamRow(self.stream_id, self._provider, sound, status, self._sent)

    def begin(self, synthesiser: Synthesiser, options: SpeechOptions, text: str) -> None:
        """Have *synthesiser* speak *text*; *options* are as ``Synthesisers.choose`` gave them."""
        if self._over:
            return
        assert options.format is not None
        self._provider, self._format = synthesiser.name, options.format
        self._speaking = synthesiser.speak(text, options, self._chunk_made)
        self._speaking.addCallbacks(self._spoken, self._failed)

    def cancel(self) -> None:
        """Stop at once: the process or request ends, and no part leaves any more."""
        if self._over:
            return
        self._over = True
        self._parts.clear()
        if self._speaking is not None:
            self._speaking.cancel()
        self._on_end()

    def _chunk_made(self, chunk: Chunk) -> Deferred[None] | None:
        """Queue a chunk, in parts; the next is made when these have been handed over."""
        for start in range(0, len(chunk.octets), PART_BYTES):
            octets = chunk.octets[start : start + PART_BYTES]
            if self._format == "wav":
                octets = wave_header(len(octets), chunk.sample_rate) + octets
            self._queue(octets=octets, sample_rate=chunk.sample_rate)
        self._pump()
        if self._over or not self._is_full():
            return None
        self._room = Deferred()
        return self._room

    def _spoken(self, _: None) -> None:
        self._queue(is_final=True)
        self._pump()

    def _failed(self, failure: Failure) -> None:
        if self._over:
            return  # cancelled: nobody is told
        if failure.check(CarError):
            message = str(failure.value)
        else:
            _log.failure("speech stream {stream_id}", failure, stream_id=self.stream_id)
            message = "internal error"
        self._queue(is_final=True, error=message)
        self._pump()

    def _queue(
        self,
        *,
        octets: bytes = b"",
        sample_rate: int = 0,
        is_final: bool = False,
        error: str | None = None,
    ) -> None:
        part = StreamPart(
            stream_id=self.stream_id,
            seq=self._made,
            format=self._format,
            octets=octets,
            sample_rate=sample_rate,
            is_final=is_final,
            error=error,
        )
        self._parts.append(part)
        self._made += 1

    def _is_full(self) -> bool:
        return bool(self._parts) or self._unsent >= MOST_UNSENT

    def _pump(self) -> None:
        """Hand over parts while few are unsent; then let more be made."""
        while self._parts and self._unsent < MOST_UNSENT:
            part = self._parts.popleft()
            self._sent += 1
            self._unsent += 1
            taken = self._send(part)
            (succeed(None) if taken is None else taken).addCallbacks(
                self._part_left, self._lost, callbackArgs=(part.is_final,)
            )
        if self._room is not None and not self._is_full():
            room, self._room = self._room, None
            room.callback(None)

    def _part_left(self, _: None, is_final: bool) -> None:
        self._unsent -= 1
        if self._over:
            return
        if is_final:
            self._over = True
            self._on_end()
        elif self._room is not None or self._parts:
            self._pump()

    def _lost(self, _: Failure) -> None:
        """A part cannot be sent: nobody listens any more."""
        self.cancel()
