"""Which of several daemons on one state root is the primary, and who owns which socket.

A lock on ``<root>/run/daemon.lock`` and a look at whether the shared socket is alive
decide (``protocol.md`` §8).  The kernel drops the lock of a process that dies, so nothing
a killed daemon leaves behind can block a start.  What only the primary does is for others
to read from ``primary``.
"""

import contextlib
import os
import socket
import stat
import sys
from pathlib import Path

from twisted.logger import Logger

from car.errors import CarError
from car.places import Places, make_private_directory, port_socket

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

PROBE_SECONDS = 1.0
"""How long a socket may take to accept; one that is merely busy counts as alive."""

LONGEST_PATH = 107 if sys.platform == "linux" else 103
"""Octets in the path of a Unix socket: ``sun_path`` without its closing NUL."""

_log = Logger()


class ElectionError(CarError):
    """A lock or a socket that cannot be had; the message names the file and the remedy."""


class Election:
    """One daemon's standing on its state root, from ``stand`` to ``release``.

    *shared_socket* is where the primary serves, None for a daemon without Unix sockets.
    Raises ElectionError for one whose path is longer than the system takes.
    """

    def __init__(self, places: Places, shared_socket: Path | None) -> None:
        if shared_socket is not None:
            longest = os.fsencode(port_socket(shared_socket, 65535))
            if len(longest) > LONGEST_PATH:
                raise ElectionError(
                    f"the socket path {shared_socket} is too long for this system; "
                    "choose a shorter one with --socket, or --socket none"
                )
        self._places = places
        self._shared_socket = shared_socket
        self._lock: int | None = None

    @property
    def primary(self) -> bool:
        """Whether this daemon is the primary of its root."""
        return self._lock is not None

    def stand(self) -> bool:
        """Try to become the primary; answer whether it worked.

        Waits at most ``PROBE_SECONDS``.  Call it after any fork, as a lock belongs to the
        process that took it.  Raises ElectionError when the files cannot be written.
        """
        lock = self._take_lock()
        if lock is None:
            _log.info("another daemon is the primary of {root}", root=str(self._places.root))
        elif self._shared_socket is not None and is_alive(self._shared_socket):
            _log.info(
                "another daemon serves {socket}; this one is not the primary",
                socket=str(self._shared_socket),
            )
            os.close(lock)
        else:
            self._write_pid(lock)
            self._lock = lock
        return self.primary

    def claim_socket(self, port: int) -> Path | None:
        """The path of the Unix socket this daemon may bind now; *port* is its TCP port.

        The shared one for the primary, else one of its own.  What a dead daemon left there
        is removed.  None without Unix sockets.  Raises ElectionError if the place is taken.
        """
        if self._shared_socket is None:
            return None
        path = self._shared_socket
        if not self.primary:
            path = port_socket(path, port)
        try:
            if not path.parent.is_dir():
                make_private_directory(path.parent)
            remove_stale_socket(path)
        except OSError as problem:
            raise ElectionError(
                f"the socket {path} cannot be made: {problem.strerror}; "
                "choose another place with --socket, or --socket none"
            ) from None
        return path

    def release(self) -> None:
        """Give up the lock and the pid file.  Calling it again does nothing."""
        if self._lock is not None:
            with contextlib.suppress(OSError):  # one left behind blocks nobody
                self._places.pid.unlink()
            os.close(self._lock)
            self._lock = None

    def _write_pid(self, lock: int) -> None:
        """Write the pid file; on failure give *lock* back and raise ElectionError."""
        try:
            descriptor = os.open(self._places.pid, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="ascii") as file:
                file.write(f"{os.getpid()}\n")
        except OSError as problem:
            os.close(lock)
            raise _unusable(self._places.pid, problem) from None

    def _take_lock(self) -> int | None:
        """The descriptor of the locked lock file, None while another process holds it."""
        try:
            make_private_directory(self._places.run)
            descriptor = os.open(self._places.lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as problem:
            raise _unusable(self._places.lock, problem) from None
        try:
            if sys.platform == "win32":
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        return descriptor


def is_alive(path: Path) -> bool:
    """Whether somebody listens on the Unix socket *path*.

    Only a refusal or an absent file is a no: what cannot be judged is not ours to remove.
    """
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    probe.settimeout(PROBE_SECONDS)
    try:
        probe.connect(str(path))
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        return False
    except OSError:
        return True
    finally:
        probe.close()
    return True


def remove_stale_socket(path: Path) -> None:
    """Make room for a socket at *path*: remove one that nobody listens on.

    Raises ElectionError when a daemon lives there or something else than a socket stands
    there, and OSError when the file cannot be removed.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ElectionError(f"{path} is not a socket; remove it or choose another with --socket")
    if is_alive(path):
        raise ElectionError(f"another daemon listens on {path}; choose another with --socket")
    path.unlink()


def _unusable(path: Path, problem: OSError) -> ElectionError:
    return ElectionError(
        f"{path} cannot be written: {problem.strerror}; "
        "choose another state directory with --state-dir"
    )
