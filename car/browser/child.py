"""A browser's process: started, heard, ended; how it is talked to is for ``pipe`` and ``port``.

It gets no secrets in its environment.  When it is to end is for ``process``.
"""

import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IDelayedCall, IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from car.browser.cdp import CdpConnection
from car.browser.errors import BrowserExited
from car.browser.profile import ProfileDirectory

_STDERR = 2

_ERROR_BYTES = 8_192
"""How much of the end of its standard error is kept."""

_LOG_PREFIX = re.compile(r"^\[\d+:[^\]]*\] ")
"""Process, thread, time, level and place of a line that Chromium logs."""

_DRAIN_SECONDS = 0.5
"""How long its last words are waited for after its end: a helper may hold the stream open."""

_LINGER_SECONDS = 2.0
"""How long a browser may live on that does not listen any more."""

_SOCKET_PATH = 107
"""The longest path of a Unix socket, one for the NUL left out (``unix(7)``)."""

_SOCKET_NAME = len("/org.chromium.Chromium.XXXXXX/SingletonSocket")

_PASSED_ON = frozenset(
    {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "TMPDIR",
        "TEMP",
        "TMP",
        "SYSTEMROOT",
        "LOCALAPPDATA",
        "APPDATA",
        "PROGRAMFILES",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "XAUTHORITY",
        "XDG_RUNTIME_DIR",
        "XDG_SESSION_TYPE",
        "DBUS_SESSION_BUS_ADDRESS",
        "LD_LIBRARY_PATH",
        "FONTCONFIG_PATH",
        "FONTCONFIG_FILE",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
    }
)
"""The variables that a browser gets, in capitals; the daemon's own hold tokens and keys."""


class BrowserChild(ProcessProtocol):
    """A browser's process and the connection to it.

    *on_end* is called once, with what ended it, when it is gone and has said its last.
    ``connection`` is closed by then, ``ended`` set; ``pid`` is its id.  A subclass names the
    ``flags`` and ``descriptors`` of its way to talk, hears the child's descriptors and sends
    messages.
    """

    flags: ClassVar[Sequence[str]]
    descriptors: ClassVar[dict[int, str]]

    def __init__(self, reactor: Any, on_end: Callable[[BrowserExited], object]) -> None:
        self.connection = CdpConnection(reactor, self.send)
        self.ended: BrowserExited | None = None
        self.pid = 0
        self._reactor = reactor
        self._on_end = on_end
        self._said = b""
        self._has_group = False
        self._exit: ProcessDone | ProcessTerminated | None = None
        self._timer: IDelayedCall | None = None

    def start(self, command: Sequence[str], profile: ProfileDirectory) -> None:
        """Start the process, as the leader of a group of its own where that can be had.

        The group is what a helper cannot leave behind, and what keeps a terminal's Ctrl-C, meant
        for the daemon, away from the browser.  Raises OSError.
        """
        setsid = shutil.which("setsid")
        self._has_group = setsid is not None
        words = [setsid, *command] if setsid is not None else list(command)
        self._reactor.spawnProcess(
            self, words[0], words, env=_environment(profile), childFDs=self.descriptors
        )

    def opened(self) -> "Deferred[None]":
        """Fire when messages can be sent; fails with BrowserExited or BrowserError."""
        raise NotImplementedError

    def send(self, message: bytes) -> None:
        """Send one message, if there is still a way to."""
        raise NotImplementedError

    @property
    def lines(self) -> list[str]:
        """The last lines that it wrote to its standard error, without Chromium's log prefix."""
        said = self._said.decode("utf-8", "replace")
        return [_LOG_PREFIX.sub("", line.strip()) for line in said.splitlines() if line.strip()]

    def signal(self, name: str) -> None:
        """Send the signal, ``TERM`` or ``KILL``; the latter to its helpers as well."""
        if name == "KILL":
            self._kill_group()
        try:
            self._process().signalProcess(name)
        except ProcessExitedAlready:
            return

    def connectionMade(self) -> None:
        """It runs, and gets no input."""
        process = self._process()
        assert process.pid is not None
        self.pid = process.pid
        process.closeStdin()

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        """It has written; its standard output says nothing."""
        if childFD == _STDERR:
            self._said = (self._said + data)[-_ERROR_BYTES:]

    def processExited(self, reason: Failure) -> None:
        """It is gone: its helpers go too, and what it has written last is waited for."""
        status = reason.value
        assert isinstance(status, ProcessDone | ProcessTerminated)
        self._exit = status
        self._kill_group()
        self._schedule(_DRAIN_SECONDS, self._close_streams)

    def processEnded(self, reason: Failure) -> None:
        """All that it has written is here."""
        self._stop_timer()
        self.ended = self._end()
        self.connection.closed(self.ended)
        self._on_end(self.ended)

    def connection_lost(self) -> None:
        """For subclasses: the way to talk has ended, commonly as the browser does.

        One that lives on is of no use to anybody.
        """
        if self._exit is None and self._timer is None:
            self._schedule(_LINGER_SECONDS, lambda: self.signal("KILL"))

    def _schedule(self, seconds: float, what: Callable[[], None]) -> None:
        """Do *what* after *seconds*, in the place of what was to be done later so far."""
        self._stop_timer()
        self._timer = self._reactor.callLater(seconds, what)

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _close_streams(self) -> None:
        """Hear no more; with the last stream processEnded comes."""
        for descriptor in self.descriptors:
            self._process().closeChildFD(descriptor)

    def _end(self) -> BrowserExited:
        """How it ended, with the last line that it wrote."""
        assert self._exit is not None
        number, code = self._exit.signal, self._exit.exitCode
        how = f"code {code}" if number is None else f"signal {number}"
        last = "".join(f": {line}" for line in self.lines[-1:])
        return BrowserExited(f"browser exited ({how}){last}", -number if number else code)

    def _kill_group(self) -> None:
        if self._has_group and sys.platform != "win32":
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                return  # nobody is left, or nobody who would not be gone in a moment

    def _process(self) -> IProcessTransport:
        transport = self.transport
        assert transport is not None
        return IProcessTransport(transport)


def _environment(profile: ProfileDirectory) -> dict[str, str]:
    """The browser's environment: what is passed on, and its own places for what it leaves.

    The socket by which Chromium keeps a profile to itself lies in the temporary directory; with
    a path too long for a socket it would not start.
    """
    passed = {name: value for name, value in os.environ.items() if name.upper() in _PASSED_ON}
    passed["BREAKPAD_DUMP_LOCATION"] = str(profile.crashes)
    if len(str(profile.root)) + _SOCKET_NAME <= _SOCKET_PATH:
        passed["TMPDIR"] = str(profile.root)
    return passed
