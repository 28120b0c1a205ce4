"""How many browsers may live at once in this process, by the memory of the machine."""

import os
from collections.abc import Mapping

import psutil  # type: ignore[import-untyped]  # ships no types

from car.browser.errors import BrowserBusy
from car.errors import SettingsError

VARIABLE = "CAR_BROWSER_MAX"

_BYTES_EACH = 1024**3
_FLOOR, _CEILING = 1, 8
"""One for each GiB that is available, within these (``subsystem-browser.md``, Concurrency)."""


def browsers_allowed(available_bytes: int) -> int:
    """How many browsers *available_bytes* of memory are enough for."""
    return min(max(available_bytes // _BYTES_EACH, _FLOOR), _CEILING)


class BrowserCapacity:
    """Counts the live browsers of all slots, launching and closing ones among them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.live = 0

    @classmethod
    def of_machine(cls, environment: Mapping[str, str] = os.environ) -> "BrowserCapacity":
        """What ``CAR_BROWSER_MAX`` says, else by the memory available now.

        Raises SettingsError when the variable is no number from 1 on.
        """
        text = environment.get(VARIABLE, "")
        if not text:
            return cls(browsers_allowed(psutil.virtual_memory().available))
        if not (text.isascii() and text.isdecimal() and int(text) > 0):
            raise SettingsError(f"{VARIABLE} is {text!r}; it must be a whole number from 1 on")
        return cls(int(text))

    def take(self) -> None:
        """Count one more; raises BrowserBusy when there are as many as allowed."""
        if self.live >= self.limit:
            raise BrowserBusy(
                f"browser is busy: as many browsers are open as allowed ({self.limit}); close one "
                f"or set {VARIABLE}"
            )
        self.live += 1

    def release(self) -> None:
        """Count one less."""
        self.live -= 1
