"""The best recogniser of this machine that is ready: whisper where it has a model, else
pocketsphinx.  What they do is theirs."""

from typing import Any

from twisted.internet.defer import Deferred
from zope.interface import implementer

from car.voice.errors import MissingComponent
from car.voice.interfaces import IRecogniser, IRecognition
from car.voice.recognisers.pocketsphinx import PocketsphinxRecogniser
from car.voice.recognisers.whisper import WhisperRecogniser
from car.voice.records import VoiceOptions

Engine = WhisperRecogniser | PocketsphinxRecogniser


@implementer(IRecogniser)
class LocalRecogniser:
    """Opens sessions of *whisper* or of *pocketsphinx*, chosen anew for each."""

    name = "local"
    description = "The best on this machine: whisper where it has a model, else pocketsphinx"

    def __init__(self, whisper: WhisperRecogniser, pocketsphinx: PocketsphinxRecogniser) -> None:
        self._whisper = whisper
        self._pocketsphinx = pocketsphinx

    def readiness(self) -> "Deferred[str | None]":
        """Fires with None where one of the two is ready, else with what both lack."""
        return Deferred.fromCoroutine(self._readiness())

    def open(
        self, options: VoiceOptions, on_partial: Any, on_failure: object
    ) -> "Deferred[IRecognition]":
        """Open a session of the best; fires and fails as that one does."""
        return Deferred.fromCoroutine(self._open(options, on_partial, on_failure))

    async def choose(self, model: str | None) -> Engine:
        """Who is to serve a request for *model*: whisper, unless it asks for pocketsphinx, or
        for nothing while only that one is ready.  Raises MissingComponent."""
        if model == self._pocketsphinx.name:
            return self._pocketsphinx
        if model is not None or await self._whisper.readiness() is None:
            return self._whisper
        if await self._pocketsphinx.readiness() is None:
            return self._pocketsphinx
        raise MissingComponent(str(await self._readiness()))

    async def _readiness(self) -> str | None:
        lacks = [await engine.readiness() for engine in (self._whisper, self._pocketsphinx)]
        return None if None in lacks else "; ".join(str(lack) for lack in lacks)

    async def _open(
        self, options: VoiceOptions, on_partial: Any, on_failure: object
    ) -> IRecognition:
        engine = await self.choose(options.model)
        return await engine.open(options, on_partial, on_failure)
