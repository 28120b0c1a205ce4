"""What the tests with a real Chromium need, and what they are skipped without."""

import os
import unittest

from car.browser.errors import NoBrowser
from car.browser.finding import find_browser


def need_browser() -> None:
    """Skip the test where there is no Chromium; fail where CAR_BROWSER_REQUIRED is 1."""
    try:
        find_browser()
    except NoBrowser as missing:
        if os.environ.get("CAR_BROWSER_REQUIRED") == "1":
            raise
        raise unittest.SkipTest(str(missing)) from None


def extra_args() -> tuple[str, ...]:
    """The flags without which Chromium does not start here: root needs to do without a sandbox."""
    return ("--no-sandbox",) if os.geteuid() == 0 else ()
