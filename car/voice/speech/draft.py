"""Audio as it is gathered: in a file beside the one it is to become, or in memory.

All of it blocks on the file, so it is called in a thread.
"""

import contextlib
import io
import os
import secrets
from base64 import b64encode
from pathlib import Path
from typing import BinaryIO

from car.eventlog.files import force_down_directory
from car.voice.errors import EngineFailed, InvalidRequest
from car.voice.speech.records import Chunk, Format
from car.voice.speech.waves import HEADER_BYTES, wave_header


class AudioDraft:
    """One piece of audio, of chunks of ``pcm`` that become a WAV, or of ``mp3``.

    *output_path* is where it is to be found once it is finished, None for nowhere.  ``size``
    counts its octets, a header included; ``sample_rate`` is 0 for MP3.  Raises InvalidRequest
    where no file can be written.
    """

    def __init__(self, output_path: str | None, audio_format: Format) -> None:
        self.sample_rate = 0
        self._target = None if output_path is None else _target(output_path)
        self._is_wav = audio_format == "wav"
        self.size = HEADER_BYTES if self._is_wav else 0
        self._file: BinaryIO = io.BytesIO()
        if self._target is not None:
            name = f".{self._target.name}.{secrets.token_hex(4)}"
            self._path = self._target.with_name(name)
            try:
                self._file = open(self._path, "x+b")  # noqa: SIM115 - closed by discard
            except OSError as problem:
                raise _unwritable(self._target, problem) from None
        self._file.write(bytes(self.size))

    @property
    def duration_ms(self) -> int:
        """How long a WAV is."""
        samples = (self.size - HEADER_BYTES) // 2
        return samples * 1_000 // self.sample_rate if self.sample_rate else 0

    def add(self, chunk: Chunk) -> None:
        """Take the next chunk.  Raises EngineFailed if its rate is another than before."""
        if self.size > HEADER_BYTES and chunk.sample_rate != self.sample_rate:
            raise EngineFailed("the provider changed the sample rate amid its speech")
        self.sample_rate = chunk.sample_rate
        self._write(chunk.octets)
        self.size += len(chunk.octets)

    def finish(self, wants_answer: bool) -> str | None:
        """Put the file in its place; answers the audio as base64 if *wants_answer*."""
        if self._is_wav:
            self._file.seek(0)
            self._write(wave_header(self.size - HEADER_BYTES, self.sample_rate))
        answer = None
        if wants_answer:
            self._file.seek(0)
            answer = b64encode(self._file.read()).decode()
        if self._target is not None:
            try:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
                self._path.replace(self._target)
                force_down_directory(self._target.parent)
            except OSError as problem:
                raise _unwritable(self._target, problem) from None
        return answer

    def discard(self) -> None:
        """Let go of it; what was finished stays."""
        with contextlib.suppress(OSError):
            self._file.close()
        if self._target is not None:
            self._path.unlink(missing_ok=True)

    def _write(self, octets: bytes) -> None:
        try:
            self._file.write(octets)
        except OSError as problem:
            raise _unwritable(self._target or Path(), problem) from None


def _target(output_path: str) -> Path:
    path = Path(output_path)
    if not path.is_absolute() or "\0" in output_path:
        raise InvalidRequest(f"output_path: expected an absolute path, not '{output_path}'")
    try:
        is_directory = path.is_dir()
    except OSError as problem:
        raise _unwritable(path, problem) from None
    if is_directory:
        raise InvalidRequest(f"output_path: '{output_path}' is a directory; expected a file")
    return path


def _unwritable(path: Path, problem: OSError) -> InvalidRequest:
    return InvalidRequest(f"output_path: '{path}' cannot be written: {problem.strerror}")
