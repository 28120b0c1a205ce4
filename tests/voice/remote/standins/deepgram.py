"""Deepgram's streaming ``/v1/listen`` on loopback."""

import json
from typing import Any, Literal

from msgspec import Struct, convert

from tests.voice.remote.standins.service import KEY, Conversation

CHUNK_MS = 1_000
"""How much audio gets a final text of its own: a first word, in this service."""

_QUERY: dict[str, set[str]] = {
    "model": {"nova-3"},
    "encoding": {"linear16"},
    "sample_rate": {"16000"},
    "channels": {"1"},
    "interim_results": {"true", "false"},
    "punctuate": {"true"},
    "endpointing": {"false"},
    "language": {"en", "en-US"},
}


class _Control(Struct, forbid_unknown_fields=True):
    type: Literal["KeepAlive", "Finalize", "CloseStream"]


class DeepgramConversation(Conversation):
    """A connection; ``says_from_finalize`` is false for a service that does not say so."""

    says_from_finalize = True

    def has_key(self, headers: dict[str, str]) -> bool:
        """Whether the key is there."""
        return headers.get("authorization") == f"Token {KEY}"

    def wrong_request(self, path: str, query: dict[str, str]) -> str:
        """What is wrong."""
        self.wants_guesses = query.get("interim_results") == "true"
        for name, value in query.items():
            if value not in _QUERY.get(name, ()):
                return f"wrong parameter: {name}={value}"
        return "" if path == "/v1/listen" else f"wrong address: {path}"

    def begin(self) -> None:
        """Nothing is final yet."""
        self.final_ms = 0
        self.final_words = 0

    def take(self, payload: bytes, is_binary: bool) -> None:
        """Take audio, or a word about it."""
        if is_binary:
            if self.add(payload):
                self.progress()
            return
        kind = convert(json.loads(payload), _Control).type
        if kind == "Finalize" and not self.factory.is_silent:
            words = self.phrase.split()[self.final_words :]
            self.result(words, True, self.says_from_finalize)
            self.pcm = b""
            self.final_words = 0
        if kind == "CloseStream":
            self.say(
                {
                    "type": "Metadata",
                    "transaction_key": "deprecated",
                    "request_id": "r-1",
                    "sha256": "0" * 64,
                    "created": "2026-01-01T00:00:00.000Z",
                    "duration": self.all_ms / 1000,
                    "channels": 1,
                }
            )
            self.sendClose(1000)

    def progress(self) -> None:
        """Tell what is understood, once in a while for good."""
        words = self.beginning.split()[self.final_words :]
        if self.all_ms - self.final_ms >= CHUNK_MS and self.final_words == 0:
            self.result(words[:1], True, False, self.final_ms + CHUNK_MS // 2)
            self.final_words = 1
        elif self.wants_guesses:
            self.result(words, False, False)

    def result(
        self, words: list[str], is_final: bool, from_finalize: bool, until_ms: int | None = None
    ) -> None:
        """Send a result for all that has no final one, or for that *until_ms*."""
        until_ms = self.all_ms if until_ms is None else until_ms
        said = {"transcript": " ".join(words), "confidence": 0.9, "words": []}
        message: dict[str, Any] = {
            "type": "Results",
            "channel_index": [0, 1],
            "start": self.final_ms / 1000,
            "duration": (until_ms - self.final_ms) / 1000,
            "is_final": is_final,
            "speech_final": False,
            "from_finalize": from_finalize,
            "channel": {"alternatives": [said]},
            "metadata": {
                "request_id": "r-1",
                "model_info": {"name": "nova-3", "version": "1", "arch": "nova-3"},
                "model_uuid": "u-1",
            },
        }
        self.say(message)
        if is_final:
            self.final_ms = until_ms

    def complain(self, text: str) -> None:
        """As the service does."""
        self.say({"type": "Error", "variant": "SchemaError", "description": text})
