"""One browser: launched, ready, closed, and nothing left of it.

What it is asked to do is for ``page``; when one is launched and when it is closed, for ``slot``.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from car.browser.arguments import LaunchSettings, check_settings, command_line
from car.browser.cdp import CdpConnection
from car.browser.child import BrowserChild
from car.browser.errors import BrowserExited, LaunchFailed
from car.browser.finding import find_browser, require_windows
from car.browser.pipe import PipeChild
from car.browser.port import PortChild
from car.browser.profile import ProfileDirectory, sweep
from car.errors import CarError

_log = Logger()

LAUNCH_SECONDS = 20.0
"""From the start to the first answer (``subsystem-browser.md``, State machine)."""

GRACE_SECONDS = 2.0
"""What it has to end after being asked to, and again after TERM (the same, Implementation)."""

PORT_ONLY = sys.platform == "win32"
"""Whether pipes cannot be had: Twisted gives a process no further descriptors there."""

_SANDBOX_SIGNS = ("--no-sandbox", "No usable sandbox")
"""What Chromium says when it refuses to run without a sandbox: as root, or for want of one."""

_ADVICE = 'pass extra_args: ["--no-sandbox"] if you trust the pages'


class BrowserProcess:
    """A live browser: ``connection`` to talk to it, ``downloads`` for what pages send."""

    def __init__(self, reactor: Any, profile: ProfileDirectory, *, port: bool) -> None:
        self._reactor = reactor
        self._directory = profile
        self._child: BrowserChild = (PortChild if port else PipeChild)(reactor, self._has_ended)
        self._listeners: list[Callable[[BrowserExited], object]] = []
        self._waiting: list[Deferred[None]] = []
        self._timer: IDelayedCall | None = None
        self._is_closing = False
        self._is_gone = False

    @property
    def connection(self) -> CdpConnection:
        """The DevTools connection; it is closed when the browser ends."""
        return self._child.connection

    @property
    def profile(self) -> Path:
        """The user data directory; it goes with the browser."""
        return self._directory.data

    @property
    def downloads(self) -> Path:
        """An empty directory for downloads; it goes with the browser."""
        return self._directory.downloads

    @property
    def pid(self) -> int:
        """The id of the browser's main process."""
        return self._child.pid

    @property
    def ended(self) -> BrowserExited | None:
        """What ended the browser; None while it lives."""
        return self._child.ended

    @property
    def is_closing(self) -> bool:
        """Whether it was asked to end, rather than ended by itself."""
        return self._is_closing

    def on_end(self, listener: Callable[[BrowserExited], object]) -> None:
        """Call *listener* once with what ended the browser; at once if it has ended already.

        By then the connection is closed, and the directories are not yet removed.
        """
        if self._child.ended is not None:
            listener(self._child.ended)
        else:
            self._listeners.append(listener)

    def close(self) -> "Deferred[None]":
        """End the browser: ask it, after 2 s TERM, after another 2 s KILL.

        Fires when the process and its directories are gone; so does each further call.
        Cancelling only gives up waiting.
        """
        if self._is_gone:
            return succeed(None)
        waiting: Deferred[None] = Deferred(self._stop_waiting)
        self._waiting.append(waiting)
        if not self._is_closing and self._child.ended is None:
            self._is_closing = True
            self._end_after(GRACE_SECONDS, "TERM", "KILL")
            asked = self.connection.call("Browser.close", seconds=GRACE_SECONDS)
            asked.addErrback(lambda failure: failure.trap(CarError))  # TERM and KILL follow
        return waiting

    def start(self, command: list[str]) -> None:
        """Start the process.  Raises OSError; the directories are then removed by ``discard``."""
        self._child.start(command, self._directory)

    def opened(self) -> "Deferred[None]":
        """Fire when calls can be made; fails with a CarError."""
        return self._child.opened()

    @property
    def flags(self) -> tuple[str, ...]:
        """What the command line must say for the connection to come about."""
        return tuple(self._child.flags)

    def failure_text(self) -> str:
        """Why it did not come up, in its own words as far as it had any."""
        for line in self._child.lines:
            if any(sign in line for sign in _SANDBOX_SIGNS):
                return f"{line.rstrip('.')}; {_ADVICE}"
        return str(self._child.ended)

    def discard(self) -> "Deferred[None]":
        """Remove the directories of a browser that is gone, in a thread; fires when done."""
        removed: Deferred[None] = _in_thread(self._reactor, self._directory.remove)
        return removed.addErrback(_tell, "removing a profile").addCallback(self._gone)

    def _end_after(self, seconds: float, name: str, *further: str) -> None:
        """Send the signal *name* after *seconds*, and the *further* ones as long after that."""

        def send() -> None:
            if further:
                self._end_after(seconds, *further)
            self._child.signal(name)

        self._timer = self._reactor.callLater(seconds, send)

    def _has_ended(self, reason: BrowserExited) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if not self._is_closing:
            _log.warn("a {reason}", reason=reason)
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener(reason)
        self.discard()

    def _gone(self, _: object) -> None:
        self._is_gone = True
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            waiter.callback(None)

    def _stop_waiting(self, waiter: "Deferred[None]") -> None:
        self._waiting.remove(waiter)


def launch(
    reactor: Any,
    settings: LaunchSettings,
    *,
    port: bool = PORT_ONLY,
    seconds: float = LAUNCH_SECONDS,
) -> "Deferred[BrowserProcess]":
    """Launch a browser with one empty page; fire with it when it answers.

    *port* talks to it through a port in the place of pipes.  Directories that a dead daemon has
    left are removed meanwhile.  Fails with BadArguments, NoBrowser, or LaunchFailed, at the
    latest *seconds* and the grace of closing after the start; nothing is left then.  Cancelling
    ends what was started: it fails with CancelledError when that is gone.
    """
    return Deferred.fromCoroutine(_launch(reactor, settings, port, seconds))


async def _launch(
    reactor: Any, settings: LaunchSettings, port: bool, seconds: float
) -> BrowserProcess:
    check_settings(settings)
    binary = find_browser()
    if settings.headed:
        require_windows(binary)
    try:
        profile = ProfileDirectory()
    except OSError as problem:
        raise LaunchFailed(f"no directory for a profile: {problem.strerror}") from None
    browser = BrowserProcess(reactor, profile, port=port)
    command = command_line(binary.path, settings, profile.data, browser.flags)
    try:
        browser.start(command)
    except OSError as problem:
        await browser.discard()
        raise LaunchFailed(f"{binary.path} cannot be started: {problem.strerror}") from None
    _in_thread(reactor, sweep).addErrback(_tell, "sweeping profiles")
    ready = Deferred.fromCoroutine(_answer(browser, seconds))
    try:
        await ready.addTimeout(seconds, reactor, _too_late)
    except CarError as problem:
        text = str(problem) if browser.ended is None else browser.failure_text()
        await browser.close()
        raise LaunchFailed(f"{binary.path} did not start: {text}") from None
    except BaseException:  # cancelled, or a defect of ours
        await browser.close()
        raise
    return browser


async def _answer(browser: BrowserProcess, seconds: float) -> None:
    """Wait until the browser answers; the launch's own deadline is to come first."""
    await browser.opened()
    await browser.connection.call("Browser.getVersion", seconds=seconds + GRACE_SECONDS)


def _too_late(_result: object, seconds: float) -> None:
    raise LaunchFailed(f"it was not ready after {seconds:g} s")


def _in_thread(reactor: Any, function: Callable[[], Any]) -> "Deferred[Any]":
    return deferToThreadPool(reactor, reactor.getThreadPool(), function)


def _tell(failure: Any, what: str) -> None:
    """Log the failure of housekeeping, which stops nothing."""
    failure.trap(OSError)
    _log.warn("{what} failed: {problem}", what=what, problem=failure.value)
