"""The records of meetings, as they stand in files and on the wire (``subsystem-meeting.md``)."""

from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from car.voice.records import AudioSource, KnownSpeaker, Role, Transcript, VoiceOptions

State = Literal["starting", "active", "stopping", "ended", "summarised"]


class MeetingMetadata(Struct, frozen=True, kw_only=True):
    """``meeting.json``, these keys in this order; what is not set is null.

    ``sources`` are ``mic``, ``system``, or the kind of another audio source.  Instants are
    RFC 3339.
    """

    id: str
    title: str | None = None
    started_at: str
    ended_at: str | None = None
    sources: list[str] = msgspec.field(default_factory=list)
    persist_audio: bool = False
    model: str | None = None
    language: str | None = None
    summary: str | None = None


class TranscriptLine(Struct, frozen=True, kw_only=True):
    """A line of ``transcript.jsonl``: what somebody said, ``offset_ms`` into the meeting.

    ``speaker`` is who is enrolled, else the source, with the voice where voices are told apart:
    ``mic:S1``.  ``ts`` is when the line was written.
    """

    seq: int
    ts: str
    offset_ms: int
    source: str
    speaker: str
    text: str
    duration_ms: int
    final: bool = True


class MeetingRecord(MeetingMetadata, frozen=True, kw_only=True):
    """A meeting with what was said."""

    transcript: list[TranscriptLine]


class StoppedMeeting(MeetingRecord, frozen=True, kw_only=True):
    """A meeting that has ended; ``summary_error`` says why there is no summary."""

    summary_error: str | UnsetType = UNSET


class NewMeeting(Struct, frozen=True, kw_only=True):
    """A meeting to be held: its sources by their names, and how they are listened to."""

    id: str | None = None
    title: str | None = None
    sources: dict[str, AudioSource]
    options: VoiceOptions
    persist_audio: bool = False


_TRANSCRIPTS = msgspec.json.Decoder(Transcript)


def transcript_of(event: str) -> Transcript | None:
    """The transcript that a voice event is, with words in it; None for any other event."""
    if '"transcript"' not in event:
        return None
    try:
        said = _TRANSCRIPTS.decode(event)
    except msgspec.ValidationError:  # an event of another type, which says the word
        return None
    return said if said.text else None


def speaker_of(role: Role, source: str) -> str:
    """Who said a line of the transcript: what memory calls them, without the meeting."""
    if not isinstance(role, KnownSpeaker):
        return source
    is_enrolled = isinstance(role.score, float)
    return role.speaker if is_enrolled else f"{source}:{role.speaker}"
