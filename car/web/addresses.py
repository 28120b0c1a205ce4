"""Which addresses may be connected to, and endpoints that connect to no other.

A host name is looked up once and the connection goes to what was found and judged: a name
that changes its address between look and leap gains nothing (DNS rebinding).  As every
connection is made here, this holds for each hop of a redirect.
"""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.interfaces import (
    IAddress,
    IHostResolution,
    IProtocol,
    IProtocolFactory,
    IReactorPluggableNameResolver,
    IResolutionReceiver,
    IStreamClientEndpoint,
)
from twisted.web.client import URI, BrowserLikePolicyForHTTPS
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from car.web.errors import AddressRefused

CONNECT_SECONDS = 10.0
"""From the look-up's answer to a connection, for each address tried."""

MOST_ADDRESSES = 4
"""How many addresses of a host are tried [ours]."""

_NAT64 = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that stand for IPv4 ones (RFC 6052)."""

Resolve = Callable[[str], "Deferred[Sequence[str]]"]
"""Looks a host up; fires with its addresses as text, fails with DNSLookupError."""


def is_public(address: str) -> bool:
    """Whether *address* belongs to the public internet.

    Not this machine, a private, shared, link-local or multicast network, or one reserved; an
    IPv4 address inside an IPv6 one counts as itself.
    """
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if found in _NAT64:
            inner = IPv4Address(int(found) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
        if found.is_site_local:
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved)


@implementer(IResolutionReceiver)
class _Addresses:
    """Gathers what a look-up finds."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._found: list[str] = []
        self.complete: Deferred[Sequence[str]] = Deferred()

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        """The look-up runs; it cannot be called back."""

    def addressResolved(self, address: IAddress) -> None:
        """One address."""
        self._found.append(getattr(address, "host", ""))

    def resolutionComplete(self) -> None:
        """That was all."""
        if self.complete.called:
            return  # who asked has gone
        if self._found:
            self.complete.callback(self._found)
        else:
            self.complete.errback(DNSLookupError(self._host))


def resolver(reactor: Any) -> Resolve:
    """The look-up of *reactor*, which provides IReactorPluggableNameResolver."""

    def resolve(host: str) -> "Deferred[Sequence[str]]":
        receiver = _Addresses(host)
        names = IReactorPluggableNameResolver(reactor).nameResolver
        names.resolveHostName(receiver, host)
        return receiver.complete

    return resolve


@implementer(IStreamClientEndpoint)
class GuardedEndpoint:
    """The way to a host: only to public addresses of it, unless *allow_private*."""

    def __init__(
        self, reactor: Any, resolve: Resolve, host: str, port: int, *, allow_private: bool
    ) -> None:
        self._reactor = reactor
        self._resolve = resolve
        self._host = host
        self._port = port
        self._allow_private = allow_private

    def connect(self, protocolFactory: IProtocolFactory) -> "Deferred[IProtocol]":
        """Connect to the first address that answers.

        Fails with AddressRefused if any address is not public, with DNSLookupError
        or ConnectError as other endpoints do.
        """
        return Deferred.fromCoroutine(self._connect(protocolFactory))

    async def _connect(self, factory: IProtocolFactory) -> IProtocol:
        addresses = await self._resolve(self._host)
        if not self._allow_private and not all(map(is_public, addresses)):
            raise AddressRefused(f"{self._host} is at an address that is not public")
        problem: Exception = DNSLookupError(self._host)
        for address in addresses[:MOST_ADDRESSES]:
            kind = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
            endpoint = kind(self._reactor, address, self._port, timeout=CONNECT_SECONDS)
            try:
                return await endpoint.connect(factory)
            except ConnectError as failure:
                problem = failure
        raise problem


@implementer(IAgentEndpointFactory)
class GuardedEndpoints:
    """Guarded ways to the hosts of URLs, through TLS for ``https``."""

    def __init__(self, reactor: Any, resolve: Resolve, *, allow_private: bool) -> None:
        self._reactor = reactor
        self._resolve = resolve
        self._allow_private = allow_private
        self._tls = BrowserLikePolicyForHTTPS()

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        """The way to the host of *uri*."""
        endpoint = GuardedEndpoint(
            self._reactor,
            self._resolve,
            uri.host.decode("ascii"),
            uri.port,
            allow_private=self._allow_private,
        )
        if uri.scheme == b"https":
            return wrapClientTLS(self._tls.creatorForNetloc(uri.host, uri.port), endpoint)
        return endpoint
