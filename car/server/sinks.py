"""Where voice events go: to the client that started a session, and into memory.

Each takes an event, does its part and returns; nothing here waits or raises.
"""

from collections.abc import Callable

from twisted.internet.defer import maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from car.ir.json import JsonError, JsonValue, decode
from car.meeting.records import transcript_of
from car.server.interfaces import IMemoryEngine
from car.server.session import ClientSession
from car.voice.interfaces import IVoiceEventSink
from car.voice.records import KnownSpeaker, Role

_log = Logger()

_DROPPABLE = frozenset(("partial", "voice.turn.fast_delta"))
"""Events that others make up for, so that a client which reads slowly may lose them."""


@implementer(IVoiceEventSink)
class ClientVoiceEventSink:
    """Sends events to the connection that started a session, and to no other.

    Once that has gone they come to nothing.
    """

    def __init__(self, session: ClientSession) -> None:
        self._session = session

    def send(self, session_id: str, event: str) -> None:
        """Send ``voice.event``: the event as an object, or as it is if it is no JSON."""
        told: JsonValue
        try:
            told = decode(event)
        except JsonError:
            told = event
        kind = told.get("type") if isinstance(told, dict) else None
        self._session.voice_event(session_id, told, droppable=kind in _DROPPABLE)


@implementer(IVoiceEventSink)
class MemgineIngestSink:
    """Feeds what was said in a meeting into memory, then passes every event on untouched.

    *source_of* gives the name of a voice session's source (``mic``, ``system``), *now*
    seconds since the epoch.  A line that memory does not take is lost to it alone: the first
    is logged.
    """

    def __init__(
        self,
        meeting_id: str,
        memory: IMemoryEngine,
        upstream: IVoiceEventSink,
        source_of: Callable[[str], str],
        now: Callable[[], float],
    ) -> None:
        self._meeting_id = meeting_id
        self._memory = memory
        self._upstream = upstream
        self._source_of = source_of
        self._now = now
        self._failed = False

    def send(self, session_id: str, event: str) -> None:
        """Take in a transcript, pass on everything."""
        said = transcript_of(event)
        if said is not None:
            speaker = speaker_label(self._meeting_id, self._source_of(session_id), said.role)
            taken = maybeDeferred(self._memory.ingest_conversation, speaker, said.text, self._now())
            taken.addErrback(self._not_taken)
        self._upstream.send(session_id, event)

    def _not_taken(self, failure: Failure) -> None:
        if not self._failed:
            self._failed = True
            _log.failure(
                "memory takes in nothing of meeting {meeting_id}",
                failure,
                meeting_id=self._meeting_id,
            )


def speaker_label(meeting_id: str, source: str, role: Role) -> str:
    """Who said a line, as memory names them (``subsystem-meeting.md``, Sink chain).

    An enrolled speaker by name.  Anybody else by meeting and source, so that two meetings do
    not mix, and by cluster where speakers are told apart: ``meeting:<id>:mic:S1``.
    """
    if not isinstance(role, KnownSpeaker):
        return f"meeting:{meeting_id}:{source}"
    if isinstance(role.score, float):
        return role.speaker
    return f"meeting:{meeting_id}:{source}:{role.speaker}"
