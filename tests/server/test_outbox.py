"""Tests of car.server.outbox: what leaves when, and what does not leave."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from car.eventlog.errors import JournalError
from car.eventlog.log import EventLog
from car.ir.json import decode
from car.server.outbox import Outbox, unrecorded


class RecordingJournal:
    """A journal in memory that notes its flushes, and fails when told."""

    def __init__(self, order: list[Any]) -> None:
        self.failed: JournalError | None = None
        self.lines: list[bytes] = []
        self.order = order

    def append(self, line: bytes) -> None:
        """Take a line."""
        self.lines.append(line)

    def flush(self) -> None:
        """Write them, or fail."""
        if not self.lines:
            return
        if self.failed is not None:
            raise JournalError(*self.failed.args)
        self.order.append(("written", len(self.lines)))
        self.lines.clear()

    def parts(self) -> list[Any]:
        """No file."""
        return []


class OutboxCase(SynchronousTestCase):
    """An outbox, its journal, and the order in which things happened."""

    power = False

    def setUp(self) -> None:
        self.clock = Clock()
        self.order: list[Any] = []
        self.journal = RecordingJournal(self.order)
        self.events = EventLog("c-1", self.clock.seconds, self.journal)
        self.unsent: list[tuple[str, str]] = []
        self.syncs: list[Deferred[None]] = []
        self.outbox = Outbox(
            self.order.append, self.clock, self.call_unsent, self.sync if self.power else None
        )
        self.outbox.log_opened(self.events, self.journal)  # type: ignore[arg-type]  # a double

    def call_unsent(self, id: str, problem: JournalError) -> None:
        self.unsent.append((id, str(problem)))

    def sync(self, journal: Any) -> "Deferred[None]":
        self.assertIs(journal, self.journal)
        self.order.append("sync")
        self.syncs.append(Deferred())
        return self.syncs[-1]

    def line(self) -> None:
        self.events.append("state_changed", None, None, b"{}")

    def turn(self, *frames: Any, line: bool = False) -> None:
        """A turn that makes a line, if so asked, and these (frame, owner) pairs."""
        self.outbox.begin()
        if line:
            self.line()
        for frame, owner in frames:
            self.outbox.put(frame, owner)
        self.outbox.end()


class TurnTests(OutboxCase):
    """Frames of a turn, and those put outside of one."""

    def test_one_write(self) -> None:
        """All frames of a turn go out in one write, in their order."""
        self.turn((b"a", b"1"), (b"b", "cb-1"), (b"c", None))
        self.assertEqual(self.order, [[b"a", b"b", b"c"]])
        self.turn()
        self.assertEqual(len(self.order), 1)

    def test_journal_first(self) -> None:
        """The lines of a turn are written, in one write, before its frames leave (G1)."""
        self.outbox.begin()
        self.outbox.put(b"a", b"1")
        self.line()
        self.line()
        self.assertEqual(self.order, [])
        self.outbox.end()
        self.assertEqual(self.order, [("written", 2), [b"a"]])

    def test_lines_alone(self) -> None:
        """Lines without frames are written at the end of their turn as well."""
        self.turn(line=True)
        self.assertEqual(self.order, [("written", 1)])

    def test_no_lines(self) -> None:
        """A turn that recorded nothing does not touch the journal."""
        self.turn(line=True)
        self.turn((b"a", b"1"))
        self.assertEqual(self.order, [("written", 1), [b"a"]])

    def test_outside_of_a_turn(self) -> None:
        """Frames put by a timer leave together in the next turn of the reactor."""
        self.line()
        self.outbox.put(b"a")
        self.outbox.put(b"b", "cb-1")
        self.assertEqual(self.order, [])
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(0)
        self.assertEqual(self.order, [("written", 1), [b"a", b"b"]])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_before_a_turn(self) -> None:
        """Frames put before a turn leave with it, ahead of its own."""
        self.outbox.put(b"a")
        self.turn((b"b", b"1"))
        self.assertEqual(self.order, [[b"a", b"b"]])
        self.clock.advance(0)
        self.assertEqual(len(self.order), 1)

    def test_without_a_journal(self) -> None:
        """A session that keeps none just sends."""
        outbox = Outbox(self.order.append, self.clock, self.call_unsent)
        outbox.put(b"a", b"1")
        self.clock.advance(0)
        self.assertEqual(self.order, [[b"a"]])

    def test_close(self) -> None:
        """Closing sends what is there and leaves no timer."""
        self.line()
        self.outbox.put(b"a")
        self.outbox.close()
        self.assertEqual(self.order, [("written", 1), [b"a"]])
        self.assertEqual(self.clock.getDelayedCalls(), [])


class FailureTests(OutboxCase):
    """A journal that cannot be written (G11)."""

    def setUp(self) -> None:
        super().setUp()
        self.journal.failed = JournalError("the journal c-1 cannot be written: disk full")

    def test_replies_and_calls(self) -> None:
        """Results become errors, calls fail, notifications and plain errors pass, in order."""
        self.turn(
            (b'{"id":1,"result":1}', b"1"),
            (b"call", "cb-1"),
            (b"notification", None),
            (b'{"id":"x","result":2}', b'"x"'),
            line=True,
        )
        (frames,) = self.order
        self.assertEqual(frames[1], b"notification")
        self.assertEqual([decode(f)["id"] for f in (frames[0], frames[2])], [1, "x"])
        error = decode(frames[0])["error"]
        self.assertEqual((error["code"], error["data"]), (-32603, {"code": "journal"}))
        self.assertIn("disk full", error["message"])
        self.assertEqual([id for id, _ in self.unsent], ["cb-1"])

    def test_what_a_failed_call_makes(self) -> None:
        """Lines and frames that come of a failed call are judged like the others."""

        def unsent(id: str, problem: JournalError) -> None:
            self.line()
            self.outbox.put(b'{"id":2,"result":1}', b"2")

        outbox = self.outbox = Outbox(self.order.append, self.clock, unsent)
        outbox.log_opened(self.events, self.journal)  # type: ignore[arg-type]  # a double
        self.turn((b"call", "cb-1"), line=True)
        self.clock.advance(0)
        (frames,) = self.order
        self.assertEqual(decode(frames[0])["error"]["data"], {"code": "journal"})
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_reads_go_on(self) -> None:
        """Answers that recorded nothing are answered while the journal is broken."""
        self.turn((b"a", b"1"), line=True)
        self.order.clear()
        self.turn((b'{"id":2,"result":"read"}', b"2"))
        self.assertEqual(self.order, [[b'{"id":2,"result":"read"}']])

    def test_recovery(self) -> None:
        """Once the journal works again, so does everything; the lines are there."""
        self.turn((b"a", b"1"), line=True)
        self.journal.failed = None
        self.order.clear()
        self.turn((b"b", b"2"), line=True)
        self.assertEqual(self.order, [("written", 2), [b"b"]])

    def test_unrecorded(self) -> None:
        """The answer to a request whose effects could not be recorded."""
        self.assertEqual(
            decode(unrecorded(b"7", JournalError("disk full"))),
            {
                "jsonrpc": "2.0",
                "id": 7,
                "error": {"code": -32603, "message": "disk full", "data": {"code": "journal"}},
            },
        )


class PowerTests(OutboxCase):
    """Durability ``power``: frames wait until their lines are on the disk (G2)."""

    power = True

    def test_held(self) -> None:
        """The frames of a turn with lines leave after the sync."""
        self.turn((b"a", b"1"), (b"n", None), line=True)
        self.assertEqual(self.order, [("written", 1), "sync"])
        self.syncs[0].callback(None)
        self.assertEqual(self.order[2:], [[b"a", b"n"]])

    def test_order(self) -> None:
        """What comes later, also without lines, waits behind; syncs may end in any order."""
        self.turn((b"a", b"1"), line=True)
        self.turn((b"b", b"2"))
        self.turn((b"c", b"3"), line=True)
        self.order.clear()
        self.syncs[1].callback(None)
        self.assertEqual(self.order, [])
        self.syncs[0].callback(None)
        self.assertEqual(self.order, [[b"a"], [b"b"], [b"c"]])

    def test_no_frames(self) -> None:
        """Lines alone wait for nobody and ask for no sync."""
        self.turn(line=True)
        self.turn((b"b", b"2"))
        self.assertEqual(self.order, [("written", 1), [b"b"]])

    def test_sync_fails(self) -> None:
        """A failed sync takes results and calls back; the order stays."""
        self.turn((b"a", b"1"), (b"call", "cb-1"), (b"n", None), line=True)
        self.turn((b"b", b"2"))
        self.order.clear()
        self.syncs[0].errback(Failure(JournalError("cannot be synced: I/O error")))
        first, second = self.order
        self.assertEqual(decode(first[0])["error"]["data"], {"code": "journal"})
        self.assertEqual((first[1:], second), ([b"n"], [b"b"]))
        self.assertEqual(self.unsent, [("cb-1", "cannot be synced: I/O error")])

    def test_write_fails(self) -> None:
        """What could not be written is not synced."""
        self.journal.failed = JournalError("disk full")
        self.turn((b"a", b"1"), line=True)
        self.assertEqual(self.syncs, [])
        self.assertEqual(decode(self.order[0][0])["error"]["data"], {"code": "journal"})

    def test_close(self) -> None:
        """Closing does not let frames overtake their sync."""
        self.turn((b"a", b"1"), line=True)
        self.outbox.close()
        self.assertNotIn([b"a"], self.order)
        self.syncs[0].callback(None)
        self.assertEqual(self.order[-1], [b"a"])
