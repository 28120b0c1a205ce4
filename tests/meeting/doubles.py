"""Meetings on voice sessions that a test plays, on a clock, without threads."""

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from zope.interface import implementer

from car.ir.json import JsonObject, encode
from car.meeting.files import MeetingFiles
from car.meeting.records import MeetingMetadata, MeetingRecord, NewMeeting, StoppedMeeting
from car.meeting.registry import Host, MeetingRegistry
from car.meeting.summary import NoSummary
from car.voice.interfaces import IVoiceEventSink
from car.voice.records import AudioSource, KnownSpeaker, Role, Transcript, VoiceOptions, event_text
from tests.voice.session_doubles import PUSH, RecordingSink, SessionCase

EPOCH = 1_772_600_000.0
STARTED = "2026-03-04T04:53:20.000000Z"


def said(text: str, role: Role = "unknown", start_ms: int = 0, duration_ms: int = 900) -> str:
    """The event of a transcript."""
    return event_text(Transcript(text, duration_ms, role, start_ms))


def cluster(name: str) -> KnownSpeaker:
    """Somebody who is not enrolled."""
    return KnownSpeaker(speaker=name)


@implementer(IVoiceEventSink)
class Ingesting:
    """Stands for memory in front of *sink*: keeps what passes, with the name of its source."""

    def __init__(self, sink: IVoiceEventSink, source_of: Any, order: list[str]) -> None:
        self.sink, self.source_of, self.order = sink, source_of, order
        self.sources: list[str] = []

    def send(self, session_id: str, event: str) -> None:
        """Note it, pass it on."""
        self.order.append("ingest")
        self.sources.append(self.source_of(session_id))
        self.sink.send(session_id, event)


class MeetingCase(SessionCase):
    """A registry of meetings over doubles; files are real."""

    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.mktemp()).absolute() / ".car" / "meetings"
        self.files = MeetingFiles(self.root)
        self.order: list[str] = []
        self.ingests: list[Ingesting] = []
        self.released: list[str] = []
        self.summaries: list[MeetingRecord] = []
        self.summary: str | None = "All agreed."
        self.made = 0
        self.in_thread: Any = maybeDeferred
        self.meetings = MeetingRegistry(
            lambda: self.registry,
            self.clock,
            self.now,
            lambda *call: self.in_thread(*call),
            self.new_id,
            self.summarise,
        )
        self.addCleanup(self.end_all)

    def now(self) -> float:
        """Seconds since the epoch."""
        return EPOCH + self.clock.seconds()

    def new_id(self) -> str:
        """Ids in order."""
        self.made += 1
        return f"{self.made:032x}"

    def summarise(self, record: MeetingRecord) -> "Deferred[str]":
        """As the test says."""
        self.summaries.append(record)
        if self.summary is None:
            return fail(NoSummary("no model available: none is installed"))
        return succeed(self.summary)

    def host(self, client_id: str = "c1", sink: IVoiceEventSink | None = None) -> Host:
        """A client that starts a meeting."""

        def ingest(meeting_id: str, persist: IVoiceEventSink, source_of: Any) -> IVoiceEventSink:
            self.ingests.append(Ingesting(persist, source_of, self.order))
            return self.ingests[-1]

        return Host(
            client_id=client_id,
            upstream=self.sink if sink is None else sink,
            ingest=ingest,
            released=lambda: self.released.append(client_id),
        )

    def starting(
        self, host: Host | None = None, *, options: VoiceOptions | None = None, **members: Any
    ) -> "Deferred[MeetingMetadata]":
        """Start a meeting."""
        sources: dict[str, AudioSource] = members.pop("sources", {"pcm_push": PUSH})
        new = NewMeeting(sources=sources, options=options or VoiceOptions(), **members)
        return Deferred.fromCoroutine(self.meetings.start(new, self.files, host or self.host()))

    def hold(self, host: Host | None = None, **members: Any) -> MeetingMetadata:
        """A meeting under way."""
        return self.successResultOf(self.starting(host, **members))

    def say(self, text: str, hearing: int = -1, start_ms: int = 0) -> None:
        """Somebody speaks for a second, and is understood."""
        recognition = self.recogniser.opened[hearing]
        self.hearings[hearing].speak(start_ms, start_ms + 1000)
        recognition.texts[-1].callback(text)

    def stopped(self, meeting_id: str, **options: Any) -> StoppedMeeting:
        """A meeting stopped."""
        stopping = self.meetings.stop(meeting_id, **options)
        for _ in range(4):
            self.clock.advance(0)
        return self.successResultOf(stopping)

    def lines(self, meeting_id: str) -> bytes:
        """The transcript as it lies on the disk."""
        return (self.root / meeting_id / "transcript.jsonl").read_bytes()

    def end_all(self) -> None:
        """Let go of every file."""
        self.meetings.stop_all()
        for _ in range(20):
            self.clock.advance(1)


def line(**members: Any) -> bytes:
    """A line of a transcript."""
    told: JsonObject = {
        "seq": 1,
        "ts": "2026-03-04T05:00:00.000000Z",
        "offset_ms": 0,
        "source": "mic",
        "speaker": "mic",
        "text": "Hello.",
        "duration_ms": 900,
        "final": True,
        **members,
    }
    return encode(told) + b"\n"


__all__ = ["PUSH", "MeetingCase", "RecordingSink", "cluster", "line", "said"]
