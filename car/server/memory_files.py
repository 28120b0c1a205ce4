"""The files of ``memory.persist`` and ``memory.load``: under one directory, whole or not at all.

Every path is walked name by name and never through a link (T16); a file is written beside its
place, forced to the disk and renamed, and the one before stays as ``<name>.previous`` (G6).
All of it blocks, so it is called in a thread.
"""

import contextlib
import os
import secrets
from pathlib import Path

from car.engine.basics.root import Names, ToolsRoot, file_names_of
from car.engine.errors import ToolError
from car.errors import CarError
from car.memgine.errors import BrokenMemory
from car.places import make_private_directory
from car.server.errors import InvalidParams

MOST_BYTES = 1 << 30
"""The largest file that is read [ours]; 100,000 facts take some 40 MB."""

PREVIOUS = ".previous"


class MemoryFileError(CarError):
    """A file that cannot be read or written; the message names it."""


class MemoryFiles:
    """The files below *directory*."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._root = ToolsRoot(directory)

    def names(self, path: str, method: str) -> Names:
        """The names in *path*, relative to the directory or absolute and below it.

        Raises InvalidParams ``<method> rejected path …``.
        """
        inner = path
        with contextlib.suppress(ValueError):
            inner = str(Path(path).relative_to(self._directory)) if path[:1] == "/" else path
        try:
            return file_names_of(inner)
        except ToolError:
            raise InvalidParams(
                f"{method} rejected path '{path[:200]}': expected a file below {self._directory}"
            ) from None

    def read(self, names: Names, method: str) -> bytes:
        """What the file holds.

        Raises MemoryFileError where there is none, InvalidParams where a link is in the way,
        BrokenMemory for one that is too large.
        """
        make_private_directory(self._directory)
        try:
            with (
                self._root.file(names) as descriptor,
                open(descriptor, "rb", closefd=False) as file,
            ):
                size = os.fstat(descriptor).st_size
                if size > MOST_BYTES:
                    raise BrokenMemory(f"{'/'.join(names)}: {size} octets are more than is read")
                return file.read()
        except ToolError as problem:
            raise _told(problem, names, method) from None

    def write(self, names: Names, data: bytes, method: str) -> None:
        """Put *data* there in one step.

        Raises MemoryFileError where that fails, InvalidParams where a link is in the way.
        """
        make_private_directory(self._directory)
        try:
            with self._root.directory(names[:-1], create=True) as parent:
                _replace(parent, names[-1], data)
        except ToolError as problem:
            raise _told(problem, names, method) from None
        except OSError as problem:
            reason = (problem.strerror or "unknown failure").lower()
            raise MemoryFileError(
                f"{method}: {'/'.join(names)} was not written: {reason}"
            ) from None


def _told(problem: ToolError, names: Names, method: str) -> CarError:
    if "symbolic link" in str(problem):
        return InvalidParams(f"{method} rejected path '{'/'.join(names)}': {problem}")
    return MemoryFileError(f"{method}: {problem}")


def _replace(parent: int, name: str, data: bytes) -> None:
    temporary = f".{secrets.token_hex(8)}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(temporary, flags, 0o600, dir_fd=parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        with contextlib.suppress(FileNotFoundError):
            os.replace(name, name + PREVIOUS, src_dir_fd=parent, dst_dir_fd=parent)
        os.replace(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
        os.fsync(parent)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=parent)
        raise
