"""Running the console script: in this process, or against a daemon in another one."""

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from twisted.trial.unittest import SynchronousTestCase

import car
from car.cli.main import main

CHECKOUT = Path(car.__file__).parents[1]
RUN_SECONDS = 30.0
"""How long a child process may take; a healthy one needs less than one second."""

TWISTD = "from twisted.scripts.twistd import run; run()"
SCRIPT = "from car.cli.main import main; raise SystemExit(main())"

HEEDING = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {SCRIPT}"
"""The command as a terminal starts it: what runs in the background is born deaf to Ctrl-C."""


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


class CommandCase(SynchronousTestCase):
    """Runs commands in a directory and an environment of their own."""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir(mode=0o700)
        self.root = self.directory / "root"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "CAR_HOME": str(self.root),
            "PYTHONPATH": str(CHECKOUT),
        }

    def write(self, name: str, text: str) -> str:
        """A file in the test's directory; its path."""
        path = self.directory / name
        path.write_text(text)
        return str(path)

    def run_here(self, *argv: str) -> Ended:
        """Run a command that needs no reactor."""
        out, err = io.StringIO(), io.StringIO()
        self.patch(os, "environ", self.environ)
        self.patch(sys, "stdout", out)
        self.patch(sys, "stderr", err)
        try:
            status = main(argv)
        except SystemExit as problem:
            status = int(problem.code or 0)
        return Ended(status, out.getvalue(), err.getvalue())

    def run_child(self, *argv: str, stdin: str = "") -> Ended:
        """Run a command in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, *argv],
            input=stdin,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def assertRefused(self, ended: Ended, status: int, *words: str) -> None:
        """One line on the standard error, with these words, and that status."""
        self.assertEqual((ended.status, ended.err.count("\n")), (status, 1), ended)
        for word in words:
            self.assertIn(word, ended.err)


class DaemonCase(CommandCase):
    """Has a daemon of its own in a child process."""

    def setUp(self) -> None:
        super().setUp()
        daemon = subprocess.Popen(
            [sys.executable, "-c", TWISTD, "-n", "--pidfile=", "car", "--port=0", "--socket=none"],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.addCleanup(daemon.communicate, timeout=RUN_SECONDS)
        self.addCleanup(daemon.terminate)
        self.url = f"ws://127.0.0.1:{self._port(daemon)}"
        self.environ["CAR_DAEMON_URL"] = self.url

    def _port(self, daemon: "subprocess.Popen[str]") -> int:
        assert daemon.stdout is not None
        told = []
        for line in daemon.stdout:
            told.append(line)
            _, found, rest = line.partition("listening on ws://127.0.0.1:")
            if found:
                return int(rest.strip(" /\n"))
        raise AssertionError(f"the daemon did not start: {''.join(told)}")
