"""EventLog.query: filters, order, memory and file."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.eventlog.journal import JournalFile
from car.eventlog.kinds import is_record
from car.eventlog.log import EventLog
from car.eventlog.query import EventFilter
from car.ir.instants import rfc3339
from tests.eventlog.fakes import AT

KINDS = ("action_failed", "action_succeeded", "record_state", 'odd"kind')
IDS = (None, "a1", "a2", 'a"2,"proposal_id":"p1"', "é\n")


class QueryTests(SynchronousTestCase):
    """EventLog.query: filters, order, memory and file."""

    @settings(max_examples=150, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(KINDS),
                st.sampled_from(IDS),
                st.sampled_from(IDS),
                st.sampled_from([{}, {"tool": "a"}, {"tool": "b", "n": 1}, {"n": True}]),
                st.floats(min_value=-2, max_value=2),
            ),
            max_size=12,
        ),
        st.builds(
            EventFilter,
            kinds=st.lists(st.sampled_from(KINDS), max_size=2).map(tuple),
            action_id=st.sampled_from(IDS),
            proposal_id=st.sampled_from(IDS),
            since=st.none() | st.floats(min_value=AT - 3, max_value=AT + 3),
            until=st.none() | st.floats(min_value=AT - 3, max_value=AT + 3),
            data_matches=st.sampled_from([{}, {"tool": "a"}, {"n": "1"}, {"n": "true"}]),
            limit=st.integers(min_value=0, max_value=4),
        ),
        st.integers(min_value=0, max_value=12),
    )
    def test_oracle(
        self,
        appended: list[tuple[str, str | None, str | None, dict[str, Any], float]],
        wanted: EventFilter,
        memory_limit: int,
    ) -> None:
        """Memory and file together answer what a filter over decoded lines would."""
        directory = Path(self.mktemp())
        directory.mkdir()
        journal = JournalFile(directory, "c-1", rotate_bytes=600)
        at = [AT]
        log = EventLog(
            "c-1", lambda: at[0], journal, memory_limit=memory_limit, monotonic=lambda: 0.0
        )
        expected: list[dict[str, Any]] = []
        for kind, action_id, proposal_id, data, step in appended:
            at[0] += step
            number = log.record(kind, data, action_id, proposal_id)
            if not is_record(kind) and selects(
                wanted, kind, action_id, proposal_id, data, rfc3339(at[0])
            ):
                expected.insert(0, {"id": f"e-{number}", "kind": kind, "data": data})
            journal.flush()
        found = log.query(wanted)
        journal.close()
        self.assertEqual(
            [{name: event[name] for name in ("id", "kind", "data")} for event in found],
            expected[: wanted.limit or None],
        )

    def test_slices(self) -> None:
        """A query hands over what it has each time its slice of time is used up."""
        seconds = [0.0]

        def monotonic() -> float:
            seconds[0] += 0.0004
            return seconds[0]

        log = EventLog("c-1", lambda: AT, monotonic=monotonic)
        for number in range(20):
            log.record("state_changed", {"n": number})
        slices = list(log.query_slices(EventFilter()))
        self.assertGreater(len(slices), 3)
        self.assertEqual(
            [event["data"]["n"] for some in slices for event in some], [*range(19, -1, -1)]
        )

    def test_appended_meanwhile(self) -> None:
        """What is appended between two slices does not disturb the query."""
        directory = Path(self.mktemp())
        directory.mkdir()
        journal = JournalFile(directory, "c-1")
        clock = Clock()
        log = EventLog("c-1", clock.seconds, journal, memory_limit=2)
        for number in range(6):
            log.record("state_changed", {"n": number})
        found = []
        for some in log.query_slices(EventFilter()):
            found += some
            log.record("state_changed", {})
            journal.flush()
            clock.advance(1)
        journal.close()
        self.assertEqual([event["data"]["n"] for event in found], [5, 4, 3, 2, 1, 0])


def selects(
    wanted: EventFilter,
    kind: str,
    action_id: str | None,
    proposal_id: str | None,
    data: dict[str, Any],
    timestamp: str,
) -> bool:
    """The oracle: what the fields of the filter say in plain words."""
    texts = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in data.items()
    }
    return (
        (not wanted.kinds or kind in wanted.kinds)
        and wanted.action_id in (None, action_id)
        and wanted.proposal_id in (None, proposal_id)
        and (wanted.since is None or timestamp >= rfc3339(wanted.since))
        and (wanted.until is None or timestamp < rfc3339(wanted.until))
        and wanted.data_matches.items() <= texts.items()
    )
