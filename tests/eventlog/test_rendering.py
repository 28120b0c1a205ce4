"""Journal lines as text for people."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.eventlog.line import Event, parse_event
from car.eventlog.log import EventLog
from car.eventlog.reading import JournalLine
from car.eventlog.rendering import printable, render_event, render_line
from car.ir.json import JsonObject
from tests.eventlog.fakes import AT


def event(kind: str, data: JsonObject, action_id: str | None, proposal_id: str | None) -> Event:
    """The line that such an event makes, as read."""
    log = EventLog("c-1", lambda: AT)
    log.record(kind, data, action_id, proposal_id)
    return parse_event(log.memory[0])


class RenderingTests(SynchronousTestCase):
    """render_event, render_line and printable."""

    def test_event(self) -> None:
        """Number, time, kind, place, then the members that say most."""
        data = {"attempt": 1, "error": "cluster unreachable", "tool": "deploy"}
        self.assertEqual(
            render_event(event("action_failed", data, "a9", "p8")),
            'e-1 10:00:02.123456 action_failed p8/a9 tool=deploy error="cluster unreachable" '
            "attempt=1",
        )

    def test_without_ids(self) -> None:
        """Ids that do not apply leave no hole."""
        self.assertEqual(
            render_event(event("state_changed", {}, None, None)),
            "e-1 10:00:02.123456 state_changed",
        )

    def test_long_value(self) -> None:
        """A long value is cut."""
        text = render_event(event("action_succeeded", {"output": "x" * 500}, None, "p1"))
        self.assertTrue(text.endswith("xxx…"))
        self.assertLess(len(text), 130)

    def test_nothing_steers_the_terminal(self) -> None:
        """Controls, separators and turned text are escaped wherever a client wrote them."""
        evil = "\x1b[2J\n\r\u2028\u202e\x9b\x7f"
        text = render_event(event("action_failed", {evil: evil, "error": evil}, evil, evil))
        self.assertTrue(text.isprintable(), text)
        self.assertEqual(printable("\x1bé"), "\\u{1b}é")

    def test_broken_line(self) -> None:
        """A broken line says what is wrong and where."""
        line = JournalLine(Path("/x/c-1.jsonl"), 120, b"?", None, "invalid\x1b character")
        self.assertEqual(
            render_line(line), "broken: invalid\\u{1b} character (octet 120 of c-1.jsonl)"
        )

    def test_good_line(self) -> None:
        """A good line is its event."""
        found = event("state_changed", {}, None, None)
        line = JournalLine(Path("c-1.jsonl"), 0, b"", found)
        self.assertEqual(render_line(line), render_event(found))
