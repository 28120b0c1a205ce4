"""Files of audio, read piece by piece as s16le: WAV of whole numbers by the standard library,
what else there is (floating point, FLAC, Ogg) by ``soundfile``, where that is installed.

Everything here blocks and is for threads.
"""

import os
import wave
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from car.components import import_component
from car.voice.errors import InvalidRequest, MissingComponent, SourceFailed


class AudioReader(Protocol):
    """An open file of audio."""

    sample_rate: int
    channels: int

    def read(self, frames: int) -> bytes:
        """The next *frames*, a sample of each channel, as s16le; nothing at the end.

        Raises SourceFailed.
        """

    def close(self) -> None:
        """Let go of the file."""


def open_audio(path: str, field: str = "audio_source.path") -> AudioReader:
    """Open the file *path*, which the request named in *field*.

    Raises InvalidRequest if it is not there or holds no audio, and MissingComponent if only
    ``soundfile`` could tell.
    """
    if not os.path.isabs(path) or "\0" in path:
        raise InvalidRequest(f"{field}: expected an absolute path, not '{path}'")
    try:
        if not Path(path).is_file():
            raise InvalidRequest(f"{field} must name a file, and {path} is none")
        return _WaveReader(wave.open(path, "rb"))
    except OSError as problem:
        raise InvalidRequest(f"{field}: {path} cannot be read: {problem.strerror}") from None
    except (wave.Error, EOFError):
        return _open_soundfile(path, field)


class _WaveReader:
    """A WAV file of whole numbers, 8 to 32 bits wide."""

    def __init__(self, file: wave.Wave_read) -> None:
        self.sample_rate = file.getframerate()
        self.channels = file.getnchannels()
        self._width = file.getsampwidth()
        self._file = file

    def read(self, frames: int) -> bytes:
        """As ``AudioReader`` says."""
        try:
            data = self._file.readframes(frames)
        except OSError as problem:
            raise SourceFailed(f"the audio file cannot be read: {problem.strerror}") from None
        return _narrowed(data[: len(data) - len(data) % self._width], self._width)

    def close(self) -> None:
        """As ``AudioReader`` says."""
        self._file.close()


def _narrowed(data: bytes, width: int) -> bytes:
    """Samples of *width* octets as s16le; those of one octet are unsigned, as WAV has them."""
    if width == 2:
        return data
    octets = np.frombuffer(data, np.uint8).reshape(-1, width)
    if width == 1:
        return ((octets[:, 0].astype("<i2") - 128) * 256).tobytes()
    return octets[:, -2:].tobytes()


class _SoundFileReader:
    """Whatever libsndfile reads."""

    def __init__(self, file: Any) -> None:
        self.sample_rate: int = file.samplerate
        self.channels: int = file.channels
        self._file = file

    def read(self, frames: int) -> bytes:
        """As ``AudioReader`` says."""
        try:
            return bytes(self._file.buffer_read(frames, dtype="int16"))
        except RuntimeError as problem:  # the root of the library's own
            raise SourceFailed(f"the audio file cannot be read: {problem}") from None

    def close(self) -> None:
        """As ``AudioReader`` says."""
        self._file.close()


def _open_soundfile(path: str, field: str) -> AudioReader:
    feature = f"reading {path}, which is no WAV file of whole numbers,"
    soundfile = import_component("soundfile", "audio", feature, MissingComponent)
    try:
        return _SoundFileReader(soundfile.SoundFile(path))
    except RuntimeError as problem:
        raise InvalidRequest(
            f"{field} must name a file of audio, and {path} is none: {problem}"
        ) from None
