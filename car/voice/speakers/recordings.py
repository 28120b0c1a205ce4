"""What somebody is enrolled by: a recording, as the 16 kHz mono that vectors are made of.

It blocks, reading and resampling, and is for threads.
"""

import binascii

from car.voice.errors import InvalidRequest
from car.voice.records import RATE
from car.voice.resampling import Resampler
from car.voice.speakers.records import EnrollmentAudio, PcmAudio
from car.voice.wav import open_audio

MAX_SECONDS = 20
"""What is listened to of a recording, from its beginning [ours]: as much as of the longest segment
of a session, so that handing it to a worker holds the reactor up for 2 ms."""

_MAX_BYTES = MAX_SECONDS * RATE * 2


def enrollment_pcm(audio: EnrollmentAudio) -> bytes:
    """The beginning of *audio*, 20 s of it, as 16 kHz mono s16le.

    Raises InvalidRequest, MissingComponent or SourceFailed.
    """
    if isinstance(audio, PcmAudio):
        return _pushed(audio)
    return _recorded(audio.path)


def _pushed(audio: PcmAudio) -> bytes:
    resampler = Resampler(audio.sample_rate, audio.channels)
    try:
        pcm = binascii.a2b_base64(audio.pcm_b64, strict_mode=True)
    except ValueError:
        raise InvalidRequest("audio.pcm_b64: expected s16le samples in base64") from None
    pcm = pcm[: MAX_SECONDS * audio.sample_rate * audio.channels * 2]
    return resampler.feed(pcm).tobytes() + resampler.flush().tobytes()


def _recorded(path: str) -> bytes:
    reader = open_audio(path, "audio.path")
    try:
        resampler = Resampler(reader.sample_rate, reader.channels)
        pcm = bytearray()
        while len(pcm) < _MAX_BYTES and (piece := reader.read(reader.sample_rate)):
            pcm += resampler.feed(piece).tobytes()
        return bytes(pcm + resampler.flush().tobytes())[:_MAX_BYTES]
    finally:
        reader.close()
