"""A real daemon in a process of its own, with a home directory of its own."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

CHECKOUT = Path(__file__).resolve().parents[2]

START_SECONDS = 30.0
"""Within which the daemon says where it listens; it takes about one on an idle machine."""

STOP_SECONDS = 20.0
"""Within which it is gone after SIGTERM: its drain takes up to ten."""

_POLL_SECONDS = 0.02
_LISTENING = re.compile(r"listening on (ws://127\.0\.0\.1:\d+)/")
_VENDOR = "ai.parslee.car"

Place = Literal["runtime", "home", "root"]
"""What decides where tokens lie: XDG_RUNTIME_DIR, nothing but the home, or CAR_HOME."""


class DaemonFailed(Exception):
    """The daemon did not start or did not stop; the message has its log."""


class Daemon:
    """A running daemon.  ``url`` is where it listens, ``log`` the file it logs to."""

    def __init__(self, root: Path, place: Place) -> None:
        self.log = root / "log"
        self.url = ""
        self._home = root / "home"
        self._home.mkdir()
        self._variables = {"HOME": str(self._home), "PATH": os.environ["PATH"]}
        self._tokens = self._home / ".config" / _VENDOR
        self._root = self._home / ".car"
        if place == "runtime":
            runtime = root / "runtime"
            runtime.mkdir(mode=0o700)
            self._variables["XDG_RUNTIME_DIR"] = str(runtime)
            self._tokens = runtime / _VENDOR
        elif place == "root":
            self._root = root / "root"
            self._variables["CAR_HOME"] = str(self._root)
            self._tokens = self._root / _VENDOR
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def token(self) -> str:
        """The daemon's token, from its file."""
        return (self._tokens / "auth-token").read_text()

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a client of the same user."""
        return {**self._variables, "CAR_DAEMON_URL": self.url, "CAR_NO_VERSION_WARNING": "1"}

    @property
    def logged(self) -> str:
        """What it has logged so far."""
        return self.log.read_text(errors="replace")

    @property
    def journals(self) -> list[list[dict[str, Any]]]:
        """The lines of each session's journal, oldest session first."""
        files = sorted((self._root / "journals").glob("*.jsonl"))
        return [[json.loads(line) for line in file.open("rb")] for file in files]

    def start(self, flags: tuple[str, ...]) -> None:
        """Start it and wait until it listens; raises DaemonFailed."""
        command = [sys.executable, "-c", "from twisted.scripts.twistd import run; run()"]
        command += ["-n", "--pidfile=", "car", "--port", "0", "--socket", "none", *flags]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._home,
                env={**self._variables, "PYTHONPATH": str(CHECKOUT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while (found := _LISTENING.search(self.logged)) is None:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise DaemonFailed(f"The daemon did not start:\n{self.logged}")
            time.sleep(_POLL_SECONDS)
        self.url = found[1]

    def stop(self) -> None:
        """Stop it; raises DaemonFailed if it has to be killed."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise DaemonFailed(f"The daemon did not stop:\n{self.logged}") from None


@contextmanager
def running_daemon(*flags: str, place: Place = "runtime") -> Iterator[Daemon]:
    """A daemon with *flags* on a free port; its files and itself are gone afterwards."""
    with TemporaryDirectory(prefix="car-interop-") as directory:
        daemon = Daemon(Path(directory), place)
        try:
            daemon.start(flags)
            yield daemon
        finally:
            daemon.stop()
