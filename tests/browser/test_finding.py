"""Tests of car.browser.finding."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.browser import finding
from car.browser.errors import NoBrowser
from car.browser.finding import BrowserBinary, find_browser, require_windows
from tests.browser.doubles import fake_program


class FindBrowserTests(SynchronousTestCase):
    """find_browser: the variable, the path, what it says when there is nothing."""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir()

    def find(self, **variables: str) -> BrowserBinary:
        """Look with only the test's directory on the path."""
        return find_browser({"PATH": str(self.directory), **variables})

    def test_variable(self) -> None:
        """CAR_CHROME wins over what is on the path."""
        fake_program(self.directory, "")
        mine = fake_program(self.directory / "own", "", "mine")
        self.assertEqual(self.find(CAR_CHROME=str(mine)), BrowserBinary(str(mine), False))

    def test_wrong_variable(self) -> None:
        """A CAR_CHROME that cannot be run is told, whatever is on the path."""
        fake_program(self.directory, "")
        error = self.assertRaises(NoBrowser, self.find, CAR_CHROME="/no/such")
        self.assertEqual(
            str(error), "CAR_CHROME is '/no/such', which is not a program that can be run"
        )

    def test_order(self) -> None:
        """A Chromium is preferred to the headless shell, that to Chrome."""
        names = ["google-chrome", "chromium-headless-shell", "chromium"]
        for name in names:
            path = fake_program(self.directory, "", name)
            self.assertEqual(self.find().path, str(path))

    def test_headless_shell(self) -> None:
        """The headless shell is known by its name, also behind a link."""
        shell = fake_program(self.directory / "lib", "", "chromium-headless-shell")
        (self.directory / "chromium").symlink_to(shell)
        self.assertTrue(self.find().is_headless_shell)

    def test_missing(self) -> None:
        """Without any the message says what was looked for and what to do."""
        self.patch(finding, "_usual_places", lambda platform, environment: [])
        error = self.assertRaises(NoBrowser, self.find)
        self.assertEqual(
            str(error),
            "no Chromium found (looked for chromium, chromium-headless-shell, google-chrome, "
            "chrome; set CAR_CHROME to a path). Debian: apt install chromium",
        )


class RequireWindowsTests(SynchronousTestCase):
    """require_windows: what a headed browser needs."""

    FULL = BrowserBinary("/usr/bin/chromium", False)
    SHELL = BrowserBinary("/usr/bin/chromium-headless-shell", True)

    def test_display(self) -> None:
        """With a display, or on a platform that always has one, all is well."""
        require_windows(self.FULL, {"DISPLAY": ":0"}, "linux")
        require_windows(self.FULL, {"WAYLAND_DISPLAY": "wayland-0"}, "linux")
        require_windows(self.FULL, {}, "darwin")

    def test_no_display(self) -> None:
        """Without one the message names the variables."""
        error = self.assertRaises(NoBrowser, require_windows, self.FULL, {}, "linux")
        self.assertEqual(
            str(error), "headed needs a display; DISPLAY and WAYLAND_DISPLAY are unset"
        )

    def test_headless_shell(self) -> None:
        """The headless shell is told as such, display or not."""
        variables = {"DISPLAY": ":0"}
        error = self.assertRaises(NoBrowser, require_windows, self.SHELL, variables, "linux")
        self.assertIn("is the headless shell, which has no windows", str(error))
