"""Stand-ins for browsers."""

from collections.abc import Callable
from pathlib import Path

from twisted.internet.defer import Deferred, succeed

from car.browser.cdp import CdpConnection
from car.browser.errors import BrowserExited
from car.browser.process import BrowserProcess
from car.ir.json import JsonObject, decode, encode


class FakeBrowser(BrowserProcess):
    """A browser that ends when a test says so.

    ``closed`` is fired when it is closed and the test lets it go (``is_slow``), else at once.
    """

    def __init__(self, *, is_slow: bool = False) -> None:
        self.is_slow = is_slow
        self.waiting: list[Deferred[None]] = []
        self.listeners: list[Callable[[BrowserExited], object]] = []
        self.reason: BrowserExited | None = None
        self.asked_to_close = False

    @property
    def ended(self) -> BrowserExited | None:
        return self.reason

    @property
    def is_closing(self) -> bool:
        return self.asked_to_close

    def on_end(self, listener: Callable[[BrowserExited], object]) -> None:
        self.listeners.append(listener)

    def close(self) -> "Deferred[None]":
        if self.reason is not None:
            return succeed(None)
        self.asked_to_close = True
        waiter: Deferred[None] = Deferred()
        self.waiting.append(waiter)
        if not self.is_slow:
            self.end(BrowserExited("browser exited (code 0)", 0))
        return waiter

    def end(self, reason: BrowserExited) -> None:
        """End, as a real one does: the listeners hear of it, then those who wait."""
        self.reason = reason
        for listener in self.listeners:
            listener(reason)
        waiting, self.waiting = self.waiting, []
        for waiter in waiting:
            waiter.callback(None)


class Wire:
    """The other end of a CdpConnection: ``sent`` holds what was asked."""

    def __init__(self) -> None:
        self.sent: list[JsonObject] = []
        self.connection: CdpConnection | None = None

    def write(self, message: bytes) -> None:
        """Take one message."""
        self.sent.append(decode(message))

    def say(self, message: JsonObject) -> None:
        """Have the browser say *message*."""
        assert self.connection is not None
        self.connection.message_received(encode(message))


def fake_program(directory: Path, lines: str, name: str = "chromium") -> Path:
    """An executable shell script of *lines* in *directory*."""
    directory.mkdir(parents=True, exist_ok=True)
    program = directory / name
    program.write_text(f"#!/bin/sh\n{lines}\n")
    program.chmod(0o755)
    return program
