"""Tests of car.cli.main: finding commands, usage, speed."""

import subprocess
import sys

import car
from tests.cli.running import RUN_SECONDS, CommandCase

LOADED = (
    "import sys; from car.cli.main import make_parser; make_parser(sys.argv[1:]); "
    "print('twisted' in sys.modules)"
)


class MainTests(CommandCase):
    """The script itself."""

    def test_version(self) -> None:
        """--version names ours."""
        ended = self.run_here("--version")
        self.assertEqual((ended.status, ended.out), (0, f"car {car.__version__}\n"))

    def test_help(self) -> None:
        """--help lists every command without importing one."""
        ended = self.run_here("--help")
        self.assertEqual(ended.status, 0)
        for name in ("call", "submit", "verify", "journal", "doctor", "config"):
            self.assertIn(name, ended.out)

    def test_every_help(self) -> None:
        """Each command has a help of its own."""
        for words in (["verify"], ["journal", "tail"], ["config", "show"]):
            ended = self.run_here(*words, "--help")
            self.assertEqual((ended.status, ended.err), (0, ""))

    def test_usage(self) -> None:
        """No command, an unknown one, and a wrong option are usage, in one line."""
        self.assertRefused(self.run_here(), 2, "required")
        self.assertRefused(self.run_here("fly"), 2, "fly", "see car --help")
        self.assertRefused(self.run_here("verify"), 2, "FILE", "see car verify --help")

    def test_without_twisted(self) -> None:
        """Reading a journal and verifying a file do not load Twisted."""
        for words in (["verify", "x"], ["journal", "show", "x"], ["config", "show"]):
            told = subprocess.run(
                [sys.executable, "-c", LOADED, *words],
                env=self.environ,
                capture_output=True,
                text=True,
                timeout=RUN_SECONDS,
                check=True,
            )
            self.assertEqual(told.stdout.strip(), "False", words)
