"""Tests of car doctor and its checks."""

import json
import os
import socket
from importlib import metadata
from pathlib import Path

from car.cli import doctor
from car.cli.checks import Finding, check_all
from car.settings import load
from tests.cli.running import CommandCase


class CheckTests(CommandCase):
    """Each check, on a root made for it."""

    def setUp(self) -> None:
        super().setUp()
        # Short, as the path of a socket may not be long.
        self.environ["CAR_SERVER_SOCKET"] = os.path.relpath(self.directory / "s")

    def findings(self, level: str) -> list[Finding]:
        settings = load({"port": 0}, self.environ, Path.cwd())
        return [finding for finding in check_all(settings) if finding.level == level]

    def told(self, level: str) -> str:
        found = self.findings(level)
        if level != "ok":
            self.assertTrue(all(finding.fix for finding in found), found)
        return "\n".join(finding.what for finding in found)

    def secret(self, name: str, text: str = "token", mode: int = 0o600) -> Path:
        path = self.root / "ai.parslee.car" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def test_nothing_yet(self) -> None:
        """Before the first start nothing fails."""
        self.assertEqual(self.findings("fail"), [])
        told = self.told("ok")
        for words in ("made at the first start", "no journals", "would write it", "no daemon"):
            self.assertIn(words, told)
        self.assertIn("state_dir", told)

    def test_root(self) -> None:
        """A root that others can read is a warning, a file in its place a failure."""
        self.root.mkdir(mode=0o755)
        self.root.chmod(0o755)
        self.assertIn("open to other users", self.told("warn"))
        self.root.chmod(0o700)
        self.assertNotIn("open to other users", self.told("warn"))
        self.root.rmdir()
        self.root.write_text("")
        self.assertIn("is not a directory", self.told("fail"))

    def test_tokens(self) -> None:
        """Token files must be private, readable and not blank."""
        self.secret("auth-token", mode=0o644)
        self.secret("host-token", " ")
        told = self.told("fail")
        self.assertIn("auth-token is open to other users", told)
        self.assertIn("host-token is blank", told)
        self.secret("auth-token").write_bytes(b"\xff")
        self.assertIn("auth-token cannot be read", self.told("fail"))

    def test_no_auth(self) -> None:
        """Authentication that is off is a warning."""
        self.environ["CAR_NO_AUTH"] = "1"
        self.assertIn("authentication is off", self.told("warn"))

    def test_primary(self) -> None:
        """The pid file names a process that lives, or one that is gone, or nonsense."""
        run = self.root / "run"
        run.mkdir(parents=True)
        (run / "daemon.pid").write_text(f"{os.getpid()}\n")
        self.assertIn(f"is process {os.getpid()}", self.told("ok"))
        (run / "daemon.pid").write_text("nonsense")
        self.assertIn("ended without notice", self.told("warn"))
        (run / "daemon.pid").write_bytes(b"\xff")
        self.assertIn("cannot be read", self.told("warn"))

    def test_socket(self) -> None:
        """A socket is served, left behind, or none."""
        path = self.environ["CAR_SERVER_SOCKET"]
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen()
            self.assertIn("a daemon serves", self.told("ok"))
        self.assertIn("nobody serves", self.told("warn"))
        Path(path).unlink()
        Path(path).write_text("")
        self.assertIn("is not a socket", self.told("fail"))

    def test_journals(self) -> None:
        """A torn journal is told, and one from the future."""
        journals = self.root / "journals"
        journals.mkdir(parents=True)
        torn = journals / "c-1.jsonl"
        torn.write_text('{"id":"e-1"')
        os.utime(torn, (2**32, 2**32))
        told = self.told("warn")
        self.assertIn("ends in the middle of a line", told)
        self.assertIn("behind the newest journal", told)
        self.assertIn("1 journal file in", self.told("ok"))

    def test_open_files(self) -> None:
        """Too few open files for the connections allowed is a warning."""
        self.environ["CAR_LIMIT"] = "max_connections=10000000"
        self.assertIn("open files are allowed", self.told("warn"))

    def test_not_installed(self) -> None:
        """A checkout that is not installed cannot tell what it requires; what is missing fails."""
        self.patch(metadata, "packages_distributions", dict)
        self.assertIn("not installed", self.told("warn"))
        self.patch(metadata, "packages_distributions", lambda: {"car": ["x"]})
        self.patch(metadata, "requires", lambda name: ["no-such-thing>=1", "y; extra == 'z'"])
        self.assertIn("no-such-thing is not installed", self.told("fail"))


class DoctorTests(CommandCase):
    """The command, the daemon's answer given."""

    def setUp(self) -> None:
        super().setUp()
        self.environ["CAR_SOCKET"] = "none"
        self.answer = Finding("ok", "the daemon answers")
        self.patch(doctor, "ask_daemon", lambda url: self.answer)

    def test_healthy(self) -> None:
        """Lines by level, a count, status 0."""
        ended = self.run_here("doctor")
        self.assertEqual(ended.status, 0, ended)
        self.assertIn("ok    the daemon answers", ended.out)
        self.assertIn("0 failures", ended.out.splitlines()[-1])

    def test_failure(self) -> None:
        """One failure is status 1; the fix stands beside it."""
        self.answer = Finding("fail", "the daemon does not let us in", "use its CAR_HOME")
        ended = self.run_here("doctor")
        self.assertEqual(ended.status, 1)
        self.assertIn("fail  the daemon does not let us in -> use its CAR_HOME", ended.out)

    def test_bad_settings(self) -> None:
        """Settings that cannot be read are a finding, and the daemon is asked all the same."""
        self.environ["CAR_PORT"] = "high"
        ended = self.run_here("doctor", "--json")
        self.assertEqual(ended.status, 1)
        first, last = (json.loads(line) for line in ended.out.splitlines())
        self.assertIn("CAR_PORT", first["what"])
        self.assertEqual(last["level"], "ok")
