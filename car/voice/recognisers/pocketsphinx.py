"""pocketsphinx as a recogniser: it follows speech while it is spoken.

American English only.  A session feeds its decoder, which lives in a worker process
(``sphinx_decoders``), with pieces of at most 200 ms and learns of each what was understood.
"""

import base64
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.logger import Logger
from zope.interface import implementer

from car.ir.json import JsonObject
from car.voice.errors import CLOSED, EngineFailed, InvalidRequest, VoiceError
from car.voice.interfaces import IRecogniser, IRecognition
from car.voice.recognisers.locate import language_code, library_missing
from car.voice.recognisers.sharing import (
    FILE_SECONDS,
    OCTETS_A_MS,
    TEXT,
    InThread,
    SharedWorker,
)
from car.voice.records import VoiceOptions
from car.worker.process import IDLE_SECONDS

_log = Logger()

MODEL = "en-us"
"""The model inside the wheel."""

FEED_SECONDS = 60.0
"""How long a piece may take: 60 ms, and another 0.7 s in a worker that was started anew [ours]."""

_PIECE = 200 * OCTETS_A_MS
"""The most that is fed at once, so that sessions get their turns and none holds the others up."""

_LEAST_PIECE = 100 * OCTETS_A_MS
"""What is gathered of an open segment before it is fed."""


@implementer(IRecogniser)
class PocketsphinxRecogniser:
    """Opens voice sessions on one worker process, which holds a decoder for each.

    *reactor* provides IReactorProcess and IReactorTime.
    """

    name = "pocketsphinx"
    description = "pocketsphinx on this machine: American English, partials as words are spoken"

    def __init__(
        self, reactor: Any, in_thread: InThread, *, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._in_thread = in_thread
        self._numbers = count(1)
        self._worker = SharedWorker(reactor, self.name, {}, idle_seconds=idle_seconds)

    @property
    def pids(self) -> list[int]:
        """The id of the worker process if it runs."""
        return [] if self._worker.pid is None else [self._worker.pid]

    def readiness(self) -> "Deferred[str | None]":
        """Fires with what is missing, None if nothing is."""
        return self._in_thread(
            library_missing, "pocketsphinx", "recognising speech with pocketsphinx"
        )

    def open(
        self, options: VoiceOptions, on_partial: Any, on_failure: object
    ) -> "Deferred[IRecognition]":
        """Load a decoder; fires with an IRecognition.

        *on_failure* is never called: a worker that ended is started anew.  Fails with
        MissingComponent, InvalidRequest or EngineFailed.
        """
        return Deferred.fromCoroutine(self._open(options, on_partial))

    def transcribe(
        self, audio: JsonObject, model: str | None, language: str | None, prompt: str | None
    ) -> "Deferred[JsonObject]":
        """Recognise a whole file, as ``engines`` says; *prompt* means nothing to it."""
        return Deferred.fromCoroutine(self._transcribe(audio, model, language))

    def stop(self) -> "Deferred[None]":
        """Kill the worker and refuse further calls; fires when it is gone."""
        return self._worker.stop()

    async def _open(self, options: VoiceOptions, on_partial: Any) -> IRecognition:
        _check(options.model, options.language)
        session = next(self._numbers)
        heard = on_partial if options.partials else None
        recognition = PocketsphinxRecognition(self._worker, session, heard)
        try:
            await self._worker.call("open", {"session": session})
        except (VoiceError, CancelledError):
            await recognition.close()
            raise
        return recognition

    async def _transcribe(
        self, audio: JsonObject, model: str | None, language: str | None
    ) -> JsonObject:
        _check(model, language)
        result = await self._worker.call("transcribe", audio, seconds=FILE_SECONDS)
        return {**result, "model": self.name}


def _check(model: str | None, language: str | None) -> None:
    """Raise InvalidRequest for what pocketsphinx cannot do."""
    if model not in (None, MODEL, PocketsphinxRecogniser.name):
        raise InvalidRequest(f"model: pocketsphinx has the model '{MODEL}' only, not '{model}'")
    if language_code(language) not in (None, "en"):
        raise InvalidRequest(f"language: pocketsphinx knows en only, not '{language}'")


class _Segment:
    """Speech that is not fed yet, and who waits for the text; ``problem`` is why none comes."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.pcm = bytearray()
        self.text: Deferred[str] | None = None
        self.problem: VoiceError | None = None


@implementer(IRecognition)
class PocketsphinxRecognition:
    """Voice session number *session* of *worker*.

    *on_partial* takes what was understood of the open segment, None if nobody wants to know.
    """

    def __init__(
        self, worker: SharedWorker, session: int, on_partial: Callable[[str], object] | None
    ) -> None:
        self._worker = worker
        self._session = session
        self._on_partial = on_partial
        self._numbers = count(1)
        self._segments: deque[_Segment] = deque()
        self._fed = 0
        self._closed: Deferred[None] | None = None
        worker.join(self)

    @property
    def pending_ms(self) -> int:
        """Milliseconds of audio taken and not decoded yet."""
        return (self._fed + sum(len(segment.pcm) for segment in self._segments)) // OCTETS_A_MS

    def began(self) -> None:
        """Speech begins."""
        if self._closed is None:
            self._segments.append(_Segment(next(self._numbers)))

    def audio(self, pcm: bytes) -> None:
        """More of the open segment."""
        if self._closed is not None:
            return
        segment = self._segments[-1]
        if segment.problem is None:
            segment.pcm += pcm
            self._worker.wake()

    def ended(self) -> "Deferred[str]":
        """The segment is complete; fires with its text, fails with EngineFailed."""
        if self._closed is not None:
            return fail(EngineFailed(CLOSED))
        segment = self._segments[-1]
        if segment.problem is not None:
            self._segments.remove(segment)
            return fail(segment.problem)
        text = segment.text = Deferred()
        self._worker.wake()
        return text

    def close(self) -> "Deferred[None]":
        """Take no more audio; texts that are awaited fail.  Fires when the decoder is freed."""
        if self._closed is None:
            self._closed = Deferred()
            segments, self._segments = self._segments, deque()
            for segment in segments:
                if segment.text is not None:
                    segment.text.errback(EngineFailed(CLOSED))
            self._worker.wake()
        if self._closed.called:
            return succeed(None)
        closed: Deferred[None] = Deferred()
        self._closed.chainDeferred(closed)
        return closed

    # ---- turns of the worker ----------------------------------------------------------

    def urgency(self) -> int | None:
        """All pieces are alike (``sharing.Holder``)."""
        if self._closed is not None:
            return TEXT
        if not self._segments:
            return None
        oldest = self._segments[0]
        waits = oldest.text is not None or len(oldest.pcm) >= _LEAST_PIECE
        return TEXT if waits else None

    def work(self) -> "Deferred[None]":
        """Feed the next piece of the oldest segment, or have the decoder freed."""
        return Deferred.fromCoroutine(self._feed() if self._closed is None else self._free())

    async def _feed(self) -> None:
        segment = self._segments[0]
        piece = bytes(segment.pcm[:_PIECE])
        del segment.pcm[:_PIECE]
        last = segment.text is not None and not segment.pcm
        self._fed = len(piece)
        arguments: JsonObject = {
            "session": self._session,
            "segment": segment.number,
            "pcm": base64.b64encode(piece).decode(),
        }
        try:
            text = await self._worker.call(
                "finish" if last else "feed", arguments, seconds=FEED_SECONDS
            )
        except VoiceError as problem:
            self._fed = 0
            self._fail(segment, problem)
            return
        self._fed = 0
        if segment not in self._segments:
            return  # closed meanwhile
        if last and segment.text is not None:
            self._segments.remove(segment)
            segment.text.callback(text)
        elif text and segment.text is None and self._on_partial is not None:
            self._on_partial(text)

    def _fail(self, segment: _Segment, problem: VoiceError) -> None:
        """What was fed of *segment* is lost: no text comes of it."""
        segment.problem = problem
        segment.pcm.clear()
        if segment.text is not None and segment in self._segments:
            self._segments.remove(segment)
            segment.text.errback(problem)

    async def _free(self) -> None:
        assert self._closed is not None
        self._worker.leave(self)
        try:
            if self._worker.pid is not None:
                await self._worker.call("free", {"session": self._session}, seconds=FEED_SECONDS)
        except VoiceError as problem:
            _log.info("a decoder was not freed: {problem}", problem=problem)
        self._closed.callback(None)
