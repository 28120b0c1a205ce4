"""Ways to hosts: straight, through a proxy, or through a tunnel of one; over TLS or not."""

from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.web.client import (
    URI,
    Agent,
    BrowserLikePolicyForHTTPS,
    HTTPConnectionPool,
    ProxyAgent,
)
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IAgentEndpointFactory, IBodyProducer, IResponse
from zope.interface import implementer

from car.inference.remote.proxies import Proxy, TunnelEndpoint, find_proxy

OpenWay = Callable[[str, int], IStreamClientEndpoint]
"""Gives the endpoint of a host and a port."""


def hostname_ways(reactor: Any, seconds: float) -> OpenWay:
    """Ways over TCP, each given up after *seconds*."""

    def open_way(host: str, port: int) -> IStreamClientEndpoint:
        return HostnameEndpoint(reactor, host, port, timeout=seconds)

    return open_way


@implementer(IAgent)
class RoutedAgent:
    """Sends each request the way that *proxies* tell, as ``environment_proxies`` has them."""

    def __init__(
        self,
        reactor: Any,
        pool: HTTPConnectionPool,
        proxies: Mapping[str, str],
        open_way: OpenWay,
    ) -> None:
        self._reactor = reactor
        self._pool = pool
        self._proxies = proxies
        self._open_way = open_way
        self._straight = Agent.usingEndpointFactory(reactor, _Endpoints(proxies, open_way), pool)
        self._proxied: dict[Proxy, ProxyAgent] = {}

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,
    ) -> Deferred[IResponse]:
        """As every agent."""
        target = URI.fromBytes(uri)
        proxy = _proxy(target, self._proxies)
        agent: Any = self._straight
        if proxy is not None and target.scheme == b"http":
            agent = self._agent_of(proxy)
            headers = Headers() if headers is None else headers.copy()
            if (authorization := proxy.authorization) is not None:
                headers.setRawHeaders(b"Proxy-Authorization", [authorization])
        sent: Deferred[IResponse] = agent.request(method, uri, headers, bodyProducer)
        return sent

    def _agent_of(self, proxy: Proxy) -> ProxyAgent:
        if proxy not in self._proxied:
            way = self._open_way(proxy.host, proxy.port)
            self._proxied[proxy] = ProxyAgent(way, self._reactor, self._pool)
        return self._proxied[proxy]


@implementer(IAgentEndpointFactory)
class _Endpoints:
    """The ways to hosts that are spoken to themselves, if need be in a tunnel."""

    def __init__(self, proxies: Mapping[str, str], open_way: OpenWay) -> None:
        self._proxies = proxies
        self._open_way = open_way
        self._policy = BrowserLikePolicyForHTTPS()

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        """The way to the host of *uri*."""
        host = _host(uri)
        if uri.scheme != b"https":
            return self._open_way(host, uri.port)
        proxy = _proxy(uri, self._proxies)
        if proxy is None:
            way = self._open_way(host, uri.port)
        else:
            inner = self._open_way(proxy.host, proxy.port)
            way = TunnelEndpoint(inner, proxy, host, uri.port)
        secured: IStreamClientEndpoint = wrapClientTLS(
            self._policy.creatorForNetloc(uri.host, uri.port), way
        )
        return secured


def _host(uri: URI) -> str:
    host: str = uri.host.decode("ascii")
    return host.strip("[]")


def _proxy(uri: URI, proxies: Mapping[str, str]) -> Proxy | None:
    return find_proxy(uri.scheme.decode("ascii"), _host(uri), uri.port, proxies)
