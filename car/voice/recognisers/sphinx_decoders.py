"""pocketsphinx in a worker process: a decoder for each voice session, and one for a file.

It follows speech as it comes, in American English.  A decoder keeps what it learned of a
session's channel.  When it is fed is for ``pocketsphinx``.
"""

import base64
from collections.abc import Iterator
from itertools import count
from typing import Any

from car.components import import_component
from car.ir.json import JsonObject, JsonValue
from car.voice.errors import InvalidRequest, MissingComponent
from car.voice.recognisers.decoding import Samples, Span, transcribed
from car.voice.recognisers.locate import EXTRA
from car.voice.records import RATE
from car.worker.child import Tell

FRAME_MS = 10
"""What pocketsphinx counts time in."""

_PAUSE_FRAMES = 60
"""A silence of so many frames parts two segments, as in live sessions."""

_SPAN, _SEARCH = 20 * RATE, 5 * RATE
"""The longest utterance that a file is cut into, in the quietest moment of its last 5 s."""

_PIECE = RATE // 5
"""Samples that are decoded at once: the interpreter's lock is held meanwhile."""


class _Decoder:
    """One decoder, and the number of the segment it is amidst."""

    def __init__(self, library: Any) -> None:
        self._decoder: Any = library.Decoder(samprate=RATE, loglevel="FATAL")
        self._segment: int | None = None

    def feed(self, segment: int, pcm: bytes) -> str:
        """Take more of *segment*; what was understood of it so far."""
        if self._segment != segment:
            if self._segment is not None:
                self._decoder.end_utt()  # it was given up
            self._decoder.start_utt()
            self._segment = segment
        if pcm:
            self._decoder.process_raw(pcm, False, False)
        return self._text()

    def finish(self, segment: int, pcm: bytes) -> str:
        """Take the last of *segment*; its text."""
        self.feed(segment, pcm)
        self._decoder.end_utt()
        self._segment = None
        return self._text()

    def words(self) -> Iterator[tuple[str, int, int]]:
        """The words of the segment that was finished, with first and last frame."""
        for found in self._decoder.seg():
            if not found.word.startswith(("<", "[")):  # silence and noise
                yield found.word.partition("(")[0], found.start_frame, found.end_frame

    def _text(self) -> str:
        found = self._decoder.hyp()
        return "" if found is None else str(found.hypstr)


class SphinxDecoders:
    """Decoders by voice session.  Raises MissingComponent."""

    def __init__(self) -> None:
        feature = "recognising speech with pocketsphinx"
        self._library = import_component("pocketsphinx", EXTRA, feature, MissingComponent)
        self._decoders: dict[int, _Decoder] = {}

    def call(self, op: str, arguments: JsonObject, tell: Tell) -> JsonValue:
        """Do one of

        - ``open {session}``: load a decoder for a session, which is its number
        - ``feed {session, segment, pcm}``: what was understood of a numbered segment so far,
          given more of it: 16 kHz mono s16le in base64
        - ``finish {session, segment, pcm}``: the segment's text, given the last of it
        - ``free {session}``: let go of a session's decoder
        - ``transcribe {audio_path | audio_b64}``: a file's ``{text, segments, language,
          duration_ms}``

        Calls for one session come one after the other.
        """
        match op:
            case "open":
                self._decoder(arguments["session"])
                return None
            case "feed" | "finish":
                decoder = self._decoder(arguments["session"])
                take = decoder.feed if op == "feed" else decoder.finish
                return take(arguments["segment"], base64.b64decode(arguments["pcm"]))
            case "free":
                self._decoders.pop(arguments["session"], None)
                return None
            case "transcribe":
                return self._transcribe(arguments, tell)
        raise InvalidRequest(f"pocketsphinx cannot {op}")

    def _decoder(self, session: int) -> _Decoder:
        """The decoder of *session*, which a worker that was started anew does not have yet."""
        if session not in self._decoders:
            self._decoders[session] = _Decoder(self._library)
        return self._decoders[session]

    def _transcribe(self, arguments: JsonObject, tell: Tell) -> JsonObject:
        decoder = _Decoder(self._library)
        numbers = count()

        def hear(span: Span) -> list[JsonObject]:
            number = next(numbers)
            for piece in _pieces(span.samples):
                decoder.feed(number, piece)
            decoder.finish(number, b"")
            return _segments(decoder.words(), span.start * 1000 // RATE)

        return {**transcribed(arguments, _SPAN, _SEARCH, hear, tell), "language": "en"}


def _pieces(samples: Samples) -> Iterator[bytes]:
    for start in range(0, len(samples), _PIECE):
        yield samples[start : start + _PIECE].tobytes()


def _segments(words: Iterator[tuple[str, int, int]], start_ms: int) -> list[JsonObject]:
    """*words* as segments ``{text, start_ms, end_ms}``, parted at pauses."""
    segments: list[JsonObject] = []
    ended: int | None = None
    for word, first, last in words:
        end_ms = start_ms + (last + 1) * FRAME_MS
        if ended is not None and first - ended <= _PAUSE_FRAMES:
            segments[-1]["text"] += f" {word}"
            segments[-1]["end_ms"] = end_ms
        else:
            segments.append(
                {"text": word, "start_ms": start_ms + first * FRAME_MS, "end_ms": end_ms}
            )
        ended = last
    return segments
