"""Descriptors: creating a file that nobody else may read, whole writes, forcing to disk."""

import os
from collections.abc import Callable
from errno import EIO
from pathlib import Path

CREATE = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | os.O_APPEND
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
"""Flags for a new file that is only appended to: an existing one or a link is refused."""

force_down: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)
"""Force a descriptor's data to the disk; raises OSError (fdatasync is not everywhere)."""


def write_whole(fd: int, content: bytes) -> None:
    """Write all of *content*: one call where the system takes it at once.  Raises OSError."""
    written = os.write(fd, content)
    while written < len(content):
        count = os.write(fd, memoryview(content)[written:])
        if count == 0:
            raise OSError(EIO, "nothing more is written")
        written += count


def force_down_directory(directory: Path) -> None:
    """Force a directory's entries to the disk, where directories can be opened at all."""
    if os.name == "nt":
        return
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
