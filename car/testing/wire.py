"""WebSocket connections in memory: no sockets, no reactor, time on a ``Clock``.

``MemoryEndpoint`` joins our client to a server factory, ``RawPeer`` plays a client octet by
octet, ``RecordingSession`` is the session behind the server's end.  Autobahn takes its timers
from ``txaio.config.loop``: a test patches that, as ``patch_timers`` does.
"""

from collections.abc import Callable
from struct import pack, unpack_from
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import connectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.test.iosim import FakeTransport, IOPump
from twisted.test.iosim import connect as join
from twisted.trial.unittest import SynchronousTestCase
from txaio import tx
from zope.interface import implementer

from car.server.framing import unmask_in_python
from car.server.interfaces import IConnection, IConnectionSession

SERVER = IPv4Address("TCP", "127.0.0.1", 9100)
CLIENT = IPv4Address("TCP", "127.0.0.1", 40000)

MASK = b"\x37\xfa\x21\x3d"
"""The mask of the examples in RFC 6455, section 5.7."""

REQUEST = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1:9100\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
"""An opening request that every server accepts."""


def patch_timers(case: SynchronousTestCase, clock: Clock) -> None:
    """Let Autobahn's timers run on *clock* until *case* is over."""
    case.patch(tx.config, "loop", clock)


@implementer(IStreamClientEndpoint)
class MemoryEndpoint:
    """Connects each client in memory to a connection of *server*."""

    def __init__(self, server: IProtocolFactory, clock: Clock) -> None:
        self._server = server
        self._clock = clock
        self._pumps: list[IOPump] = []

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:
        """Join a connection of *protocolFactory* to one of ours; fires at once."""
        client: Any = protocolFactory.buildProtocol(SERVER)
        server: Any = self._server.buildProtocol(CLIENT)
        pump = join(
            server,
            FakeTransport(server, isServer=True, hostAddress=SERVER, peerAddress=CLIENT),
            client,
            FakeTransport(client, isServer=False, hostAddress=CLIENT, peerAddress=SERVER),
            clock=self._clock,
            greet=False,
        )
        self._pumps.append(pump)
        return succeed(client)

    def flush(self) -> None:
        """Carry octets to and fro until none are left."""
        while sum(pump.flush() for pump in self._pumps):
            pass


class RawPeer:
    """A client in memory that can send any octets, also wrong ones.

    ``transport`` is the server's: it tells whether the connection was dropped.
    """

    def __init__(self, server: IProtocolFactory, address: IAddress = SERVER) -> None:
        protocol: Any = server.buildProtocol(CLIENT)
        self.protocol = protocol
        self.transport = _Transport(hostAddress=address, peerAddress=CLIENT)
        self.protocol.makeConnection(self.transport)

    def send(self, octets: bytes, step: int = 0) -> None:
        """Deliver *octets*, *step* at a time (0: all at once), until the server hangs up."""
        step = step or len(octets)
        for start in range(0, len(octets), step):
            if self.transport.connected:
                self.protocol.dataReceived(octets[start : start + step])
                self.settle()

    def received(self) -> bytes:
        """What the server has sent since the last call."""
        octets: bytes = self.transport.value()
        self.transport.clear()
        return octets

    def open(self, request: bytes = REQUEST) -> bytes:
        """Do the opening handshake; answer the head of the server's response."""
        self.send(request)
        return self.received()

    def frames(self) -> list[tuple[int, bytes]]:
        """The frames among what the server has sent since the last call."""
        return server_frames(self.received())

    def settle(self) -> None:
        """Let a connection that the server has ended go, as the reactor does."""
        if self.transport.disconnecting:
            self.lose()

    def lose(self) -> None:
        """The connection goes."""
        if self.transport.connected:
            self.transport.connected = False
            self.protocol.connectionLost(connectionDone)


class _Transport(StringTransport):
    """Remembers whether it was aborted and whether it keeps alive."""

    aborted = False
    connected = True
    keeps_alive = False

    def abortConnection(self) -> None:
        self.aborted = self.disconnecting = True

    def unregisterProducer(self) -> None:
        self.producer = None

    def pauseProducing(self) -> None:
        self.producerState = "paused"

    def resumeProducing(self) -> None:
        self.producerState = "producing"

    def setTcpKeepAlive(self, enabled: bool) -> None:
        self.keeps_alive = enabled


def client_frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes = MASK
) -> bytes:
    """A frame as a client sends it; without a mask when *mask* is empty."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    length = len(payload)
    flag = 0x80 if mask else 0
    if length < 126:
        head = pack("!BB", first, flag | length)
    elif length < 0x10000:
        head = pack("!BBH", first, flag | 126, length)
    else:
        head = pack("!BBQ", first, flag | 127, length)
    return head + mask + (unmask_in_python(payload, mask) if mask else payload)


def server_frames(octets: bytes) -> list[tuple[int, bytes]]:
    """The whole, final, unmasked frames that *octets* consist of."""
    frames = []
    start = 0
    while start < len(octets):
        first, length = octets[start], octets[start + 1]
        start += 2
        if length == 126:
            (length,) = unpack_from("!H", octets, start)
            start += 2
        elif length == 127:
            (length,) = unpack_from("!Q", octets, start)
            start += 8
        payload = octets[start : start + length]
        assert first & 0xF0 == 0x80 and len(payload) == length, octets
        frames.append((first & 0x0F, payload))
        start += length
    return frames


@implementer(IConnectionSession)
class RecordingSession:
    """Writes down what it is told; *on_message*, if given, is called with each text."""

    awaits_answers = False

    def __init__(self, on_message: Callable[[IConnection, bytes], object] | None = None) -> None:
        self.events: list[tuple[str, Any]] = []
        self.connection: Any = None
        self._on_message = on_message

    @property
    def messages(self) -> list[bytes]:
        """The payloads of all messages, in order."""
        return [what for name, what in self.events if name in ("text", "binary")]

    @property
    def names(self) -> list[str]:
        """The names of all events, in order."""
        return [name for name, _ in self.events]

    def opened(self, connection: IConnection) -> None:
        self.connection = connection
        self.events.append(("opened", None))

    def turn_began(self) -> None:
        self.events.append(("began", None))

    def message_received(self, payload: bytes) -> None:
        self.events.append(("text", payload))
        if self._on_message is not None:
            self._on_message(self.connection, payload)

    def binary_received(self, payload: bytes) -> None:
        self.events.append(("binary", payload))

    def turn_ended(self) -> None:
        self.events.append(("ended", None))

    def output_stalled(self) -> None:
        self.events.append(("stalled", None))

    def output_resumed(self) -> None:
        self.events.append(("resumed", None))

    def connection_lost(self, reason: str) -> None:
        self.events.append(("lost", reason))
