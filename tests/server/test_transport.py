"""Output that leaves at once, and the measure of what has not."""

from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.error import ConnectionLost
from twisted.internet.tcp import Connection
from twisted.internet.testing import MemoryReactor, StringTransport
from twisted.trial.unittest import SynchronousTestCase

from car.server.opening import Opening
from car.server.transport import Output, keep_alive, opening_of


class Descriptor(Connection):
    """A TCP connection of Twisted's without a socket: the kernel takes ``room`` octets."""

    connected = 1

    def __init__(self) -> None:
        self.reactor = MemoryReactor()
        self._tempDataBuffer = []
        self._tempDataLen = 0
        self.room: int | Exception = 1 << 30
        self.sent: list[bytes] = []

    def writeSomeData(self, data: bytes) -> Any:
        if isinstance(self.room, Exception):
            return self.room
        taken = min(self.room, len(data))
        self.room -= taken
        self.sent.append(bytes(data[:taken]))
        return taken

    def startWriting(self) -> None:
        self.asked_to_write = True


class OutputTests(SynchronousTestCase):
    """Output over a descriptor, and over what is none."""

    def setUp(self) -> None:
        self.descriptor = Descriptor()
        self.output = Output(self.descriptor, 1000)

    def test_at_once(self) -> None:
        """With nothing queued the kernel gets the octets in the call itself."""
        self.output.write(b"one")
        self.assertEqual(self.descriptor.sent, [b"one"])
        self.assertEqual(self.output.unsent, 0)
        self.assertFalse(hasattr(self.descriptor, "asked_to_write"))

    def test_rest_is_queued(self) -> None:
        """What the kernel does not take waits, and whatever follows waits behind it."""
        self.descriptor.room = 4
        self.output.write(b"one two")
        self.output.write(b" three")
        self.assertEqual((self.descriptor.sent, self.output.unsent), ([b"one "], 9))
        self.descriptor.room = 1000
        self.descriptor.doWrite()
        self.output.write(b" four")
        self.assertEqual(b"".join(self.descriptor.sent), b"one two three four")
        self.assertEqual(self.output.unsent, 0)

    def test_partly_written_queue(self) -> None:
        """Octets that the transport has begun to write are not overtaken."""
        self.descriptor.room = 0
        self.output.write(b"abcdef")
        self.descriptor.room = 2
        self.descriptor.doWrite()
        self.descriptor.room = 100
        self.assertEqual(self.output.unsent, 4)
        self.output.write(b"g")
        self.descriptor.doWrite()
        self.descriptor.doWrite()
        self.assertEqual(b"".join(self.descriptor.sent), b"abcdefg")

    def test_lost(self) -> None:
        """A connection that turns out to be lost is left to the reactor to notice."""
        self.descriptor.room = ConnectionLost()
        self.output.write(b"one")
        self.assertTrue(self.descriptor.asked_to_write)
        self.assertIsInstance(self.descriptor.doWrite(), ConnectionLost)

    def test_closing(self) -> None:
        """Nothing is written past a transport that is on its way out or gone."""
        self.descriptor.disconnecting = 1
        self.output.write(b"one")
        self.descriptor.connected = self.descriptor.disconnecting = 0
        self.output.write(b"two")
        self.assertEqual(self.descriptor.sent, [])

    def test_threshold(self) -> None:
        """The output is full beyond its threshold; the transport's reads keep their size."""
        read_bytes = self.descriptor.bufferSize
        self.descriptor.room = 0
        self.output.write(b"x" * 1000)
        self.assertFalse(self.output.full)
        self.output.write(b"x")
        self.assertTrue(self.output.full)
        self.assertEqual(self.descriptor.bufferSize, read_bytes)

    def test_threshold_of_other_transports(self) -> None:
        """Of a queue that cannot be seen, what the transport says is taken for right."""
        self.assertTrue(Output(StringTransport(), 1000).full)

    def test_other_transports(self) -> None:
        """Without the attributes we know, or with TLS, everything goes through write."""
        transport = StringTransport()
        output = Output(transport, 1000)
        output.write(b"one")
        self.assertEqual((transport.value(), output.unsent), (b"one", None))
        changed: list[tuple[str, object]] = [
            ("_tempDataBuffer", None),
            ("_tempDataLen", None),
            ("dataBuffer", bytearray()),
            ("offset", None),
            ("TLS", True),
        ]
        for name, value in changed:
            descriptor = Descriptor()
            setattr(descriptor, name, value)
            written: list[bytes] = []
            descriptor.write = written.append  # type: ignore[method-assign]
            output = Output(descriptor, 1000)
            output.write(b"one")
            self.assertEqual((written, descriptor.sent, output.unsent), ([b"one"], [], None), name)


class PeerTests(SynchronousTestCase):
    """Who is at the other end."""

    def test_tcp(self) -> None:
        """A TCP peer has no user that we could know, and is kept alive."""
        transport: Any = StringTransport(hostAddress=IPv4Address("TCP", "127.0.0.1", 9100))
        transport.setTcpKeepAlive = lambda enabled: setattr(transport, "kept", enabled)
        self.assertEqual(opening_of(transport, "tcp4:x"), Opening("tcp4:x", False, None))
        keep_alive(transport)
        self.assertTrue(transport.kept)

    def test_unix_without_handle(self) -> None:
        """A Unix transport that has no socket to ask has a peer without a user."""
        transport = StringTransport(hostAddress=UNIXAddress(b"/run/car.sock"))
        self.assertEqual(opening_of(transport, "unix"), Opening("unix", True, None))
        keep_alive(transport)
