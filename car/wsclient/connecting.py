"""Opening a WebSocket: from a URL to a connection, or to one sentence that says why not."""

from collections.abc import Mapping
from typing import Any

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
    UNIXClientEndpoint,
    wrapClientTLS,
)
from twisted.internet.error import ConnectError, ConnectingCancelledError, DNSLookupError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.python.failure import Failure

from car.wsclient.connection import ClientFactory, WebSocketConnection
from car.wsclient.errors import CannotConnect
from car.wsclient.urls import WebSocketURL, read_url

CONNECT_SECONDS = 10.0
"""From the call to the opened WebSocket: finding the name, TCP, TLS and the handshake."""

MESSAGE_BYTES = 16 * 1024 * 1024
"""The longest message either way, as the daemon has it."""


def connect(
    url: str,
    *,
    reactor: Any,
    endpoint: IStreamClientEndpoint | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = CONNECT_SECONDS,
    message_bytes: int = MESSAGE_BYTES,
) -> Deferred[WebSocketConnection]:
    """Open a WebSocket to *url*: ``ws://``, ``wss://``, or ``unix:`` and a socket's path.

    *endpoint* takes the way there when given; *url* then only names host and path in the
    request.  *headers* are added to the request, *message_bytes* limits one message either
    way (0: no limit).  Fires with the open connection.  Fails with CannotConnect, at the
    latest after *timeout* seconds.  Cancelling drops the attempt: it fails with CancelledError.
    """
    try:
        target = read_url(url)
        way = endpoint or _endpoint(target, reactor)
        factory = ClientFactory(target.request_url, reactor, dict(headers or {}), message_bytes)
    except CannotConnect as error:
        failed: Deferred[WebSocketConnection] = Deferred()
        failed.errback(error)
        return failed
    attempt: Deferred[WebSocketConnection] = Deferred.fromCoroutine(_open(way, factory))
    attempt.addTimeout(timeout, reactor, lambda result, seconds: _timed_out(result, url, seconds))
    return attempt


async def _open(way: IStreamClientEndpoint, factory: ClientFactory) -> WebSocketConnection:
    """Take the *way*, then wait for the handshake."""
    try:
        protocol: Any = await way.connect(factory)
    except ConnectingCancelledError as error:
        raise CancelledError from error
    except (ConnectError, DNSLookupError) as error:
        raise CannotConnect(f"Nobody answers there: {error}") from error
    try:
        return await factory.opened
    except CancelledError:
        protocol.dropConnection(abort=True)
        raise


def _timed_out(result: object, url: str, seconds: float) -> object:
    """Name the time-out in the place of the failure that its cancelling caused."""
    if isinstance(result, Failure):
        raise CannotConnect(f"The WebSocket at {url} was not open after {seconds:g} seconds.")
    return result


def _endpoint(target: WebSocketURL, reactor: Any) -> IStreamClientEndpoint:
    """The way to *target*; an address is not asked for in the DNS."""
    if target.socket_path:
        return UNIXClientEndpoint(reactor, target.socket_path)
    host, port = target.host, target.port
    way: IStreamClientEndpoint
    if isIPAddress(host):
        way = TCP4ClientEndpoint(reactor, host, port)
    elif isIPv6Address(host):
        way = TCP6ClientEndpoint(reactor, host, port)
    else:
        way = HostnameEndpoint(reactor, host, port)
    return _over_tls(way, host) if target.is_secure else way


def _over_tls(way: IStreamClientEndpoint, host: str) -> IStreamClientEndpoint:
    """The same *way*, encrypted, with the certificate of *host* verified."""
    try:
        from twisted.internet.ssl import optionsForClientTLS
    except ImportError:
        raise CannotConnect(
            "wss:// needs pyOpenSSL and service-identity: install the extra 'tls'."
        ) from None
    wrapped: IStreamClientEndpoint = wrapClientTLS(optionsForClientTLS(host), way)
    return wrapped
