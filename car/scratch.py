"""Directories for the time being: ours alone, gone with their owner, swept when a daemon died.

A directory is locked by the daemon that made it for as long as that lives: the lock ends with
the process whatever ended it, and says what a process id cannot, which is given out again
after a while and means nothing in another container that shares the directory.
"""

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_LOCK = "lock"

_UNLOCKED_SECONDS = 60.0
"""The age from which a directory that has no lock yet was abandoned while it was being made."""

_REMOVE_TRIES, _REMOVE_SECONDS = 40, 0.05
"""Removing is tried again while the last of the processes that had it still write there."""


class ScratchDirectory:
    """A directory below the system's temporary one, readable by us alone and locked.

    It is called ``car-KIND-PID-``, with something random after that; the id of the daemon's
    process is for who reads it.  ``root`` is its path.
    """

    def __init__(self, kind: str) -> None:
        """Make it.  Raises OSError."""
        self.root = Path(tempfile.mkdtemp(prefix=f"{prefix(kind)}{os.getpid()}-"))
        unfinished = self.root / f"{_LOCK}.new"
        self._lock = os.open(unfinished, os.O_RDWR | os.O_CREAT, 0o600)
        _take_lock(self._lock)
        unfinished.rename(self.root / _LOCK)  # whoever finds the name finds it locked

    def remove(self) -> None:
        """Remove it with all that is in it; blocks for as long as somebody writes there."""
        remove(self.root)
        os.close(self._lock)


def prefix(kind: str) -> str:
    """How the names of directories of *kind* begin."""
    return f"car-{kind}-"


def sweep(*kinds: str) -> list[Path]:
    """Remove the directories of these *kinds* whose daemons are gone, and say which.

    Blocking, so for a thread.  Raises OSError when the temporary directory cannot be read.
    """
    roots = [root for kind in kinds for root in abandoned(kind)]
    for root in roots:
        remove(root)
    return roots


def abandoned(kind: str) -> Iterator[Path]:
    """The directories of *kind* that no live daemon holds.  Raises OSError."""
    for entry in os.scandir(tempfile.gettempdir()):
        if not entry.name.startswith(prefix(kind)):
            continue
        with contextlib.suppress(OSError):  # removed by its owner meanwhile, or not ours to read
            state = entry.stat(follow_symlinks=False)
            is_ours = sys.platform == "win32" or state.st_uid == os.geteuid()
            if entry.is_dir(follow_symlinks=False) and is_ours and _is_abandoned(entry.path):
                yield Path(entry.path)


def remove(root: Path) -> None:
    """Remove a tree that may still be written to for a moment.

    The lock goes after what takes long: a tree whose removal was cut short is swept like others.
    """
    for _ in range(_REMOVE_TRIES):
        with contextlib.suppress(FileNotFoundError):
            for entry in os.scandir(root):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
        shutil.rmtree(root, ignore_errors=True)
        if not root.exists():
            return
        time.sleep(_REMOVE_SECONDS)


def _is_abandoned(root: str) -> bool:
    """Whether nobody holds the lock of the directory *root*.  Raises OSError."""
    try:
        lock = os.open(os.path.join(root, _LOCK), os.O_RDWR)
    except FileNotFoundError:
        return time.time() - os.stat(root).st_mtime > _UNLOCKED_SECONDS
    try:
        _take_lock(lock)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True


def _take_lock(descriptor: int) -> None:
    """Lock the open file, or raise OSError when another process holds it."""
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
