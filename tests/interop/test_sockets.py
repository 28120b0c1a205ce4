"""The WebSocket over real sockets: what a kernel adds to the tests in memory."""

import os
import socket
import struct
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from car.server.framing import PING, TEXT
from car.server.limits import KIB, MIB
from car.server.opening import Opening
from car.server.websocket import CarServerFactory
from car.testing.wire import REQUEST, RecordingSession, client_frame, server_frames
from car.wsclient.connecting import connect

reactor: Any = _reactor


class Session(RecordingSession):
    """A session that tells when an event has come."""

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self.opening = opening
        self._waiting: dict[str, Deferred[None]] = {}

    def wait_for(self, name: str) -> Deferred[None]:
        """Fires with the next event called *name*; at once if it has been."""
        waiting: Deferred[None] = Deferred()
        if name in self.names:
            waiting.callback(None)
        else:
            self._waiting[name] = waiting
        return waiting

    def _happened(self, name: str) -> None:
        if name in self._waiting:
            self._waiting.pop(name).callback(None)

    def message_received(self, payload: bytes) -> None:
        super().message_received(payload)
        self._happened("text")

    def output_stalled(self) -> None:
        super().output_stalled()
        self._happened("stalled")

    def output_resumed(self) -> None:
        super().output_resumed()
        self._happened("resumed")

    def connection_lost(self, reason: str) -> None:
        super().connection_lost(reason)
        self._happened("lost")


class SocketTestCase(TestCase):
    """A server on a real port; its clock is the test's, the sockets are the reactor's."""

    timeout = 30

    def setUp(self) -> None:
        self.sessions: list[Session] = []
        self.clock = Clock()
        self.factory = CarServerFactory(self._session, self.clock)

    def _session(self, opening: Opening) -> Session:
        self.sessions.append(Session(opening))
        return self.sessions[-1]

    def listen(self) -> int:
        """Listen on a free port until the test is over; answer it."""
        port = reactor.listenTCP(0, self.factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        number: int = port.getHost().port
        return number

    async def raw_client(self) -> socket.socket:
        """A plain socket on which the opening handshake has been done."""
        client = socket.socket()
        self.addCleanup(client.close)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * KIB)
        address = ("127.0.0.1", self.listen())

        def handshake() -> bytes:
            client.connect(address)
            client.sendall(REQUEST)
            return client.recv(1000)

        self.assertIn(b" 101 ", await deferToThread(handshake))
        return client


class BackPressureTests(SocketTestCase):
    """A peer that leaves our output unread."""

    async def stalled(self) -> tuple[socket.socket, Session, int]:
        """A client that does not read, its session, and how much was sent to it."""
        client = await self.raw_client()
        [session] = self.sessions
        count = 0
        while not session.connection.stalled:
            session.connection.send_messages([b"x" * 64 * KIB])
            count += 1
            self.assertLess(count, 1000)
        return client, session, count

    async def test_slow_reader(self) -> None:
        """Output stalls at 1 MiB unsent, nothing is read meanwhile, all arrives in the end."""
        client, session, count = await self.stalled()
        connection = session.connection
        self.assertGreater(connection._output.unsent, MIB)
        self.assertLess(connection._output.unsent, MIB + 70 * KIB)
        client.sendall(client_frame(TEXT, b"while stalled"))
        self.assertNotIn(connection.transport, reactor.getReaders())
        expected = count * (64 * KIB + 10)

        def read_all() -> bytes:
            parts = []
            size = 0
            while size < expected:
                parts.append(client.recv(MIB))
                size += len(parts[-1])
            return b"".join(parts)

        octets = await deferToThread(read_all)
        self.assertEqual(server_frames(octets), [(TEXT, b"x" * 64 * KIB)] * count)
        await session.wait_for("text")
        self.assertEqual(session.names, ["opened", "stalled", "resumed", "began", "text", "ended"])
        client.close()
        await session.wait_for("lost")

    async def test_stuck_reader(self) -> None:
        """A peer that takes nothing for 30 s is dropped, one that takes a little stays."""
        client, session, _ = await self.stalled()
        self.clock.pump([5.0] * 4)
        unsent = session.connection._output.unsent
        while session.connection._output.unsent == unsent:
            await deferToThread(client.recv, MIB)
            await deferLater(reactor, 0, lambda: None)
        self.clock.pump([5.0] * 5)
        await deferLater(reactor, 0, lambda: None)
        self.assertNotIn("lost", session.names)
        self.clock.pump([5.0] * 3)
        await session.wait_for("lost")
        self.assertIn("does not take our output", session.events[-1][1])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_unread_pings(self) -> None:
        """Pings whose answers are not read stop being read; memory stays bounded."""
        client = await self.raw_client()
        [session] = self.sessions
        client.setblocking(False)
        flood = client_frame(PING, b"x" * 125) * 1000
        for _ in range(10_000):
            try:
                client.send(flood)
            except BlockingIOError:
                if session.connection.stalled:
                    break
            await deferLater(reactor, 0, lambda: None)
        self.assertTrue(session.connection.stalled)
        self.assertLess(session.connection._output.unsent, 2 * MIB)
        client.close()
        await session.wait_for("lost")

    async def test_reset_while_sending(self) -> None:
        """A peer that resets the connection ends the session once, whatever is still sent."""
        client = await self.raw_client()
        [session] = self.sessions
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        for _ in range(3):
            session.connection.send_messages([b"x" * MIB])
        await session.wait_for("lost")
        session.connection.send_messages([b"late"])
        self.assertEqual(session.names.count("lost"), 1)


class OptionsTests(SocketTestCase):
    """What the kernel is told about a connection."""

    async def test_tcp(self) -> None:
        """Nagle is off, keepalive is on, and output goes out by the direct way."""
        client = await self.raw_client()
        [session] = self.sessions
        transport = session.connection.transport
        self.assertTrue(transport.getTcpNoDelay())
        self.assertTrue(transport.getTcpKeepAlive())
        self.patch(transport, "write", self.fail)
        session.connection.send_messages([b"direct"])
        self.assertEqual(server_frames(await deferToThread(client.recv, 100)), [(TEXT, b"direct")])
        client.close()
        await session.wait_for("lost")

    async def test_unix(self) -> None:
        """Our client reaches a Unix socket, and the server knows whose it is."""
        directory = TemporaryDirectory()  # mktemp is too long for a socket's path
        self.addCleanup(directory.cleanup)
        path = os.path.join(directory.name, "car.sock")
        port = reactor.listenUNIX(path, self.factory)
        self.addCleanup(port.stopListening)
        connection = await connect(f"unix:{path}", reactor=reactor)
        [session] = self.sessions
        self.assertTrue(session.opening.is_unix)
        self.assertEqual(session.opening.peer_uid, os.getuid())
        heard: Deferred[bytes] = Deferred()
        connection.on_text = heard.callback
        session.connection.send_messages([b"direct"])
        self.assertEqual(await heard, b"direct")
        connection.close()
        await session.wait_for("lost")

    def _close_heard(self, ended: Deferred[int], code: int, reason: str) -> None:
        ended.callback(code)

    async def test_our_client(self) -> None:
        """Our client reaches a TCP port by address and by name, with Nagle off."""
        number = self.listen()
        for host in ("127.0.0.1", "localhost"):
            connection = await connect(f"ws://{host}:{number}/", reactor=reactor)
            session = self.sessions[-1]
            transport: Any = connection._protocol.transport
            self.assertTrue(transport.getTcpNoDelay())
            connection.send_text("x" * 60_000)
            await session.wait_for("text")
            ended: Deferred[int] = Deferred()
            connection.on_close = partial(self._close_heard, ended)
            session.connection.close(1001, "going")
            self.assertEqual(await ended, 1001)
            await session.wait_for("lost")
