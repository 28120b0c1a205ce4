"""ElevenLabs' "Realtime speech to text" on loopback, with manual commits."""

import json
from typing import Literal

from msgspec import Struct, convert

from tests.voice.remote.standins.service import KEY, Conversation, decoded

LEAST_COMMIT_MS = 300

_QUERY = {
    "model_id",
    "audio_format",
    "commit_strategy",
    "language_code",
    "include_timestamps",
}


class _Chunk(Struct, forbid_unknown_fields=True):
    message_type: Literal["input_audio_chunk"]
    audio_base_64: str
    commit: bool
    sample_rate: Literal[16_000]
    previous_text: str | None = None


class ElevenLabsConversation(Conversation):
    """A connection."""

    def has_key(self, headers: dict[str, str]) -> bool:
        """Whether the key is there."""
        return headers.get("xi-api-key") == KEY

    def wrong_request(self, path: str, query: dict[str, str]) -> str:
        """What is wrong."""
        if path != "/v1/speech-to-text/realtime" or not set(query) <= _QUERY:
            return f"wrong address: {path} {query}"
        if query.get("audio_format") != "pcm_16000" or query.get("commit_strategy") != "manual":
            return f"wrong format: {query}"
        return "" if query.get("model_id") == "scribe_v2_realtime" else "no such model"

    def begin(self) -> None:
        """Tell what the session is."""
        config = {"sample_rate": 16_000, "audio_format": "pcm_16000", "language_code": "en"}
        self.say({"message_type": "session_started", "session_id": "s-1", "config": config})

    def take(self, payload: bytes, is_binary: bool) -> None:
        """Take a chunk."""
        chunk = convert(json.loads(payload), _Chunk)
        if self.add(decoded(chunk.audio_base_64)):
            self.say({"message_type": "partial_transcript", "text": self.beginning})
        if chunk.commit and not self.factory.is_silent:
            self.commit()

    def commit(self) -> None:
        """Give the text of what there is."""
        if self.milliseconds < LEAST_COMMIT_MS:
            self.problem("commit_throttled", "Commit request ignored: less than 0.3s of audio")
        else:
            self.say({"message_type": "committed_transcript", "text": self.phrase})
        self.pcm = b""

    def problem(self, kind: str, text: str) -> None:
        """Tell of a problem."""
        self.say({"message_type": kind, "error": text})

    def complain(self, text: str) -> None:
        """As the service does."""
        self.problem("input_error", text)
