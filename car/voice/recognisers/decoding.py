"""Audio files as 16 kHz mono samples, in spans, and what is heard in them; for worker processes.

PyAV (the FFmpeg libraries) reads the files; without it, as ``pocketsphinx`` does not need it, WAV
files are read by ``car.voice.wav``.  What is said in them is for the engines.
"""

import base64
import binascii
import io
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from car.components import import_component
from car.ir.json import JsonObject
from car.voice.errors import InvalidRequest, MissingComponent, SourceFailed
from car.voice.recognisers.locate import EXTRA
from car.voice.records import RATE
from car.voice.resampling import Resampler
from car.voice.wav import open_audio
from car.worker.child import Tell

MAX_FILE_SECONDS = 4 * 3_600
"""The longest recording that is transcribed [ours]."""

_FORMATS = "wav,w64,mp3,flac,ogg,mov,mp4,m4a,matroska,webm,aac,aiff,au,amr,caf,asf"
"""FFmpeg's names of what is read.  Playlists are not: they name other files and addresses."""

_FRAME = 512
"""Samples of which the loudness is measured: 32 ms."""

_FRAMES_AT_ONCE = RATE

Samples = NDArray[np.int16]


class Span(NamedTuple):
    """A stretch of audio that begins ``start`` samples into it."""

    start: int
    samples: Samples


def transcribed(
    arguments: JsonObject,
    longest: int,
    search: int,
    hear: Callable[[Span], Iterable[JsonObject]],
    tell: Tell,
) -> JsonObject:
    """``{text, segments, duration_ms}`` of a file that *arguments* tell, as `blocks` has them.

    *hear* gives the segments ``{text, start_ms, end_ms}`` of each of its `spans`.  When *tell*
    has it that nobody waits any more, what was heard by then is all.
    """
    segments: list[JsonObject] = []
    samples = 0
    for span in spans(blocks(arguments), longest, search):
        segments += hear(span)
        samples = span.start + len(span.samples)
        if tell(None):
            break
    return {
        "text": " ".join(segment["text"] for segment in segments),
        "segments": segments,
        "duration_ms": samples * 1000 // RATE,
    }


def blocks(arguments: JsonObject) -> Iterator[Samples]:
    """The samples of a file in blocks of any length, 16 kHz mono.

    *arguments* hold ``audio_path`` or a whole file in ``audio_b64``.  Raises InvalidRequest
    for what cannot be opened, SourceFailed for what holds no audio, MissingComponent.
    """
    with _opened(arguments) as file:
        if find_spec("av") is None and "audio_path" in arguments:
            yield from _waves(arguments["audio_path"])
            return
        av = import_component("av", EXTRA, "reading audio files", MissingComponent)
        what = f"'{arguments['audio_path']}'" if "audio_path" in arguments else "audio_b64"
        try:
            yield from _decoded(av, file, what)
        except (av.FFmpegError, OSError) as problem:  # the latter of the file itself
            reason = problem.strerror or "unknown format"
            raise SourceFailed(f"{what} holds no audio that can be read: {reason}") from None


def spans(pieces: Iterator[Samples], longest: int, search: int) -> Iterator[Span]:
    """*pieces* as spans of at most *longest* samples, cut where the last *search* are quietest.

    Raises SourceFailed for more than MAX_FILE_SECONDS.
    """
    start = 0
    held: list[Samples] = []
    for piece in pieces:
        held.append(piece)
        while sum(map(len, held)) >= longest:
            samples = np.concatenate(held)
            cut = longest - search + quietest(samples[longest - search : longest])
            yield Span(start, samples[:cut])
            start += cut
            if start > MAX_FILE_SECONDS * RATE:
                hours = MAX_FILE_SECONDS // 3_600
                raise SourceFailed(f"the recording is longer than {hours} h; cut it into parts")
            held = [samples[cut:]]
    rest = np.concatenate(held) if held else np.empty(0, np.int16)
    if len(rest):
        yield Span(start, rest)


def quietest(samples: Samples) -> int:
    """The place in *samples*, at least 32 ms of them, around which they are the quietest."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float32)
    return int(np.square(frames).sum(axis=1).argmin()) * _FRAME + _FRAME // 2


def _opened(arguments: JsonObject) -> BinaryIO:
    """The file that *arguments* name or hold.  Raises InvalidRequest."""
    if "audio_b64" in arguments:
        try:
            return io.BytesIO(base64.b64decode(arguments["audio_b64"], validate=True))
        except binascii.Error:
            raise InvalidRequest("audio_b64: expected an audio file in base64") from None
    path = arguments["audio_path"]
    try:
        # A pipe without a writer would keep an ordinary open waiting.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as problem:
        raise InvalidRequest(f"audio_path: '{path}' cannot be read: {problem.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InvalidRequest(f"audio_path: '{path}' is not a file")
    return open(descriptor, "rb")


def _waves(path: str) -> Iterator[Samples]:
    """The file *path* without PyAV.  Raises as ``open_audio`` does."""
    reader = open_audio(path, "audio_path")
    resampler = Resampler(reader.sample_rate, reader.channels)
    while pcm := reader.read(_FRAMES_AT_ONCE):
        yield resampler.feed(pcm)
    yield resampler.flush()
    reader.close()


def _decoded(av: Any, file: BinaryIO, what: str) -> Iterator[Samples]:
    with av.open(file, options={"format_whitelist": _FORMATS}, metadata_errors="ignore") as media:
        if not media.streams.audio:
            raise SourceFailed(f"{what} holds no audio")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        for frame in _frames(media):
            for block in resampler.resample(frame):
                yield block.to_ndarray()[0]


def _frames(media: Any) -> Iterator[Any]:
    """The frames of the first audio stream, then None, upon which a resampler gives its rest."""
    for frame in media.decode(audio=0):
        frame.pts = None  # gaps between time stamps are not filled
        yield frame
    yield None
