"""One open WebSocket, seen from the client: messages in and out, and its end.

This wraps Autobahn's client protocol, so that nothing above has to know Autobahn.  Pings
are answered here; reconnecting is the user's affair.
"""

from collections.abc import Callable
from typing import Any

from autobahn.exception import PayloadExceededError
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from autobahn.util import encode_truncate
from autobahn.websocket.types import ConnectingRequest, ConnectionResponse
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from car.wsclient.errors import CannotConnect, ConnectionClosed, MessageTooLong

_REASON_BYTES = 123
"""The longest reason of a close frame (RFC 6455, 5.5)."""

NO_STATUS = 1005
"""The code of a close frame without one (RFC 6455, 7.4.1); never sent."""


class WebSocketConnection:
    """An open WebSocket.

    ``on_text`` and ``on_binary`` get each message's octets, ``on_close`` the close code and
    the reason, once: 1006 when the connection was lost, 1005 when the peer gave no code.
    Set them as soon as ``connect`` has fired; until then messages are dropped.
    """

    on_text: Callable[[bytes], object]
    on_binary: Callable[[bytes], object]
    on_close: Callable[[int, str], object]

    def __init__(self, protocol: "ClientProtocol") -> None:
        self._protocol = protocol
        self.on_text = self.on_binary = _ignore
        self.on_close = _ignore

    @property
    def peer(self) -> str:
        """Where the other end is, for logs."""
        return self._protocol.peer or "unknown"

    @property
    def is_open(self) -> bool:
        """Whether a message can be sent."""
        return bool(self._protocol.state == self._protocol.STATE_OPEN)

    def send_text(self, message: str | bytes) -> None:
        """Send one text message; octets must be UTF-8.

        Raises ConnectionClosed or MessageTooLong.
        """
        self._send(message.encode() if isinstance(message, str) else message, False)

    def send_binary(self, message: bytes) -> None:
        """Send one binary message.  Raises ConnectionClosed or MessageTooLong."""
        self._send(message, True)

    def _send(self, payload: bytes, is_binary: bool) -> None:
        if not self.is_open:
            raise ConnectionClosed(f"The connection to {self.peer} is closed.")
        try:
            self._protocol.sendMessage(payload, is_binary)
        except PayloadExceededError:
            limit = self._protocol.factory.message_bytes
            raise MessageTooLong(
                f"A message of {len(payload)} octets is longer than the {limit} allowed."
            ) from None

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close with *code*, once all that was sent has left; again does nothing."""
        if self.is_open:
            self._protocol.sendCloseFrame(code, encode_truncate(reason, _REASON_BYTES))

    def abort(self) -> None:
        """Drop the connection at once."""
        self._protocol.dropConnection(abort=True)


def _ignore(*what: object) -> None:
    """The callback that nobody has set."""


class ClientProtocol(WebSocketClientProtocol):
    """Autobahn's client, reporting to a :class:`WebSocketConnection`."""

    factory: "ClientFactory"
    tcpNoDelay = True  # the default, which Autobahn reads only after it has applied it
    _connection: WebSocketConnection | None = None

    def onConnecting(self, transport_details: object) -> ConnectingRequest:
        """What to ask for: as Autobahn would, but an IPv6 address stands in brackets."""
        factory = self.factory
        host = f"[{factory.host}]" if ":" in factory.host else factory.host
        return ConnectingRequest(
            host=host, port=factory.port, resource=factory.resource, headers=factory.headers
        )

    def onConnect(self, response: ConnectionResponse) -> None:
        """The server has agreed; Autobahn's own would write a debug log."""

    def onOpen(self) -> None:
        self._connection = WebSocketConnection(self)
        self.factory.opened.callback(self._connection)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        connection = self._connection
        if connection is not None and self.state == self.STATE_OPEN:
            (connection.on_binary if isBinary else connection.on_text)(payload)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self.closeHandshakeTimeoutCall is not None:  # Autobahn forgets this one
            self.closeHandshakeTimeoutCall.cancel()
            self.closeHandshakeTimeoutCall = None
        super().connectionLost(reason)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.on_close(NO_STATUS if code is None else code, reason or "")
        elif not self.factory.opened.called:
            why = self.wasNotCleanReason or reason
            self.factory.opened.errback(
                CannotConnect(f"The WebSocket was not opened: {why}.", self._status())
            )

    def _status(self) -> int | None:
        """The HTTP status of the server's answer."""
        words = getattr(self, "http_status_line", "").split()
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else None


class ClientFactory(WebSocketClientFactory):
    """Makes one connection, to *url*; ``opened`` fires with it or fails with CannotConnect."""

    def __init__(
        self, url: str, reactor: IReactorTime, headers: dict[str, str], message_bytes: int
    ) -> None:
        super().__init__(url, useragent=None, headers=headers, reactor=reactor)
        self.setProtocolOptions(
            failByDrop=False,
            openHandshakeTimeout=0,  # connect() has a time-out for the whole way
            maxFramePayloadSize=message_bytes,
            maxMessagePayloadSize=message_bytes,
        )
        self.message_bytes = message_bytes
        self.opened: Deferred[WebSocketConnection] = Deferred()

    def buildProtocol(self, addr: IAddress | None) -> Any:
        protocol = ClientProtocol()
        protocol.factory = self
        return protocol
