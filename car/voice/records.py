"""The records of voice sessions, as they stand on the wire (``subsystem-voice.md``, Types)."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from car.ir.json import JsonObject, encode

RATE = 16_000
"""Samples a second of what segmenters, recognisers and speaker vectors work on, mono s16le."""

# ---- audio sources -------------------------------------------------------------------------


class Mic(Struct, frozen=True, tag="mic", tag_field="kind"):
    """A microphone: the default one, or one by its name or number."""

    device: str | int | None = None


class System(Struct, frozen=True, tag="system", tag_field="kind"):
    """What this machine plays: the monitor of its default output."""


class AudioFile(Struct, frozen=True, tag="file", tag_field="kind"):
    """A WAV file, played at the pace of real time or as fast as it is decoded."""

    path: str
    pace: Literal["realtime", "fast"] = "realtime"


class Fifo(Struct, frozen=True, tag="fifo", tag_field="kind"):
    """A named pipe of s16le samples."""

    path: str
    sample_rate: int
    channels: int = 1


class PcmPush(Struct, frozen=True, tag="pcm_push", tag_field="kind"):
    """Samples (s16le, interleaved) that the client pushes."""

    sample_rate: int
    channels: int = 1


AudioSource = Mic | System | AudioFile | Fifo | PcmPush

# ---- options -------------------------------------------------------------------------------


class VadOptions(Struct, frozen=True, kw_only=True):
    """How speech is told from silence.

    ``threshold`` is a probability; speech begins after ``min_speech_frames`` frames of 32 ms
    above it and ends after ``min_silence_ms`` below; ``pre_roll_ms`` of what came before go
    with it; a segment is cut at ``max_segment_ms``.
    """

    threshold: float = 0.5
    min_silence_ms: int = 600
    min_speech_frames: int = 3
    pre_roll_ms: int = 200
    max_segment_ms: int = 20_000


class VoiceOptions(Struct, frozen=True, kw_only=True):
    """How a session listens; ``provider`` as ``voice.providers.list`` names them."""

    provider: str = "local"
    language: str | None = None
    model: str | None = None
    diarize: bool = False
    vad: VadOptions = VadOptions()
    partials: bool = True


# ---- events --------------------------------------------------------------------------------


class KnownSpeaker(Struct, frozen=True, kw_only=True):
    """Who a segment is by: an enrolled label with its cosine, or a cluster such as ``S1``."""

    speaker: str
    score: float | UnsetType = UNSET


Role = Literal["unknown"] | KnownSpeaker
"""``unknown`` without a speaker pipeline."""


class SpeechStart(Struct, frozen=True, tag="speech_start"):
    """Somebody began to speak, ``at_ms`` of audio into the session."""

    at_ms: int


class SpeechEnd(Struct, frozen=True, tag="speech_end"):
    """Nobody speaks any more since ``at_ms`` of audio into the session."""

    at_ms: int


class Partial(Struct, frozen=True, tag="partial"):
    """What was understood of the open segment so far; each extends the one before."""

    text: str


class Transcript(Struct, frozen=True, tag="transcript"):
    """What was said in a segment that has ended; ``start_ms`` counts audio of the session."""

    text: str
    duration_ms: int = 0
    role: Role = "unknown"
    start_ms: int = 0


class BargeIn(Struct, frozen=True, tag="barge_in"):
    """Somebody spoke while speech was being played to this client, which was cancelled."""


class Lagged(Struct, frozen=True, tag="lagged"):
    """So many events, or milliseconds of audio where ``what`` says so, were dropped."""

    dropped: int
    what: Literal["events", "audio_ms"] = "events"


class SessionError(Struct, frozen=True, tag="error"):
    """Something failed; the session ends with it if it is fatal."""

    message: str
    fatal: bool


class SessionEnded(Struct, frozen=True, tag="session_ended"):
    """No more events come: ``stopped``, ``source_ended``, ``failed`` or ``disconnected``."""

    reason: str
    audio_ms: int


VoiceEvent = (
    SpeechStart | SpeechEnd | Partial | Transcript | BargeIn | Lagged | SessionError | SessionEnded
)


def event_text(event: Struct | JsonObject) -> str:
    """An event as the JSON text that sinks take."""
    return encode(event).decode()
