"""A `twistd car` in a process of its own that a test may start, kill and start again.

It listens on a free port, on a state root of its own, and logs to a file there.  The
process leads a group of its own, which is gone when the test is over.
"""

import contextlib
import functools
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped]  # ships no types
from twisted.trial.unittest import SynchronousTestCase

from tests.system.client import Client

CHECKOUT = Path(__file__).resolve().parents[2]

PATIENCE = float(os.environ.get("CAR_PATIENCE", "4"))
"""By how much a bar of time is widened: the bars are for a machine that does nothing else."""

START_SECONDS = 30.0
"""Within which the daemon says where it listens; it takes about one on an idle machine."""

STOP_SECONDS = 20.0
"""Within which it is gone after SIGTERM: its drain takes up to ten."""

_POLL_SECONDS = 0.01
COMMAND = "from twisted.scripts.twistd import run; run()"
_LISTENING = re.compile(r"listening on ws://127\.0\.0\.1:(\d+)/")


class DaemonFailed(Exception):
    """The daemon did not start or did not stop; the message has its log."""


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether *condition* came true within *seconds*."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


class Daemon:
    """A daemon on the state root *root*, from one ``start`` to the next.

    ``start_seconds`` is how long the last start took until it listened.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root.with_name(f"{root.name}.log")
        self.home = root.with_name(f"{root.name}-home")
        self.home.mkdir(exist_ok=True)
        self.port = 0
        self.start_seconds = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    # ---- where it keeps things -----------------------------------------------------

    @property
    def journals(self) -> list[Path]:
        """Its journal files, the oldest first."""
        return sorted((self.root / "journals").glob("*.jsonl"))

    @property
    def token_file(self) -> Path:
        """The file with its token."""
        return self.root / "ai.parslee.car" / "auth-token"

    @property
    def host_token_file(self) -> Path:
        """The file with its host token."""
        return self.token_file.with_name("host-token")

    @property
    def pid_file(self) -> Path:
        """The file with its process id."""
        return self.root / "run" / "daemon.pid"

    @property
    def unix_socket(self) -> Path:
        """The socket it serves as the primary of its root."""
        return self.root / "run" / "car-server.sock"

    @property
    def token(self) -> str:
        """Its token, from the file."""
        return self.token_file.read_text()

    @property
    def logged(self) -> str:
        """What it has logged since its last start."""
        return self.log.read_text(errors="replace")

    # ---- its life ------------------------------------------------------------------

    def start(
        self, *flags: str, umask: int = -1, limits: Mapping[int, tuple[int, int]] | None = None
    ) -> None:
        """Start it with *flags* and wait until it listens; raises DaemonFailed.

        *limits* are resource limits, soft and hard, that it starts under.
        """
        begun = time.monotonic()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command("--port", "0", *flags),
                cwd=self.home,
                env=environment(self.root, self.home),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                umask=umask,
                start_new_session=True,
                preexec_fn=functools.partial(_set_limits, limits) if limits else None,
            )
        wait_until(self._has_started, START_SECONDS)
        found = _LISTENING.search(self.logged)
        if found is None:
            raise DaemonFailed(f"The daemon did not start:\n{self.logged}")
        self.port = int(found[1])
        self.start_seconds = time.monotonic() - begun

    def _has_started(self) -> bool:
        return listens(self.log) or self.process.poll() is not None

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The running process."""
        assert self._process is not None
        return self._process

    @property
    def figures(self) -> psutil.Process:
        """Its memory, descriptors and threads."""
        return psutil.Process(self.process.pid)

    @property
    def resident_mb(self) -> float:
        """Its resident memory in MiB."""
        return float(self.figures.memory_info().rss) / 2**20

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.process.terminate()

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Its exit status; raises DaemonFailed if it does not end within *seconds*."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise DaemonFailed(f"The daemon did not stop:\n{self.logged}") from None

    def kill(self) -> None:
        """Kill its process group, if it still runs."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def client(self) -> Client:
        """A client that has shown the token."""
        client = Client(self.port)
        client.authenticate(self.token)
        return client


def command(*flags: str) -> list[str]:
    """The command line of a daemon in the foreground."""
    return [sys.executable, "-c", COMMAND, "-n", "--pidfile=", "car", *flags]


def environment(root: Path, home: Path) -> dict[str, str]:
    """The variables of a daemon whose state root is *root*."""
    return {
        "CAR_HOME": str(root),
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(CHECKOUT),
    }


def listens(log: Path) -> bool:
    """Whether the daemon that logs to *log* says where it listens."""
    return log.exists() and _LISTENING.search(log.read_text(errors="replace")) is not None


def _set_limits(limits: Mapping[int, tuple[int, int]]) -> None:
    for name, both in limits.items():
        resource.setrlimit(name, both)


class DaemonTestCase(SynchronousTestCase):
    """A test with one state root, and daemons on it that do not outlive the test."""

    def setUp(self) -> None:
        directory = TemporaryDirectory(prefix="car-system-")
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.daemon = self.new_daemon()

    def new_daemon(self) -> Daemon:
        """A further daemon on the same root, not yet started; it logs to the same file."""
        daemon = Daemon(self.directory / "root")
        self.addCleanup(daemon.kill)
        return daemon

    def client(self) -> Client:
        """A client of the daemon that has shown the token; gone when the test is over."""
        client = self.daemon.client()
        self.addCleanup(client.close)
        return client
