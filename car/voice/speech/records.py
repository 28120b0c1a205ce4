"""What speech is asked for with, and what it comes as: options, chunks, events on the wire."""

from base64 import b64encode
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from car.voice.errors import InvalidRequest
from car.voice.records import SessionError

MOST_TEXT_CHARS = 20_000
"""The longest text of one stream or one ``synthesize`` [ours]: some 20 minutes of speech."""

Format = Literal["wav", "mp3", "pcm"]
"""PCM is s16le, mono."""

MEDIA_TYPES: dict[Format, str] = {"wav": "audio/wav", "mp3": "audio/mpeg", "pcm": "audio/pcm"}

Name = Annotated[str, Meta(min_length=1, max_length=256)]


class SpeechOptions(Struct, frozen=True, kw_only=True):
    """How a text is spoken; what is None is the provider's choice.

    ``provider`` is a name of ``Synthesisers``, None the best that is ready here.  ``voice_id``
    is a voice as the provider names it (for ``piper`` also the path of its ``.onnx`` file),
    ``language`` a BCP 47 tag.  ``speed`` is a ratio.  ``base_url`` is for ``local`` alone and
    stands in for ``CAR_TTS_URL``; ``instructions`` say how to speak, to services that listen.
    ``binary_frames`` is for who sends the chunks, and changes nothing of the speech.
    """

    provider: Name | None = None
    voice_id: Name | None = None
    language: Annotated[str, Meta(pattern="^[A-Za-z0-9-]{2,32}$")] | None = None
    speed: Annotated[float, Meta(ge=0.25, le=4.0)] = 1.0
    format: Format | None = None
    model: Name | None = None
    base_url: Annotated[str, Meta(max_length=2_048)] | None = None
    instructions: Annotated[str, Meta(max_length=4_096)] | None = None
    binary_frames: bool = False


class Chunk(Struct, frozen=True):
    """A piece of speech.

    Of ``pcm`` whole samples of *sample_rate* a second; of ``wav`` a file complete in itself;
    of ``mp3`` any part of the one stream that all pieces are, *sample_rate* being 0.
    """

    octets: bytes
    format: Format
    sample_rate: int


class TtsChunk(Struct, frozen=True, tag="tts_chunk"):
    """A chunk as an event on the wire (``subsystem-voice.md``, Types).

    The last is final and empty.  ``sample_rate`` is there for ``pcm``, which does not tell it.
    """

    stream_id: str
    seq: int
    audio_b64: str
    format: Format
    is_final: bool
    sample_rate: int | UnsetType = UNSET


class StreamPart(Struct, frozen=True, kw_only=True):
    """What a speech stream sends: audio, then a final part that is empty or has an *error*."""

    stream_id: str
    seq: int
    format: Format
    octets: bytes = b""
    sample_rate: int = 0
    is_final: bool = False
    error: str | None = None

    def event(self) -> TtsChunk | SessionError:
        """The part as an event, for clients that did not ask for binary frames."""
        if self.error is not None:
            return SessionError(self.error, fatal=True)
        audio = b64encode(self.octets).decode()
        rate = self.sample_rate if self.format == "pcm" and self.octets else UNSET
        return TtsChunk(self.stream_id, self.seq, audio, self.format, self.is_final, rate)


def check_text(text: str) -> None:
    """Raise InvalidRequest for a text that is too long, or has nothing in it to speak."""
    if len(text) > MOST_TEXT_CHARS:
        raise InvalidRequest(f"text: expected up to {MOST_TEXT_CHARS} characters, not {len(text)}")
    if not any(character.isalnum() for character in text):
        raise InvalidRequest("text: there is nothing in it to speak")
