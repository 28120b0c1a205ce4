"""What a browser leaves on disk: one directory each, gone with it, swept when a daemon died.

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

import psutil  # type: ignore[import-untyped]  # ships no types

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

PREFIX = "car-browser-"
"""How the directories' names begin; the id of the daemon's process follows, for the reader."""

_DATA, _DOWNLOADS, _CRASHES, _LOCK = "data", "downloads", "crashes", "lock"

_UNLOCKED_SECONDS = 60.0
"""The age from which a directory that has no lock yet was abandoned while it was being made."""

_REMOVE_TRIES, _REMOVE_SECONDS = 40, 0.05
"""Removing is tried again while the last of the browser's processes still write there."""


class ProfileDirectory:
    """A browser's directory, readable by us alone and locked.

    ``root`` holds all: ``data`` is Chromium's user data directory, ``downloads`` takes what
    pages send, ``crashes`` the crash reports.
    """

    def __init__(self) -> None:
        """Make it.  Raises OSError."""
        self.root = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        self.data = self.root / _DATA
        self.downloads = self.root / _DOWNLOADS
        self.crashes = self.root / _CRASHES
        for directory in (self.data, self.downloads, self.crashes):
            directory.mkdir()
        unfinished = self.root / f"{_LOCK}.new"
        self._lock = os.open(unfinished, os.O_RDWR | os.O_CREAT, 0o600)
        _take_lock(self._lock)
        unfinished.rename(self.root / _LOCK)  # whoever finds the name finds it locked

    def remove(self) -> None:
        """Remove it with all that is in it; blocking, so for a thread.

        Ends what still uses it: the crash handlers leave the browser's process group, and would
        outlive it by a second or two.
        """
        _kill_users([self.root])
        _remove(self.root)
        os.close(self._lock)


def sweep(parent: Path | None = None) -> list[Path]:
    """Remove the directories below *parent* whose daemons are gone; blocking, so for a thread.

    A browser that outlived its daemon is killed first.  Returns what was removed; *parent* is
    where such directories are made unless given.
    """
    abandoned = list(_abandoned(parent or Path(tempfile.gettempdir())))
    if abandoned:
        _kill_users(abandoned)
    for root in abandoned:
        _remove(root)
    return abandoned


def _abandoned(parent: Path) -> Iterator[Path]:
    """The directories of ours below *parent* that no live daemon holds."""
    for entry in os.scandir(parent):
        if not entry.name.startswith(PREFIX):
            continue
        with contextlib.suppress(OSError):  # removed by its owner meanwhile, or not ours to read
            state = entry.stat(follow_symlinks=False)
            is_ours = sys.platform == "win32" or state.st_uid == os.geteuid()
            if entry.is_dir(follow_symlinks=False) and is_ours and _is_abandoned(entry.path):
                yield Path(entry.path)


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


def _kill_users(roots: list[Path]) -> None:
    """Kill the browsers and crash handlers whose files lie in *roots*."""
    flags = {f"--user-data-dir={root / _DATA}" for root in roots}
    flags |= {f"--database={root / _CRASHES}" for root in roots}
    for process in psutil.process_iter(["cmdline"]):
        if flags.intersection(process.info["cmdline"] or ()):
            with contextlib.suppress(psutil.Error):
                process.kill()


def _remove(root: Path) -> None:
    """Remove a tree that may still be written to for a moment.

    The lock goes after what takes long: a tree whose removal was cut short is swept like others.
    """
    for _ in range(_REMOVE_TRIES):
        shutil.rmtree(root / _DATA, ignore_errors=True)
        shutil.rmtree(root, ignore_errors=True)
        if not root.exists():
            return
        time.sleep(_REMOVE_SECONDS)
