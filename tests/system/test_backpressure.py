"""Clients that do not read, or send more than is good, hurt only themselves (G12, §5.9)."""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

from tests.system.client import (
    PING,
    TEXT,
    Client,
    ConnectionEnded,
    Message,
    frame,
    request,
    round_trip,
)
from tests.system.daemon import PATIENCE, DaemonTestCase

MIB = 2**20

STUCK_CLIENTS = 5
LARGE_REPLIES = 2000
REPLY_BYTES = 256 * 1024
FLOOD_REQUESTS = 50_000
FLOOD_PINGS = 200_000

MORE_MB = 64.0
"""How much memory may grow while clients do not read (``reliability.md`` T14)."""

ROUND_TRIP_SECONDS = 0.25 * PATIENCE
"""The bar for another session's worst round trip (``reliability.md`` §4, §5.9)."""

WITNESS_SECONDS = 3.0 * PATIENCE
"""The same during a flood (the witness of ``reliability.md`` §5.11)."""

GONE_SECONDS = 15.0
"""From the first stuck octet to the drop: 3 s of stall, and up to two looks of 5 s."""


class Witness:
    """Asks for something small all the time; keeps the worst wait and the largest memory."""

    def __init__(self, client: Client, resident_mb: Callable[[], float]) -> None:
        self.worst = 0.0
        self.count = 0
        self._client = client
        self._resident_mb = resident_mb
        self.before_mb = self.most_mb = resident_mb()

    @property
    def grown_mb(self) -> float:
        """By how much memory has grown at most, in MiB."""
        return self.most_mb - self.before_mb

    def watch(self, until: Callable[[], bool], seconds: float) -> bool:
        """Ask until *until* is true; whether that was within *seconds*."""
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() > deadline:
                return False
            self.worst = max(self.worst, round_trip(self._client))
            self.most_mb = max(self.most_mb, self._resident_mb())
            self.count += 1
            time.sleep(0.005)
        return True

    def __str__(self) -> str:
        return (
            f"{self.count} round trips, worst {self.worst * 1000:.0f} ms, "
            f"memory +{self.grown_mb:.1f} MiB from {self.before_mb:.1f}"
        )


class BackPressureTests(DaemonTestCase):
    """One daemon, clients without manners, and a witness that must be served."""

    def setUp(self) -> None:
        super().setUp()
        self.daemon.start("--limit", "stall_timeout=3")
        client = self.client()
        for _ in range(100):
            round_trip(client)
        self.witness = Witness(client, lambda: self.daemon.resident_mb)

    def connections(self) -> int:
        """How many connections the daemon holds."""
        return sum(1 for c in self.daemon.figures.net_connections("tcp") if c.raddr)

    def in_background(self, target: Callable[[], object]) -> threading.Thread:
        """Run *target* beside the witness; the connection may end under it."""

        def run() -> None:
            with contextlib.suppress(ConnectionEnded):
                target()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 10)
        return thread

    def report(self, what: str) -> None:
        """Say what was measured."""
        sys.stdout.write(f"\n{what}: {self.witness}\n")

    def test_unread_replies(self) -> None:
        """Half a gigabyte a client, asked for and never read: held back, then dropped."""
        question = request(7, "state.get", {"key": "large"}) * LARGE_REPLIES
        for _ in range(STUCK_CLIENTS):
            client = self.client()
            client.call("state.set", {"key": "large", "value": "x" * REPLY_BYTES})
            self.in_background(partial(client.send_octets, question))
        self.assertTrue(self.witness.watch(lambda: self.connections() == 1, GONE_SECONDS))
        self.report(f"{STUCK_CLIENTS} clients that do not read")
        self.assertLess(self.witness.grown_mb, MORE_MB)
        self.assertLess(self.witness.worst, ROUND_TRIP_SECONDS)

    def test_unread_pings(self) -> None:
        """Pings whose answers are not read are no way around that."""
        client = self.client()
        pings = frame(PING, bytes(100)) * 1000

        def send() -> None:
            for _ in range(FLOOD_PINGS // 1000):
                client.send_octets(pings)

        self.in_background(send)
        self.assertTrue(self.witness.watch(lambda: self.connections() == 1, GONE_SECONDS))
        self.report(f"up to {FLOOD_PINGS} unread pings")
        self.assertLess(self.witness.grown_mb, MORE_MB)
        self.assertLess(self.witness.worst, WITNESS_SECONDS)

    def test_request_flood(self) -> None:
        """Each of 50,000 requests is answered; others are served meanwhile."""
        client = self.client()
        questions = b"".join(
            request(id, "state.exists", {"key": "k"}) for id in range(FLOOD_REQUESTS)
        )
        answered: list[int] = []

        def read() -> None:
            while len(answered) < FLOOD_REQUESTS:
                answered.append(client.receive()["id"])

        self.in_background(lambda: client.send_octets(questions))
        reader = self.in_background(read)
        self.assertTrue(self.witness.watch(partial(has_ended, reader), 60))
        self.report(f"a flood of {FLOOD_REQUESTS} requests")
        self.assertEqual(answered, list(range(FLOOD_REQUESTS)))
        self.assertLess(self.witness.grown_mb, MORE_MB)
        self.assertLess(self.witness.worst, WITNESS_SECONDS)

    def test_notification_flood(self) -> None:
        """100,000 notifications are taken, none is answered."""
        client = self.client()
        notification = {"jsonrpc": "2.0", "method": "state.exists", "params": {"key": "k"}}
        octets = frame(TEXT, json.dumps(notification).encode()) * 1000

        def send() -> None:
            for _ in range(100):
                client.send_octets(octets)
            client.call("state.exists", {"key": "k"})

        sender = self.in_background(send)
        self.assertTrue(self.witness.watch(partial(has_ended, sender), 60))
        self.report("a flood of 100000 notifications")
        self.assertLess(self.witness.worst, WITNESS_SECONDS)

    def test_half_messages(self) -> None:
        """Large messages begun before authentication are refused, not gathered."""
        half = frame(TEXT, bytes(4 * MIB))[: 2 * MIB]
        clients = [Client(self.daemon.port) for _ in range(42)]
        for client in clients:
            self.addCleanup(client.close)
            self.in_background(partial(client.send_octets, half))
        for client in clients:
            with self.assertRaises(ConnectionEnded) as caught:
                client.receive()
            self.assertIn(caught.exception.code, (1009, None))
        self.witness.watch(lambda: self.connections() == 1, GONE_SECONDS)
        self.report("42 half messages of 4 MiB")
        self.assertLess(self.witness.grown_mb, MORE_MB)

    def test_large_messages(self) -> None:
        """A message of 16 MiB is taken, and others are served meanwhile.

        One that is only read keeps to the bar; one whose value goes into state and journal
        takes the reactor for longer, and is held to what a flood is held to.
        """
        params = {"key": "k", "value": "x" * (16 * MIB - 200)}
        for method, bar in (("none.such", ROUND_TRIP_SECONDS), ("state.set", WITNESS_SECONDS)):
            client = self.client()
            octets = request(7, method, params)
            answers: list[Message] = []
            sender = self.in_background(partial(self._ask, client, octets, answers))
            self.assertTrue(self.witness.watch(partial(has_ended, sender), 20))
            self.report(f"{len(octets) / MIB:.1f} MiB for {method}")
            self.assertEqual([answer["id"] for answer in answers], [7])
            self.assertLess(self.witness.worst, bar)

    def _ask(self, client: Client, octets: bytes, answers: list[Message]) -> None:
        client.send_octets(octets)
        answers.append(client.receive())


def has_ended(thread: threading.Thread) -> bool:
    """Whether *thread* has done its work."""
    return not thread.is_alive()
