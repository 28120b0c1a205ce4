"""The files of meetings: ``<root>/<id>/`` with ``meeting.json``, ``transcript.jsonl`` and others.

``meeting.json`` is there whole or as it was; a kill tears the last line of a transcript at
most, which reading passes over.  A transcript that is being written is locked, so that nobody,
in whatever process, takes its meeting for one that was cut off.  All of it blocks, so it is
called in a thread.
"""

import contextlib
import os
import re
import shutil
import stat
import sys
import wave
from errno import EINVAL
from pathlib import Path
from typing import BinaryIO

import msgspec
from twisted.logger import Logger

from car.eventlog.files import CREATE, write_whole
from car.inference.documents import write_document
from car.ir.json import JsonError, convert, decode
from car.meeting.errors import FilesFailed, InvalidMeeting, MeetingExists, UnknownMeeting
from car.meeting.records import MeetingMetadata, MeetingRecord, TranscriptLine
from car.places import make_private_directory

if sys.platform != "win32":
    import fcntl

_log = Logger()

MOST_AUDIO_BYTES = 2**32 - 2**16
"""The samples that a WAV file holds, as its header counts octets in 32 bits: six hours of 48 kHz
stereo."""

METADATA = "meeting.json"
TRANSCRIPT = "transcript.jsonl"
SUMMARY = "summary.md"

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LINES = msgspec.json.Decoder(TranscriptLine)


def check_id(meeting_id: str) -> str:
    """*meeting_id*, if it can name a directory; raises InvalidMeeting."""
    if not _ID.fullmatch(meeting_id) or not meeting_id.strip("."):
        raise InvalidMeeting(
            f"meeting id '{meeting_id:.80}' must be 1 to 64 of A-Z a-z 0-9 . _ - and more than dots"
        )
    return meeting_id


class MeetingFiles:
    """The meetings stored under *root*, a directory that need not be there yet."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def create(self, metadata: MeetingMetadata) -> "TranscriptFile":
        """Make a meeting's directory with ``meeting.json``; answers its open transcript.

        Raises MeetingExists or FilesFailed.
        """
        directory = self.root / metadata.id
        try:
            if not self.root.exists():
                make_private_directory(self.root)
            directory.mkdir(mode=0o700)
            transcript = TranscriptFile(directory / TRANSCRIPT)
            try:
                write_document(directory / METADATA, metadata)
            except OSError:
                transcript.close()
                raise
        except FileExistsError:
            raise MeetingExists(
                f"meeting '{metadata.id}' exists already under {self.root}; choose another id"
            ) from None
        except OSError as problem:
            raise _failed(directory, "made", problem) from None
        return transcript

    def write(self, metadata: MeetingMetadata) -> None:
        """Put *metadata* in the place of what is stored; a summary goes into its own file too.

        Raises FilesFailed.
        """
        directory = self.root / metadata.id
        try:
            if metadata.summary is not None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
                with open(os.open(directory / SUMMARY, flags, 0o600), "wb") as file:
                    file.write(metadata.summary.encode() + b"\n")
            write_document(directory / METADATA, metadata)
        except OSError as problem:
            raise _failed(directory, "written", problem) from None

    def remove(self, meeting_id: str) -> None:
        """Remove a meeting with all its files; raises FilesFailed."""
        directory = self.root / meeting_id
        try:
            shutil.rmtree(directory)
        except OSError as problem:
            raise _failed(directory, "removed", problem) from None

    def read(self, meeting_id: str) -> MeetingRecord:
        """A meeting with its transcript; raises UnknownMeeting, InvalidMeeting or FilesFailed."""
        directory = self.root / check_id(meeting_id)
        metadata = _read_metadata(directory)
        if metadata is None:
            raise UnknownMeeting(
                f"no meeting '{meeting_id}' under {self.root}; meeting.list shows the stored ones"
            )
        try:
            transcript = _read_transcript(directory)
        except OSError as problem:
            raise _failed(directory / TRANSCRIPT, "read", problem) from None
        return MeetingRecord(**msgspec.structs.asdict(metadata), transcript=transcript)

    def all(self) -> list[MeetingMetadata]:
        """Every stored meeting, the oldest first; raises FilesFailed."""
        try:
            names = [path.name for path in self.root.iterdir()] if self.root.is_dir() else []
        except OSError as problem:
            raise _failed(self.root, "read", problem) from None
        found = [_read_metadata(self.root / name) for name in names if _ID.fullmatch(name)]
        return sorted(
            (metadata for metadata in found if metadata is not None),
            key=lambda metadata: (metadata.started_at, metadata.id),
        )

    def recover(self) -> list[str]:
        """Close the meetings that were cut off, at the time of their last lines; their ids.

        One that cannot be closed is left as it is, and the log says so.  Raises FilesFailed
        where nothing can be read.
        """
        closed = []
        for metadata in self.all():
            if metadata.ended_at is None and not _is_locked(self.root / metadata.id / TRANSCRIPT):
                try:
                    self._close(metadata)
                except (FilesFailed, OSError) as problem:
                    _log.warn(
                        "meeting {id} was cut off and is not closed: {problem}",
                        id=metadata.id,
                        problem=str(problem),
                    )
                else:
                    closed.append(metadata.id)
        return closed

    def _close(self, metadata: MeetingMetadata) -> None:
        """Close a meeting that was cut off.  Raises OSError or FilesFailed."""
        lines = _read_transcript(self.root / metadata.id)
        ended = lines[-1].ts if lines else metadata.started_at
        self.write(msgspec.structs.replace(metadata, ended_at=ended))


class TranscriptFile:
    """A new transcript, locked until it is closed; raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, CREATE, 0o600)
        self._size = 0
        if sys.platform != "win32":
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def append(self, lines: bytes) -> None:
        """Add whole *lines*, all or none of them; raises FilesFailed."""
        try:
            write_whole(self._descriptor, lines)
        except OSError as problem:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            raise _failed(self._path, "written", problem) from None
        self._size += len(lines)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


class AudioTrack:
    """``audio-<source>.wav``, whose header is right after each piece; made by the first one.

    It holds MOST_AUDIO_BYTES and then takes no more.
    """

    def __init__(self, directory: Path, source: str, sample_rate: int, channels: int) -> None:
        self._path = directory / f"audio-{source}.wav"
        self._format = sample_rate, channels
        self._file: wave.Wave_write | None = None
        self._size = 0

    def append(self, pcm: bytes) -> None:
        """Add s16le samples; raises FilesFailed."""
        if self._size + len(pcm) > MOST_AUDIO_BYTES:
            raise FilesFailed(f"{self._path} is as long as a WAV file can be")
        try:
            if self._file is None:
                self._file = wave.open(os.fspath(self._path), "wb")  # noqa: SIM115
                self._file.setsampwidth(2)
                self._file.setframerate(self._format[0])
                self._file.setnchannels(self._format[1])
                os.chmod(self._path, 0o600)
            self._file.writeframes(pcm)
            self._size += len(pcm)
        except OSError as problem:
            raise _failed(self._path, "written", problem) from None

    def close(self) -> None:
        """Let go of the file; raises FilesFailed."""
        try:
            if self._file is not None:
                self._file.close()
        except OSError as problem:
            raise _failed(self._path, "written", problem) from None


def _read_metadata(directory: Path) -> MeetingMetadata | None:
    """What ``meeting.json`` says; None where there is none that can be read."""
    path = directory / METADATA
    try:
        metadata = convert(decode(_read(path)), MeetingMetadata)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, JsonError) as problem:
        _log.warn("{path} cannot be read: {problem}", path=str(path), problem=str(problem))
        return None
    return metadata if metadata.id == directory.name else None


def _read_transcript(directory: Path) -> list[TranscriptLine]:
    """The whole lines, however many; none where there is no file.  Raises OSError."""
    path = directory / TRANSCRIPT
    try:
        *whole, _torn = _read(path).split(b"\n")
    except FileNotFoundError:
        return []
    lines = []
    for number, text in enumerate(whole, 1):
        try:
            lines.append(_LINES.decode(text))
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            _log.warn("{path}:{number}: {problem}", path=str(path), number=number, problem=problem)
    return lines


def _read(path: Path) -> bytes:
    """All of the file *path*.  Raises OSError."""
    with _opened(path) as file:
        return file.read()


def _opened(path: Path) -> BinaryIO:
    """The file *path*, to be read; raises OSError for what is none, such as a pipe."""
    # A pipe without a writer would keep an ordinary open waiting.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(EINVAL, "Not a regular file", os.fspath(path))
    return open(descriptor, "rb")


def _is_locked(path: Path) -> bool:
    """Whether somebody writes the transcript at *path*."""
    if sys.platform == "win32":
        return False
    try:
        with _opened(path) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _failed(path: Path, done: str, problem: OSError) -> FilesFailed:
    reason = (problem.strerror or "unknown failure").lower()
    return FilesFailed(f"{path} cannot be {done}: {reason}")
