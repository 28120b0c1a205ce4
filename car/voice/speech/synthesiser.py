"""What all synthesisers have in common: readiness out of a check, formats, coroutines inside."""

from collections.abc import Callable
from typing import ClassVar

from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from car.errors import CarError
from car.inference.interfaces import InThread
from car.voice.errors import InvalidRequest
from car.voice.interfaces import ISynthesiser
from car.voice.speech import sentences
from car.voice.speech.records import Chunk, Format, SpeechOptions

OnChunk = Callable[[Chunk], "Deferred[None] | None"]
"""Takes a chunk, ``pcm`` or ``mp3``; the next waits for the Deferred that it may answer."""


@implementer(ISynthesiser)
class Synthesiser:
    """The root of the synthesisers; what they do stands in ``_check`` and ``_speak``."""

    name: ClassVar[str]
    description: ClassVar[str]
    formats: ClassVar[tuple[Format, ...]]

    def __init__(self, in_thread: InThread) -> None:
        self._in_thread = in_thread

    def readiness(self) -> Deferred[str | None]:
        """Fires with None where speech could be made now, else with what is missing."""
        return Deferred.fromCoroutine(self._readiness())

    def check(self, options: SpeechOptions) -> Deferred[str]:
        """Fires with what would speak: the path of a program or voice, or a URL.

        Fails with MissingComponent, MissingKey or InvalidRequest where speech with *options*
        could not be made.  Nothing is loaded, nobody is asked.
        """
        return Deferred.fromCoroutine(self._check_all(options))

    def prepare(self, options: SpeechOptions) -> Deferred[str]:
        """As ``check``; what has to be loaded is loaded before it fires."""
        return self.check(options)

    def speak(self, text: str, options: SpeechOptions, on_chunk: OnChunk) -> Deferred[None]:
        """Make speech of *text*; fires after *on_chunk* has taken its last chunk.

        Chunks are ``mp3`` if *options* ask for that, else ``pcm``.  Fails as ``check``, or with
        EngineFailed.  Cancelling stops the program or the request.
        """
        return Deferred.fromCoroutine(self._speak(text, options, on_chunk))

    def stop(self) -> Deferred[None]:
        """Let go of processes and connections; fires when they are gone."""
        return succeed(None)

    def format_of(self, options: SpeechOptions) -> Format:
        """The format that speech with *options* has.  Raises InvalidRequest."""
        if options.format is None:
            return self.formats[0]
        if options.format not in self.formats:
            known = ", ".join(self.formats)
            raise InvalidRequest(
                f"format: provider '{self.name}' gives {known}, not {options.format}"
            )
        return options.format

    async def _readiness(self) -> str | None:
        try:
            await self.check(SpeechOptions())
        except CarError as problem:
            return str(problem)
        return None

    async def _check_all(self, options: SpeechOptions) -> str:
        found = await self._check(options)
        await self._in_thread(sentences.load)
        return found

    async def _check(self, options: SpeechOptions) -> str:
        raise NotImplementedError

    async def _speak(self, text: str, options: SpeechOptions, on_chunk: OnChunk) -> None:
        raise NotImplementedError


async def hand_on(on_chunk: OnChunk, chunk: Chunk) -> None:
    """Give *chunk* to *on_chunk* and wait until more may come."""
    taken = on_chunk(chunk)
    if taken is not None:
        await taken


def refuse(options: SpeechOptions, provider: str, *names: str) -> None:
    """Raise InvalidRequest for the first of the members *names* that is set."""
    for name in names:
        if getattr(options, name) is not None:
            raise InvalidRequest(f"{name}: provider '{provider}' takes none")
