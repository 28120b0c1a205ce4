"""WriteQueue: order, one write at a time, failures, bounds."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from car.meeting.errors import FilesFailed
from car.meeting.queue import MOST_BYTES, MOST_PIECES, WriteQueue


class WriteQueueTests(SynchronousTestCase):
    """A queue whose thread a test plays."""

    def setUp(self) -> None:
        self.writes: list[tuple[bytes, Deferred[Any]]] = []
        self.problems: list[str] = []
        self.queue = WriteQueue(self.in_thread, lambda _: None, self.problems.append)

    def in_thread(self, function: Any, data: bytes) -> "Deferred[Any]":
        """Keep the call."""
        self.writes.append((data, Deferred()))
        return self.writes[-1][1]

    def end(self, problem: str | None = None) -> None:
        """The last write ends."""
        if problem is None:
            self.writes[-1][1].callback(None)
        else:
            self.writes[-1][1].errback(FilesFailed(problem))

    @property
    def written(self) -> list[bytes]:
        """What was given to be written."""
        return [data for data, _ in self.writes]

    def test_order(self) -> None:
        """One write at a time; what comes meanwhile goes in one with the next."""
        for piece in (b"1", b"2", b"3"):
            self.assertTrue(self.queue.put(piece))
        self.assertEqual(self.written, [b"1"])
        drained = self.queue.drained()
        self.end()
        self.assertEqual(self.written, [b"1", b"23"])
        self.assertNoResult(drained)
        self.end()
        self.assertEqual(self.successResultOf(drained), 0)
        self.assertEqual(self.successResultOf(self.queue.drained()), 0)

    def test_failure(self) -> None:
        """What failed goes again before the next piece; the problem is told once."""
        self.queue.put(b"1")
        drained = self.queue.drained()
        self.end("full")
        self.assertEqual(self.successResultOf(drained), 1)
        self.queue.put(b"2")
        self.end("full")
        self.queue.put(b"3")
        self.assertEqual(self.written, [b"1", b"12", b"123"])
        self.assertEqual(self.problems, ["full"])
        self.end()
        self.queue.put(b"4")
        self.end("full again")
        self.assertEqual((self.written[-1], self.problems), (b"4", ["full", "full again"]))
        drained = self.queue.drained()
        self.assertEqual(self.written[-2:], [b"4", b"4"])
        self.end()
        self.assertEqual(self.successResultOf(drained), 0)

    def test_bounds(self) -> None:
        """There is place for so many pieces and so many octets, those under way included."""
        for _ in range(MOST_PIECES):
            self.assertTrue(self.queue.put(b"."))
        self.assertFalse(self.queue.put(b"."))
        self.end()
        self.assertTrue(self.queue.put(b"."))
        self.end()
        self.end()
        self.assertTrue(self.queue.put(bytes(MOST_BYTES)))
        self.assertFalse(self.queue.put(b"."))
