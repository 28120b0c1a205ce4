"""A local command as a tool: parameters in on its standard input, its output out."""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from car.client.errors import ToolFailed
from car.ir.json import JsonError, JsonValue, decode, encode

OUTPUT_BYTES = 8 * 1024 * 1024
"""How much a command may print; half of what one message may hold."""

STDERR_CHARACTERS = 1000
"""How much of the end of its standard error an error tells."""

KILL_SECONDS = 5.0
"""From SIGTERM to SIGKILL for a command whose call was given up."""


def run_command(reactor: Any, command: Sequence[str], **parameters: JsonValue) -> "Deferred[Any]":
    """Run *command*, an absolute path and its arguments; fires with its output.

    *parameters* go to its standard input as a JSON object.  What it prints is read as JSON,
    else taken as text.  Fails with ToolFailed for another exit status than 0, with the end
    of its standard error.  Cancelling ends the process.
    """
    process = _Command(reactor, command[0], encode(parameters))
    reactor.spawnProcess(process, command[0], list(command), env=None)
    return process.done


class _Command(ProcessProtocol):
    """One running command."""

    def __init__(self, reactor: Any, name: str, stdin: bytes) -> None:
        self._reactor = reactor
        self._name = name
        self._stdin = stdin
        self._output: list[bytes] = []
        self._output_bytes = 0
        self._stderr = b""
        self._ended = False
        self._killer: IDelayedCall | None = None
        self.done: Deferred[Any] = Deferred(lambda _: self._give_up())

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._stdin)
        self.transport.closeStdin()

    def outReceived(self, data: bytes) -> None:
        self._output_bytes += len(data)
        if self._output_bytes <= OUTPUT_BYTES:
            self._output.append(data)
        else:
            self._give_up()

    def errReceived(self, data: bytes) -> None:
        self._stderr = (self._stderr + data)[-4 * STDERR_CHARACTERS :]

    def processEnded(self, reason: Failure) -> None:
        self._ended = True
        if self._killer is not None:
            self._killer.cancel()
            self._killer = None
        if self.done.called:
            return
        if self._output_bytes > OUTPUT_BYTES:
            self.done.errback(ToolFailed(f"{self._name}: more than {OUTPUT_BYTES} bytes of output"))
        elif reason.check(ProcessDone):
            self.done.callback(_read(b"".join(self._output)))
        else:
            self.done.errback(ToolFailed(self._complaint(reason)))

    def _complaint(self, reason: Failure) -> str:
        """What a command that failed says: the end of its standard error, else its status."""
        told = self._stderr.decode("utf-8", "replace").strip()[-STDERR_CHARACTERS:]
        ended: Any = reason.value
        end = f"signal {ended.signal}" if ended.signal else f"exit status {ended.exitCode}"
        return f"{self._name}: {end}: {told}" if told else f"{self._name}: {end}"

    def _give_up(self) -> None:
        """End the process: politely, then not."""
        if self._killer is None and not self._ended:
            self._signal("TERM")
            self._killer = self._reactor.callLater(KILL_SECONDS, self._kill)

    def _kill(self) -> None:
        self._killer = None
        self._signal("KILL")

    def _signal(self, name: str) -> None:
        if self.transport is not None and not self._ended:
            self.transport.signalProcess(name)


def _read(output: bytes) -> JsonValue:
    """A command's output: its JSON value, else its text without the last newline."""
    try:
        return decode(output)
    except JsonError:
        return output.decode("utf-8", "replace").removesuffix("\n")
