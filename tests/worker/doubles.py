"""Stand-ins for worker processes."""

from typing import Any

from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IProcessTransport, IReactorProcess
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import directlyProvides, implementer

from car.ir.json import JsonObject
from car.worker.frames import FrameReader, pack


class FakeProcess:
    """A worker that says what a test tells it to; ``received`` holds the frames it got."""

    pid = 4711

    def __init__(self, protocol: Any, arguments: list[str], environment: dict[str, str]) -> None:
        self.protocol = protocol
        self.arguments = arguments
        self.environment = environment
        self.received: list[JsonObject] = []
        self.signals: list[str] = []
        self._ended = False
        self._reader = FrameReader()
        directlyProvides(self, IProcessTransport)
        protocol.makeConnection(self)

    def write(self, data: bytes) -> None:
        """Take frames."""
        self.received += self._reader.feed(data)

    def signalProcess(self, signal: str) -> None:
        """Note the signal."""
        if self._ended:
            raise ProcessExitedAlready()
        self.signals.append(signal)

    def say(self, message: JsonObject) -> None:
        """Send a frame to the daemon."""
        self.protocol.childDataReceived(1, pack(message))

    def end(self, *, signal: int | None = None, status: int | None = None) -> None:
        """End by *signal* or with *status*."""
        self._ended = True
        failed = signal is not None or status
        reason = ProcessTerminated(status, signal) if failed else ProcessDone(0)
        self.protocol.processEnded(Failure(reason))


@implementer(IReactorProcess)
class SpawningClock(Clock):
    """A clock that starts fake workers."""

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
        process = FakeProcess(processProtocol, list(args), env)
        self.processes.append(process)
        return process
