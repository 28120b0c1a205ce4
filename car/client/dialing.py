"""From a URL to a link on which the daemon takes calls: connect, authenticate, shake hands."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from twisted.internet.interfaces import IStreamClientEndpoint

from car import __version__
from car.client.errors import AuthRefused, IncompatibleDaemon, RpcError
from car.client.finding import Proof
from car.client.link import Link, LinkUser
from car.ir.json import JsonError, decode
from car.proto.codes import AUTH_REQUIRED, VERSION_MISMATCH
from car.wsclient.connecting import connect as open_websocket
from car.wsclient.errors import CannotConnect

PROTOCOL_VERSION = 3
"""What we speak (``protocol.md`` §5)."""

GREETING_SECONDS = 10.0
"""How long the daemon may take to answer each of ``session.auth`` and the handshake."""


class Greeted(Struct, frozen=True):
    """A link that is ready, and the version of the daemon at its other end."""

    link: Link
    server_version: str


class Dialer:
    """Opens links to one daemon.

    *find_proof* is asked anew each time, as a daemon that was started again has another
    token.  *endpoint* takes the way there when given, as for ``car.wsclient``.
    """

    def __init__(
        self,
        url: str,
        reactor: Any,
        find_proof: Callable[[], Proof],
        *,
        timeout: float,
        endpoint: IStreamClientEndpoint | None = None,
    ) -> None:
        self.url = url
        self._reactor = reactor
        self._find_proof = find_proof
        self._timeout = timeout
        self._endpoint = endpoint

    async def dial(self, user: LinkUser) -> Greeted:
        """Open a link that reports to *user*.

        Raises CannotConnect, AuthRefused, IncompatibleDaemon, and what a call fails with.
        Cancelling drops the connection.
        """
        proof = self._find_proof()
        try:
            connection = await open_websocket(
                self.url, reactor=self._reactor, endpoint=self._endpoint, timeout=self._timeout
            )
        except CannotConnect as problem:
            raise CannotConnect(f"{self.url}: {problem}", problem.status) from None
        link = Link(connection, self._reactor, user)
        version = None
        try:
            version = await self._greet(link, proof)
        finally:
            if version is None:
                link.abort()
        return Greeted(link, version)

    async def _greet(self, link: Link, proof: Proof) -> str:
        """Authenticate and shake hands; the daemon's version."""
        if proof.params is not None:
            try:
                await link.call("session.auth", proof.params, GREETING_SECONDS)
            except RpcError as problem:
                raise AuthRefused(
                    problem.code,
                    f"{problem} (the token came from {proof.origin}; "
                    "it may be another daemon's, or an old one's)",
                    problem.data,
                ) from None
        try:
            answer = await link.call("server.handshake", _HANDSHAKE, GREETING_SECONDS)
        except RpcError as problem:
            if problem.code == VERSION_MISMATCH:
                raise IncompatibleDaemon(str(problem)) from None
            if problem.code != AUTH_REQUIRED:
                raise
            raise AuthRefused(problem.code, f"{problem} ({_NO_TOKEN})", problem.data) from None
        return _version(answer)


_NO_TOKEN = "no token was found: set CAR_AUTH_TOKEN, or CAR_HOME to the daemon's state directory"

_HANDSHAKE = {
    "protocol_version": PROTOCOL_VERSION,
    "client_version": __version__,
    "required_capabilities": [],
}


def _version(answer: bytes) -> str:
    """The daemon's version in its *answer* to the handshake; raises IncompatibleDaemon."""
    try:
        found = decode(answer)
    except JsonError:
        found = None
    spoken = found.get("protocol_version") if isinstance(found, dict) else None
    if spoken != PROTOCOL_VERSION:
        raise IncompatibleDaemon(
            f"the daemon answers with protocol {spoken!r:.40}; this client speaks "
            f"{PROTOCOL_VERSION}"
        )
    return str(found.get("server_version", "unknown"))
