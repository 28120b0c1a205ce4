"""HTTP to providers: over treq, bounded in time and size, cancelled by closing the socket.

One request, one answer: trying again, and what requests and answers say, are for the callers.
"""

from collections.abc import Callable, Mapping
from typing import Any

from hyperlink import EncodedURL
from msgspec import Struct
from treq.client import HTTPClient
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError
from twisted.python.failure import Failure
from twisted.web.client import (
    HTTPConnectionPool,
    RequestTransmissionFailed,
    ResponseFailed,
)
from twisted.web.http_headers import Headers

from car import __version__
from car.inference.errors import ProviderError
from car.inference.remote.bodies import Body, BodyTooLong, Octets
from car.inference.remote.exchange import HttpRequest
from car.inference.remote.failures import network_failure
from car.inference.remote.proxies import environment_proxies
from car.inference.remote.urls import told
from car.inference.remote.ways import OpenWay, RoutedAgent, hostname_ways

MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""A whole answer, as it comes over the network; [ours]."""

MAX_ERROR_BYTES = 64 * 1024
"""What is read of an answer with an error status; [ours]."""

KEPT_SECONDS = 30
"""How long an idle connection is kept for the next request; [ours], less than servers do."""

_NETWORK = (
    ConnectError,
    ConnectionClosed,
    DNSLookupError,
    RequestTransmissionFailed,
    ResponseFailed,
)

_OK = 200
_USER_AGENT = f"car/{__version__}"


class Timeouts(Struct, frozen=True):
    """Seconds (subsystem-inference, Remote backends).

    *whole* stands for *first_byte* where an answer is asked for in one piece: its first octet
    comes only after its last token, for which the providers' own clients also wait 10 minutes.
    """

    connect: float = 10.0
    first_byte: float = 60.0
    idle: float = 60.0
    whole: float = 600.0


DEFAULT_TIMEOUTS = Timeouts()


class ErrorAnswer(Exception):
    """An answer with another status than 200; *headers* have lower-case names."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.body = body


class HttpTransport:
    """Sends requests; connections to the same host are used again.

    *reactor* provides time and TCP.  *proxies* are those of the environment unless given.
    *open_way* gives the endpoint of a host and port, to put another network in its place.
    """

    def __init__(
        self,
        reactor: Any,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        proxies: Mapping[str, str] | None = None,
        open_way: OpenWay | None = None,
    ) -> None:
        self._reactor = reactor
        self._timeouts = timeouts
        self._pool = HTTPConnectionPool(reactor)
        self._pool.cachedConnectionTimeout = KEPT_SECONDS
        self._pool.retryAutomatically = False
        self._agent = RoutedAgent(
            reactor,
            self._pool,
            environment_proxies() if proxies is None else proxies,
            open_way or hostname_ways(reactor, timeouts.connect),
        )

    def post(
        self,
        request: HttpRequest,
        endpoint: str,
        receive: Callable[[bytes], object],
        *,
        whole: bool,
    ) -> Deferred[None]:
        """Send *request*; each piece of the answer's body goes to *receive* as it comes.

        Fires when the body has ended.  Fails with ErrorAnswer, with ProviderError where the
        network fails or a time is over, and with what *receive* raises; *endpoint* is what
        messages call the provider.  *whole* says that the answer is made before its first
        octet is sent.  Cancelling closes the socket.
        """
        exchange = _Exchange(self._agent, self._reactor, self._timeouts.idle, endpoint, receive)
        return exchange.begin(request, self._timeouts.whole if whole else self._timeouts.first_byte)

    def close(self) -> Deferred[None]:
        """Close the connections that are kept; fires when they are closed."""
        closed: Deferred[None] = self._pool.closeCachedConnections()
        return closed


class _Exchange:
    """One request and its answer, with the clock on them."""

    def __init__(
        self,
        agent: RoutedAgent,
        reactor: Any,
        idle: float,
        endpoint: str,
        receive: Callable[[bytes], object],
    ) -> None:
        self._agent = agent
        self._reactor = reactor
        self._idle = idle
        self._endpoint = endpoint
        self._receive = receive
        self._answer: Deferred[None] = Deferred(self._cancelled)
        self._attempt: Deferred[None]
        self._is_cancelled = False
        self._has_begun = False
        self._expired: ProviderError | None = None

    def begin(self, request: HttpRequest, seconds: float) -> Deferred[None]:
        """Send *request*; its answer must begin within *seconds*."""
        self._seconds = seconds
        self._timer = self._reactor.callLater(seconds, self._expire)
        self._attempt = Deferred.fromCoroutine(self._run(request))
        self._attempt.addBoth(self._ended)
        return self._answer

    async def _run(self, request: HttpRequest) -> None:
        headers = Headers({"Content-Type": ["application/json"], "User-Agent": [_USER_AGENT]})
        for name, value in request.headers.items():
            headers.setRawHeaders(name, [value])
        try:
            response = await HTTPClient(self._agent).request(
                "POST",
                _Address.from_text(request.url),
                headers=headers,
                data=Octets(request.body),
                allow_redirects=False,
                unbuffered=True,
                reactor=self._reactor,
            )
        except _NETWORK as problem:
            raise network_failure(problem, self._endpoint) from None
        if response.code == _OK:
            await self._read(response, self._receive, MAX_ANSWER_BYTES)
            return
        said: list[bytes] = []
        await self._read(response, said.append, MAX_ERROR_BYTES)
        named = {
            name.decode("latin-1").lower(): values[-1].decode("latin-1")
            for name, values in response.headers.getAllRawHeaders()
        }
        raise ErrorAnswer(response.code, named, b"".join(said))

    async def _read(
        self, response: Any, receive: Callable[[bytes], object], max_bytes: int
    ) -> None:
        def take(piece: bytes) -> None:
            self._alive()
            receive(piece)

        body = Body(take, max_bytes)
        response.deliverBody(body)
        try:
            await body.ended
        except BodyTooLong:
            raise ProviderError(f"The answer is longer than {max_bytes} octets.") from None
        except (ConnectionClosed, ResponseFailed):
            raise ProviderError(
                f"{told(self._endpoint)} dropped the connection before its answer was whole",
                retryable=not self._has_begun,
            ) from None

    def _alive(self) -> None:
        """Something came: the clock begins anew."""
        self._has_begun = True
        self._seconds = self._idle
        self._timer.reset(self._idle)

    def _expire(self) -> None:
        more = " more" if self._has_begun else ""
        self._expired = ProviderError(
            f"{told(self._endpoint)} sent nothing{more} for {self._seconds:g} s"
        )
        self._attempt.cancel()

    def _cancelled(self, answer: Deferred[None]) -> None:
        self._is_cancelled = True
        self._attempt.cancel()

    def _ended(self, result: Failure | None) -> None:
        if self._timer.active():
            self._timer.cancel()
        if self._is_cancelled:
            return  # the answer fails with CancelledError by itself
        if self._expired is not None:
            self._answer.errback(self._expired)
        elif isinstance(result, Failure):
            self._answer.errback(result)
        else:
            self._answer.callback(None)


class _Address(EncodedURL):
    """A URL; hyperlink 21 would take an IPv6 address for a name and refuse to encode it."""

    def to_uri(self) -> EncodedURL:
        """The URL in ASCII."""
        return self if ":" in self.host else super().to_uri()
