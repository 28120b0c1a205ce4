"""The sink that keeps a meeting's transcript, between its ingest and its client.

Every final transcript becomes a line of ``transcript.jsonl``, in the order in which they come;
every event goes on untouched to whoever started the meeting, as long as they are there.
"""

from collections.abc import Callable

from msgspec import Struct
from zope.interface import implementer

from car.ir.instants import rfc3339
from car.ir.json import encode
from car.meeting.queue import MOST_PIECES, WriteQueue
from car.meeting.records import TranscriptLine, speaker_of, transcript_of
from car.voice.interfaces import IVoiceEventSink
from car.voice.records import SessionError, Transcript, event_text


class Heard(Struct, frozen=True):
    """One source of a meeting: its name, and where its audio begins, in ms into the meeting."""

    name: str
    offset_ms: int = 0


@implementer(IVoiceEventSink)
class TranscriptSink:
    """Keeps the transcript of the meeting *meeting_id* by *lines*.

    *upstream* hears every event; *now* gives seconds since the epoch.  *on_full* is called
    when lines find no place to wait any more.
    """

    def __init__(
        self,
        meeting_id: str,
        lines: WriteQueue,
        upstream: IVoiceEventSink,
        now: Callable[[], float],
        on_full: Callable[[], object],
    ) -> None:
        self._meeting_id = meeting_id
        self._lines = lines
        self._upstream: IVoiceEventSink | None = upstream
        self._now = now
        self._on_full = on_full
        self._full = False
        self.sources: dict[str, Heard] = {}
        """The sources by the session ids that their events carry."""
        self.written = 0
        """How many lines were taken."""

    def send(self, session_id: str, event: str) -> None:
        """Keep a transcript, pass on everything."""
        said = transcript_of(event)
        if said is not None:
            self._keep(self.sources[session_id], said)
        if self._upstream is not None:
            self._upstream.send(session_id, event)

    def complain(self, message: str, *, fatal: bool = False) -> None:
        """Tell the client of something that went wrong with the meeting itself."""
        if self._upstream is not None:
            self._upstream.send(self._meeting_id, event_text(SessionError(message, fatal)))

    def client_left(self) -> None:
        """Nobody listens any more; the transcript goes on."""
        self._upstream = None

    def source_of(self, session_id: str) -> str:
        """The name of the source whose events carry *session_id*."""
        return self.sources[session_id].name

    def _keep(self, source: Heard, said: Transcript) -> None:
        if self._full:
            return
        line = TranscriptLine(
            seq=self.written + 1,
            ts=rfc3339(self._now()),
            offset_ms=max(0, source.offset_ms + said.start_ms),
            source=source.name,
            speaker=speaker_of(said.role, source.name),
            text=said.text,
            duration_ms=said.duration_ms,
        )
        if self._lines.put(encode(line) + b"\n"):
            self.written += 1
            return
        self._full = True
        self.complain(
            f"meeting '{self._meeting_id}' ends: {MOST_PIECES} lines of its transcript could not "
            "be written",
            fatal=True,
        )
        self._on_full()
