"""All that recognises speech on this machine, and whole files recognised by it.

The recognisers are ``whisper``, ``pocketsphinx`` and ``local``; here they get what they need,
and their worker processes are stopped.
"""

import os
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from twisted.internet.defer import Deferred, DeferredList, DeferredSemaphore, fail

from car.ir.json import JsonObject
from car.voice.errors import InvalidRequest, TooMany
from car.voice.recognisers.local import LocalRecogniser
from car.voice.recognisers.pocketsphinx import PocketsphinxRecogniser
from car.voice.recognisers.sharing import InThread
from car.voice.recognisers.whisper import WhisperRecogniser
from car.worker.process import IDLE_SECONDS

MAX_AUDIO_B64 = 32 << 20
"""The longest file that is taken in base64, in characters [ours]: half of a worker's frame."""

MAX_WAITING = 8
"""How many files may wait while one is recognised [ours]."""


class FileRequest(Struct, frozen=True, kw_only=True):
    """A file to recognise: its absolute path, or all of it in base64, which wins.

    ``model`` as ``VoiceOptions`` has it, or ``pocketsphinx``; ``prompt`` is what came before,
    or words to expect.
    """

    audio_path: str | None = None
    audio_b64: str | None = None
    model: str | None = None
    language: str | None = None
    prompt: str | None = None


class LocalEngines:
    """The recognisers of this machine.

    *reactor* provides IReactorProcess and IReactorTime, *in_thread* calls in a thread,
    *environment* is looked up for ``CAR_WHISPER_MODEL``.  Whisper computes with *threads*,
    None for all cores but one, and four at most; a worker that nobody calls for
    *idle_seconds* is stopped.
    """

    def __init__(
        self,
        reactor: Any,
        in_thread: InThread,
        *,
        environment: Mapping[str, str] = os.environ,
        threads: int | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.whisper = WhisperRecogniser(
            reactor, in_thread, environment, threads=threads, idle_seconds=idle_seconds
        )
        self.pocketsphinx = PocketsphinxRecogniser(reactor, in_thread, idle_seconds=idle_seconds)
        self.local = LocalRecogniser(self.whisper, self.pocketsphinx)
        self._files = DeferredSemaphore(1)

    @property
    def pids(self) -> list[int]:
        """The ids of the worker processes that run."""
        return [*self.whisper.pids, *self.pocketsphinx.pids]

    def transcribe_file(self, request: FileRequest) -> "Deferred[JsonObject]":
        """Recognise a file; one at a time, beside the voice sessions.

        Fires with ``{text, segments: [{text, start_ms, end_ms}], language, duration_ms,
        model}``.  Fails with InvalidRequest, SourceFailed for a file that is no audio, TooMany,
        MissingComponent or EngineFailed.  Cancelling gives up.
        """
        if len(self._files.waiting) >= MAX_WAITING:
            return fail(TooMany(f"{MAX_WAITING} files wait to be transcribed; try again later"))
        return self._files.run(lambda: Deferred.fromCoroutine(self._transcribe(request)))

    def stop(self) -> "Deferred[None]":
        """Kill all workers and refuse further calls; fires when they are gone."""
        ended = DeferredList([self.whisper.stop(), self.pocketsphinx.stop()])
        return ended.addCallback(lambda _: None)

    async def _transcribe(self, request: FileRequest) -> JsonObject:
        audio = _audio(request)
        engine = await self.local.choose(request.model)
        return await engine.transcribe(audio, request.model, request.language, request.prompt)


def _audio(request: FileRequest) -> JsonObject:
    """What the workers read.  Raises InvalidRequest."""
    if request.audio_b64 is not None:
        if len(request.audio_b64) > MAX_AUDIO_B64:
            raise InvalidRequest(
                f"audio_b64: expected at most {MAX_AUDIO_B64} characters; "
                "give a longer file as audio_path"
            )
        return {"audio_b64": request.audio_b64}
    path = request.audio_path
    if path is None:
        raise InvalidRequest("audio_path: expected the path of an audio file, or audio_b64")
    if "\0" in path or not os.path.isabs(path):
        raise InvalidRequest(f"audio_path: expected an absolute path, not '{path}'")
    return {"audio_path": path}
