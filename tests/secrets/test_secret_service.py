"""The real Secret Service: gnome-keyring on a bus of its own, in child processes."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import skipUnless

from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import decode

PROGRAMS = ("dbus-run-session", "gnome-keyring-daemon")

VALUE = "sesame-7Q-öffne"

SESSION = """\
printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
exec "$0" -m tests.secrets.secret_service "$1"
"""

SECONDS = 60
"""What a session may take; it takes one."""


@skipUnless(all(map(shutil.which, PROGRAMS)), f"needs the programs {' and '.join(PROGRAMS)}")
class SecretServiceTests(SynchronousTestCase):
    """SecretStore with the keyring that it finds by itself."""

    def run_session(self, script: str) -> tuple[Path, bytes]:
        """Run a shell script on a new bus; its home, and what was written."""
        home = Path(self.mktemp()).absolute()
        home.mkdir()
        runtime = tempfile.mkdtemp()  # short, as the names of sockets must be
        self.addCleanup(shutil.rmtree, runtime)
        environ = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        with subprocess.Popen(
            ["dbus-run-session", "--", "sh", "-c", script, sys.executable, str(home / "root")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).parents[2],
            env={**environ, "HOME": str(home), "XDG_RUNTIME_DIR": runtime},
            start_new_session=True,
        ) as session:
            try:
                written, _ = session.communicate(f"{VALUE}\n".encode(), SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(session.pid, signal.SIGKILL)
                raise
        self.assertNotIn(VALUE.encode(), written)
        return home, written

    def test_kept(self) -> None:
        """A secret goes in and out; it is in no file and in nothing that was written."""
        home, written = self.run_session(SESSION)
        seen = decode(written.splitlines()[-1])
        self.assertEqual(
            seen,
            {
                "reason": None,
                "same": True,
                "other": False,
                "known": [{"service": "car", "key": "OPENAI_API_KEY", "exists": True}],
                "deleted": [True, False],
                "missing": "no secret 'OPENAI_API_KEY' of the service 'car'",
            },
        )
        files = [path for path in home.rglob("*") if path.is_file()]
        self.assertIn(home / "root" / "secret_index.json", files)
        for path in files:
            self.assertNotIn(VALUE.encode(), path.read_bytes())

    def test_none(self) -> None:
        """On a bus without the service the text says so, and what would help."""
        _, written = self.run_session(
            'DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere exec "$0" -m '
            'tests.secrets.secret_service "$1"'
        )
        told = decode(written.splitlines()[-1])["failure"]
        self.assertIn("no OS keyring (Secret Service did not answer: ", told)
        self.assertIn("set CAR_SECRET_BACKEND=file", told)
