"""VoiceSessionRegistry: the voice sessions of one daemon, by their ids.

Ids are global.  A session belongs to the connection that started it and ends with it; one
without an owner belongs to a meeting, takes audio from anybody and ends when it is told to.
What a session does with audio stands in ``session``.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from car.voice.errors import DuplicateSession, TooMany, UnknownSession
from car.voice.hearing import Hear, Tap
from car.voice.interfaces import IRecogniser, IVoiceEventSink
from car.voice.records import AudioSource, VoiceOptions
from car.voice.session import (
    DRAIN_SECONDS,
    OpenSpeakers,
    Status,
    StoppedSession,
    VoiceSession,
)

MOST_SESSIONS = 64
MOST_SESSIONS_OF_ONE = 16
"""Sessions in all, and of one connection (``subsystem-voice.md``, Back-pressure)."""

Interrupt = Callable[[str], bool]
"""Cancels the speech that is played to a connection; answers whether there was any."""


class SessionRow(Struct, frozen=True):
    """A session in a listing."""

    session_id: str
    status: Status


class VoiceSessionRegistry:
    """Starts sessions, finds them, and lets go of those that have ended.

    *recogniser* finds a provider by its name and raises UnknownProvider; *hear* opens sources,
    *open_speakers* tells speakers apart where a session is to diarize.  *interrupt* is called
    with the owner of a session in which somebody begins to speak.
    """

    def __init__(
        self,
        clock: IReactorTime,
        recogniser: Callable[[str], IRecogniser],
        hear: Hear,
        open_speakers: OpenSpeakers,
        interrupt: Interrupt,
    ) -> None:
        self._clock = clock
        self._recogniser = recogniser
        self._hear = hear
        self._open_speakers = open_speakers
        self._interrupt = interrupt
        self._sessions: dict[str, VoiceSession] = {}

    def start(
        self,
        session_id: str,
        source: AudioSource,
        options: VoiceOptions,
        sink: IVoiceEventSink,
        owner: str | None = None,
        tap: Tap | None = None,
    ) -> "Deferred[VoiceSession]":
        """Start a session whose events go to *sink*; fires with it once it listens.

        *owner* is the client id of its connection, None for a meeting's; *tap* gets all
        audio.  Raises DuplicateSession, TooMany or UnknownProvider; fails with VoiceError,
        and then nothing is registered.
        """
        self._check_place(session_id, owner)
        recogniser = self._recogniser(options.provider)

        def interrupt() -> bool:
            return owner is not None and self._interrupt(owner)

        session = VoiceSession(
            session_id,
            options,
            sink,
            owner,
            self._clock,
            interrupt=interrupt,
            over=self._ended,
            tap=tap,
        )
        self._sessions[session_id] = session
        speakers = self._open_speakers if options.diarize else None
        starting = session.start(source, recogniser, self._hear, speakers)
        return starting.addCallbacks(lambda _: session, self._not_started, errbackArgs=(session,))

    def _check_place(self, session_id: str, owner: str | None) -> None:
        if session_id in self._sessions:
            raise DuplicateSession(f"voice session '{session_id}' already exists")
        if len(self._sessions) >= MOST_SESSIONS:
            raise TooMany(f"there are {MOST_SESSIONS} voice sessions already; stop one first")
        own = sum(session.owner == owner for session in self._sessions.values())
        if owner is not None and own >= MOST_SESSIONS_OF_ONE:
            raise TooMany(
                f"this connection has {MOST_SESSIONS_OF_ONE} voice sessions already; stop one first"
            )

    def _not_started(self, failure: Failure, session: VoiceSession) -> Failure:
        self._ended(session)
        return failure

    def _ended(self, session: VoiceSession) -> None:
        if self._sessions.get(session.session_id) is session:
            del self._sessions[session.session_id]

    def find(self, session_id: str, client_id: str | None = None) -> VoiceSession:
        """The session of that id, as the connection *client_id* may use it; None may use all.

        Raises UnknownSession, also for one that belongs to another connection.
        """
        session = self._sessions.get(session_id)
        if session is None or not _is_open_to(session, client_id):
            raise UnknownSession(f"unknown session_id '{session_id}'")
        return session

    def push(self, session_id: str, pcm: bytes, client_id: str | None = None) -> int:
        """Give a session audio (s16le, as its source says); answers how many octets it took.

        Raises UnknownSession, Behind or InvalidRequest.
        """
        self.find(session_id, client_id).push(pcm)
        return len(pcm)

    def stop(
        self, session_id: str, client_id: str | None = None, seconds: float = DRAIN_SECONDS
    ) -> "Deferred[StoppedSession]":
        """Stop a session; fires with all it heard, once the last text is there.

        Texts are waited for *seconds* at most.  Raises UnknownSession.
        """
        return self.find(session_id, client_id).stop(seconds)

    def list(self, client_id: str | None = None) -> "list[SessionRow]":
        """The sessions that the connection *client_id* may use; None may use all."""
        return [
            SessionRow(session.session_id, session.status)
            for session in self._sessions.values()
            if _is_open_to(session, client_id)
        ]

    def session_closed(self, client_id: str) -> None:
        """A connection has gone: its sessions end."""
        for session in list(self._sessions.values()):
            if session.owner == client_id:
                session.end("disconnected")

    def stop_all(self) -> "Deferred[Any]":
        """End every session; fires when all has been let go of.

        Those that are being stopped already get the time that they were given for it.
        """
        return DeferredList(
            [
                session.stop() if session.status == "draining" else session.end("stopped")
                for session in list(self._sessions.values())
            ],
            consumeErrors=True,  # whoever gives up the waiting cancels them all
        )


def _is_open_to(session: VoiceSession, client_id: str | None) -> bool:
    return client_id is None or session.owner in (None, client_id)
