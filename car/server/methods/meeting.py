"""``meeting.*``: meetings held, stopped and looked up (``protocol-inference.md`` §8)."""

from typing import Any, Literal

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred

from car.ir.json import JsonObject, convert
from car.meeting.errors import InvalidMeeting
from car.meeting.records import MeetingMetadata, MeetingRecord, NewMeeting, StoppedMeeting
from car.server.registry import method
from car.server.session import ClientSession
from car.voice.records import AudioSource, Mic, System, VoiceOptions

_NAMED: dict[str, AudioSource] = {"mic": Mic(), "system": System()}


class StartMeeting(Struct, frozen=True):
    """A meeting to be held.

    ``audio_source`` is one more source, as of ``voice.transcribe_stream.start``; ``options``
    are as there, but that speakers are told apart unless ``diarize`` is false; what stands
    beside them wins.  ``root`` is an absolute path, the project whose meeting it is.
    """

    id: str | None = None
    title: str | None = None
    sources: list[Literal["mic", "system"]] = msgspec.field(default_factory=list)
    audio_source: AudioSource | None = None
    provider: str | None = None
    model: str | None = None
    language: str | None = None
    diarize: bool | None = None
    options: JsonObject = msgspec.field(default_factory=dict)
    persist_audio: bool = False
    root: str | None = None


class StopMeeting(Struct, frozen=True):
    """A meeting to be stopped, and whether a model is to sum it up."""

    meeting_id: str
    summarize: bool = True


class MeetingsOf(Struct, frozen=True):
    """The project whose meetings are asked for: an absolute path."""

    root: str | None = None


class OneMeeting(Struct, frozen=True):
    """A stored meeting, and the project it is of."""

    meeting_id: str
    root: str | None = None


@method("meeting.start")
async def meeting_start(session: ClientSession, params: StartMeeting) -> MeetingMetadata:
    """Hold a meeting: what is said is written down, remembered, and told to this connection.

    Events come as ``voice.event``, under ``<id>:mic`` and ``<id>:system``; those of another
    ``audio_source`` under the meeting's id, which is also the session id that
    ``voice.transcribe_stream.push`` and binary frames take audio for.  Every final transcript
    is a line of ``transcript.jsonl`` and of this connection's memory.  The meeting goes on
    when the connection closes, for 12 hours at most.  Result: MeetingMetadata, of which
    ``id`` and ``started_at`` are never null.  Errors: -32603 with ``data.code``
    invalid_request, duplicate, busy (8 meetings are active), unknown_provider,
    missing_component, missing_key, store; nothing is left of it then.
    """
    return await session.state.meetings.start(session, _new_meeting(params), params.root)


def _new_meeting(params: StartMeeting) -> NewMeeting:
    sources: dict[str, AudioSource] = {name: _NAMED[name] for name in params.sources}
    if params.audio_source is not None:
        kind = str(type(params.audio_source).__struct_config__.tag)
        if kind in sources:
            raise InvalidMeeting(f"audio_source: '{kind}' is one of the sources already")
        sources[kind] = params.audio_source
    beside = {
        "provider": params.provider,
        "model": params.model,
        "language": params.language,
        "diarize": params.diarize,
    }
    options: dict[str, Any] = {"diarize": True, **params.options}
    options.update((name, value) for name, value in beside.items() if value is not None)
    return NewMeeting(
        id=params.id,
        title=params.title,
        sources=sources,
        options=convert(options, VoiceOptions),
        persist_audio=params.persist_audio,
    )


@method("meeting.stop")
def meeting_stop(session: ClientSession, params: StopMeeting) -> "Deferred[StoppedMeeting]":
    """Stop a meeting, whoever started it; answered when its last words are stored, in 10 s.

    With ``summarize`` a model is asked for decisions, action items and open questions, and
    the answer waits for it.  Result: MeetingMetadata with ``transcript: TranscriptLine[]``;
    ``summary_error?`` says why ``summary`` is null.  Errors: -32603 with ``data.code``
    not_found for a meeting that is not active, store.
    """
    registry = session.state.meetings.registry
    return registry.stop(params.meeting_id, summarise=params.summarize)


@method("meeting.list")
async def meeting_list(session: ClientSession, params: MeetingsOf) -> JsonObject:
    """The stored meetings of a project, the oldest first; those under way have no ``ended_at``.

    Result: ``{meetings: MeetingMetadata[], ids, root}``.  Errors: -32603 with ``data.code``
    invalid_request for a root that is not absolute, store.
    """
    found, root = await session.state.meetings.list(params.root)
    return {"meetings": found, "ids": [metadata.id for metadata in found], "root": root}


@method("meeting.get")
async def meeting_get(session: ClientSession, params: OneMeeting) -> MeetingRecord:
    """A meeting with what was said in it so far.

    Result: MeetingMetadata with ``transcript: TranscriptLine[]``.  Errors: -32603 with
    ``data.code`` not_found for one that is not stored there, invalid_request, store.
    """
    return await session.state.meetings.get(params.meeting_id, params.root)
