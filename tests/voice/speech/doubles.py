"""Doubles of what speech stands on: threads, keys, programs, a synthesiser that is told what to
do."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from twisted.internet.defer import Deferred, execute, succeed
from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IProcessTransport, IReactorProcess
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import directlyProvides, implementer

from car.inference.interfaces import IKeySource
from car.voice.speech.records import Format, SpeechOptions
from car.voice.speech.synthesiser import OnChunk, Synthesiser

VOICES = b"""Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  de              --/M      German             gmw/de
 2  en-us           --/M      English_(America)  gmw/en-US            (en 3)
 2  en              --/M      English            gmw/en
"""


def in_thread(function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
    """Call *function* at once, in no thread."""
    return execute(function, *arguments)


@implementer(IKeySource)
class Keys:
    """Has the keys *known*, by name."""

    def __init__(self, **known: str) -> None:
        self._known = known

    def keys(self, names: Iterable[str]) -> Deferred[list[tuple[str, str]]]:
        """Those of *names*."""
        return succeed([(name, self._known[name]) for name in names if name in self._known])


class Scripted(Synthesiser):
    """Speaks when a test says so: ``on_chunk`` and ``spoken`` are of the last that was asked."""

    name = "scripted"
    description = "A test says what it speaks."

    formats: tuple[Format, ...] = ("wav", "mp3", "pcm")  # type: ignore[misc]  # a test changes it

    def __init__(self) -> None:
        super().__init__(in_thread)
        self.texts: list[str] = []
        self.on_chunk: OnChunk
        self.spoken: Deferred[None]
        self.cancelled = 0
        self.refusal: Exception | None = None
        self.asked: list[SpeechOptions] = []

    async def _check(self, options: SpeechOptions) -> str:
        self.format_of(options)
        self.asked.append(options)
        if self.refusal is not None:
            raise self.refusal
        return "/scripted"

    async def _speak(self, text: str, options: SpeechOptions, on_chunk: OnChunk) -> None:
        self.texts.append(text)
        self.on_chunk = on_chunk
        self.spoken = Deferred(self._count)
        await self.spoken

    def _count(self, _: Deferred[None]) -> None:
        self.cancelled += 1


class FakeProcess:
    """A program that was started; a test says what it does."""

    pid = 2**30
    """Beyond the greatest that Linux has, as it is told to the system."""

    def __init__(self, protocol: Any, arguments: list[str], env: Mapping[str, str]) -> None:
        self.protocol = protocol
        self.arguments = arguments
        self.environment = env
        self.input = b""
        self.input_closed = self.ended = False
        self.signals: list[str] = []
        directlyProvides(self, IProcessTransport)
        protocol.makeConnection(self)

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

    def end(
        self, output: bytes = b"", errors: bytes = b"", status: int = 0, signal: int | None = None
    ) -> None:
        """Write something and end."""
        self.protocol.childDataReceived(1, output)
        self.protocol.childDataReceived(2, errors)
        self.ended = True
        failed = status or signal is not None
        reason = ProcessTerminated(status, signal) if failed else ProcessDone(0)
        self.protocol.processEnded(Failure(reason))


@implementer(IReactorProcess)
class SpawningClock(Clock):
    """A clock that starts programs which do nothing by themselves."""

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
