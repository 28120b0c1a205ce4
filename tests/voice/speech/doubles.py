"""Doubles of what speech stands on: threads, keys, a synthesiser that is told what to do."""

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred, execute, succeed
from zope.interface import implementer

from car.inference.interfaces import IKeySource
from car.voice.speech.records import Format, SpeechOptions
from car.voice.speech.synthesiser import OnChunk, Synthesiser

VOICES = b"""Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  de              --/M      German             gmw/de
 2  en-us           --/M      English_(America)  gmw/en-US            (en 3)
 2  en              --/M      English            gmw/en
"""


def in_thread(function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
    """Call *function* at once, in no thread."""
    return execute(function, *arguments)


@implementer(IKeySource)
class Keys:
    """Has the keys *known*, by name."""

    def __init__(self, **known: str) -> None:
        self._known = known

    def keys(self, names: Iterable[str]) -> Deferred[list[tuple[str, str]]]:
        """Those of *names*."""
        return succeed([(name, self._known[name]) for name in names if name in self._known])


class Scripted(Synthesiser):
    """Speaks when a test says so: ``on_chunk`` and ``spoken`` are of the last that was asked."""

    name = "scripted"
    description = "A test says what it speaks."

    formats: tuple[Format, ...] = ("wav", "mp3", "pcm")  # type: ignore[misc]  # a test changes it

    def __init__(self) -> None:
        super().__init__(in_thread)
        self.texts: list[str] = []
        self.on_chunk: OnChunk
        self.spoken: Deferred[None]
        self.cancelled = 0
        self.refusal: Exception | None = None
        self.asked: list[SpeechOptions] = []

    async def _check(self, options: SpeechOptions) -> str:
        self.format_of(options)
        self.asked.append(options)
        if self.refusal is not None:
            raise self.refusal
        return "/scripted"

    async def _speak(self, text: str, options: SpeechOptions, on_chunk: OnChunk) -> None:
        self.texts.append(text)
        self.on_chunk = on_chunk
        self.spoken = Deferred(self._count)
        await self.spoken

    def _count(self, _: Deferred[None]) -> None:
        self.cancelled += 1
