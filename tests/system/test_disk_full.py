"""A disk that takes no more: nothing succeeds unrecorded (``reliability.md`` G11, §5.5).

The limit of a file's size stands for the full disk: it needs no privileges, and the write
fails with EFBIG as it would with ENOSPC.
"""

import resource
from typing import Any

from car.eventlog.reading import read_journal
from tests.system.client import CallFailed, Message, can_write
from tests.system.daemon import DaemonTestCase, wait_until

ROOM_BYTES = 48 * 1024
PROPOSALS = 120
RECOVERY_SECONDS = 5.0
"""A retry comes every second (G11)."""

JOURNAL = (-32603, {"code": "journal"})


class FullDiskTests(DaemonTestCase):
    """One session before, while and after its journal cannot grow."""

    def setUp(self) -> None:
        super().setUp()
        self.daemon.start()
        self.worker = self.client()
        self.worker.register("work")
        self.executed: list[str] = []
        self.succeeded: list[str] = []
        self.failures: list[tuple[int, Message]] = []

    def limit_files(self, size: int) -> None:
        """Files of the daemon may have *size* octets from now on."""
        resource.prlimit(
            self.daemon.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY)
        )

    def submit(self, name: str) -> None:
        """Run a plan of one tool call; note what became of it."""
        client = self.worker
        client.calls.clear()
        client.tools["work"] = self._work(name)
        try:
            [result] = client.submit(name, "work")
        except CallFailed as failed:
            self.failures.append((failed.code, failed.data))
        else:
            if result["status"] == "succeeded":
                self.succeeded.append(result["action_id"])

    def _work(self, name: str) -> Any:
        def work(parameters: Message) -> str:
            self.executed.append(f"{name}-1")
            self.assertIn(f"{name}-1", self.recorded("action_executing"))
            return "done"

        return work

    def recorded(self, kind: str) -> list[str | None]:
        """The actions with an event of *kind* in the journal file."""
        [path] = self.daemon.journals
        lines = list(read_journal(path))
        self.assertEqual([line.fault for line in lines if line.event is None], [])
        return [line.event.action_id for line in lines if line.event and line.event.kind == kind]

    def test_full(self) -> None:
        """No success without its event, no effect after the failure; reads go on."""
        self.limit_files(ROOM_BYTES)
        for number in range(PROPOSALS):
            self.submit(f"p{number}")
        self.assertTrue(self.daemon.is_alive)
        self.assertEqual(set(self.succeeded) - set(self.recorded("action_succeeded")), set())
        self.assertGreater(len(self.succeeded), 10)
        self.assertEqual([failure for failure in self.failures if failure != JOURNAL], [])
        self.assertGreater(len(self.failures), 10)
        self.assertLessEqual(len(self.executed), len(self.succeeded) + 1)
        self.assertEqual(self.worker.call("state.keys"), [])
        with self.assertRaises(CallFailed) as caught:
            self.worker.call("state.set", {"key": "k", "value": 1})
        self.assertEqual((caught.exception.code, caught.exception.data), JOURNAL)

    def test_recovery(self) -> None:
        """Once there is room the journal is taken up, complete and in order."""
        self.limit_files(ROOM_BYTES)
        number = 0
        while not self.failures:
            number += 1
            self.submit(f"p{number}")
            self.assertLess(number, PROPOSALS)
        self.limit_files(resource.RLIM_INFINITY)
        self.assertTrue(wait_until(lambda: can_write(self.worker), RECOVERY_SECONDS))
        self.submit("after")
        self.assertEqual(self.succeeded[-1], "after-1")
        self.assertEqual(set(self.succeeded) - set(self.recorded("action_succeeded")), set())
        [path] = self.daemon.journals
        numbers = [line.event.number for line in read_journal(path) if line.event]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertIn("can be written again", self.daemon.logged)
