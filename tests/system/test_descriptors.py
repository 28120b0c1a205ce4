"""A daemon that runs out of descriptors (``reliability.md`` T13)."""

import resource
import socket
import sys

from car.server.descriptors import MOST_DESCRIPTORS
from tests.system.client import ConnectionEnded, can_write, connect, round_trip
from tests.system.daemon import DaemonTestCase, wait_until

CONNECTIONS = 60
SPARE = 20
WATCH_SECONDS = 1.5
MOST_LOAD = 0.6
"""The share of a processor that it may take while it is full (T13)."""


class DescriptorTests(DaemonTestCase):
    """The limit, and life at the limit."""

    def test_raised(self) -> None:
        """A start under a low soft limit raises it to the hard one."""
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.daemon.start(limits={resource.RLIMIT_NOFILE: (256, hard)})
        soft, _ = resource.prlimit(self.daemon.process.pid, resource.RLIMIT_NOFILE)
        wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else hard
        self.assertEqual(soft, min(wanted, MOST_DESCRIPTORS))

    def test_exhausted(self) -> None:
        """It does not spin, serves those it has, and takes new ones when there is room."""
        self.daemon.start()
        recorded, fresh = self.client(), self.client()
        recorded.call("state.set", {"key": "k", "value": 1})
        figures = self.daemon.figures
        before = figures.num_fds()
        pid = self.daemon.process.pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (before + SPARE, hard))
        visitors = [self.visitor() for _ in range(CONNECTIONS)]
        self.assertTrue(wait_until(lambda: figures.num_fds() >= before + SPARE - 1, 5))
        load = self.load()
        sys.stdout.write(f"\nout of descriptors: load {load:.2f}\n")
        self.assertLess(load, MOST_LOAD)
        self.assertLess(round_trip(recorded), 1.0)
        self.assertEqual(recorded.call("state.set", {"key": "k", "value": 2}), "ok")
        can_write(fresh)  # or not: its journal may need what there is not
        self.assertTrue(self.daemon.is_alive)
        for visitor in visitors:
            visitor.close()
        self.assertTrue(wait_until(lambda: figures.num_fds() <= before + 2, 5))
        self.assertTrue(wait_until(self.serves_newcomers, 5))
        self.assertTrue(wait_until(lambda: can_write(fresh), 5))
        self.assertEqual(recorded.call("state.get", {"key": "k"}), 2)

    def visitor(self) -> socket.socket:
        """A connection that says nothing."""
        visitor = connect(self.daemon.port)
        self.addCleanup(visitor.close)
        return visitor

    def load(self) -> float:
        """The share of a processor that the daemon takes for a while."""
        percent: float = self.daemon.figures.cpu_percent(WATCH_SECONDS)
        return percent / 100

    def serves_newcomers(self) -> bool:
        """Whether a new client is served."""
        try:
            return can_write(self.client())
        except ConnectionEnded:
            return False
