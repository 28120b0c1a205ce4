"""Tests of car.web.addresses: what is public, and that nothing else is connected to."""

from collections.abc import Sequence

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionRefusedError, DNSLookupError
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import URI

from car.web.addresses import (
    CONNECT_SECONDS,
    MOST_ADDRESSES,
    GuardedEndpoint,
    GuardedEndpoints,
    is_public,
)
from car.web.errors import AddressRefused
from tests.web.doubles import ANOTHER, PUBLIC, WebCase


class PublicTests(SynchronousTestCase):
    """is_public"""

    def test_public(self) -> None:
        """Addresses of the internet, and those that stand for one."""
        for address in (PUBLIC, ANOTHER, "8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808"):
            self.assertTrue(is_public(address), address)

    def test_not_public(self) -> None:
        """This machine, networks of one's own, metadata services, multicast, reserved ones."""
        for address in (
            *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"),
            *("169.254.169.254", "100.64.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
            *("255.255.255.255", "192.0.2.1", "198.18.0.1", "203.0.113.1"),
            *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1"),
            *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
            *("2002:a00:1::1", "2001:db8::1", "2001:0:7f00:1:0:0:80ff:fffe", "::127.0.0.1"),
        ):
            self.assertFalse(is_public(address), address)


class EndpointTests(WebCase):
    """GuardedEndpoint"""

    def connect(self, host: str, *, allow_private: bool = False) -> "Deferred[object]":
        """Begin to connect."""
        endpoint = GuardedEndpoint(
            self.reactor, self.resolve, host, 80, allow_private=allow_private
        )
        return endpoint.connect(Factory.forProtocol(Protocol)).addCallback(lambda found: found)

    def refuse(self, number: int) -> None:
        """Refuse a connection."""
        factory = self.reactor.tcpClients[number][2]
        factory.clientConnectionFailed(None, Failure(ConnectionRefusedError()))

    def test_address(self) -> None:
        """The connection goes to the address that was found, not to the name."""
        connected = self.connect("example.org")
        exchange = self.exchange()
        self.assertEqual((exchange.host, exchange.port), (PUBLIC, 80))
        exchange.accept()
        self.assertIsInstance(self.successResultOf(connected), Protocol)
        self.assertEqual(self.looked_up, ["example.org"])

    def test_refused(self) -> None:
        """One address that is not public is enough, whatever else the name has."""
        for host, addresses in (
            ("inner.example.org", ["10.0.0.1"]),
            ("both.example.org", [PUBLIC, "127.0.0.1"]),
            ("six.example.org", ["::1"]),
        ):
            self.names[host] = addresses
            told = self.failureResultOf(self.connect(host), AddressRefused)
            self.assertEqual(told.getErrorMessage(), f"{host} is at an address that is not public")
        self.failureResultOf(self.connect("169.254.169.254"), AddressRefused)
        self.assertEqual(self.reactor.tcpClients, [])

    def test_allowed(self) -> None:
        """For those who allow it, any address will do."""
        self.connect("127.0.0.1", allow_private=True)
        self.assertEqual(self.exchange().host, "127.0.0.1")

    def test_next_address(self) -> None:
        """When one address does not answer the next is tried, up to four."""
        self.names["many.example.org"] = [ANOTHER, PUBLIC, *(f"8.8.8.{n}" for n in range(9))]
        connected = self.connect("many.example.org")
        for number in range(MOST_ADDRESSES):
            self.assertEqual(len(self.reactor.tcpClients), number + 1)
            self.assertEqual(self.reactor.tcpClients[number][3], CONNECT_SECONDS)
            self.refuse(number)
        self.failureResultOf(connected, ConnectionRefusedError)

    def test_no_host(self) -> None:
        """A name that is unknown, or has no address, fails as a look-up does."""
        self.failureResultOf(self.connect("nowhere.example.org"), DNSLookupError)
        self.names["empty.example.org"] = []
        self.failureResultOf(self.connect("empty.example.org"), DNSLookupError)

    def test_cancelled(self) -> None:
        """Who gives up waits no longer for the look-up."""
        waiting: Deferred[Sequence[str]] = Deferred()
        endpoint = GuardedEndpoint(
            self.reactor, lambda host: waiting, "example.org", 80, allow_private=False
        )
        connected = endpoint.connect(Factory.forProtocol(Protocol))
        connected.cancel()
        self.failureResultOf(connected, CancelledError)
        self.assertEqual(self.reactor.tcpClients, [])

    def test_urls(self) -> None:
        """The way of a URL: its host and port, with TLS for https."""
        ways = GuardedEndpoints(self.reactor, self.resolve, allow_private=True)
        for url, host, port in (
            (b"http://example.org/x", PUBLIC, 80),
            (b"http://[::1]:8080/", "::1", 8080),
            (b"https://example.org/", PUBLIC, 443),
        ):
            way = ways.endpointForURI(URI.fromBytes(url))
            way.connect(Factory.forProtocol(Protocol))
            begun = self.exchange()
            self.assertEqual((begun.host, begun.port), (host, port))
        self.assertTrue(begun.accept().startswith(b"\x16\x03"))
