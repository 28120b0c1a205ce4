"""Hearing: an open source of audio and the listener that cuts it into segments of speech.

What is done with segments is for the session; it says how much of them waits to be decoded, so
that a source that can wait (a file, a pipe) is held up rather than outrun the recogniser.
"""

from collections.abc import Callable
from typing import Any, Protocol

from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from car.voice.errors import VoiceError
from car.voice.listening import Listener
from car.voice.records import AudioSource, VoiceOptions
from car.voice.segmenter import Event, Segmenter
from car.voice.sources.opening import open_source
from car.voice.sources.source import Source
from car.voice.vad import open_vad

HOLD_MS = 5_000
"""Undecoded audio beyond which a source that can wait does; it goes on below half of it [ours]."""

LOOK_SECONDS = 0.1
"""How often is looked whether a source that waits may go on [ours]."""


Tap = Callable[[int, int, bytes], None]
"""Takes audio as its source has it: samples a second, channels, s16le; must not raise."""


class Ears(Struct, frozen=True, kw_only=True):
    """What a hearing tells its session, and what it asks.

    ``heard`` takes segments, ``dropped`` milliseconds of audio that were lost, ``ended`` None
    at the source's own end or what broke it.  ``pending_ms`` is the audio in segments that is
    not decoded yet.  ``tap`` gets all audio, for whoever keeps it.
    """

    heard: Callable[[Event], None]
    dropped: Callable[[int], None]
    ended: Callable[[str | None], None]
    pending_ms: Callable[[], int]
    tap: Tap | None = None


class IHearing(Protocol):
    """A source that is open and listened to."""

    @property
    def audio_ms(self) -> int:
        """Milliseconds of audio that have come."""

    @property
    def behind_ms(self) -> int:
        """Milliseconds of audio that have come and are not in segments yet."""

    def push(self, pcm: bytes) -> None:
        """Take audio as the source has it; raises InvalidRequest where nothing can be pushed."""

    def finish(self) -> "Deferred[None]":
        """Take no more audio; fires when all that came is in segments, the last one ended."""

    def close(self) -> "Deferred[None]":
        """Let go of the source, and of audio that is not in segments yet."""


Hear = Callable[[AudioSource, VoiceOptions, Ears], "Deferred[IHearing]"]
"""Opens a source and listens to it; fails with VoiceError."""


def open_hearing(
    reactor: Any, source: AudioSource, options: VoiceOptions, ears: Ears
) -> "Deferred[IHearing]":
    """Open *source*; fires with what hears it, fails with VoiceError.

    *reactor* provides what ``open_source`` asks for.
    """
    return Deferred.fromCoroutine(_open(reactor, source, options, ears))


async def _open(reactor: Any, source: AudioSource, options: VoiceOptions, ears: Ears) -> IHearing:
    segmenter = Segmenter(options.vad)
    vad = await open_vad(reactor)
    hearing = Hearing(IReactorTime(reactor), ears)
    opened = await open_source(reactor, source, hearing.audio_received, hearing.source_ended)
    try:
        listener = Listener(
            reactor,
            opened.sample_rate,
            opened.channels,
            vad,
            segmenter,
            ears.heard,
            ears.dropped,
        )
    except VoiceError:
        await opened.stop()
        raise
    hearing.begin(opened, listener)
    return hearing


class Hearing:
    """One source and its listener, from ``begin`` on."""

    def __init__(self, clock: IReactorTime, ears: Ears) -> None:
        self._clock = clock
        self._ears = ears
        self._source: Source
        self._listener: Listener
        self._looking: IDelayedCall | None = None

    def begin(self, source: Source, listener: Listener) -> None:
        """Listen to *source*, which has not given anything yet."""
        self._source = source
        self._listener = listener

    @property
    def audio_ms(self) -> int:
        """As ``IHearing`` says."""
        return self._listener.audio_ms

    @property
    def behind_ms(self) -> int:
        """As ``IHearing`` says."""
        return self._listener.behind_ms

    def push(self, pcm: bytes) -> None:
        """As ``IHearing`` says."""
        self._source.push(pcm)

    def audio_received(self, pcm: bytes) -> None:
        """The source gives audio; it is held where too much of that waits."""
        if self._ears.tap is not None:
            self._ears.tap(self._source.sample_rate, self._source.channels, pcm)
        self._listener.audio_received(pcm)
        if self._looking is None and self._waiting_ms > HOLD_MS:
            self._source.pause()
            self._look_later()

    def source_ended(self, problem: str | None) -> None:
        """The source has come to its end; told in a turn of the reactor of its own."""
        self._clock.callLater(0, self._ears.ended, problem)

    def finish(self) -> "Deferred[None]":
        """As ``IHearing`` says."""
        return self._source.stop().addCallback(lambda _: self._listener.flush())

    def close(self) -> "Deferred[None]":
        """As ``IHearing`` says."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        self._listener.close()
        return self._source.stop()

    @property
    def _waiting_ms(self) -> int:
        return self._listener.behind_ms + self._ears.pending_ms()

    def _look_later(self) -> None:
        self._looking = self._clock.callLater(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._looking = None
        if self._waiting_ms * 2 > HOLD_MS:
            self._look_later()
        else:
            self._source.resume()
