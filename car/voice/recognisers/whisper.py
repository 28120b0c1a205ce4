"""Whisper as a recogniser: each segment is decoded when it has ended, and guessed at before.

Whisper hears stretches of speech, not streams, so that an open segment is decoded anew to see
what is being said.  The decoding is done in a worker process (``whisper_model``), one a model.
"""

import base64
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

from car.inference.local.workers import threads_to_use
from car.ir.json import JsonObject
from car.voice.errors import CLOSED, EngineFailed, InvalidRequest, TooMany, VoiceError
from car.voice.interfaces import IRecogniser, IRecognition
from car.voice.recognisers.locate import SpeechModel, find_model, language_code, whisper_missing
from car.voice.recognisers.sharing import (
    FILE_SECONDS,
    GUESS,
    OCTETS_A_MS,
    TEXT,
    InThread,
    SharedWorker,
)
from car.voice.records import VoiceOptions
from car.worker.process import IDLE_SECONDS

_log = Logger()

DECODE_SECONDS = 120.0
"""How long a segment of 20 s may take; one thread of a busy machine needs 1 s [ours]."""

GUESS_SECONDS = 1.0
"""The shortest time between two guesses at a segment (``subsystem-voice.md``, Pipeline)."""

GUESS_SHARE = 2.0
"""Guesses come no oftener than this many times what the last one took, so that they take at
most half of the worker's time [ours]."""

MAX_THREADS = 4
"""More threads than these bring a model of this kind nothing [faster-whisper's default]."""

MAX_MODELS = 2
"""How many models may be loaded at once, as each takes hundreds of megabytes [ours]."""


@implementer(IRecogniser)
class WhisperRecogniser:
    """Opens voice sessions on Whisper models.

    *reactor* provides IReactorProcess and IReactorTime; *environment* may hold
    ``CAR_WHISPER_MODEL``; each worker computes with *threads*, None for all cores but one, and
    four at most.
    """

    name = "whisper"
    description = "Whisper on this machine: accurate, partials about every second"

    def __init__(
        self,
        reactor: Any,
        in_thread: InThread,
        environment: Mapping[str, str],
        *,
        threads: int | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._reactor = reactor
        self._in_thread = in_thread
        self._environment = environment
        self._threads = threads or min(threads_to_use(), MAX_THREADS)
        self._idle_seconds = idle_seconds
        self._workers: dict[Path, SharedWorker] = {}
        self._stopped = False

    @property
    def pids(self) -> list[int]:
        """The ids of the worker processes that run."""
        return [worker.pid for worker in self._workers.values() if worker.pid is not None]

    def readiness(self) -> "Deferred[str | None]":
        """Fires with what is missing, None if nothing is."""
        return self._in_thread(whisper_missing, None, self._environment)

    def open(
        self, options: VoiceOptions, on_partial: Any, on_failure: object
    ) -> "Deferred[IRecognition]":
        """Load the model of *options*; fires with an IRecognition.

        *on_failure* is never called: a worker that ended is started anew.  Fails with
        MissingComponent, InvalidRequest, TooMany or EngineFailed.
        """
        return Deferred.fromCoroutine(self._open(options, on_partial))

    def transcribe(
        self, audio: JsonObject, model: str | None, language: str | None, prompt: str | None
    ) -> "Deferred[JsonObject]":
        """Recognise a whole file, as ``engines`` says."""
        return Deferred.fromCoroutine(self._transcribe(audio, model, language, prompt))

    def stop(self) -> "Deferred[None]":
        """Kill the workers and refuse further calls; fires when they are gone."""
        self._stopped = True
        ended = DeferredList([worker.stop() for worker in self._workers.values()])
        return ended.addCallback(lambda _: None)

    async def _open(self, options: VoiceOptions, on_partial: Any) -> IRecognition:
        _, worker, language = await self._load(options.model, options.language)
        heard = on_partial if options.partials else None
        return WhisperRecognition(worker, self._reactor, language, heard)

    async def _transcribe(
        self, audio: JsonObject, model: str | None, language: str | None, prompt: str | None
    ) -> JsonObject:
        found, worker, code = await self._load(model, language)
        given = {"language": code, "prompt": prompt}
        said = {name: value for name, value in given.items() if value is not None}
        result = await worker.call("transcribe", {**audio, **said}, seconds=FILE_SECONDS)
        return {**result, "model": found.name}

    async def _load(
        self, option: str | None, language: str | None
    ) -> tuple[SpeechModel, SharedWorker, str | None]:
        """The model, its worker with it loaded, and the code of *language*."""
        model = await self._in_thread(find_model, option, self._environment)
        worker = self._worker(model)
        languages = await worker.call("load", {})
        code = language_code(language)
        if code is not None and code not in languages:
            raise InvalidRequest(
                f"language: the speech model '{model.name}' knows {', '.join(languages)}, "
                f"not '{language}'"
            )
        return model, worker, code

    def _worker(self, model: SpeechModel) -> SharedWorker:
        if self._stopped:
            raise EngineFailed("whisper was stopped")
        worker = self._workers.get(model.directory)
        if worker is None:
            if len(self.pids) >= MAX_MODELS:
                raise TooMany(
                    f"model: {MAX_MODELS} speech models are loaded already; "
                    "use one of them, or wait until one is no longer used"
                )
            worker = SharedWorker(
                self._reactor,
                self.name,
                {"directory": str(model.directory), "threads": self._threads},
                idle_seconds=self._idle_seconds,
            )
            self._workers[model.directory] = worker
        return worker


class _Segment:
    """Speech, and who waits for its text."""

    def __init__(self) -> None:
        self.pcm = bytearray()
        self.text: Deferred[str] | None = None


@implementer(IRecognition)
class WhisperRecognition:
    """One voice session's share of *worker*.

    *on_partial* takes what was understood of the open segment, None if nobody wants to know.
    """

    def __init__(
        self,
        worker: SharedWorker,
        clock: IReactorTime,
        language: str | None,
        on_partial: Callable[[str], object] | None,
    ) -> None:
        self._worker = worker
        self._clock = clock
        self._language: JsonObject = {} if language is None else {"language": language}
        self._on_partial = on_partial
        self._open: _Segment | None = None
        self._ended: deque[_Segment] = deque()
        self._guess_at = 0.0
        self._pause = GUESS_SECONDS
        self._closed = False
        worker.join(self)

    @property
    def pending_ms(self) -> int:
        """Milliseconds of audio after the segment that is decoded now, or is next.

        What is open is no arrears while nothing that ended waits: it is decoded at its end.
        """
        if not self._ended:
            return 0
        later = sum(len(segment.pcm) for segment in self._ended) - len(self._ended[0].pcm)
        current = 0 if self._open is None else len(self._open.pcm)
        return (later + current) // OCTETS_A_MS

    def began(self) -> None:
        """Speech begins; the first guess at it comes after a pause."""
        if self._closed:
            return
        self._open = _Segment()
        self._guess_at = self._clock.seconds() + self._pause

    def audio(self, pcm: bytes) -> None:
        """More of the open segment."""
        if self._open is None:
            return  # closed meanwhile
        self._open.pcm += pcm
        if self._guess_is_due():
            self._worker.wake()

    def ended(self) -> "Deferred[str]":
        """The segment is complete; fires with its text, fails with EngineFailed."""
        segment, self._open = self._open, None
        if segment is None:
            return fail(EngineFailed(CLOSED))
        text = segment.text = Deferred(lambda _: self._forget(segment))
        self._ended.append(segment)
        self._worker.wake()
        return text

    def close(self) -> "Deferred[None]":
        """Take no more turns; texts that are awaited fail."""
        self._worker.leave(self)
        self._closed = True
        self._open = None
        segments, self._ended = self._ended, deque()
        for segment in segments:
            _give(segment, EngineFailed(CLOSED))
        return succeed(None)

    # ---- turns of the worker ----------------------------------------------------------

    def urgency(self) -> int | None:
        """A text that is awaited comes before a guess (``sharing.Holder``)."""
        if self._ended:
            return TEXT
        return GUESS if self._guess_is_due() else None

    def work(self) -> "Deferred[None]":
        """Decode the oldest segment that has ended, else the open one."""
        step = self._decode_ended() if self._ended else self._guess()
        return Deferred.fromCoroutine(step)

    async def _decode_ended(self) -> None:
        segment = self._ended[0]
        outcome: str | VoiceError
        try:
            outcome = await self._decode(segment, final=True)
        except VoiceError as problem:
            outcome = problem
        if segment in self._ended:
            self._ended.remove(segment)
            _give(segment, outcome)

    async def _guess(self) -> None:
        segment = self._open
        assert segment is not None and self._on_partial is not None
        started = self._clock.seconds()
        try:
            text = await self._decode(segment, final=False)
        except VoiceError as problem:
            _log.info("no partial text: {problem}", problem=problem)
            text = ""
        self._pause = max(GUESS_SECONDS, GUESS_SHARE * (self._clock.seconds() - started))
        self._guess_at = started + self._pause
        if text and segment is self._open:
            self._on_partial(text)

    def _guess_is_due(self) -> bool:
        return (
            self._on_partial is not None
            and self._open is not None
            and self._clock.seconds() >= self._guess_at
        )

    def _decode(self, segment: _Segment, *, final: bool) -> "Deferred[str]":
        pcm = base64.b64encode(segment.pcm).decode()
        arguments = {"pcm": pcm, "final": final, **self._language}
        return self._worker.call("decode", arguments, seconds=DECODE_SECONDS)

    def _forget(self, segment: _Segment) -> None:
        """Nobody waits for the text of *segment* any more."""
        if segment in self._ended:
            self._ended.remove(segment)


def _give(segment: _Segment, outcome: str | VoiceError) -> None:
    """Let whoever waits for the text of *segment* have the *outcome*."""
    assert segment.text is not None
    if isinstance(outcome, str):
        segment.text.callback(outcome)
    else:
        segment.text.errback(outcome)
