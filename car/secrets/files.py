"""Private files: read only where nobody else may read them, written whole or not at all.

All of it blocks, so it is called in a thread.
"""

import os
import stat
from pathlib import Path

from car.eventlog.files import replace_whole
from car.secrets.errors import SecretsUnavailable

_HAS_MODES = os.name == "posix"

_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def read_private(path: Path) -> bytes | None:
    """What the file holds, None where there is none.

    Raises SecretsUnavailable if it cannot be read, is a link, or if it or its directory is
    open to anybody but its owner.
    """
    try:
        _check_owner(path.parent, os.stat(path.parent), 0o700)
        descriptor = os.open(path, _FLAGS)
        with open(descriptor, "rb") as file:
            _check_owner(path, os.fstat(descriptor), 0o600)
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise SecretsUnavailable(f"{path} cannot be read: {problem.strerror}") from None


def write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 in one step, its directory 0700 if it is new.

    Raises SecretsUnavailable; then what was there before still is.
    """
    try:
        replace_whole(path, content)
    except OSError as problem:
        raise SecretsUnavailable(f"{path} cannot be written: {problem.strerror}") from None


def _check_owner(path: Path, status: os.stat_result, mode: int) -> None:
    if _HAS_MODES and (stat.S_IMODE(status.st_mode) & 0o077 or status.st_uid != os.geteuid()):
        raise SecretsUnavailable(
            f"{path} is open to others: it must be the daemon's own, with mode {mode:04o}"
        )
