"""Captures: the voice sessions that meetings listen to, some of them shared.

A microphone, or the sound of the system, is captured once for all meetings that want it with
the same options, and let go of by the last of them.
"""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct
from twisted.internet.defer import Deferred, DeferredLock, TimeoutError
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from car.voice.errors import SourceFailed, UnknownSession
from car.voice.hearing import Tap
from car.voice.interfaces import IVoiceEventSink
from car.voice.records import AudioSource, Mic, System, VoiceOptions
from car.voice.session import StoppedSession, VoiceSession

_SHARED = (Mic, System)

_NO_SYSTEM_AUDIO = (
    "{problem}; system audio comes from PipeWire or PulseAudio "
    "(Debian: pipewire-pulse or pulseaudio), which must run for this user"
)


class Voices(Protocol):
    """What is asked of the voice sessions; ``VoiceSessionRegistry`` has it."""

    def start(
        self,
        session_id: str,
        source: AudioSource,
        options: VoiceOptions,
        sink: IVoiceEventSink,
        owner: str | None = None,
        tap: Tap | None = None,
    ) -> "Deferred[VoiceSession]":
        """Start a session; raises or fails with VoiceError."""

    def stop(
        self, session_id: str, client_id: str | None = None, seconds: float = ...
    ) -> "Deferred[StoppedSession]":
        """Stop one, waiting *seconds* at most for its last texts; raises UnknownSession."""


class Ear(Struct, frozen=True, eq=False):
    """What a meeting does with what it hears: events as JSON text, and audio.

    Neither may raise.
    """

    heard: Callable[[str], None]
    tapped: Tap


@implementer(IVoiceEventSink)
class Capture:
    """One voice session and the ears of the meetings that listen to it.

    ``session`` is there once it listens; ``began`` is when that was, in seconds since the epoch.
    """

    session: VoiceSession

    def __init__(self, session_id: str, source: AudioSource, options: VoiceOptions) -> None:
        self.session_id = session_id
        self.source = source
        self.options = options
        self.began = 0.0
        self.ears: list[Ear] = []
        self.users = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more is listened to."""
        return self.session.status in ("draining", "ended")

    def add(self, ear: Ear) -> None:
        """Let one more meeting listen."""
        self.users += 1
        self.ears.append(ear)

    def send(self, session_id: str, event: str) -> None:
        """Pass an event to every meeting."""
        for ear in list(self.ears):
            ear.heard(event)

    def tap(self, sample_rate: int, channels: int, pcm: bytes) -> None:
        """Pass audio to every meeting."""
        for ear in self.ears:
            ear.tapped(sample_rate, channels, pcm)


class Captures:
    """The captures of all meetings.  *new_id* makes ids, *now* gives seconds since the epoch."""

    def __init__(
        self,
        voices: Callable[[], Voices],
        clock: IReactorTime,
        now: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self._voices = voices
        self._clock = clock
        self._now = now
        self._new_id = new_id
        self._shared: list[Capture] = []
        self._opening = DeferredLock()

    async def join(
        self, session_id: str, source: AudioSource, options: VoiceOptions, ear: Ear
    ) -> Capture:
        """Listen to *source* from now on; a session that is not shared gets *session_id*.

        Fails with VoiceError, and then nothing is listened to.
        """
        if not isinstance(source, _SHARED):
            return await self._open(session_id, source, options, ear)
        await self._opening.acquire()
        try:
            for capture in self._shared:
                if capture.source == source and capture.options == options and not capture.ended:
                    capture.add(ear)
                    return capture
            capture = await self._open(self._new_id(), source, options, ear)
            self._shared.append(capture)
            return capture
        finally:
            self._opening.release()

    async def _open(
        self, session_id: str, source: AudioSource, options: VoiceOptions, ear: Ear
    ) -> Capture:
        capture = Capture(session_id, source, options)
        capture.add(ear)
        try:
            capture.session = await self._voices().start(
                session_id, source, options, capture, None, capture.tap
            )
        except SourceFailed as problem:
            if isinstance(source, System):
                raise SourceFailed(_NO_SYSTEM_AUDIO.format(problem=problem)) from None
            raise
        capture.began = self._now()
        return capture

    async def leave(self, capture: Capture, ear: Ear, seconds: float) -> None:
        """Listen no more, once what was said has been told or *seconds* have passed."""
        capture.users -= 1
        try:
            if capture.users:
                await capture.session.settled().addTimeout(seconds, self._clock)
            else:
                if capture in self._shared:
                    self._shared.remove(capture)
                await self._voices().stop(capture.session_id, seconds=seconds)
        except (TimeoutError, UnknownSession):
            pass  # nothing more comes in time, or at all
        finally:
            capture.ears.remove(ear)
