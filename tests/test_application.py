"""Tests of car.application: the daemon as a service of an embedder's."""

import os
import socket
import tempfile
from pathlib import Path
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from car.application import Application, Daemon, NotBuilt, config_from, journal_key, the_reactor
from car.client.client import CarClient, connect
from car.eventlog.errors import JournalError
from car.memgine.memgine import Memgine
from car.scratch import prefix
from car.server.auth import Credentials
from car.server.config import ServerStateConfig
from car.server.limits import Limits
from car.server.listeners import ListenError
from car.settings import load
from car.voice.speech import piper_process
from car.worker import pipe
from tests.server.doubles import tool_call

ANY_PORT = ("tcp:0:interface=127.0.0.1",)


class ApplicationCase(TestCase):
    """Applications on a free port, stopped when the test is over."""

    def application(self, config: ServerStateConfig | None = None, **options: Any) -> Application:
        application = Application(config, listen=ANY_PORT, **options)
        self.addCleanup(lambda: application.stopService() if application.running else None)
        return application

    async def started(self, application: Application) -> int:
        """Start it; the port."""
        application.startService()
        await application.listening
        assert application.port is not None
        return application.port

    async def client(self, port: int, **options: Any) -> CarClient:
        client = await connect(
            f"ws://127.0.0.1:{port}/", reactor=the_reactor(), environ={}, **options
        )
        self.addCleanup(client.close)
        return client


class ApplicationTests(ApplicationCase):
    """Application"""

    def test_serves(self) -> "Deferred[None]":
        """Mounted under a parent it starts and stops with it; its port is known meanwhile."""

        async def run() -> None:
            directory = Path(self.mktemp())
            parent = MultiService()
            application = self.application(ServerStateConfig(journal_dir=directory))
            application.setServiceParent(parent)
            self.assertIsNone(application.port)
            parent.startService()
            await application.listening
            assert application.port is not None
            client = await self.client(application.port)
            self.assertEqual(await client.call("state.set", {"key": "k", "value": 1}), "ok")
            self.assertEqual(await client.state_get("k"), 1)
            await client.close()
            stopped = parent.stopService()
            assert stopped is not None
            await stopped
            self.assertIsNone(application.port)
            (journal,) = directory.glob("*.jsonl")
            self.assertIn(b"record_closed", journal.read_bytes().splitlines()[-1])

        return Deferred.fromCoroutine(run())

    def test_twice(self) -> "Deferred[None]":
        """It may be started again, and serves as before."""

        async def run() -> None:
            application = self.application(ServerStateConfig(journal_dir=Path(self.mktemp())))
            for _ in range(2):
                client = await self.client(await self.started(application))
                self.assertEqual(await client.call("state.set", {"key": "k", "value": 1}), "ok")
                await client.close()
                await application.stopService()
            await application.stopService()

        return Deferred.fromCoroutine(run())

    def test_sweeps(self) -> "Deferred[None]":
        """What the processes of a killed daemon left on disk goes at the start."""

        async def run() -> None:
            parent = Path(self.mktemp())
            parent.mkdir()
            self.patch(tempfile, "tempdir", str(parent))
            for kind in (pipe.KIND, piper_process.KIND):
                left = parent / f"{prefix(kind)}1-abc"
                left.mkdir()
                os.utime(left, (1_000_000_000, 1_000_000_000))
            application = self.application()
            await self.started(application)
            while any(parent.iterdir()):
                await deferLater(the_reactor(), 0.01)

        return Deferred.fromCoroutine(run())

    def test_stop_with_clients(self) -> "Deferred[None]":
        """Stopping closes the connections of clients that stay."""

        async def run() -> None:
            limits = Limits(drain_timeout=0.2)
            application = self.application(ServerStateConfig(limits=limits))
            gone: Deferred[str] = Deferred()
            client = await self.client(await self.started(application))
            client.on_disconnect(gone.callback)
            await client.call("tools.register", [{"name": "lint"}])
            stuck = client.submit({"actions": [tool_call("a")]})
            await client.call("state.keys")
            await application.stopService()
            await gone
            self.assertEqual(application.state.sessions, {})
            self.assertTrue(stuck.called)
            stuck.addErrback(lambda _: None)

        return Deferred.fromCoroutine(run())

    def test_parts(self) -> None:
        """Memory and inference given to it win over the config's."""
        old, new = Memgine(), Memgine()
        config = ServerStateConfig(memgine=old, inference="old")
        application = self.application(config, memgine=new, inference="models")
        self.assertIs(application.state.memories.fresh().memgine, new)
        self.assertEqual(application.state.inference.engine, "models")
        self.assertIs(self.application(config).state.memories.fresh().memgine, old)

    def test_taken(self) -> "Deferred[None]":
        """A port that is taken fails ``listening``; stopping still works."""
        other = socket.socket()
        self.addCleanup(other.close)
        other.bind(("127.0.0.1", 0))
        other.listen()

        async def run() -> None:
            number = other.getsockname()[1]
            application = Application(listen=(f"tcp:{number}:interface=127.0.0.1",))
            application.startService()
            await self.assertFailure(application.listening, ListenError)
            await application.stopService()

        return Deferred.fromCoroutine(run())

    def test_no_journal_directory(self) -> None:
        """A journal directory that cannot be made refuses the start."""
        path = Path(self.mktemp())
        path.write_text("a file")
        application = Application(ServerStateConfig(journal_dir=path / "journals"), listen=ANY_PORT)
        self.assertRaises(JournalError, application.startService)
        self.assertIsNone(application.port)

    def test_two(self) -> "Deferred[None]":
        """Two of them stand side by side in one process."""

        async def run() -> None:
            clients = []
            for _ in range(2):
                port = await self.started(self.application())
                clients.append(await self.client(port))
            await clients[0].state_set("k", 1)
            self.assertEqual(await clients[1].call("state.keys"), [])
            for client in clients:
                await client.close()

        return Deferred.fromCoroutine(run())


class DaemonTests(ApplicationCase):
    """Daemon: tokens and settings around an Application."""

    def daemon(self, **flags: Any) -> Daemon:
        root = Path(self.mktemp()).absolute()
        self.environ = {"HOME": str(root), "CAR_HOME": str(root / "car")}
        settings = load({"port": "0", "socket": "none", **flags}, self.environ, root)
        daemon = Daemon(settings, reactor=the_reactor())
        self.addCleanup(lambda: daemon.stopService() if daemon.running else None)
        return daemon

    def test_tokens(self) -> "Deferred[None]":
        """The token stands in its file while the daemon runs, and opens the door."""

        async def run() -> None:
            daemon = self.daemon()
            port = await self.started(daemon)
            path = daemon.settings.places.auth_token
            token = path.read_text()
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            client = await self.client(port, token=token)
            self.assertEqual(await client.call("state.keys"), [])
            await client.close()
            await daemon.stopService()
            self.assertFalse(path.exists())
            self.assertFalse(daemon.settings.places.host_token.exists())

        return Deferred.fromCoroutine(run())

    def test_no_auth(self) -> "Deferred[None]":
        """Without authentication there is no token."""

        async def run() -> None:
            daemon = self.daemon(no_auth=True)
            client = await self.client(await self.started(daemon))
            self.assertEqual(await client.call("state.keys"), [])
            await client.close()
            self.assertFalse(daemon.settings.places.auth_token.exists())

        return Deferred.fromCoroutine(run())

    def test_port_taken(self) -> "Deferred[None]":
        """A daemon that cannot listen takes its tokens back."""
        other = socket.socket()
        self.addCleanup(other.close)
        other.bind(("127.0.0.1", 0))
        other.listen()

        async def run() -> None:
            daemon = self.daemon(port=str(other.getsockname()[1]))
            daemon.startService()
            await self.assertFailure(daemon.listening, ListenError)
            self.assertFalse(daemon.settings.places.auth_token.exists())

        return Deferred.fromCoroutine(run())

    def test_config(self) -> None:
        """The server's config is what the settings say."""
        daemon = self.daemon(
            durability="power",
            journal_chain=True,
            no_blobs=True,
            no_approvals=True,
            tool_timeout="5",
            redact=["password"],
        )
        config = config_from(daemon.settings, Credentials())
        self.assertEqual((config.durability, config.journal_chain), ("power", True))
        self.assertEqual((config.blobs, config.approvals), (False, False))
        self.assertEqual(config.limits.tool_timeout, 5)
        self.assertEqual(config.redact, frozenset({"password"}))
        self.assertEqual(len(config.redact_key or b""), 32)
        self.assertTrue(config.authenticator.enabled)
        self.assertFalse(config_from(daemon.settings, None).authenticator.enabled)

    def test_tier(self) -> None:
        """A tier that would guard nothing is refused: better no daemon than that."""
        with self.assertRaises(NotBuilt) as caught:
            self.daemon(permission_tier="read_only")
        self.assertIn("permission_tier", str(caught.exception))

    def test_journal_key(self) -> None:
        """The key of redaction digests is made once and closed to others."""
        root = Path(self.mktemp())
        key = journal_key(root)
        self.assertEqual((len(key), journal_key(root)), (32, key))
        self.assertEqual((root / "journal.key").stat().st_mode & 0o777, 0o600)
