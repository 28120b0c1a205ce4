"""A transcription session of OpenAI's realtime WebSocket on loopback, without turn detection."""

import json
from typing import Any, Literal

from msgspec import Struct, convert

from tests.voice.remote.standins.service import KEY, Conversation, decoded

LEAST_COMMIT_MS = 100


class _Format(Struct, forbid_unknown_fields=True):
    type: Literal["audio/pcm"]
    rate: Literal[24_000]


class _Transcription(Struct, forbid_unknown_fields=True):
    model: str
    language: str | None = None
    languages: list[str] | None = None


class _Input(Struct, forbid_unknown_fields=True):
    format: _Format
    transcription: _Transcription
    turn_detection: None


class _Audio(Struct, forbid_unknown_fields=True):
    input: _Input


class _Session(Struct, forbid_unknown_fields=True):
    type: Literal["transcription"]
    audio: _Audio


class _Update(Struct, forbid_unknown_fields=True, tag="session.update"):
    session: _Session
    event_id: str | None = None


class _Append(Struct, forbid_unknown_fields=True, tag="input_audio_buffer.append"):
    audio: str
    event_id: str | None = None


class _Commit(Struct, forbid_unknown_fields=True, tag="input_audio_buffer.commit"):
    event_id: str | None = None


class OpenAIConversation(Conversation):
    """A connection; ``holds`` keeps back what would complete an item, for ``complete``."""

    rate = 24_000
    holds = False

    def has_key(self, headers: dict[str, str]) -> bool:
        """Whether the key is there."""
        return headers.get("authorization") == f"Bearer {KEY}"

    def wrong_request(self, path: str, query: dict[str, str]) -> str:
        """What is wrong."""
        right = path == "/v1/realtime" and query == {"intent": "transcription"}
        return "" if right else f"wrong address: {path} {query}"

    def begin(self) -> None:
        """Tell of the session that is there before it is changed."""
        self.is_set_up = False
        self.items = 0
        self.word = ""
        self.held: list[dict[str, Any]] = []
        session = {"type": "transcription", "id": "sess-1"}
        session["object"] = "realtime.transcription_session"
        self.event("session.created", session=session)

    def take(self, payload: bytes, is_binary: bool) -> None:
        """Take an event."""
        event: Any = convert(json.loads(payload), _Update | _Append | _Commit)
        if isinstance(event, _Update):
            self.set_up(event.session, json.loads(payload)["session"])
        elif not self.is_set_up:
            raise ValueError("no session.update yet")
        elif isinstance(event, _Append):
            if self.add(decoded(event.audio)):
                self.tell()
        elif not self.factory.is_silent:
            self.commit(event.event_id)

    def set_up(self, session: _Session, told: dict[str, Any]) -> None:
        """Change the session."""
        transcription = session.audio.input.transcription
        if transcription.model not in ("gpt-live-transcribe", "gpt-4o-transcribe"):
            self.problem("model_not_found", f"The model {transcription.model} does not exist")
        elif transcription.language and transcription.model == "gpt-live-transcribe":
            self.problem("invalid_value", "language is not supported by this model")
        else:
            self.is_set_up = True
            self.event("session.updated", session=told)

    def tell(self) -> None:
        """Tell the words that are new."""
        new = self.beginning.removeprefix(self.word)
        self.word = self.beginning
        if new:
            self.transcription("delta", delta=new)

    def commit(self, event_id: str | None) -> None:
        """Make an item of what there is."""
        if self.milliseconds < LEAST_COMMIT_MS:
            self.problem("input_audio_buffer_commit_empty", "buffer too small", event_id)
            return
        self.event("input_audio_buffer.committed", item_id=self.item_id, previous_item_id=None)
        usage = {"type": "duration", "seconds": 1}
        self.transcription("completed", transcript=self.phrase, usage=usage)
        self.pcm = b""
        self.word = ""
        self.items += 1

    def transcription(self, kind: str, **members: Any) -> None:
        """Tell of the present item."""
        name = f"conversation.item.input_audio_transcription.{kind}"
        if self.holds and kind == "completed":
            self.held.append({"type": name, "item_id": self.item_id, "content_index": 0, **members})
            return
        self.event(name, item_id=self.item_id, content_index=0, **members)

    @property
    def item_id(self) -> str:
        """The id of the present item."""
        return f"item-{self.items}"

    def event(self, kind: str, **members: Any) -> None:
        """Send an event."""
        self.say({"type": kind, "event_id": f"event-{kind}", **members})

    def problem(self, code: str, text: str, event_id: str | None = None) -> None:
        """Tell of a problem."""
        error = {"type": "invalid_request_error", "code": code, "message": text}
        self.event("error", error={**error, "event_id": event_id})

    def complain(self, text: str) -> None:
        """As the service does."""
        self.problem("invalid_event", text)
