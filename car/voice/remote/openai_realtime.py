"""The provider ``openai_realtime``: a transcription session of OpenAI's realtime WebSocket.

Sources of names and rules: OpenAI's API reference (Realtime, client and server events) and its
guide "Realtime transcription".
"""

import base64
from collections import deque
from collections.abc import Mapping, Sequence

from msgspec import Struct

from car.inference.remote.urls import operation_url, with_query
from car.ir.json import JsonObject, convert
from car.voice.recognisers.locate import language_code
from car.voice.records import VoiceOptions
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
from car.voice.remote.upsampling import Upsampler

URL = "wss://api.openai.com"
DEFAULT_MODEL = "gpt-live-transcribe"

OUT_RATE = 24_000
"""The only rate of PCM that is taken."""

_SEVERAL_LANGUAGES = ("gpt-transcribe", "gpt-live-transcribe")
"""The models that are told possible ``languages``; others are told one ``language``."""

_TRANSCRIPTION = "conversation.item.input_audio_transcription."

_ERRORS: Mapping[str, Scope] = {
    "invalid_api_key": "session",
    "insufficient_quota": "session",
    "rate_limit_exceeded": "busy",
}
"""What errors with these codes end; with others that are about no commit, the connection."""


class OpenAIRealtimeRecogniser(RemoteRecogniser):
    """OpenAI at *url*."""

    name = "openai_realtime"
    description = "OpenAI's realtime transcription, a service: the audio leaves this machine"
    key_name = "OPENAI_API_KEY"
    default_url = URL

    def request(self, options: VoiceOptions, key: str) -> tuple[str, Mapping[str, str]]:
        """The URL and headers to connect with; the model is told in the first message."""
        url = with_query(operation_url(self.url, "realtime", "v1"), "intent=transcription")
        return url, {"Authorization": f"Bearer {key}"}

    def conversation(self, options: VoiceOptions) -> "OpenAIConversation":
        """A new one."""
        return OpenAIConversation(options.model or DEFAULT_MODEL, options.language)


class _Item(Struct):
    item_id: str


class _Delta(Struct):
    item_id: str
    delta: str | None = None


class _Completed(Struct):
    item_id: str
    transcript: str


class _Error(Struct):
    message: str | None = None
    code: str | None = None
    event_id: str | None = None


class _Failed(Struct):
    item_id: str
    error: _Error


class _Problem(Struct):
    error: _Error


class _Turn:
    """A segment; the service knows it as an item, whose id comes with what is told of it."""

    def __init__(self, segment: int) -> None:
        self.segment = segment
        self.item_id: str | None = None
        self.text = ""


class OpenAIConversation:
    """Appended audio; a commit makes it an item, of which deltas and the whole text come."""

    is_ready = False
    keep_alive = None
    farewell = None

    def __init__(self, model: str, language: str | None) -> None:
        self._model = model
        self._language = language_code(language)
        self._turns: deque[_Turn] = deque()
        self._upsampler = Upsampler()
        self._fill = Fill()

    def opening(self) -> Sequence[Message]:
        """What the session is to be."""
        transcription: JsonObject = {"model": self._model}
        if self._language is not None and self._model in _SEVERAL_LANGUAGES:
            transcription["languages"] = [self._language]
        elif self._language is not None:
            transcription["language"] = self._language
        heard = {
            "format": {"type": "audio/pcm", "rate": OUT_RATE},
            "transcription": transcription,
            "turn_detection": None,
        }
        session = {"type": "transcription", "audio": {"input": heard}}
        return [text_message({"type": "session.update", "session": session})]

    def began(self, segment: int) -> None:
        """A segment is open."""
        self._turns.append(_Turn(segment))

    def audio(self, pcm: bytes) -> Sequence[Message]:
        """The audio at 24 kHz."""
        self._fill.add(pcm)
        return _append(self._upsampler.feed(pcm))

    def ended(self) -> Sequence[Message]:
        """The rest, and a commit."""
        rest = self._upsampler.feed(self._fill.silence()) + self._upsampler.flush()
        commit = {"type": "input_audio_buffer.commit", "event_id": _event_id(self._turns[-1])}
        return [*_append(rest), text_message(commit)]

    def received(self, text: bytes) -> Sequence[Heard]:
        """What a message means."""
        kind, message = read_message(text, "type")
        if kind.startswith(_TRANSCRIPTION):
            return self._transcription(kind.removeprefix(_TRANSCRIPTION), message)
        match kind:
            case "session.updated":
                return [Ready()]
            case "input_audio_buffer.committed":
                self._turn(convert(message, _Item).item_id)
            case "error":
                return self._problem(convert(message, _Problem).error)
        return ()

    def _transcription(self, kind: str, message: JsonObject) -> Sequence[Heard]:
        match kind:
            case "delta":
                delta = convert(message, _Delta)
                turn = self._turn(delta.item_id)
                if turn is not None and delta.delta:
                    turn.text += delta.delta
                    return [Guess(turn.segment, turn.text.strip())]
            case "completed":
                completed = convert(message, _Completed)
                turn = self._turn(completed.item_id)
                if turn is not None:
                    self._turns.remove(turn)
                    return [Final(turn.segment, completed.transcript.strip())]
            case "failed":
                failed = convert(message, _Failed)
                turn = self._turn(failed.item_id)
                if turn is not None:
                    self._turns.remove(turn)
                    return [Refusal(_words(failed.error), "segment", turn.segment)]
        return ()

    def _turn(self, item_id: str) -> _Turn | None:
        """The turn that *item_id* is of: items are told of in the order of the turns."""
        for turn in self._turns:
            if turn.item_id in (None, item_id):
                turn.item_id = item_id
                return turn
        return None

    def _problem(self, error: _Error) -> Sequence[Heard]:
        for turn in self._turns:
            if error.event_id == _event_id(turn):
                self._turns.remove(turn)
                return [Refusal(_words(error), "segment", turn.segment)]
        return [Refusal(_words(error), _ERRORS.get(error.code or "", "connection"))]


def _append(pcm: bytes) -> Sequence[Message]:
    if not pcm:
        return ()
    audio = base64.b64encode(pcm).decode()
    return [text_message({"type": "input_audio_buffer.append", "audio": audio})]


def _event_id(turn: _Turn) -> str:
    return f"commit-{turn.segment}"


def _words(error: _Error) -> str:
    return ": ".join(part for part in (error.code, error.message) if part) or "no reason given"
