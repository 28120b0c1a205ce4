"""A thousand connections that come and go badly leave nothing behind (``reliability.md`` T12)."""

import gc
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from car.application import Application, the_reactor
from car.engine.runtime import Runtime
from car.eventlog.journal import JournalFile
from car.server.channel import ClientRequest
from car.server.config import ServerStateConfig
from car.server.session import ClientSession
from car.server.websocket import CarServerProtocol
from tests.system.daemon import DaemonTestCase, wait_until
from tests.system.storm import Storm

VISITS = 10_000 if os.environ.get("CAR_SLOW") == "1" else 1000
"""Connections; a nightly run has ten times as many."""

WARM_UP = 160
INNER_VISITS = 240
SETTLE_SECONDS = 15.0
"""The beat that closes journals comes once a second; the sweep of connections every five."""

MORE_DESCRIPTORS = 4
MORE_THREADS = 4
MORE_MB = 25.0
"""What may remain after a storm (``reliability.md`` §5.7)."""


class StormTests(DaemonTestCase):
    """What the process looks like from outside."""

    def test_storm(self) -> None:
        """Descriptors, threads and memory are what they were; no journal is empty."""
        self.daemon.start()
        witness = self.client()
        storm = Storm(self.daemon.port, self.daemon.token)
        storm.visit(WARM_UP)
        figures = self.daemon.figures
        self.settle(0)
        descriptors, threads = figures.num_fds(), figures.num_threads()
        memory = [self.daemon.resident_mb]
        for _ in range(2):
            storm.visit(VISITS // 2)
            self.settle(descriptors)
            memory.append(self.daemon.resident_mb)
        sys.stdout.write(
            f"\nstorm of {VISITS}: descriptors {descriptors} to {figures.num_fds()}, "
            f"threads {threads} to {figures.num_threads()}, "
            f"MiB {', '.join(f'{size:.1f}' for size in memory)}\n"
        )
        self.assertLessEqual(figures.num_fds(), descriptors + MORE_DESCRIPTORS)
        self.assertLessEqual(figures.num_threads(), threads + MORE_THREADS)
        self.assertLess(memory[2] - memory[0], MORE_MB)
        first, second = memory[1] - memory[0], memory[2] - memory[1]
        self.assertLessEqual(second, max(first, 0.0) + 1.0)
        self.assertEqual([p.name for p in self.daemon.journals if not p.stat().st_size], [])
        self.assertNotIn("Traceback", self.daemon.logged)
        self.assertEqual(witness.call("state.keys"), [])

    def settle(self, descriptors: int) -> None:
        """Wait until connections and journals are closed, or *descriptors* are reached."""
        figures = self.daemon.figures
        wait_until(
            lambda: figures.num_fds() <= descriptors or not self._is_closing(), SETTLE_SECONDS
        )

    def _is_closing(self) -> bool:
        """Whether journals, or connections beside the witness's, are still open."""
        figures = self.daemon.figures
        visitors = [c for c in figures.net_connections("tcp") if c.raddr]
        return len(visitors) > 1 or any("journals" in f.path for f in figures.open_files())

    def test_many_at_once(self) -> None:
        """300 connections are served at once."""
        self.daemon.start()
        clients = []
        for number in range(300):
            clients.append(self.client())
            clients[-1].call("state.set", {"key": "number", "value": number})
        pending = [client.begin("state.get", {"key": "number"}) for client in clients]
        answers = [c.result_of(id) for c, id in zip(clients, pending, strict=True)]
        self.assertEqual(answers, list(range(300)))


class RemainderTests(TestCase):
    """What an Application in this process holds on to."""

    timeout = 60

    def setUp(self) -> None:
        self.reactor = the_reactor()
        self.application = Application(
            ServerStateConfig(journal_dir=Path(self.mktemp())),
            listen=["tcp:0:interface=127.0.0.1"],
            reactor=self.reactor,
        )
        self.application.startService()
        self.addCleanup(self.application.stopService)

    async def test_storm(self) -> None:
        """No session, timer, pending call or Deferred outlives its connection."""
        await self.application.listening
        port = self.application.port
        assert port is not None
        storm = Storm(port, None)
        await deferToThread(storm.visit, WARM_UP)
        before = await self.remainder()
        await deferToThread(storm.visit, INNER_VISITS)
        self.assertEqual(await self.remainder(), before)
        self.assertEqual(self.application.state.sessions, {})
        self.assertEqual(before["ClientSession"], 0)

    async def remainder(self) -> Counter[str]:
        """What there is of our objects, of timers and of open descriptors, once all is quiet."""
        seen: Counter[str] = Counter()
        for _ in range(int(SETTLE_SECONDS / 0.5)):
            await deferLater(self.reactor, 0.5, lambda: None)
            counted = self._counted()
            if counted == seen and not self.application.state.sessions:
                break
            seen = counted
        return seen

    def _counted(self) -> Counter[str]:
        kinds = (CarServerProtocol, ClientSession, Runtime, ClientRequest, JournalFile, Deferred)
        counted = Counter({kind.__name__: 0 for kind in kinds})
        gc.collect()
        for found in gc.get_objects():
            if isinstance(found, kinds):
                counted[_kind_of(found)] += 1
        counted["timer"] = len(self.reactor.getDelayedCalls())
        counted["reader"] = len(self.reactor.getReaders())
        counted["writer"] = len(self.reactor.getWriters())
        return counted


def _kind_of(found: Any) -> str:
    return "ClientRequest" if isinstance(found, ClientRequest) else type(found).__name__
