"""Running a program to its end: bounded in time and output, and given no secrets."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IProcessTransport, IReactorProcess, IReactorTime
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from car.errors import CarError

MAX_OUTPUT_BYTES = 16 * 1024 * 1024
"""What a program may write; one that writes more is killed."""

_STDOUT, _STDERR = 1, 2

_PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "TESSDATA_PREFIX",
)
"""The variables that a program gets; the daemon's own hold tokens and keys."""


class ProgramError(CarError):
    """A program that could not be run to its end."""


class Ended(NamedTuple):
    """How a program ended; ``exit_code`` is None for one that a signal killed."""

    exit_code: int | None
    output: bytes
    errors: bytes


def run_program(reactor: Any, arguments: Sequence[str], seconds: float) -> "Deferred[Ended]":
    """Run a program, its path first in *arguments*; fires with Ended, whatever its exit code.

    *reactor* provides IReactorProcess and IReactorTime.  Fails with ProgramError after
    *seconds*, or when the program writes too much or cannot be started.  Cancelling kills
    it.
    """
    protocol = _Run(os.path.basename(arguments[0]))
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    try:
        IReactorProcess(reactor).spawnProcess(
            protocol, arguments[0], list(arguments), env=environment
        )
    except OSError as problem:
        return fail(ProgramError(f"{protocol.name} cannot be started: {problem.strerror}"))

    def too_late(_result: object, _seconds: float) -> Ended:
        raise ProgramError(f"{protocol.name} took longer than {seconds:g} s")

    return protocol.ended.addTimeout(seconds, IReactorTime(reactor), too_late)


class _Run(ProcessProtocol):
    """Gathers what a program writes until it ends."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ended: Deferred[Ended] = Deferred(self._given_up)
        self._written: dict[int, bytearray] = {_STDOUT: bytearray(), _STDERR: bytearray()}
        self._over = False

    def connectionMade(self) -> None:
        """The program runs: it gets no input."""
        self._process().closeStdin()

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        """The program has written."""
        written = self._written[childFD]
        if self._over:
            return
        written += data
        if len(written) > MAX_OUTPUT_BYTES:
            self._over = True
            self._kill()
            self.ended.errback(
                ProgramError(f"{self.name} wrote more than {MAX_OUTPUT_BYTES} bytes")
            )

    def processEnded(self, reason: Failure) -> None:
        """The program has ended and all it wrote has been read."""
        if not self._over:
            self._over = True
            status = reason.value
            assert isinstance(status, ProcessDone | ProcessTerminated)
            output, errors = (bytes(self._written[number]) for number in (_STDOUT, _STDERR))
            self.ended.callback(Ended(status.exitCode, output, errors))

    def _given_up(self, _: "Deferred[Ended]") -> None:
        self._over = True
        self._kill()

    def _kill(self) -> None:
        try:
            self._process().signalProcess("KILL")
        except ProcessExitedAlready:
            return

    def _process(self) -> IProcessTransport:
        transport = self.transport
        assert transport is not None
        return IProcessTransport(transport)
