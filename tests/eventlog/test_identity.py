"""Client ids and journal names."""

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.eventlog.errors import JournalError
from car.eventlog.identity import is_client_id, journal_name, journal_parts, new_client_id
from tests.eventlog.fakes import AT


class ClientIdTests(SynchronousTestCase):
    """new_client_id and is_client_id."""

    def test_known_id(self) -> None:
        """Ten characters of time, sixteen of chance, in Crockford's base 32."""
        self.assertEqual(
            new_client_id(1_469_918_176.385, lambda size: b"\0" * size),
            "c-01aryz6s410000000000000000",
        )
        self.assertEqual(new_client_id(0, lambda size: b"\xff" * size), "c-0000000000" + "z" * 16)

    def test_unique_and_legal(self) -> None:
        """Ids of one instant differ; each may stand in a file name."""
        ids = {new_client_id(AT, os.urandom) for _ in range(1000)}
        self.assertEqual(len(ids), 1000)
        self.assertTrue(all(map(is_client_id, ids)))

    def test_sorts_by_time(self) -> None:
        """A later id sorts after an earlier one, whatever the chance."""
        early = new_client_id(AT, lambda size: b"\xff" * size)
        late = new_client_id(AT + 0.002, lambda size: b"\0" * size)
        self.assertLess(early, late)

    def test_odd_clocks(self) -> None:
        """A clock before the epoch or far beyond it still gives a legal id."""
        for at in (-1.0, 1e15):
            self.assertEqual(len(new_client_id(at, os.urandom)), 28)

    def test_refused(self) -> None:
        """Nothing that leads elsewhere, or differs by case only, is a client id."""
        for text in ("", "c-", "C-1", "c-A", "c-1.2", "c-1/2", "..", "c-1\n", "c-é", "x" * 3):
            self.assertFalse(is_client_id(text), text)
            self.assertRaises(JournalError, journal_name, text)


class PartsTests(SynchronousTestCase):
    """journal_name and journal_parts."""

    def test_names(self) -> None:
        """The first part has no number."""
        self.assertEqual(journal_name("c-1"), "c-1.jsonl")
        self.assertEqual(journal_name("c-1", 12), "c-1.12.jsonl")

    def test_parts(self) -> None:
        """Later parts are found and ordered by number; neighbours are left alone."""
        directory = Path(self.mktemp())
        directory.mkdir()
        for name in (
            "c-1.jsonl", "c-1.2.jsonl", "c-1.10.jsonl", "c-1.3.jsonl", "c-12.jsonl",
            "c-1.02.jsonl", "c-1.jsonl.torn-1", "c-1.x.jsonl",
        ):  # fmt: skip
            (directory / name).touch()
        names = [path.name for path in journal_parts(directory / "c-1.jsonl")]
        self.assertEqual(names, ["c-1.jsonl", "c-1.2.jsonl", "c-1.3.jsonl", "c-1.10.jsonl"])

    def test_other_names(self) -> None:
        """A later part, or a copy under any name, stands for itself."""
        for name in ("c-1.2.jsonl", "copy.jsonl"):
            self.assertEqual(journal_parts(Path(name)), [Path(name)])
