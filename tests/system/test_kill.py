"""kill -9, again and again: acknowledged means recorded (``reliability.md`` G1, G3, §5.1)."""

import os
import random
import sys
import threading
import time
from hashlib import sha256
from pathlib import Path

from car.eventlog.reading import read_journal, verify_file
from tests.system.client import ConnectionEnded
from tests.system.daemon import PATIENCE, Daemon, DaemonTestCase

ROUNDS = int(os.environ.get("CAR_KILL_ROUNDS", "20"))
"""Rounds, ``CAR_KILL_ROUNDS``; nightly runs do 200."""

SEED = int(os.environ.get("CAR_KILL_SEED", str(int(time.time()))))
"""What draws the moments of the kills; printed, so that a failure can be run again."""

CLIENTS = 3
RESTART_SECONDS = 2.0 * PATIENCE
"""The bar for a restart, whatever the killed daemon left behind (``reliability.md`` §5.1)."""


class Submitter(threading.Thread):
    """Submits proposals until the connection goes; ``acknowledged`` are their action ids."""

    def __init__(self, daemon: Daemon, name: str, seed: int) -> None:
        super().__init__(name=name, daemon=True)
        self.acknowledged: list[str] = []
        self.refused: list[object] = []
        self._draw = random.Random(seed)
        self._client = daemon.client()
        self._client.tools["work"] = lambda parameters: {"done": parameters["n"]}
        self._client.register("work")

    def run(self) -> None:
        """Submit until the daemon is killed."""
        count = 0
        try:
            while True:
                count += 1
                tools = ["work"] * self._draw.randint(1, 3)
                results = self._client.submit(f"{self.name}-{count}", *tools, then="last")
                done = [r["action_id"] for r in results if r["status"] == "succeeded"]
                self.acknowledged += done
                self.refused += [r for r in results if r["action_id"] not in done]
        except ConnectionEnded:
            self._client.close()


class KillTests(DaemonTestCase):
    """What a client was told before the process was killed."""

    def setUp(self) -> None:
        super().setUp()
        self.draw = random.Random(SEED)
        self.acknowledged: set[str] = set()
        self.contents: dict[Path, bytes] = {}
        self.torn: set[Path] = set()
        self.restarts: list[float] = []

    def test_kill(self) -> None:
        """Every acknowledged action stands in a journal; nothing older is touched."""
        for number in range(1, ROUNDS + 1):
            self.daemon.start(*(["--journal-chain"] if number % 2 else []))
            self.restarts.append(self.daemon.start_seconds)
            self._work_and_kill(number)
            self._check_older_journals()
            if number % 5 == 0:
                self._tear()
            self.contents = {path: digest(path) for path in self.daemon.journals}
        self.daemon.start()
        self.restarts.append(self.daemon.start_seconds)
        self.assertEqual(self.client().call("state.keys"), [])
        self._check_older_journals()
        self._check_journals()
        sys.stdout.write(
            f"\nkill -9: {ROUNDS} rounds, seed {SEED}, {len(self.acknowledged)} acknowledged "
            f"actions, {len(self.contents)} journals, "
            f"starts {min(self.restarts):.2f} to {max(self.restarts):.2f} s\n"
        )
        self.assertLess(max(self.restarts[1:]), RESTART_SECONDS)

    def _work_and_kill(self, number: int) -> None:
        clients = [
            Submitter(self.daemon, f"r{number}c{index}", self.draw.getrandbits(32))
            for index in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        time.sleep(self.draw.uniform(0.02, 0.7))
        self.daemon.kill()
        for client in clients:
            client.join(20)
            self.assertFalse(client.is_alive())
            self.assertEqual(client.refused, [])
            self.acknowledged.update(client.acknowledged)

    def _check_older_journals(self) -> None:
        """Journals of earlier connections are what they were."""
        for path, before in self.contents.items():
            self.assertEqual(digest(path), before, f"{path.name} has changed, seed {SEED}")

    def _tear(self) -> None:
        """Leave what a crash of the machine may leave: half a line, and an empty file."""
        newest = self.daemon.journals[-1]
        with newest.open("ab") as file:
            file.write(b'{"id":"e-9","timesta' + bytes(40))
        empty = newest.with_name(f"{newest.stem}0.jsonl")
        empty.touch()
        self.torn |= {newest, empty}

    def _check_journals(self) -> None:
        """Every line parses except a torn last one, in order; chains hold; nothing is missing."""
        succeeded: set[str] = set()
        for path in self.daemon.journals:
            lines = list(read_journal(path))
            report = verify_file(path)
            last = report.lines - 1
            self.assertEqual(report.gaps, [], path.name)
            self.assertIn(report.broken, ([], [last]), path.name)
            self.assertIn(report.tampered_at, (None, *report.broken), path.name)
            if path not in self.torn:
                # A kill may also end a write half way, between two pages.
                self.assertIn(report.verified, (0, report.lines - len(report.broken)))
            for line in lines:
                if line.event is not None and line.event.kind == "action_succeeded":
                    succeeded.add(str(line.event.action_id))
        self.assertEqual(self.acknowledged - succeeded, set(), f"seed {SEED}")
        self.assertGreater(len(self.acknowledged), ROUNDS)


def digest(path: Path) -> bytes:
    """What stands for a file's content."""
    return sha256(path.read_bytes()).digest()
