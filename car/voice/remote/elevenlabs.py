"""The provider ``elevenlabs``: Scribe, its "Realtime speech to text" WebSocket.

Sources of names and rules: ElevenLabs' API reference ("Realtime", "Event reference",
"Transcripts and commit strategies").
"""

import base64
from collections import deque
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from msgspec import Struct

from car.inference.remote.urls import operation_url, with_query
from car.ir.json import JsonObject, convert
from car.voice.recognisers.locate import language_code
from car.voice.records import RATE, VoiceOptions
from car.voice.remote.conversation import (
    Fill,
    Final,
    Guess,
    Heard,
    Message,
    Ready,
    Refusal,
    Scope,
    read_message,
    text_message,
)
from car.voice.remote.recogniser import RemoteRecogniser

URL = "wss://api.elevenlabs.io"
DEFAULT_MODEL = "scribe_v2_realtime"

_ERRORS: Mapping[str, Scope] = {
    "auth_error": "session",
    "quota_exceeded": "session",
    "unaccepted_terms": "session",
    "invalid_request": "session",
    "rate_limited": "busy",
    "resource_exhausted": "busy",
    "queue_overflow": "busy",
    "commit_throttled": "connection",
    "error": "connection",
    "input_error": "connection",
    "transcriber_error": "connection",
    "chunk_size_exceeded": "connection",
    "session_time_limit_exceeded": "connection",
    "insufficient_audio_activity": "connection",
}


class ElevenLabsRecogniser(RemoteRecogniser):
    """ElevenLabs at *url*."""

    name = "elevenlabs"
    description = "ElevenLabs Scribe, a service: the audio leaves this machine"
    key_name = "ELEVENLABS_API_KEY"
    default_url = URL

    def request(self, options: VoiceOptions, key: str) -> tuple[str, Mapping[str, str]]:
        """The URL and headers to connect with."""
        query = {
            "model_id": options.model or DEFAULT_MODEL,
            "audio_format": f"pcm_{RATE}",
            "commit_strategy": "manual",
        }
        if (code := language_code(options.language)) is not None:
            query["language_code"] = code
        url = operation_url(self.url, "speech-to-text/realtime", "v1")
        return with_query(url, urlencode(query)), {"xi-api-key": key}

    def conversation(self, options: VoiceOptions) -> "ElevenLabsConversation":
        """A new one."""
        return ElevenLabsConversation()


class _Transcript(Struct):
    text: str


class _Problem(Struct):
    error: str


class ElevenLabsConversation:
    """Chunks of audio in JSON; a chunk with ``commit`` asks for a committed transcript.

    Transcripts do not say what they are of: they come in the order of the commits.
    """

    is_ready = False
    keep_alive = None
    farewell = None

    def __init__(self) -> None:
        self._segments: deque[int] = deque()
        self._awaited = 0
        self._early: list[str] = []
        self._fill = Fill()

    def opening(self) -> Sequence[Message]:
        """Nothing: the service speaks first."""
        return ()

    def began(self, segment: int) -> None:
        """A segment is open."""
        self._segments.append(segment)

    def audio(self, pcm: bytes) -> Sequence[Message]:
        """One chunk."""
        self._fill.add(pcm)
        return [_chunk(pcm, commit=False)]

    def ended(self) -> Sequence[Message]:
        """A commit."""
        self._awaited += 1
        return [_chunk(self._fill.silence(), commit=True)]

    def received(self, text: bytes) -> Sequence[Heard]:
        """What a message means."""
        kind, message = read_message(text, "message_type")
        match kind:
            case "session_started":
                return [Ready()]
            case "partial_transcript":
                return self._guess(convert(message, _Transcript).text)
            case "committed_transcript":
                return self._committed(convert(message, _Transcript).text)
        return self._problem(kind, message)

    def _guess(self, text: str) -> Sequence[Heard]:
        if not self._segments:
            return ()
        return [Guess(self._segments[0], " ".join([*self._early, text]))]

    def _committed(self, text: str) -> Sequence[Heard]:
        """A transcript that nobody asked for is the beginning of the open segment's: the
        service commits by itself what grows too long."""
        if text:
            self._early.append(text)
        if not self._awaited:
            return ()
        said, self._early = " ".join(self._early), []
        self._awaited -= 1
        return [Final(self._segments.popleft(), said)]

    def _problem(self, kind: str, message: JsonObject) -> Sequence[Heard]:
        scope = _ERRORS.get(kind)
        if scope is None:
            return ()
        return [Refusal(f"{kind}: {convert(message, _Problem).error}", scope)]


def _chunk(pcm: bytes, *, commit: bool) -> str:
    return text_message(
        {
            "message_type": "input_audio_chunk",
            "audio_base_64": base64.b64encode(pcm).decode(),
            "commit": commit,
            "sample_rate": RATE,
        }
    )
