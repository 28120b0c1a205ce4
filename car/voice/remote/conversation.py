"""What a service and we say to each other over one WebSocket, without the WebSocket.

Each service has a ``Conversation``: what it sends for a segment, and what it makes of the
messages that come.  When what is said, and what follows from it, is for ``link`` and
``recognition``.
"""

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from car.ir.json import JsonObject, RecordError, decode, encode
from car.voice.records import RATE

Message: TypeAlias = str | bytes
"""A text message, or a binary one."""

OCTETS_A_MS = RATE * 2 // 1000

LEAST_SEGMENT_MS = 350
"""What a segment is filled up to with silence [ours]: ElevenLabs wants 300 ms to commit,
OpenAI 100."""


class Ready(Struct, frozen=True):
    """The service is set up and takes audio."""


class Guess(Struct, frozen=True):
    """What was understood of a segment so far."""

    segment: int
    text: str


class Final(Struct, frozen=True):
    """What was said in a segment that had ended."""

    segment: int
    text: str


Scope = Literal["segment", "connection", "busy", "session"]
"""What a refusal ends: one segment; the connection, and another one may do better; all that is
under way, as another try now would not help; everything, as no later try would."""


class Refusal(Struct, frozen=True):
    """The service refuses something, in its words; *segment* where it is about one."""

    message: str
    scope: Scope
    segment: int | None = None


Heard: TypeAlias = Ready | Guess | Final | Refusal


class Conversation(Protocol):
    """One connection's worth of talk; audio is 16 kHz mono s16le.

    Segments come one after the other, with ascending numbers.
    """

    @property
    def is_ready(self) -> bool:
        """Whether audio may be sent at once, without a ``Ready``."""

    @property
    def keep_alive(self) -> Message | None:
        """What keeps a connection open on which no audio is sent, None if nothing does."""

    @property
    def farewell(self) -> Message | None:
        """What is sent before the connection is closed, None if nothing is."""

    def opening(self) -> Sequence[Message]:
        """What is sent first."""

    def began(self, segment: int) -> None:
        """A segment is open."""

    def audio(self, pcm: bytes) -> Sequence[Message]:
        """What carries *pcm* of the open segment."""

    def ended(self) -> Sequence[Message]:
        """What asks for the text of the open segment, which is complete."""

    def received(self, text: bytes) -> Sequence[Heard]:
        """What a message means; nothing for those that are of no interest here.

        Raises JsonError for what the service cannot have meant to send.
        """


class Fill:
    """Counts what a segment holds, to fill it up with silence."""

    def __init__(self) -> None:
        self._octets = 0

    def add(self, pcm: bytes) -> None:
        """Count *pcm*."""
        self._octets += len(pcm)

    def silence(self) -> bytes:
        """What lacks to LEAST_SEGMENT_MS; the next segment is counted from nothing."""
        lacking = LEAST_SEGMENT_MS * OCTETS_A_MS - self._octets
        self._octets = 0
        return bytes(max(lacking, 0))


def text_message(message: JsonObject) -> str:
    """*message* as it is sent."""
    return encode(message).decode()


def read_message(text: bytes, tag: str) -> tuple[str, JsonObject]:
    """The message in *text* and what its member *tag* says it is.  Raises JsonError."""
    message = decode(text)
    kind = message.get(tag) if isinstance(message, dict) else None
    if not isinstance(kind, str):
        raise RecordError(f"Expected an object with `{tag}`")
    return kind, message
