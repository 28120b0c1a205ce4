"""Ways through HTTP proxies: plain requests in the absolute form, TLS in a tunnel (CONNECT)."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import (  # type: ignore[attr-defined]  # typeshed lacks the second
    getproxies_environment,
    proxy_bypass_environment,
)

from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IProtocolFactory,
    IStreamClientEndpoint,
    ITCPTransport,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from car.inference.errors import ProviderError

MAX_HEAD_BYTES = 16 * 1024
"""What a proxy may say before the tunnel is open; [ours]."""


class Proxy(Struct, frozen=True):
    """An HTTP proxy; *credentials* are ``user:password``, empty where it wants none."""

    host: str
    port: int
    credentials: str = ""

    @property
    def told(self) -> str:
        """Its name, for messages."""
        return f"{self.host}:{self.port}"

    @property
    def authorization(self) -> bytes | None:
        """The value of ``Proxy-Authorization``."""
        if not self.credentials:
            return None
        return b"Basic " + b64encode(self.credentials.encode())


def environment_proxies() -> dict[str, str]:
    """``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy`` of the environment."""
    return getproxies_environment()


def find_proxy(scheme: str, host: str, port: int, proxies: Mapping[str, str]) -> Proxy | None:
    """The proxy to take to *host*, by *proxies* as ``environment_proxies`` has them."""
    url = proxies.get(scheme) or proxies.get("all")
    if not url or proxy_bypass_environment(f"{host}:{port}", dict(proxies)):
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme != "http" or not parts.hostname:
        raise ProviderError(
            f"The proxy for {scheme} must be an http:// URL, and {parts.scheme}:// is not spoken."
        )
    credentials = ""
    if parts.username:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return Proxy(parts.hostname, parts.port or 80, credentials)


@implementer(IStreamClientEndpoint)
class TunnelEndpoint:
    """Connects to *host* and *port* through *proxy*, which is at the endpoint *way*."""

    def __init__(self, way: IStreamClientEndpoint, proxy: Proxy, host: str, port: int) -> None:
        self._way = way
        self._proxy = proxy
        self._target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:
        """Fires with a protocol of *protocolFactory* once the tunnel is open.

        Fails with ProviderError where the proxy opens none.  Cancelling drops the attempt.
        """
        return Deferred.fromCoroutine(self._connect(protocolFactory))

    async def _connect(self, inner: IProtocolFactory) -> Any:
        build = inner.buildProtocol
        tunnel: Any = await self._way.connect(
            Factory.forProtocol(lambda: _Tunnel(self._greeting(), self._proxy.told, build))
        )
        return await tunnel.opened

    def _greeting(self) -> bytes:
        lines = [f"CONNECT {self._target} HTTP/1.1".encode(), b"Host: " + self._target.encode()]
        if (authorization := self._proxy.authorization) is not None:
            lines.append(b"Proxy-Authorization: " + authorization)
        return b"\r\n".join([*lines, b"", b""])


class _Tunnel(Protocol):
    """Asks for the tunnel, then hands everything to the protocol that wanted it."""

    transport: ITCPTransport

    def __init__(self, greeting: bytes, proxy: str, build: Callable[[IAddress], Any]) -> None:
        self._greeting = greeting
        self._proxy = proxy
        self._build = build
        self._inner: Any = None
        self._head = b""
        self.opened: Deferred[Any] = Deferred(lambda _: self.transport.abortConnection())

    def connectionMade(self) -> None:
        self.transport.write(self._greeting)

    def dataReceived(self, data: bytes) -> None:
        if self._inner is not None:
            self._inner.dataReceived(data)
            return
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end:
            if len(self._head) > MAX_HEAD_BYTES:
                self._refuse("its answer does not end")
            return
        _, _, status = head.partition(b"\r\n")[0].partition(b" ")
        if not status.startswith(b"200"):
            self._refuse(status.decode("latin-1"))
            return
        self._head = b""
        self._inner = self._build(self.transport.getPeer())
        self._inner.makeConnection(self.transport)
        self.opened.callback(self._inner)
        if rest:
            self._inner.dataReceived(rest)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._inner is not None:
            self._inner.connectionLost(reason)
        else:
            self._fail("the connection was lost")

    def _refuse(self, why: str) -> None:
        self._fail(why)
        self.transport.abortConnection()

    def _fail(self, why: str) -> None:
        if not self.opened.called:
            self.opened.errback(ProviderError(f"the proxy {self._proxy} opens no tunnel: {why}"))
