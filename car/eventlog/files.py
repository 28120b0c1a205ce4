"""Files that nobody else may read: creating them, whole writes, replacing, forcing to disk.

All of it blocks.
"""

import contextlib
import os
import secrets
from collections.abc import Callable
from errno import EIO
from pathlib import Path

from car.places import make_private_directory

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


def replace_whole(path: Path, content: bytes) -> None:
    """Put *content* into the file *path*, 0600 whatever the umask, in one step and durably.

    Its directory is made, 0700, if it is not there.  Raises OSError; then what was there before
    still is.
    """
    if not path.parent.exists():
        make_private_directory(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        fd = os.open(draft, CREATE, 0o600)
        try:
            draft.chmod(0o600)  # the umask may have taken some of it
            write_whole(fd, content)
            os.fsync(fd)
        finally:
            os.close(fd)
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    force_down_directory(path.parent)


def force_down_directory(directory: Path) -> None:
    """Force a directory's entries to the disk, where directories can be opened at all."""
    if os.name == "nt":
        return
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
