"""kill -9 of a process that writes: acknowledged means durable (G7)."""

import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.store.memory import SqliteMemoryStore
from tests.store.doubles import at_once

ROUNDS = 3
LINES = 2000
"""How many acknowledgements are read before the kill."""


class KillTests(SynchronousTestCase):
    """A memory store whose process is killed."""

    def test_acknowledged(self) -> None:
        """Every row that was acknowledged before a kill is there, and none is torn."""
        directory = Path(self.mktemp())
        acknowledged: set[int] = set()
        for turn in range(ROUNDS):
            acknowledged |= self.run_and_kill(directory, turn * 1_000_000)
        store = SqliteMemoryStore(lambda name: directory / f"{name}.db", at_once)
        loaded = self.successResultOf(store.load("one"))
        rows = dict(loaded)
        self.assertEqual(store.recovered, [])
        self.assertGreaterEqual(len(acknowledged), ROUNDS * LINES)
        self.assertEqual(acknowledged - {int(key[1:]) for key in rows}, set())
        for key, value in rows.items():
            self.assertEqual(key, f"n{value.decode()}")
        self.successResultOf(store.close())

    def run_and_kill(self, directory: Path, first: int) -> set[int]:
        """What a process acknowledges before it is killed in the midst of its work."""
        command = [
            sys.executable,
            "-m",
            "tests.store.acknowledging",
            str(directory.absolute()),
            str(first),
        ]
        root = Path(__file__).parents[2]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(LINES)]
            process.kill()
            lines += process.stdout.readlines()
        return {int(line) for line in lines if line.endswith(b"\n")}
