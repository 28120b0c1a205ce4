"""The daemon's listening sockets: TCP endpoints and the Unix socket."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.endpoints import UNIXServerEndpoint, serverFromString
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.logger import Logger

from car.errors import CarError

_log = Logger()

SOCKET_MODE = 0o600
"""Only the daemon's own user may connect (``protocol.md`` §1)."""


class ListenError(CarError):
    """A socket that cannot be bound; the message names it and why."""


class Listeners(Service):
    """Binds *endpoints* (Twisted endpoint descriptions), then the Unix socket.

    ``listening`` fires with the list of IListeningPort once all are bound, or fails with
    ListenError; then none stays bound.  *socket_path* is asked with the TCP port once that
    is known; None is no Unix socket.  *ready* is waited for before anything is bound.
    """

    def __init__(
        self,
        endpoints: Sequence[str],
        factory: IProtocolFactory,
        reactor: Any,
        socket_path: Callable[[int], Path | None] | None = None,
        ready: "Callable[[], Deferred[None]] | None" = None,
    ) -> None:
        self.ports: list[IListeningPort] = []
        self.listening: Deferred[list[IListeningPort]] = Deferred()
        self.socket: Path | None = None
        self._endpoints = endpoints
        self._factory = factory
        self._reactor = reactor
        self._socket_path = socket_path
        self._ready = ready

    def startService(self) -> None:
        """Begin to listen; after a stop ``listening`` is a new Deferred."""
        super().startService()
        if self.listening.called:
            self.listening = Deferred()
        Deferred.fromCoroutine(self._listen()).addCallbacks(
            self.listening.callback, self.listening.errback
        )

    def stopService(self) -> "Deferred[Any] | None":
        """Stop accepting; fires when every port is closed."""
        super().stopService()
        ports, self.ports = self.ports, []
        stopped = [port.stopListening() for port in ports]
        return DeferredList([d for d in stopped if d is not None])

    @property
    def port(self) -> int | None:
        """The first TCP port, or None before one is bound."""
        for port in self.ports:
            number = getattr(port.getHost(), "port", None)
            if isinstance(number, int):
                return number
        return None

    async def _listen(self) -> list[IListeningPort]:
        try:
            if self._ready is not None:
                await self._ready()
            for text in self._endpoints:
                self.ports.append(await self._bind(text))
            if self._socket_path is not None:
                path = self._socket_path(self.port or 0)
                if path is not None:
                    endpoint = UNIXServerEndpoint(self._reactor, str(path), mode=SOCKET_MODE)
                    self.ports.append(await _bound(endpoint.listen(self._factory), str(path)))
                    self.socket = path
        except CarError:
            stopped = self.stopService()
            if stopped is not None:
                await stopped
            raise
        return list(self.ports)

    async def _bind(self, text: str) -> IListeningPort:
        try:
            endpoint = serverFromString(self._reactor, text)
        except (ValueError, TypeError, IndexError) as problem:
            raise ListenError(f"'{text}' is not an endpoint to listen on: {problem}") from None
        return await _bound(endpoint.listen(self._factory), text)


async def _bound(listening: "Deferred[IListeningPort]", what: str) -> IListeningPort:
    try:
        return await listening
    except Exception as problem:  # whatever a listener of Twisted or a plugin may raise
        cause = getattr(problem, "socketError", problem)
        text = getattr(cause, "strerror", None) or str(cause)
        raise ListenError(f"cannot listen on {what}: {text}") from None
