"""Talking to a browser through two pipes: descriptor 3 hears, 4 speaks, each message ends in NUL.

Nobody else can talk to it: there is no socket.  With the pipes' end, whatever ended the daemon,
Chromium ends by itself.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from twisted.internet.defer import Deferred, succeed

from car.browser.cdp import LONG_BYTES
from car.browser.child import BrowserChild
from car.browser.errors import BrowserExited

_TO_BROWSER, _FROM_BROWSER = 3, 4

_END_BYTES = 256
"""How much is kept of either end of a message that is too long: the id, the session's."""


class MessageReader:
    """Cuts a stream at its NULs; a message that is too long is not kept.

    *limit_of* is asked of each message that grows long, by its beginning, how many bytes it may
    have.  *on_dropped* is told of one that has more: its beginning, its end, its length.
    """

    def __init__(
        self, limit_of: Callable[[bytes], int], on_dropped: Callable[[bytes, bytes, int], object]
    ) -> None:
        self._limit_of = limit_of
        self._on_dropped = on_dropped
        self._begin()

    def _begin(self) -> None:
        self._parts: list[bytes] = []
        self._tail = b""
        self._size = 0
        self._limit = LONG_BYTES
        self._is_asked = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that *data* completes."""
        *ends, rest = data.split(b"\0")
        for end in ends:
            self._add(end)
            message, tail, size = b"".join(self._parts), self._tail, self._size
            is_kept = size <= self._limit
            self._begin()
            if is_kept:
                yield message
            else:
                self._on_dropped(message, tail, size)
        self._add(rest)

    def _add(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limit and not self._is_asked:
            self._is_asked = True
            self._limit = self._limit_of(b"".join([*self._parts, part])[:_END_BYTES])
        if self._size > self._limit:
            whole = b"".join([*self._parts, part])
            self._tail = (self._tail + (part if self._tail else whole))[-_END_BYTES:]
            self._parts = [whole[:_END_BYTES]]
        elif part:
            self._parts.append(part)


class PipeChild(BrowserChild):
    """A browser that is talked to through pipes."""

    flags = ("--remote-debugging-pipe",)
    descriptors: ClassVar = {0: "w", 1: "r", 2: "r", _TO_BROWSER: "w", _FROM_BROWSER: "r"}

    def __init__(self, reactor: Any, on_end: Callable[[BrowserExited], object]) -> None:
        super().__init__(reactor, on_end)
        self._reader = MessageReader(self.connection.limit_of, self.connection.message_dropped)
        self._is_heard = True

    def opened(self) -> "Deferred[None]":
        """Fire at once: what is sent waits in the pipe."""
        return succeed(None)

    def send(self, message: bytes) -> None:
        """Send one message; after the pipe's end it is dropped, and the exit tells why."""
        if self._is_heard and self.transport is not None:
            self._process().writeToChild(_TO_BROWSER, message + b"\0")

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        if childFD == _FROM_BROWSER:
            for message in self._reader.feed(data):
                self.connection.message_received(message)
        else:
            super().childDataReceived(childFD, data)

    def childConnectionLost(self, childFD: int) -> None:
        if childFD in (_TO_BROWSER, _FROM_BROWSER):
            self._is_heard = False
            self.connection_lost()
