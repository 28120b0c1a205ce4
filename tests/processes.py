"""Stand-ins for child processes, and reactors that start them.

What a program answers is each test's to say.  Processes of real programs, and reactors of
other tests' kinds, are left to the tests that need them.
"""

from collections.abc import Mapping
from typing import Any

from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IProcessTransport, IReactorProcess
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import directlyProvides, implementer

from car.ir.json import JsonObject
from car.worker.frames import FrameReader, pack


class FakeProcess:
    """A program that was started; a test says what it does.

    ``input`` is what it got, which a worker reads as the frames ``received``.
    """

    pid = 2**30
    """Beyond the greatest that Linux has, as it is told to the system."""

    def __init__(
        self, protocol: Any, executable: str, arguments: list[str], environment: Mapping[str, str]
    ) -> None:
        self.protocol = protocol
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.input = b""
        self.input_closed = self.ended = False
        self.signals: list[str] = []
        directlyProvides(self, IProcessTransport)
        protocol.makeConnection(self)

    @property
    def received(self) -> list[JsonObject]:
        """The frames that a worker got."""
        return list(FrameReader().feed(self.input))

    def write(self, data: bytes) -> None:
        """Take input."""
        self.input += data

    def closeStdin(self) -> None:
        """No more input comes."""
        self.input_closed = True

    def signalProcess(self, signal: str) -> None:
        """Note the signal."""
        if self.ended:
            raise ProcessExitedAlready()
        self.signals.append(signal)

    def say(self, message: JsonObject) -> None:
        """Send a worker's frame."""
        self.protocol.childDataReceived(1, pack(message))

    def end(
        self,
        output: bytes = b"",
        errors: bytes = b"",
        *,
        status: int = 0,
        signal: int | None = None,
    ) -> None:
        """Write something and end, by *signal* or with *status*."""
        for descriptor, written in ((1, output), (2, errors)):
            if written:
                self.protocol.childDataReceived(descriptor, written)
        self.ended = True
        failed = status or signal is not None
        reason = ProcessTerminated(status, signal) if failed else ProcessDone(0)
        self.protocol.processEnded(Failure(reason))


@implementer(IReactorProcess)
class Spawning:
    """The part of a reactor that starts programs which do nothing by themselves.

    ``refusal`` is raised instead where a test sets it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.processes: list[FakeProcess] = []
        self.refusal: OSError | None = None

    def spawnProcess(
        self,
        processProtocol: Any,
        executable: Any,
        args: Any = (),
        env: Any = None,
        path: Any = None,
        uid: Any = None,
        gid: Any = None,
        usePTY: Any = False,
        childFDs: Any = None,
    ) -> Any:
        """Start a fake."""
        if self.refusal is not None:
            raise self.refusal
        process = FakeProcess(processProtocol, executable, list(args), env)
        self.processes.append(process)
        return process


class SpawningClock(Spawning, Clock):
    """A clock that starts programs."""
