"""Bodies of HTTP requests and answers: one that is at hand, and one that comes in pieces.

What a request is about, how long it may take and what its failures are called is left to whoever
makes it; models, their files and web pages come through here alike.
"""

from collections.abc import Callable

from twisted.internet.defer import Deferred, execute, succeed
from twisted.internet.interfaces import IConsumer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from car.errors import CarError


class BodyTooLong(CarError):
    """More came than is taken."""


@implementer(IBodyProducer)
class Octets:
    """A body that is at hand; Twisted's own producer takes its time from the global reactor."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.length = len(octets)

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        """Write it all."""
        consumer.write(self._octets)
        return succeed(None)

    def pauseProducing(self) -> None:
        """Nothing is left to pause."""

    def resumeProducing(self) -> None:
        """Nothing is left to resume."""

    def stopProducing(self) -> None:
        """Nothing is left to stop."""


class Body(Protocol):
    """Passes an answer's body on to *receive*, up to *max_bytes* of it if that is told.

    ``ended`` fires at its end.  It fails with BodyTooLong, with what *receive* raises, and with
    the reason where the connection goes before; the socket is closed then, as by cancelling.
    """

    def __init__(self, receive: Callable[[bytes], object], max_bytes: int | None = None) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._taken = 0
        self._over = False
        self.ended: Deferred[None] = Deferred(lambda _: self._close())

    def dataReceived(self, data: bytes) -> None:
        """More of it."""
        if self._over:
            return
        self._taken += len(data)
        if self._max_bytes is not None and self._taken > self._max_bytes:
            self.fail(Failure(BodyTooLong(f"the body is longer than {self._max_bytes} octets")))
            return
        execute(self._receive, data).addErrback(self.fail)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """That was all, or the connection has gone before."""
        if self._over:
            return
        self._over = True
        if reason.check(ResponseDone, PotentialDataLoss):
            self.ended.callback(None)
        else:
            self.ended.errback(reason)

    def fail(self, failure: Failure) -> None:
        """Take no more; ``ended`` fails with *failure* unless it has fired."""
        self._close()
        if not self.ended.called:
            self.ended.errback(failure)

    def _close(self) -> None:
        self._over = True  # the loss may be told at once, and would pass for the end
        if self.transport is not None:
            self.transport.loseConnection()


class Unwanted(Protocol):
    """A body that is not read: its connection is closed at once."""

    def connectionMade(self) -> None:
        """Close it."""
        assert self.transport is not None
        self.transport.loseConnection()
