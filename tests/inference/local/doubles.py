"""Stand-ins for worker processes and for models."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IProcessTransport, IReactorProcess
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import directlyProvides, implementer

from car.inference.local.frames import FrameReader, pack
from car.inference.local.locate import ModelFiles
from car.inference.local.supervisor import OnPart
from car.inference.local.workers import LocalWorkers
from car.inference.models import Local, ModelSchema
from car.ir.json import JsonObject, JsonValue

GGUF_MODEL = ModelSchema(
    id="lab/owl:1",
    name="owl",
    capabilities=["generate"],
    context_length=512,
    source=Local(path="owl.gguf"),
)
ONNX_MODEL = ModelSchema(
    id="lab/near:1",
    name="near",
    capabilities=["embed", "rerank"],
    context_length=64,
    source=Local(path="near.onnx", format="onnx"),
)


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


class FakeWorkers(LocalWorkers):
    """Workers that answer each call at once with what *answer* makes of it.

    ``calls`` holds the op and the arguments of each.  Where *answer* gives a Deferred, that is
    the call's.
    """

    def __init__(self, answer: Callable[[str, JsonObject], Any]) -> None:
        self.calls: list[tuple[str, JsonObject]] = []
        self.on_part: OnPart | None = None
        self._answer = answer

    def call(
        self,
        model: ModelSchema,
        op: str,
        arguments: JsonObject,
        on_part: OnPart | None = None,
        *,
        seconds: float = 0.0,
    ) -> "Deferred[JsonValue]":
        """Note the call and answer it."""
        self.calls.append((op, arguments))
        self.on_part = on_part
        answer = self._answer(op, arguments)
        return answer if isinstance(answer, Deferred) else succeed(answer)


def place(files: ModelFiles, name: str, content: bytes = b"weights") -> None:
    """Put a file where models lie."""
    files.directory.mkdir(parents=True, exist_ok=True)
    (files.directory / name).write_bytes(content)
