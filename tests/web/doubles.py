"""A network in memory: names by a table, connections that a test answers by hand."""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionDone, DNSLookupError
from twisted.internet.testing import MemoryReactorClock, StringTransportWithDisconnection
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from car.web.web import Web
from tests.store.doubles import at_once

PUBLIC, ANOTHER = "93.184.216.34", "2606:4700::1111"


class Exchange:
    """One connection that somebody has begun; the test is the server."""

    def __init__(self, begun: Sequence[Any]) -> None:
        self.host, self.port, self._factory = begun[:3]
        self.transport = StringTransportWithDisconnection()

    def accept(self) -> bytes:
        """Let it connect; what was asked."""
        protocol = self._factory.buildProtocol(None)
        self.transport.protocol = protocol
        protocol.makeConnection(self.transport)
        asked: bytes = self.transport.value()
        return asked

    def send(self, octets: bytes) -> None:
        """Send some of an answer."""
        self.transport.protocol.dataReceived(octets)

    def end(self) -> None:
        """Close the connection."""
        self.transport.protocol.connectionLost(Failure(ConnectionDone()))

    def answer(self, body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
        """Accept, and answer all at once; what was asked."""
        asked = self.accept()
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        self.send("\r\n".join(lines).encode() + body)
        return asked


class WebCase(SynchronousTestCase):
    """The web in memory; ``names`` has the hosts there are."""

    def setUp(self) -> None:
        self.reactor: Any = MemoryReactorClock()
        self.names: dict[str, list[str]] = {"example.org": [PUBLIC]}
        self.looked_up: list[str] = []
        self.key: str | None = None
        self.web = self.new_web()

    def new_web(self, **options: Any) -> Web:
        """A view of that web."""
        return Web(
            self.reactor, at_once, lambda: succeed(self.key), resolve=self.resolve, **options
        )

    def resolve(self, host: str) -> "Deferred[Sequence[str]]":
        """Look a host up in the table; an address is its own."""
        self.looked_up.append(host)
        if host.replace(".", "").isdigit() or ":" in host:
            return succeed([host])
        if host not in self.names:
            return fail(DNSLookupError(host))
        return succeed(self.names[host])

    def exchange(self, number: int = -1) -> Exchange:
        """A connection that was begun."""
        return Exchange(self.reactor.tcpClients[number])

    def assertIdle(self) -> None:
        """No timer is left."""
        self.assertEqual(self.reactor.getDelayedCalls(), [])
