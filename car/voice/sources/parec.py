"""Audio from PulseAudio, or PipeWire in its place, through its program ``parec``."""

import os
import shutil
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IDelayedCall, IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from car.voice.errors import MissingComponent, SourceFailed
from car.voice.records import RATE
from car.voice.sources.source import OnAudio, OnEnd, Source

MONITOR = "@DEFAULT_MONITOR@"
"""PulseAudio's name for what the default output plays."""

DEFAULT_INPUT = "@DEFAULT_SOURCE@"
"""PulseAudio's name for the default input."""

LATENCY_MS = 32
"""How much audio PulseAudio should gather before it hands it over: a frame [ours]."""

SILENT_SECONDS = 2.0
"""A ``parec`` that has not ended for so long has its device, though that be silent [ours]."""

_ERROR_BYTES = 4_096

_PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "PULSE_SERVER",
    "PULSE_RUNTIME_PATH",
    "PULSE_COOKIE",
)
"""The variables that the program gets; the daemon's own hold tokens and keys."""


def open_parec(
    reactor: Any, kind: str, device: str, on_audio: OnAudio, on_end: OnEnd
) -> "Deferred[ParecSource]":
    """Fires with a source of 16 kHz mono from *device*, once audio comes of it.

    *reactor* provides IReactorProcess and IReactorTime; *kind* is what requests call the
    source.  Fails with MissingComponent where there is no ``parec``, and with SourceFailed
    where it gets no audio.
    """
    program = shutil.which("parec")
    if program is None:
        return fail(
            MissingComponent("capture of system audio needs parec (Debian: pulseaudio-utils)")
        )
    command = [
        program,
        "--raw",
        "--format=s16le",
        f"--rate={RATE}",
        "--channels=1",
        f"--latency-msec={LATENCY_MS}",
        f"--device={device}",
    ]
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    source = ParecSource(reactor, kind, on_audio, on_end)
    try:
        reactor.spawnProcess(source.process, program, command, env=environment)
    except OSError as problem:
        return fail(SourceFailed(f"parec cannot be started: {problem.strerror}"))
    return source.opened


class ParecSource(Source):
    """Gives what ``process``, of the program, writes.

    ``opened`` fires with this source, or fails with SourceFailed.  Being live it cannot pause.
    """

    def __init__(self, reactor: Any, kind: str, on_audio: OnAudio, on_end: OnEnd) -> None:
        super().__init__(kind, RATE, 1, on_audio, on_end)
        self.process = _Parec(self)
        self.opened: Deferred[ParecSource] = Deferred()
        self._reactor = reactor
        self._waiting: IDelayedCall | None = None

    def process_started(self) -> None:
        """The program runs: it will give audio, or end soon."""
        self._waiting = self._reactor.callLater(SILENT_SECONDS, self._open)

    def octets_read(self, data: bytes) -> None:
        """The program has written *data*."""
        self._open()
        if not self._ended:
            self._on_audio(data)

    def process_ended(self, complaint: str) -> None:
        """The program has ended; *complaint* is the line in which it said why."""
        problem = f"parec gives no audio: {complaint or 'it ended'}"
        if self._stop_waiting():
            self._ended = True
            self.opened.errback(SourceFailed(problem))
        else:
            self._end(problem)
        self._released()

    def _open(self) -> None:
        if self._stop_waiting():
            self.opened.callback(self)

    def _stop_waiting(self) -> bool:
        """Wait for the first audio no longer; answers whether that was so until now."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and waiting.active():
            waiting.cancel()
        return waiting is not None

    def _release(self) -> None:
        self.process.kill()


class _Parec(ProcessProtocol):
    """The program and its streams."""

    def __init__(self, source: ParecSource) -> None:
        self._source = source
        self._said = b""

    def connectionMade(self) -> None:
        self._source.process_started()

    def outReceived(self, data: bytes) -> None:
        self._source.octets_read(data)

    def errReceived(self, data: bytes) -> None:
        self._said = (self._said + data)[-_ERROR_BYTES:]

    def processEnded(self, reason: Failure) -> None:
        self._source.process_ended(self._said.decode("utf-8", "replace").partition("\n")[0])

    def kill(self) -> None:
        """End the program: it holds nothing but its connection."""
        try:
            IProcessTransport(self.transport).signalProcess("KILL")
        except ProcessExitedAlready:
            return
