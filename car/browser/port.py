"""Talking to a browser through a WebSocket on a port of its own, where pipes cannot be had.

While it lives any local user who finds the port can drive it, and it outlives a daemon that is
killed, until the next launch sweeps it: so pipes come first.
"""

import re
from collections.abc import Callable
from typing import Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from car.browser.cdp import MESSAGE_BYTES
from car.browser.child import BrowserChild
from car.browser.errors import BrowserExited
from car.wsclient.connecting import connect
from car.wsclient.connection import WebSocketConnection

_URL = re.compile(r"ws://127\.0\.0\.1:\d+/devtools/browser/[0-9a-f-]{36}")
"""What Chromium writes to its standard error once the port is open."""


class PortChild(BrowserChild):
    """A browser that is talked to through a WebSocket."""

    flags = ("--remote-debugging-port=0", "--remote-debugging-address=127.0.0.1")
    descriptors: ClassVar = {0: "w", 1: "r", 2: "r"}

    def __init__(self, reactor: Any, on_end: Callable[[BrowserExited], object]) -> None:
        super().__init__(reactor, on_end)
        self._url: Deferred[str] = Deferred()
        self._socket: WebSocketConnection | None = None

    def opened(self) -> "Deferred[None]":
        """Fire when the WebSocket is open; fails with CannotConnect, or BrowserExited."""
        return Deferred.fromCoroutine(self._open())

    def send(self, message: bytes) -> None:
        """Send one message; after the connection's end it is dropped, and the exit tells why."""
        if self._socket is not None and self._socket.is_open:
            self._socket.send_text(message)

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        super().childDataReceived(childFD, data)
        found = None if self._url.called else _URL.search("\n".join(self.lines))
        if found is not None:
            self._url.callback(found[0])

    def processEnded(self, reason: Failure) -> None:
        super().processEnded(reason)
        if not self._url.called:
            assert self.ended is not None
            self._url.errback(self.ended)

    async def _open(self) -> None:
        url = await self._url
        self._socket = await connect(url, reactor=self._reactor, message_bytes=MESSAGE_BYTES)
        self._socket.on_text = self.connection.message_received
        self._socket.on_close = self._lost

    def _lost(self, code: int, reason: str) -> None:
        self.connection_lost()
