"""What a browser leaves on disk: one directory each, gone with it, swept when a daemon died."""

import contextlib
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types

from car import scratch

KIND = "browser"
"""What kind of scratch directory it is."""

_DATA, _DOWNLOADS, _CRASHES = "data", "downloads", "crashes"


class ProfileDirectory:
    """A browser's directory, readable by us alone and locked.

    ``root`` holds all: ``data`` is Chromium's user data directory, ``downloads`` takes what
    pages send, ``crashes`` the crash reports.
    """

    def __init__(self) -> None:
        """Make it.  Raises OSError."""
        self._directory = scratch.ScratchDirectory(KIND)
        self.root = self._directory.root
        self.data = self.root / _DATA
        self.downloads = self.root / _DOWNLOADS
        self.crashes = self.root / _CRASHES
        for directory in (self.data, self.downloads, self.crashes):
            directory.mkdir()

    def remove(self) -> None:
        """Remove it with all that is in it; blocking, so for a thread.

        Ends what still uses it: the crash handlers leave the browser's process group, and would
        outlive it by a second or two.
        """
        _kill_users([self.root])
        self._directory.remove()


def sweep() -> list[Path]:
    """Remove the directories whose daemons are gone, and say which; blocking, so for a thread.

    A browser that outlived its daemon is killed first.
    """
    abandoned = list(scratch.abandoned(KIND))
    if abandoned:
        _kill_users(abandoned)
    for root in abandoned:
        scratch.remove(root)
    return abandoned


def _kill_users(roots: list[Path]) -> None:
    """Kill the browsers and crash handlers whose files lie in *roots*."""
    flags = {f"--user-data-dir={root / _DATA}" for root in roots}
    flags |= {f"--database={root / _CRASHES}" for root in roots}
    for process in psutil.process_iter(["cmdline"]):
        if flags.intersection(process.info["cmdline"] or ()):
            with contextlib.suppress(psutil.Error):
                process.kill()
