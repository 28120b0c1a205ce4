"""Tests of docs/journal.md: it has every kind of line."""

import re

from twisted.trial.unittest import SynchronousTestCase

from car.eventlog import kinds
from tests.docs.tables import table


class JournalPageTests(SynchronousTestCase):
    """The table of kinds."""

    def test_kinds(self) -> None:
        """Every kind of line has its row, and no other has."""
        shown = [
            kind for row in table("journal.md", "Kind") for kind in re.findall(r"`(\w+)`", row[0])
        ]
        known = [
            value
            for name, value in vars(kinds).items()
            if name.isupper() and name != "RECORD_PREFIX"
        ]
        self.assertEqual(sorted(shown), sorted(known))
