"""One HTTP exchange: a request, and an answer that is read up to a limit.

Redirects are not followed here, and nothing is kept between exchanges: no connection, no
cookie.  Content is asked for as it is; a server that compresses it unasked is refused, as
little can then stand for much.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from treq.client import HTTPClient
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import (
    ConnectError,
    ConnectingCancelledError,
    ConnectionClosed,
    DNSLookupError,
)
from twisted.web.client import Agent, HTTPConnectionPool, ResponseFailed
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IAgentEndpointFactory, IBodyProducer, IResponse
from zope.interface import implementer

from car import __version__
from car.inference.remote.bodies import Body, BodyTooLong, Octets, Unwanted
from car.ir.json import JsonObject
from car.web.errors import InvalidURL, TooLarge, WebError

MOST_BYTES = 2 * 1024 * 1024
"""The longest body that is read [ours]."""

USER_AGENT = f"Mozilla/5.0 (compatible; car/{__version__})"
"""Search engines answer nobody who does not look like a browser."""

_UNREACHABLE = (ConnectError, ConnectingCancelledError, DNSLookupError, ResponseFailed)


class Answer(NamedTuple):
    """What came back; ``content_type`` is the whole header, empty without one."""

    status: int
    content_type: str
    location: str | None
    body: bytes


class HTTPReader:
    """Makes exchanges over the endpoints of *endpoints*."""

    def __init__(self, reactor: Any, endpoints: IAgentEndpointFactory) -> None:
        self._reactor = reactor
        pool = HTTPConnectionPool(reactor, persistent=False)
        self._agent = _PlainAgent(Agent.usingEndpointFactory(reactor, endpoints, pool=pool))

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: JsonObject | None = None,
    ) -> Answer:
        """Ask and read the answer; that of a redirect has no body.

        Raises WebError: InvalidURL, TooLarge, AddressRefused.  Cancelling drops the connection.
        """
        client = HTTPClient(self._agent, data_to_body_producer=Octets)
        options: dict[str, Any] = {} if json is None else {"json": json}
        try:
            response = await client.request(
                method,
                url,
                headers=Headers({"User-Agent": [USER_AGENT], **_lists(headers or {})}),
                allow_redirects=False,
                unbuffered=True,
                reactor=self._reactor,
                **options,
            )
        except _UNREACHABLE as problem:
            if _given_up(problem):
                raise CancelledError from None
            raise WebError(f"cannot reach {url:.200}: {_why(problem)}") from None
        except ValueError:  # hyperlink's, idna's and the agent's for what is no URL
            raise InvalidURL(f"url: '{url:.200}' is not a URL") from None
        content_type = _header(response, b"content-type") or ""
        location = _header(response, b"location") if 300 <= response.code < 400 else None
        if location:
            response.deliverBody(Unwanted())
            return Answer(response.code, content_type, location, b"")
        return Answer(response.code, content_type, None, await _read(response))


@implementer(IAgent)
class _PlainAgent:
    """Asks for content that is not compressed, and takes no other."""

    def __init__(self, agent: IAgent) -> None:
        self._agent = agent

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,
    ) -> "Deferred[IResponse]":
        """Send a request; fails with WebError for content that is compressed."""
        asked = Headers() if headers is None else headers.copy()
        asked.setRawHeaders(b"accept-encoding", [b"identity"])
        return self._agent.request(method, uri, asked, bodyProducer).addCallback(self._check)

    def _check(self, response: IResponse) -> IResponse:
        for encoding in response.headers.getRawHeaders(b"content-encoding", []):
            if encoding.strip().lower() not in (b"identity", b""):
                response.deliverBody(Unwanted())
                raise WebError(f"the server sent {encoding.decode('latin-1'):.40} unasked")
        return response


async def _read(response: IResponse) -> bytes:
    """The whole body.  Raises WebError; TooLarge for more than MOST_BYTES."""
    content = bytearray()
    body = Body(content.extend, MOST_BYTES)
    response.deliverBody(body)
    try:
        await body.ended
    except BodyTooLong:
        raise TooLarge(f"the page is larger than {MOST_BYTES} bytes") from None
    except (ConnectionClosed, ResponseFailed):
        raise WebError("the connection was lost before the page's end") from None
    return bytes(content)


def _lists(headers: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in headers.items()}


def _header(response: IResponse, name: bytes) -> str | None:
    """The first value of a header, None where it is empty or missing."""
    values = response.headers.getRawHeaders(name, [b""])
    return values[0].decode("utf-8", "replace").strip() or None


def _given_up(problem: Exception) -> bool:
    """Whether it is our own cancelling that failed the request."""
    reasons = problem.reasons if isinstance(problem, ResponseFailed) else ()
    return isinstance(problem, ConnectingCancelledError) or any(
        reason.check(CancelledError) for reason in reasons
    )


def _why(problem: Exception) -> str:
    """The reason in few words, without addresses."""
    if isinstance(problem, DNSLookupError):
        return "no such host"
    if isinstance(problem, ResponseFailed):
        kinds = {type(reason.value) for reason in problem.reasons}
        if any(kind.__module__.startswith(("OpenSSL", "service_identity")) for kind in kinds):
            return "its TLS certificate or handshake is not right"
        return "the connection was lost before an answer"
    return type(problem).__name__
