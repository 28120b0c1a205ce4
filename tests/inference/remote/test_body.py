"""Tests of car.inference.remote.bodies: how the body of an answer ends."""

from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss

from car.inference.errors import ProviderError
from car.inference.remote.bodies import Body, BodyTooLong, Unwanted


class SuddenTransport(StringTransport):
    """Tells ``body`` its loss within the call that asks for it, as what ends a body well."""

    body: Body

    def loseConnection(self) -> None:
        """Close at once."""
        if not self.disconnecting:
            super().loseConnection()
            self.body.connectionLost(Failure(PotentialDataLoss()))


class BodyTests(SynchronousTestCase):
    """Body: its endings."""

    def setUp(self) -> None:
        self.taken: list[bytes] = []
        self.body = Body(self.take, 6)
        self.transport = SuddenTransport()
        self.transport.body = self.body
        self.body.makeConnection(self.transport)

    def take(self, piece: bytes) -> None:
        """Take a piece; one is refused."""
        if piece == b"bad":
            raise ProviderError("bad")
        self.taken.append(piece)

    def test_end(self) -> None:
        """The body ends with the answer or, without a length, with the connection."""
        self.body.dataReceived(b"abc")
        self.body.dataReceived(b"def")
        self.assertNoResult(self.body.ended)
        self.body.connectionLost(Failure(ResponseDone()))
        self.successResultOf(self.body.ended)
        self.assertEqual(self.taken, [b"abc", b"def"])

    def test_lost(self) -> None:
        """A connection that goes before is the failure."""
        self.body.connectionLost(Failure(ConnectionLost()))
        self.failureResultOf(self.body.ended, ConnectionLost)

    def test_too_long(self) -> None:
        """One octet too many closes the socket; what comes then is dropped."""
        for piece in (b"abcdef", b"g", b"h"):
            self.body.dataReceived(piece)
        self.failureResultOf(self.body.ended, BodyTooLong)
        self.assertEqual(self.taken, [b"abcdef"])
        self.assertTrue(self.transport.disconnecting)

    def test_refused(self) -> None:
        """What the taker raises is the failure, and closes the socket."""
        self.body.dataReceived(b"bad")
        self.failureResultOf(self.body.ended, ProviderError)
        self.assertTrue(self.transport.disconnecting)

    def test_cancelled(self) -> None:
        """Cancelling closes the socket and nothing more is taken."""
        self.body.ended.cancel()
        self.failureResultOf(self.body.ended, CancelledError)
        self.body.dataReceived(b"late")
        self.assertEqual((self.taken, self.transport.disconnecting), ([], True))

    def test_unwanted(self) -> None:
        """A body that nobody reads is not waited for."""
        transport = StringTransport()
        Unwanted().makeConnection(transport)
        self.assertTrue(transport.disconnecting)
