"""Tests of docs/operations.md: its tables are those of the code."""

from twisted.trial.unittest import SynchronousTestCase

from car.server.limits import Limits
from car.setting_sources import Setting
from car.settings import SETTINGS
from tests.docs.tables import code, table


def default(setting: Setting) -> str:
    """How the page shows the default of *setting*."""
    if setting.kind == "switch":
        return "off"
    value = setting.default
    if value is None:
        return ""
    return f"`{value}`" if isinstance(value, str) else f"`{value:g}`"


class OperationsTests(SynchronousTestCase):
    """The tables of options and limits."""

    def test_options(self) -> None:
        """Every setting, in order, with its variable, its default and what its help says."""
        rows = list(table("operations.md", "Flag"))
        shown = [(code(row[0]), code(row[2]), row[3]) for row in rows]
        expected = [(f"--{s.flag}", s.variable, default(s)) for s in SETTINGS]
        self.assertEqual(shown, expected)
        for row, setting in zip(rows, SETTINGS, strict=True):
            self.assertTrue(row[4].startswith(setting.help), setting.name)

    def test_limits(self) -> None:
        """Every limit, in order, with its default."""
        rows = table("operations.md", "Limit")
        shown = [(code(row[0]), float(row[1])) for row in rows]
        self.assertEqual(shown, list(Limits().as_dict().items()))
