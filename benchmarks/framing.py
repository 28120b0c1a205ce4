"""CPU time of one echoed message, without a network: our protocol beside stock Autobahn.

    python -m benchmarks.framing [seconds a figure]

Each side reads the same octets and sends the message back into a transport that forgets it.
The rounds of the two are interleaved, the median counts: compare within one run only.
"""

import sys
from statistics import median
from time import process_time
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from car.server import framing
from car.server.websocket import CarServerFactory
from car.testing.wire import REQUEST, SERVER, RecordingSession, client_frame

ROUNDS = 7
MESSAGES = [(100, 1), (100, 16), (1024, 1), (1024, 16), (65536, 1)]
"""Message size in octets, and how many come in one read."""

READ_BYTES = 65536
"""What Twisted reads at once."""


class Sink(StringTransport):
    """Forgets what is written."""

    def write(self, data: bytes) -> None:
        pass

    def setTcpKeepAlive(self, enabled: bool) -> None:
        pass


class Echo(RecordingSession):
    """Gathers the messages of a turn and sends them back at its end."""

    def opened(self, connection: Any) -> None:
        self.connection = connection
        connection.raise_limits()

    def turn_began(self) -> None:
        self.gathered: list[bytes] = []

    def message_received(self, payload: bytes) -> None:
        self.gathered.append(payload)

    def turn_ended(self) -> None:
        self.connection.send_messages(self.gathered)


class StockEcho(WebSocketServerProtocol):
    """The same, as Autobahn's documentation has it."""

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.sendMessage(payload, isBinary)


def opened(factory: Any) -> Any:
    """A connection of *factory* whose opening handshake is done."""
    protocol = factory.buildProtocol(SERVER)
    protocol.makeConnection(Sink(hostAddress=SERVER, peerAddress=SERVER))
    protocol.dataReceived(REQUEST)
    return protocol


def microseconds(protocol: Any, reads: list[bytes], messages: int, seconds: float) -> float:
    """CPU time of one message when *reads* with *messages* arrive over and over."""
    count = 0
    began = process_time()
    while (spent := process_time() - began) < seconds:
        for _ in range(20):
            for octets in reads:
                protocol.dataReceived(octets)
        count += 20 * messages
    return spent / count * 1e6


def main() -> None:
    """Print a line for each size."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 0.1
    clock = Clock()
    stock_factory = WebSocketServerFactory(reactor=clock)
    stock_factory.protocol = StockEcho
    stock = opened(stock_factory)
    lean = opened(CarServerFactory(lambda opening: Echo(), clock))
    print(f"unmasking with {framing.unmask.__module__}.{framing.unmask.__qualname__}")
    print(f"{'octets':>8} {'a read':>7} {'stock us':>9} {'lean us':>8} {'ratio':>6}")
    for size, messages in MESSAGES:
        octets = client_frame(framing.TEXT, b"x" * size) * messages
        reads = [octets[at : at + READ_BYTES] for at in range(0, len(octets), READ_BYTES)]
        figures: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            figures[0].append(microseconds(stock, reads, messages, seconds))
            figures[1].append(microseconds(lean, reads, messages, seconds))
        before, after = map(median, figures)
        print(f"{size:8} {messages:7} {before:9.1f} {after:8.1f} {before / after:6.1f}")


if __name__ == "__main__":
    main()
