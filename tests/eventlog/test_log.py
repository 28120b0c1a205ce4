"""EventLog.append: the line, its number, its clocks, counting and memory."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.eventlog.errors import JournalError
from car.eventlog.kinds import is_record
from car.eventlog.line import parse_event
from car.eventlog.log import EventLog
from car.ir.instants import rfc3339
from car.ir.json import encode
from tests.eventlog.fakes import AT, clock_at
from tests.eventlog.strategies import OBJECTS, TEXTS


class Recorder:
    """A writer that keeps what it is given."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.failed: JournalError | None = None

    def append(self, line: bytes) -> None:
        if self.failed is not None:
            raise self.failed
        self.lines.append(line)

    def flush(self) -> None:
        pass

    def parts(self) -> list[Path]:
        return []


class LineTests(SynchronousTestCase):
    """EventLog.append: what a line looks like and how lines are counted."""

    def setUp(self) -> None:
        self.clock = clock_at()
        self.writer = Recorder()
        self.log = EventLog("c-1", self.clock.seconds, self.writer)

    def test_layout(self) -> None:
        """The members stand in the documented order, without blanks, ended by a newline."""
        self.clock.advance(0.5)
        self.assertEqual(self.log.append("action_failed", "a9", "p8", b'{"tool":"deploy"}'), 1)
        self.assertEqual(
            self.writer.lines,
            [
                b'{"id":"e-1","timestamp":"2026-03-04T10:00:02.623456Z","kind":"action_failed",'
                b'"action_id":"a9","proposal_id":"p8","data":{"tool":"deploy"},"t_mono_ms":500.0}\n'
            ],
        )

    def test_monotonic_clock(self) -> None:
        """t_mono_ms follows the monotonic clock to the microsecond, the timestamp the other."""
        monotonic = Clock()
        log = EventLog("c-1", self.clock.seconds, self.writer, monotonic=monotonic.seconds)
        monotonic.advance(1.234567)
        log.record("state_changed", {})
        event = parse_event(self.writer.lines[0])
        self.assertEqual((event.t_mono_ms, event.timestamp), (1234.567, rfc3339(AT)))

    def test_ids_do_not_apply(self) -> None:
        """Ids that do not apply are null."""
        self.log.record("record_state", {"key": "k"})
        event = parse_event(self.writer.lines[0])
        self.assertEqual((event.action_id, event.proposal_id), (None, None))

    @settings(deadline=None)
    @given(st.floats(min_value=0, max_value=4e9))
    def test_timestamp(self, at: float) -> None:
        """The timestamp is the text that car.ir.instants gives, at any fraction of a second."""
        writer = Recorder()
        moments = (at, at + 1.0000005, at)
        instants = iter(moments)
        log = EventLog("c-1", lambda: next(instants), writer, monotonic=lambda: 0.0)
        for moment in moments:
            log.record("state_changed", {})
            self.assertEqual(parse_event(writer.lines[-1]).timestamp, rfc3339(moment))

    def test_records_are_not_counted(self) -> None:
        """Records take numbers and stand in the file, but neither in count nor in memory."""
        for kind in ("record_opened", "proposal_received", "record_state", "state_changed"):
            self.log.record(kind, {})
        self.assertEqual((self.log.count, self.log.last_number), (2, 4))
        self.assertEqual(
            [parse_event(line).id for line in self.writer.lines], ["e-1", "e-2", "e-3", "e-4"]
        )
        self.assertEqual([parse_event(line).id for line in self.log.memory], ["e-2", "e-4"])

    def test_is_record(self) -> None:
        """A record is told by its prefix."""
        self.assertTrue(is_record("record_opened"))
        self.assertFalse(is_record("approval_recorded"))

    def test_memory_limit(self) -> None:
        """Only the newest events stay in memory; the count goes on."""
        log = EventLog("c-1", self.clock.seconds, memory_limit=3)
        for _ in range(10):
            log.record("state_changed", {})
        self.assertEqual(log.count, 10)
        self.assertEqual([parse_event(line).number for line in log.memory], [8, 9, 10])

    def test_refused_line(self) -> None:
        """A line that the writer does not take leaves no trace: its number is used again."""
        log = EventLog("c-1", self.clock.seconds, self.writer, chain=True)
        log.record("state_changed", {})
        self.writer.failed = JournalError("the journal c-1.jsonl cannot be written: full")
        self.assertRaises(JournalError, log.record, "state_changed", {"n": 2})
        self.assertIs(log.failed, self.writer.failed)
        self.writer.failed = None
        self.assertEqual(log.record("state_changed", {"n": 3}), 2)
        self.assertEqual((log.count, len(log.memory), log.verify_chain()), (2, 2, 2))

    def test_opening(self) -> None:
        """record_opened is put before the first line, once, also where that fails at first."""
        log = EventLog("c-1", self.clock.seconds, self.writer, opening=lambda: {"format": 1})
        self.assertEqual(self.writer.lines, [])
        self.writer.failed = JournalError("the journal c-1.jsonl cannot be written: full")
        self.assertRaises(JournalError, log.record, "state_changed", {})
        self.writer.failed = None
        self.assertEqual(log.record("state_changed", {}), 2)
        log.record("state_changed", {})
        kinds = [parse_event(line).kind for line in self.writer.lines]
        self.assertEqual(kinds, ["record_opened", "state_changed", "state_changed"])
        self.assertEqual((parse_event(self.writer.lines[0]).data, log.count), ({"format": 1}, 2))

    def test_no_writer(self) -> None:
        """A log without a writer never fails."""
        self.assertIsNone(EventLog("c-1", self.clock.seconds).failed)

    @settings(deadline=None)
    @given(TEXTS, TEXTS, OBJECTS)
    def test_round_trip(self, action_id: str, proposal_id: str, data: dict[str, Any]) -> None:
        """Any JSON data and any ids come back from one line as they went in."""
        log = EventLog("c-1", lambda: AT)
        log.record("action_succeeded", data, action_id, proposal_id)
        [line] = log.memory
        self.assertEqual(line.count(b"\n"), 1)
        event = parse_event(line)
        self.assertEqual((event.action_id, event.proposal_id), (action_id, proposal_id))
        self.assertEqual(event.data, data)
        self.assertEqual(encode(event), line[:-1])

    def test_nothing_breaks_a_line(self) -> None:
        """Newlines, ESC, U+2028 and quotes in every field stay inside one line (T17)."""
        forged = 'x\n{"id":"e-1"}\r\n\x1b[2J\u2028\u0085"\\'
        self.log.record("state_changed", {forged: [forged, {forged: forged}]}, forged, forged)
        [line] = self.writer.lines
        self.assertEqual(line.count(b"\n"), 1)
        self.assertNotIn(b"\x1b", line)
        self.assertNotIn(b"\r", line)
        self.assertEqual(json.loads(line)["data"], {forged: [forged, {forged: forged}]})

    def test_newline_between_tokens(self) -> None:
        """Data that was not written compactly cannot break a line either."""
        self.log.append("state_changed", None, None, b'{\n"a": "\\n",\n"b": 1}')
        [line] = self.writer.lines
        self.assertEqual(line.count(b"\n"), 1)
        self.assertEqual(parse_event(line).data, {"a": "\n", "b": 1})
