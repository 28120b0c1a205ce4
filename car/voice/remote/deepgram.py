"""The provider ``deepgram``: its streaming WebSocket, ``/v1/listen``.

Sources of names and rules: Deepgram's reference ("Live audio") and guides ("Finalize", "Audio
keep alive", "Close stream").
"""

from collections import deque
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from msgspec import Struct

from car.inference.remote.urls import operation_url, with_query
from car.ir.json import RecordError, convert
from car.voice.records import RATE, VoiceOptions
from car.voice.remote.conversation import (
    OCTETS_A_MS,
    Final,
    Guess,
    Heard,
    Message,
    Refusal,
    read_message,
    text_message,
)
from car.voice.remote.recogniser import RemoteRecogniser

URL = "wss://api.deepgram.com"
DEFAULT_MODEL = "nova-3"

SILENCE_MS = 300
"""What is added to a segment before it is finalized [ours]: Finalize is only answered where
there is audio left that has no final text yet."""

_SLACK_SECONDS = 0.05
"""By how much a result may miss the end of what it covers [ours]."""


class DeepgramRecogniser(RemoteRecogniser):
    """Deepgram at *url*."""

    name = "deepgram"
    description = "Deepgram, a service: the audio leaves this machine"
    key_name = "DEEPGRAM_API_KEY"
    default_url = URL

    def request(self, options: VoiceOptions, key: str) -> tuple[str, Mapping[str, str]]:
        """The URL and headers to connect with."""
        query = {
            "model": options.model or DEFAULT_MODEL,
            "encoding": "linear16",
            "sample_rate": str(RATE),
            "channels": "1",
            "interim_results": "true" if options.partials else "false",
            "punctuate": "true",
            "endpointing": "false",
        }
        if options.language is not None:
            query["language"] = options.language
        url = operation_url(self.url, "listen", "v1")
        return with_query(url, urlencode(query)), {"Authorization": f"Token {key}"}

    def conversation(self, options: VoiceOptions) -> "DeepgramConversation":
        """A new one."""
        return DeepgramConversation()


class _Alternative(Struct):
    transcript: str


class _Channel(Struct):
    alternatives: list[_Alternative]


class _Results(Struct):
    """Of what was sent from second ``start`` of the connection on, for ``duration`` seconds."""

    channel: _Channel
    start: float
    duration: float
    is_final: bool | None = None
    from_finalize: bool | None = None


class _Problem(Struct):
    description: str = ""
    message: str | None = None


class _Span:
    """A segment: where its audio lies on the connection, in seconds, and its texts."""

    def __init__(self, segment: int, start: float) -> None:
        self.segment = segment
        self.start = start
        self.end: float | None = None
        self.texts: list[str] = []


class DeepgramConversation:
    """Binary audio; ``Finalize`` asks for the rest of a text, which comes in several finals.

    A segment's text is whole with the result that says so, or with one that reaches its end.
    """

    is_ready = True
    keep_alive = text_message({"type": "KeepAlive"})
    farewell = text_message({"type": "CloseStream"})

    def __init__(self) -> None:
        self._spans: deque[_Span] = deque()
        self._octets = 0

    def opening(self) -> Sequence[Message]:
        """Nothing: all is in the URL."""
        return ()

    def began(self, segment: int) -> None:
        """A segment is open."""
        self._spans.append(_Span(segment, self._seconds))

    def audio(self, pcm: bytes) -> Sequence[Message]:
        """The audio as it is."""
        self._octets += len(pcm)
        return [pcm]

    def ended(self) -> Sequence[Message]:
        """Some silence, and Finalize."""
        silence = bytes(SILENCE_MS * OCTETS_A_MS)
        self._octets += len(silence)
        self._spans[-1].end = self._seconds
        return [silence, text_message({"type": "Finalize"})]

    def received(self, text: bytes) -> Sequence[Heard]:
        """What a message means."""
        kind, message = read_message(text, "type")
        if kind == "Results":
            return self._results(convert(message, _Results))
        if kind == "Error":
            problem = convert(message, _Problem)
            return [Refusal(problem.description or problem.message or "error", "connection")]
        return ()

    @property
    def _seconds(self) -> float:
        return self._octets / (RATE * 2)

    def _results(self, results: _Results) -> Sequence[Heard]:
        if not results.channel.alternatives:
            raise RecordError("Expected an alternative - at `$.channel.alternatives`")
        heard: list[Heard] = []
        end = results.start + results.duration
        while self._spans and _is_behind(self._spans[0], results.start):
            heard.append(self._whole())
        if not self._spans or end <= self._spans[0].start + _SLACK_SECONDS:
            return heard
        span = self._spans[0]
        transcript = results.channel.alternatives[0].transcript
        texts = [*span.texts, transcript] if transcript else span.texts
        if not results.is_final:
            heard.append(Guess(span.segment, " ".join(texts)))
            return heard
        span.texts = texts
        if span.end is not None and (results.from_finalize or end >= span.end - _SLACK_SECONDS):
            heard.append(self._whole())
        else:
            heard.append(Guess(span.segment, " ".join(texts)))
        return heard

    def _whole(self) -> Final:
        span = self._spans.popleft()
        return Final(span.segment, " ".join(span.texts))


def _is_behind(span: _Span, start: float) -> bool:
    """Whether a result that begins at *start* is of later audio than all of *span*."""
    return span.end is not None and start >= span.end - _SLACK_SECONDS
