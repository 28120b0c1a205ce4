"""``voice.*``: transcription, speech streams, voice turns, what can do it."""

import binascii
from typing import Annotated, Any

from msgspec import Meta, Struct
from twisted.internet.defer import Deferred

from car.ir.json import JsonObject
from car.server.errors import InvalidParams, Unsupported
from car.server.registry import NoParams, method
from car.server.session import ClientSession
from car.server.sinks import ClientVoiceEventSink
from car.server.voice import part_sender
from car.voice.providers import ProviderRow
from car.voice.records import AudioSource, VoiceOptions
from car.voice.session import StoppedSession
from car.voice.speakers.records import Enrollment, EnrollmentAudio, PreparedDiarizer
from car.voice.speech.records import SpeechOptions
from car.voice.turns import SIDECAR_MS, SPOKEN, Turn

MOST_UTTERANCE_CHARS = 20_000
"""The longest utterance of a turn [ours]: as long as the longest text to be spoken."""

MOST_SIDECAR_MS = 600_000

SessionId = Annotated[str, Meta(min_length=1, max_length=128)]


class StartTranscription(Struct, frozen=True):
    """A voice session to start; ``session_id`` is the client's choice, unique in the daemon."""

    session_id: SessionId
    audio_source: AudioSource
    options: VoiceOptions = VoiceOptions()


class PushAudio(Struct, frozen=True):
    """Audio for a ``pcm_push`` session: s16le samples in base64, 1 MiB of them at most."""

    session_id: str
    pcm_b64: str


class VoiceSessionId(Struct, frozen=True):
    """A voice session."""

    session_id: str


class StartSpeech(Struct, frozen=True):
    """A text to be spoken to this connection."""

    stream_id: str
    text: str
    options: SpeechOptions = SpeechOptions()


class SpeechStreamId(Struct, frozen=True):
    """A speech stream of this connection."""

    stream_id: str


class EnrollSpeaker(Struct, frozen=True):
    """A voice to be known under ``label``: letters, digits, dots, dashes and underscores."""

    label: str
    audio: EnrollmentAudio


class SpeakerLabel(Struct, frozen=True):
    """A voice that is known."""

    label: str


class DispatchTurn(Struct, frozen=True):
    """What was said to the assistant.

    Events carry ``session_id``, else this connection's client id.  ``config_overlay`` stands in
    for the system prompt; an empty one leaves it out.
    """

    utterance: Annotated[str, Meta(max_length=MOST_UTTERANCE_CHARS)]
    session_id: SessionId | None = None
    config_overlay: str | None = None
    sidecar_timeout_ms: Annotated[int, Meta(ge=1, le=MOST_SIDECAR_MS)] = SIDECAR_MS


@method("voice.transcribe_stream.start")
async def transcribe_stream_start(session: ClientSession, params: StartTranscription) -> JsonObject:
    """Start to listen; what is heard comes as ``voice.event {session_id, event}``.

    Events come to this connection alone: speech_start, partial, speech_end, transcript,
    barge_in, error, lagged, session_ended.  The session ends with the connection.  Result:
    ``{session_id, status: "started"}``.  Errors: -32603 with ``data.code`` duplicate,
    unknown_provider, busy (16 sessions a connection, 64 in all), missing_component,
    missing_key, invalid_request; nothing has been started then.
    """
    sink = ClientVoiceEventSink(session)
    await session.state.voice_sessions.registry.start(
        params.session_id, params.audio_source, params.options, sink, session.client_id
    )
    return {"session_id": params.session_id, "status": "started"}


@method("voice.transcribe_stream.push")
def transcribe_stream_push(session: ClientSession, params: PushAudio) -> JsonObject:
    """Give a session audio; binary frames do the same without base64.

    Result: ``{accepted: true, bytes}``.  Errors: -32603 with ``data.code`` not_found for a
    session that is not this connection's, busy while 10 s of audio are not decoded yet,
    invalid_request for more than 1 MiB or 30 s at once.
    """
    try:
        pcm = binascii.a2b_base64(params.pcm_b64, strict_mode=True)
    except ValueError:
        raise InvalidParams("pcm_b64: expected s16le samples in base64") from None
    taken = session.state.voice_sessions.registry.push(params.session_id, pcm, session.client_id)
    return {"accepted": True, "bytes": taken}


@method("voice.transcribe_stream.stop")
def transcribe_stream_stop(
    session: ClientSession, params: VoiceSessionId
) -> "Deferred[StoppedSession]":
    """Stop a session; answered when the last text is there, within 30 s.

    Result: ``{session_id, status: "stopped", text, segments: [{text, start_ms, duration_ms,
    role}], audio_ms}``.  Errors: -32603 with ``data.code`` not_found.
    """
    return session.state.voice_sessions.registry.stop(params.session_id, session.client_id)


@method("voice.sessions.list")
def sessions_list(session: ClientSession, params: NoParams) -> dict[str, Any]:
    """The sessions of this connection, and those of meetings.

    Result: ``{sessions: [{session_id, status}]}``, the status being starting, listening,
    speaking or draining.
    """
    return {"sessions": session.state.voice_sessions.registry.list(session.client_id)}


@method("voice.providers.list")
async def providers_list(session: ClientSession, params: NoParams) -> list[ProviderRow]:
    """What turns speech into text and text into speech here.

    Result: ``[{id, kind: stt|tts, available, ready, description, reason?}]``; ``reason`` says
    what one that is not ready lacks.
    """
    return await session.state.voice_sessions.providers.rows()


@method("voice.prepare_parakeet")
def prepare_parakeet(session: ClientSession, params: NoParams) -> None:
    """Not supported: there is no Parakeet model here.

    Errors: -32603, always.
    """
    raise Unsupported(
        "voice.prepare_parakeet is not supported by this daemon: it has no Parakeet model; "
        "voice.providers.list shows what it has, and speech.prepare loads that"
    )


@method("voice.prepare_diarizer")
async def prepare_diarizer(session: ClientSession, params: NoParams) -> PreparedDiarizer:
    """Load what tells speakers apart, so that the first session need not.

    Result: ``{status: "ready", model_id, reason?}``; ``reason`` says why it is not the better
    model.  Errors: -32603.
    """
    return await session.state.voice_sessions.speakers.prepare()


@method("voice.enroll_speaker")
async def enroll_speaker(session: ClientSession, params: EnrollSpeaker) -> Enrollment:
    """Know a voice by name from now on, in sessions that begin later and diarize.

    At least 3 s of speech are needed.  Result: ``{label, model_id, path}``.  Errors: -32603
    with ``data.code`` invalid_request.
    """
    return await session.state.voice_sessions.speakers.enroll(params.label, params.audio)


@method("voice.list_enrollments")
async def list_enrollments(session: ClientSession, params: NoParams) -> dict[str, Any]:
    """The voices that are known by name.

    Result: ``{enrollments: [{label, model_id, path}]}``.
    """
    return {"enrollments": await session.state.voice_sessions.speakers.enrollments()}


@method("voice.remove_enrollment")
async def remove_enrollment(session: ClientSession, params: SpeakerLabel) -> JsonObject:
    """Know a voice no longer.

    Result: ``{label, removed: true}``, also where it was not known.  Errors: -32603 with
    ``data.code`` invalid_request for a label that cannot be one.
    """
    await session.state.voice_sessions.speakers.remove(params.label)
    return {"label": params.label, "removed": True}


@method("voice.dispatch_turn")
def dispatch_turn(session: ClientSession, params: DispatchTurn) -> JsonObject:
    """Begin a voice turn, ending the one before; its answers come as ``voice.event``.

    A quick answer comes in pieces (``voice.turn.fast_delta``, ``.fast_done``) while the full
    one (``.sidecar``, or ``.error``) is made; work on mail, the calendar or the web gets a
    phrase to be said meanwhile (``.bridge``) in place of the quick answer.  Result:
    ``{turn_id}`` at once.  Errors: -32602.
    """
    if not params.utterance.strip():
        raise InvalidParams("utterance: expected something that was said")
    overlay = params.config_overlay
    turn = Turn(
        session_id=params.session_id or session.client_id,
        utterance=params.utterance,
        instruction=SPOKEN if overlay is None else overlay or None,
        sidecar_ms=params.sidecar_timeout_ms,
    )
    return {"turn_id": session.state.voice_sessions.turns(session).dispatch(turn)}


@method("voice.cancel_turn")
def cancel_turn(session: ClientSession, params: NoParams) -> JsonObject:
    """End this connection's voice turn, if there is one: ``voice.turn.cancelled`` comes.

    Result: ``{cancelled: true}``.
    """
    session.state.voice_sessions.turns(session).cancel()
    return {"cancelled": True}


@method("voice.prewarm_turn")
async def prewarm_turn(session: ClientSession, params: NoParams) -> JsonObject:
    """Load the model that gives quick answers, by asking it for one token.

    Result: ``{prewarmed: true}`` once it is there.  Errors: as of ``infer``.
    """
    await session.state.voice_sessions.turns(session).prewarm()
    return {"prewarmed": True}


@method("voice.tts_stream.start")
async def tts_stream_start(session: ClientSession, params: StartSpeech) -> JsonObject:
    """Speak a text to this connection, sentence by sentence, as fast as it reads.

    Parts come as ``voice.event`` with ``{type: "tts_chunk", stream_id, seq, audio_b64, format,
    is_final}``, or as binary frames.  Who begins to speak in a voice session of this
    connection cancels its streams.  Result: ``{stream_id, binary_frames}``.  Errors: -32603
    with ``data.code`` duplicate, unknown_provider, busy, missing_component, missing_key,
    invalid_request (with binary frames the id must be 32 lower-case hex digits).
    """
    binary = params.options.binary_frames
    await session.state.voice_sessions.streams.start(
        params.stream_id,
        session.client_id,
        params.text,
        params.options,
        part_sender(session, binary),
    )
    return {"stream_id": params.stream_id, "binary_frames": binary}


@method("voice.tts_stream.cancel")
def tts_stream_cancel(session: ClientSession, params: SpeechStreamId) -> JsonObject:
    """Stop a speech stream at once.

    Result: ``{stream_id, cancelled}``; false if there was none.
    """
    cancelled = session.state.voice_sessions.streams.cancel(params.stream_id, session.client_id)
    return {"stream_id": params.stream_id, "cancelled": cancelled}


@method("voice.tts_stream.list")
def tts_stream_list(session: ClientSession, params: NoParams) -> dict[str, Any]:
    """The speech streams of this connection.

    Result: ``{streams: [{stream_id, provider, format, status, parts}]}``; ``parts`` counts
    those sent, the status is starting or speaking.
    """
    return {"streams": session.state.voice_sessions.streams.rows(session.client_id)}
