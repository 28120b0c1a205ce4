"""Programs that speak: run without secrets, text in by their standard input, killed at will."""

import os
from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from car.voice.errors import EngineFailed

MOST_OUTPUT_BYTES = 32 * 1024 * 1024
"""What a program may write for one piece of text [ours]; one that writes more is killed."""

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "ESPEAK_DATA_PATH")
"""The variables that a program gets; the daemon's own hold tokens and keys."""

_ERROR_BYTES = 4_096
_STDOUT = 1


def environment() -> dict[str, str]:
    """The environment of a program."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed, "ORT_DISABLE_TELEMETRY": "1"}


def run(reactor: Any, command: Sequence[str], text: str, seconds: float) -> Deferred[bytes]:
    """Run *command*, its path first, on *text*; fires with what it wrote.

    *reactor* provides IReactorProcess and IReactorTime.  Fails with EngineFailed after
    *seconds*, when the program fails, writes too much or cannot be started.  Cancelling kills
    it.
    """
    protocol = _Run(os.path.basename(command[0]), text.encode())
    try:
        reactor.spawnProcess(protocol, command[0], list(command), env=environment())
    except OSError as problem:
        return fail(EngineFailed(f"{protocol.name} cannot be started: {problem.strerror}"))

    def too_late(_result: object, _seconds: float) -> bytes:
        raise EngineFailed(f"{protocol.name} took longer than {seconds:g} s")

    return protocol.ended.addTimeout(seconds, reactor, too_late)


def how_it_ended(reason: Failure, said: bytes) -> str:
    """The signal or status that a process ended with, and the last line that it *said*."""
    status = reason.value
    assert isinstance(status, ProcessDone | ProcessTerminated)
    if status.signal is not None:
        return f"signal {status.signal}"
    last = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return f"status {status.exitCode}" + (f": {last}" if last else "")


def kill(protocol: ProcessProtocol) -> None:
    """Kill the process of *protocol*, if it still runs."""
    transport = protocol.transport
    assert transport is not None
    try:
        IProcessTransport(transport).signalProcess("KILL")
    except ProcessExitedAlready:
        return


class _Run(ProcessProtocol):
    """Gives a program its text, and gathers what it writes until it ends."""

    def __init__(self, name: str, text: bytes) -> None:
        self.name = name
        self.ended: Deferred[bytes] = Deferred(lambda _: self._give_up())
        self._text = text
        self._output = bytearray()
        self._said = b""
        self._over = False

    def connectionMade(self) -> None:
        transport = self.transport
        assert transport is not None
        process = IProcessTransport(transport)
        process.write(self._text)
        process.closeStdin()

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        if self._over:
            return
        if childFD != _STDOUT:
            self._said = (self._said + data)[-_ERROR_BYTES:]
            return
        self._output += data
        if len(self._output) > MOST_OUTPUT_BYTES:
            self._give_up()
            self.ended.errback(EngineFailed(f"{self.name} wrote more than {MOST_OUTPUT_BYTES} B"))

    def processEnded(self, reason: Failure) -> None:
        if self._over:
            return
        self._over = True
        if reason.check(ProcessDone):
            self.ended.callback(bytes(self._output))
        else:
            end = how_it_ended(reason, self._said)
            self.ended.errback(EngineFailed(f"{self.name} ended ({end})"))

    def _give_up(self) -> None:
        self._over = True
        kill(self)
