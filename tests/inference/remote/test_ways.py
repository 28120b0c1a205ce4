"""Ways to hosts: proxies, tunnels, and what goes wrong with them."""

import base64
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from car.inference.errors import ProviderError
from car.inference.models import RemoteApi
from car.inference.remote.exchange import HttpRequest
from car.inference.remote.proxies import Proxy, TunnelEndpoint, find_proxy
from car.inference.remote.transport import HttpTransport
from car.inference.remote.urls import operation_url, told, with_query
from tests.inference.remote.case import KEY_NAME, RemoteCase, remote_model
from tests.inference.standins.script import GREETING

PROXIES = {
    "http": "http://user:p%40ss@proxy.test:3128",
    "https": "proxy.test:3128",
    "no": "localhost,.inside.test",
}
AUTHORIZATION = b"Basic " + base64.b64encode(b"user:p@ss")


class ProxyTests(SynchronousTestCase):
    """find_proxy."""

    def test_chosen(self) -> None:
        """By scheme; credentials are decoded."""
        proxy = find_proxy("http", "api.test", 80, PROXIES)
        self.assertEqual(proxy, Proxy("proxy.test", 3128, "user:p@ss"))
        assert proxy is not None
        self.assertEqual(proxy.authorization, AUTHORIZATION)
        self.assertEqual(find_proxy("https", "api.test", 443, PROXIES), Proxy("proxy.test", 3128))
        self.assertEqual(find_proxy("https", "x", 443, {"all": "http://p"}), Proxy("p", 80))

    def test_none(self) -> None:
        """Hosts of no_proxy, and no setting at all."""
        for host in ("localhost", "a.inside.test"):
            self.assertIsNone(find_proxy("http", host, 11434, PROXIES))
        self.assertIsNone(find_proxy("http", "api.test", 80, {}))

    def test_foreign(self) -> None:
        """Only HTTP proxies are spoken to; the secret in the URL is not told."""
        with self.assertRaises(ProviderError) as raised:
            find_proxy("https", "api.test", 443, {"https": "socks5://u:secret@p"})
        self.assertIn("must be an http:// URL", str(raised.exception))
        self.assertNotIn("secret", str(raised.exception))


@implementer(IStreamClientEndpoint)
class Way:
    """An endpoint whose one connection is a StringTransport."""

    def __init__(self) -> None:
        self.transport = Transport()
        self.protocol: Any = None

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        """Connect at once."""
        self.protocol = protocolFactory.buildProtocol(None)
        self.protocol.makeConnection(self.transport)
        connected: Deferred[Any] = Deferred()
        connected.callback(self.protocol)
        return connected


class Transport(StringTransport):
    """With what HTTP clients ask of TCP."""

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Nothing is delayed here."""


class Recorder(Protocol):
    """Keeps what it gets."""

    def __init__(self) -> None:
        self.got = b""
        self.lost = False

    def dataReceived(self, data: bytes) -> None:
        self.got += data

    def connectionLost(self, reason: object = None) -> None:
        self.lost = True


class TunnelTests(SynchronousTestCase):
    """TunnelEndpoint: opened, refused, lost, cancelled."""

    def setUp(self) -> None:
        self.way = Way()
        proxy = Proxy("proxy.test", 3128, "user:p@ss")
        endpoint = TunnelEndpoint(self.way, proxy, "api.test", 443)
        self.opened = endpoint.connect(Factory.forProtocol(Recorder))

    def test_opened(self) -> None:
        """The tunnel is asked for with credentials; what follows its head is the host's."""
        greeting = self.way.transport.value()
        self.assertTrue(greeting.startswith(b"CONNECT api.test:443 HTTP/1.1\r\n"))
        self.assertIn(b"\r\nProxy-Authorization: " + AUTHORIZATION + b"\r\n", greeting)
        self.way.protocol.dataReceived(b"HTTP/1.1 200 Connection established\r\n")
        self.assertNoResult(self.opened)
        self.way.protocol.dataReceived(b"Via: x\r\n\r\nab")
        inner = self.successResultOf(self.opened)
        self.way.protocol.dataReceived(b"c")
        self.assertEqual(inner.got, b"abc")
        self.way.protocol.connectionLost()
        self.assertTrue(inner.lost)

    def test_refused(self) -> None:
        """What the proxy says is told."""
        self.way.protocol.dataReceived(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        error = self.failureResultOf(self.opened, ProviderError).value
        self.assertEqual(
            str(error),
            "the proxy proxy.test:3128 opens no tunnel: 407 Proxy Authentication Required",
        )
        self.assertTrue(self.way.transport.disconnected)

    def test_endless(self) -> None:
        """A head that does not end is cut off."""
        self.way.protocol.dataReceived(b"x" * 20_000)
        self.assertIn("does not end", str(self.failureResultOf(self.opened, ProviderError).value))

    def test_lost(self) -> None:
        """So is a lost connection told."""
        self.way.protocol.connectionLost()
        self.assertIn("lost", str(self.failureResultOf(self.opened, ProviderError).value))

    def test_cancelled(self) -> None:
        """Cancelling drops the attempt."""
        self.opened.cancel()
        self.failureResultOf(self.opened, CancelledError)
        self.assertTrue(self.way.transport.disconnected)


class RoutedTests(SynchronousTestCase):
    """Requests through a proxy."""

    def test_plain(self) -> None:
        """A plain request goes to the proxy with the whole URL and the credentials."""
        way = Way()
        transport = HttpTransport(Clock(), proxies=PROXIES, open_way=lambda host, port: way)
        request = HttpRequest("http://api.test/v1/x", {}, b"{}")
        sent = transport.post(request, "http://api.test", lambda piece: None, whole=False)
        written = way.transport.value()
        self.assertTrue(written.startswith(b"POST http://api.test/v1/x HTTP/1.1\r\n"))
        self.assertIn(b"\r\nProxy-Authorization: " + AUTHORIZATION + b"\r\n", written)
        sent.cancel()
        self.failureResultOf(sent, CancelledError)

    def test_tunnel_then_tls(self) -> None:
        """https through a proxy: first CONNECT, then the TLS hello of the host."""
        way = Way()
        ways: list[tuple[str, int]] = []

        def open_way(host: str, port: int) -> IStreamClientEndpoint:
            ways.append((host, port))
            return way

        transport = HttpTransport(Clock(), proxies=PROXIES, open_way=open_way)
        request = HttpRequest("https://api.test/v1/x", {}, b"{}")
        sent = transport.post(request, "https://api.test", lambda piece: None, whole=False)
        self.assertEqual(ways, [("proxy.test", 3128)])
        self.assertTrue(way.transport.value().startswith(b"CONNECT api.test:443 "))
        way.transport.clear()
        way.protocol.dataReceived(b"HTTP/1.1 200 OK\r\n\r\n")
        hello = way.transport.value()
        self.assertEqual(hello[:2], b"\x16\x03")
        self.assertIn(b"api.test", hello)  # the name that the certificate must have
        sent.cancel()
        self.failureResultOf(sent, CancelledError)


class URLTests(RemoteCase):
    """Endpoints as people write them."""

    def test_operations(self) -> None:
        """A host, a base, or the operation in full."""
        cases = {
            "https://api.openai.com": "https://api.openai.com/v1/chat/completions",
            "https://api.openai.com/v1/": "https://api.openai.com/v1/chat/completions",
            "https://h/openai/v1": "https://h/openai/v1/chat/completions",
            "https://h/x/chat/completions": "https://h/x/chat/completions",
            "http://[::1]:8080?a=b": "http://[::1]:8080/v1/chat/completions?a=b",
        }
        for endpoint, url in cases.items():
            self.assertEqual(operation_url(endpoint, "chat/completions", "v1"), url)

    def test_told(self) -> None:
        """Messages hold no user, password or query."""
        self.assertEqual(told("https://u:p@h:1/v1?key=x"), "https://h:1/v1")
        self.assertEqual(with_query("https://h/x?a=b", "c=d"), "https://h/x?a=b&c=d")

    def test_used(self) -> None:
        """A model may name its endpoint in any of these ways."""
        for endpoint in ("http://h", "http://h/v1", "http://h/v1/chat/completions"):
            source = RemoteApi(endpoint, api_key_env=KEY_NAME)
            self.assertEqual(self.complete(remote_model(source=source)).text, "".join(GREETING))
