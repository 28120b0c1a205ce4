"""The binary frames that carry audio, sans-IO: octets to a VoiceFrame and back.

A head of 26 octets, little-endian, then the payload (``protocol-inference.md`` §9).  What a
frame is for, and whether its session exists, is for whoever takes it.
"""

from enum import IntEnum
from struct import Struct as Layout
from typing import NamedTuple

from car.errors import CarError

HEAD_BYTES = 26

MAX_SEQUENCE = 2**64 - 1

_HEAD = Layout("<B16sQB")
_HEXADECIMAL = frozenset("0123456789abcdef")


class VoiceFrameError(CarError):
    """Octets that are no voice frame, or parts that make none."""


class Tag(IntEnum):
    """What a frame is: audio to the daemon, or speech and its end from it."""

    PCM_IN = 1
    TTS_CHUNK = 2
    TTS_END = 3
    TTS_ERROR = 4


class AudioFormat(IntEnum):
    """What the payload of a TTS chunk is; 0 in every other frame."""

    PCM = 0
    MP3 = 1
    WAV = 2


class VoiceFrame(NamedTuple):
    """One frame; ``id`` is the session's or stream's, as JSON has it: 32 hex digits.

    The payload is s16le samples (PCM_IN), audio as ``format`` says (TTS_CHUNK), nothing
    (TTS_END) or a message in UTF-8 (TTS_ERROR).
    """

    tag: Tag
    id: str
    sequence: int
    payload: bytes = b""
    format: AudioFormat = AudioFormat.PCM


def is_frame_id(text: str) -> bool:
    """Whether *text* can be the id of a session or stream in binary frames."""
    return len(text) == 32 and _HEXADECIMAL.issuperset(text)


def pack_frame(frame: VoiceFrame) -> bytes:
    """The octets of *frame*.  Raises VoiceFrameError for an id or a sequence that has no place."""
    if not is_frame_id(frame.id):
        raise VoiceFrameError(
            f"binary frames need an id of 32 lower-case hex digits, not '{frame.id:.64}'"
        )
    if not 0 <= frame.sequence <= MAX_SEQUENCE:
        raise VoiceFrameError(f"sequence: expected 0 to {MAX_SEQUENCE}, got {frame.sequence}")
    head = _HEAD.pack(frame.tag, bytes.fromhex(frame.id), frame.sequence, frame.format)
    return head + frame.payload


def read_frame(octets: bytes) -> VoiceFrame:
    """The frame in one binary message, from either side.  Raises VoiceFrameError."""
    if len(octets) < HEAD_BYTES:
        raise VoiceFrameError(
            f"a voice frame has a head of {HEAD_BYTES} octets; this one has {len(octets)}"
        )
    tag, raw_id, sequence, format = _HEAD.unpack_from(octets)
    if tag not in Tag.__members__.values():
        raise VoiceFrameError(f"a voice frame begins with 1, 2, 3 or 4, not {tag}")
    most = max(AudioFormat) if tag == Tag.TTS_CHUNK else AudioFormat.PCM
    if format > most:
        raise VoiceFrameError(f"a voice frame of kind {tag} has a format of 0 to {most:d}")
    payload = octets[HEAD_BYTES:]
    if tag == Tag.TTS_END and payload:
        raise VoiceFrameError("a voice frame of kind 3 has no payload")
    return VoiceFrame(Tag(tag), raw_id.hex(), sequence, payload, AudioFormat(format))
