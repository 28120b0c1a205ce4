"""Tests of car.browser.capacity."""

from types import SimpleNamespace

import psutil  # type: ignore[import-untyped]  # ships no types
from twisted.trial.unittest import SynchronousTestCase

from car.browser.capacity import BrowserCapacity, browsers_allowed
from car.browser.errors import BrowserBusy
from car.errors import SettingsError


class CapacityTests(SynchronousTestCase):
    """BrowserCapacity: from memory or a variable, and its end."""

    def test_by_memory(self) -> None:
        """One for each GiB available, at least 1, at most 8."""
        for gib, allowed in ((0.2, 1), (1.0, 1), (3.9, 3), (8.0, 8), (64.0, 8)):
            self.assertEqual(browsers_allowed(int(gib * 1024**3)), allowed)

    def test_of_machine(self) -> None:
        """The memory that is available counts; the variable wins."""
        memory = SimpleNamespace(available=5 * 1024**3)
        self.patch(psutil, "virtual_memory", lambda: memory)
        self.assertEqual(BrowserCapacity.of_machine({}).limit, 5)
        self.assertEqual(BrowserCapacity.of_machine({"CAR_BROWSER_MAX": "20"}).limit, 20)

    def test_bad_variable(self) -> None:
        """A variable that is no number from 1 on is refused."""
        for text in ("many", "0", "-1", "1.5", "²"):
            variables = {"CAR_BROWSER_MAX": text}
            error = self.assertRaises(SettingsError, BrowserCapacity.of_machine, variables)
            self.assertEqual(
                str(error), f"CAR_BROWSER_MAX is {text!r}; it must be a whole number from 1 on"
            )

    def test_full(self) -> None:
        """When as many live as allowed the next is refused, until one is gone."""
        capacity = BrowserCapacity(1)
        capacity.take()
        error = self.assertRaises(BrowserBusy, capacity.take)
        self.assertIn("as many browsers are open as allowed (1)", str(error))
        capacity.release()
        capacity.take()
