"""Tests of README.md: its commands are the ones that work, its example does what it shows."""

import re
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.interop.daemon import running_daemon

CHECKOUT = Path(__file__).resolve().parents[1]

README = (CHECKOUT / "README.md").read_text("utf-8")

EXAMPLE_SECONDS = 30.0
"""Within which the example ends; it takes about one on an idle machine."""


def blocks(language: str) -> list[str]:
    """The code blocks of README in *language*, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


class ReadmeTests(SynchronousTestCase):
    """README.md: the first things that a user tries."""

    def test_commands(self) -> None:
        """Two commands of a line each, from nothing to a daemon and to the tests' verdict."""
        run, test = blocks("sh")
        for command in (run, test):
            self.assertEqual(command.count("\n"), 1)
            self.assertTrue(command.startswith("python3 -m venv .venv && .venv/bin/pip install "))
        self.assertTrue(run.endswith("&& .venv/bin/twistd -n car\n"))
        self.assertTrue(test.endswith("&& .venv/bin/python -m twisted.trial tests\n"))

    def test_example(self) -> None:
        """The example prints what is shown below it."""
        (example,) = blocks("python")
        (shown,) = blocks("text")
        with running_daemon() as daemon:
            done = subprocess.run(
                [sys.executable, "-c", example],
                cwd=CHECKOUT,
                env=daemon.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=EXAMPLE_SECONDS,
            )
        self.assertEqual((done.stdout, done.stderr), (shown, ""))

    def test_links(self) -> None:
        """Every file that is linked is there."""
        for target in re.findall(r"\]\(([^)#:]+)\)", README):
            self.assertTrue((CHECKOUT / target).is_file(), target)
