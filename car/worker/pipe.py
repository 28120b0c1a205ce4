"""A worker's process and its streams: frames in and out, its end, a directory of its own.

It gets no secrets: neither in its arguments, nor the daemon's environment.  When to start and
to kill it is for ``process``.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

import car
from car.ir.json import JsonObject
from car.scratch import ScratchDirectory
from car.worker.frames import FrameError, FrameReader

_log = Logger()

KIND = "worker"
"""What kind of scratch directory a worker has."""

_ERROR_BYTES = 4_096
"""How much of the end of its standard error is kept."""

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP")
"""The variables that a worker gets; the daemon's own hold tokens and keys."""


class WorkerPipe(ProcessProtocol):
    """A process and its streams; ``directory`` is its own and goes with it.

    *module* is the one that it imports, *on_message* takes each message of the process,
    *on_end* what ended it: the signal, or the status with the last that it complained of.
    Both take the pipe first.  ``opened`` is for the owner to note that the process is ready.
    """

    def __init__(
        self,
        module: str,
        on_message: "Callable[[WorkerPipe, JsonObject], None]",
        on_end: "Callable[[WorkerPipe, str], None]",
    ) -> None:
        self.opened = False
        self._module = module
        self._on_message = on_message
        self._on_end = on_end
        self._directory: ScratchDirectory | None = None
        self._reader = FrameReader()
        self._said = b""

    def start(self, reactor: Any) -> None:
        """Start the process; *reactor* provides IReactorProcess.  Raises OSError."""
        self._directory = ScratchDirectory(KIND)
        command = [sys.executable, "-P", "-m", "car.worker.child", self._module]
        try:
            reactor.spawnProcess(self, sys.executable, command, env=_environment())
        except OSError:
            self._remove_directory()
            raise

    @property
    def directory(self) -> str:
        """The path of its directory, "" while there is none."""
        return "" if self._directory is None else str(self._directory.root)

    @property
    def pid(self) -> int | None:
        """The id of the process."""
        pid: int | None = self._process().pid
        return pid

    def write(self, data: bytes) -> None:
        """Send *data* to the process."""
        self._process().write(data)

    def kill(self) -> None:
        """Kill the process."""
        try:
            self._process().signalProcess("KILL")
        except ProcessExitedAlready:
            return

    def outReceived(self, data: bytes) -> None:
        try:
            for message in self._reader.feed(data):
                self._on_message(self, message)
        except FrameError as problem:
            _log.error("a worker speaks nonsense: {problem}", problem=problem)
            self.kill()

    def errReceived(self, data: bytes) -> None:
        self._said = (self._said + data)[-_ERROR_BYTES:]

    def processEnded(self, reason: Failure) -> None:
        self._remove_directory()
        status = reason.value
        assert isinstance(status, ProcessDone | ProcessTerminated)
        if status.signal is not None:
            end = f"signal {status.signal}"
        else:
            last = self._said.decode("utf-8", "replace").strip().rpartition("\n")[2]
            end = f"status {status.exitCode}" + (f": {last}" if last else "")
        self._on_end(self, end)

    def _process(self) -> IProcessTransport:
        transport = self.transport
        assert transport is not None
        return IProcessTransport(transport)

    def _remove_directory(self) -> None:
        directory, self._directory = self._directory, None
        if directory is not None:
            directory.remove()


def _environment() -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed, "PYTHONPATH": str(Path(car.__file__).parents[1])}
