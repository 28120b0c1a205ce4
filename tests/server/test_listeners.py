"""Tests of car.server.listeners: real sockets, bound and let go."""

import socket
from pathlib import Path
from tempfile import mkdtemp

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from car.application import the_reactor
from car.server.listeners import ListenError, Listeners

ANY_PORT = "tcp:0:interface=127.0.0.1"


class ListenersTests(TestCase):
    """Listeners"""

    def listeners(self, *endpoints: str, socket: Path | None = None) -> Listeners:
        def path(port: int) -> Path | None:
            self.asked.append(port)
            return socket

        self.asked: list[int] = []
        factory = Factory.forProtocol(Protocol)
        listeners = Listeners(endpoints, factory, the_reactor(), path)
        self.addCleanup(listeners.stopService)
        return listeners

    async def started(self, listeners: Listeners) -> None:
        listeners.startService()
        await listeners.listening

    async def stopped(self, listeners: Listeners) -> None:
        stopping = listeners.stopService()
        if stopping is not None:
            await stopping

    def test_listening(self) -> "Deferred[None]":
        """The ports are known once they are bound."""

        async def run() -> None:
            listeners = self.listeners(ANY_PORT, ANY_PORT)
            self.assertIsNone(listeners.port)
            await self.started(listeners)
            self.assertEqual(len(listeners.ports), 2)
            assert listeners.port is not None
            socket.create_connection(("127.0.0.1", listeners.port)).close()

        return Deferred.fromCoroutine(run())

    def test_unix_socket(self) -> "Deferred[None]":
        """The Unix socket is the daemon's own user's alone; it is asked for with the port."""
        path = Path(mkdtemp(prefix="car-")) / "car.sock"

        async def run() -> None:
            listeners = self.listeners(ANY_PORT, socket=path)
            await self.started(listeners)
            self.assertEqual(self.asked, [listeners.port])
            self.assertEqual(listeners.socket, path)
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            await self.stopped(listeners)
            self.assertFalse(path.exists())
            path.parent.rmdir()

        return Deferred.fromCoroutine(run())

    def test_taken(self) -> "Deferred[None]":
        """A port that is taken fails with a sentence, and none stays bound."""
        other = socket.socket()
        self.addCleanup(other.close)
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"tcp:{other.getsockname()[1]}:interface=127.0.0.1"

        async def run() -> None:
            listeners = self.listeners(ANY_PORT, taken)
            listeners.startService()
            refused = await self.assertFailure(listeners.listening, ListenError)
            self.assertIn(taken, str(refused))
            self.assertIn("in use", str(refused))
            self.assertEqual((listeners.ports, listeners.port), ([], None))

        return Deferred.fromCoroutine(run())

    def test_no_endpoint(self) -> "Deferred[None]":
        """A text that describes no endpoint is told as such."""

        async def run() -> None:
            for text in ("nonsense", "tcp:high", "", "carrier-pigeon:9"):
                listeners = self.listeners(text)
                listeners.startService()
                refused = await self.assertFailure(listeners.listening, ListenError)
                self.assertIn(f"'{text}'", str(refused))

        return Deferred.fromCoroutine(run())

    def test_twice(self) -> "Deferred[None]":
        """What was stopped may be started again."""

        async def run() -> None:
            listeners = self.listeners(ANY_PORT)
            for _ in range(2):
                await self.started(listeners)
                assert listeners.port is not None
                socket.create_connection(("127.0.0.1", listeners.port)).close()
                await self.stopped(listeners)
                self.assertIsNone(listeners.port)

        return Deferred.fromCoroutine(run())
