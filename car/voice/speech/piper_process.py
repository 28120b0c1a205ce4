"""One process of piper, kept for piece after piece: a line in, a WAV file out.

piper is GPL-3.0 and therefore never imported: it is a program, ``python -m piper`` or the
``piper`` of before.  Both take lines of text and write each as a file into ``--output-dir``,
whose path they then tell, on standard error after "Wrote" or by itself on standard output.
"""

import contextlib
import os
import re
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall, IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from car.scratch import ScratchDirectory
from car.voice.errors import EngineFailed
from car.voice.speech.programs import environment, how_it_ended, kill
from car.worker.child import NICENESS

KIND = "piper"
"""What kind of scratch directory it has."""

PIECE_SECONDS = 60.0
"""How long one piece may take, with loading [ours]; 300 characters take 2 s, loading 2 s."""

IDLE_SECONDS = 600.0
"""A process that nobody asks for so long is stopped (``subsystems.md`` §1.4)."""

MODULE = (sys.executable, "-P", "-m", "piper")

_SAID_BYTES = 4_096
_WRITTEN = re.compile(rb"(?:^|Wrote )(/.*\.wav)\s*$")


class PiperProcess(ProcessProtocol):
    """A process of *command*, with a directory of its own; *reactor* starts and times it."""

    def __init__(self, reactor: Any, command: Sequence[str]) -> None:
        self._reactor = reactor
        self._command = command
        self._directory: ScratchDirectory | None = None
        self._waiting: deque[Deferred[Path]] = deque()
        self._partial: dict[int, bytes] = {}
        self._said = b""
        self._timer: IDelayedCall | None = None
        self._failure: EngineFailed | None = None
        self._ended: Deferred[None] = Deferred()

    @property
    def is_over(self) -> bool:
        """Whether it has ended or is about to: it takes nothing more."""
        return self._failure is not None

    @property
    def is_busy(self) -> bool:
        """Whether it speaks."""
        return bool(self._waiting)

    @property
    def pid(self) -> int | None:
        """The id of the process."""
        pid: int | None = self._process().pid
        return pid

    def start(self) -> None:
        """Start it.  Raises EngineFailed."""
        try:
            self._directory = ScratchDirectory(KIND)
            command = [*self._command, "--output_dir", str(self._directory.root)]
            self._reactor.spawnProcess(self, command[0], command, env=environment())
        except OSError as problem:
            self._remove_directory()
            raise EngineFailed(f"piper cannot be started: {problem.strerror}") from None

    def say(self, line: str) -> Deferred[Path]:
        """Speak *line*, which has something to speak; fires with the WAV, for the caller to
        remove.

        Fails with EngineFailed when the process ends or takes longer than PIECE_SECONDS.
        Cancelling forgets the piece: the process finishes it, and stays.
        """
        if self._failure is not None:
            return fail(self._failure)
        said: Deferred[Path] = Deferred(lambda _: None)
        self._waiting.append(said)
        if len(self._waiting) == 1:
            self._set_timer()
        self._process().write(line.encode() + b"\n")
        return said

    def stop(self) -> Deferred[None]:
        """Kill it; fires when it is gone.  What waits fails with EngineFailed."""
        self._end(EngineFailed("piper was stopped"))
        stopped: Deferred[None] = Deferred()
        self._ended.addCallback(stopped.callback)
        return stopped

    def connectionMade(self) -> None:
        pid = self.pid
        if pid is not None and hasattr(os, "setpriority"):
            with contextlib.suppress(OSError):  # it has ended already
                os.setpriority(os.PRIO_PROCESS, pid, NICENESS)

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        self._said = (self._said + data)[-_SAID_BYTES:]
        *lines, rest = (self._partial.get(childFD, b"") + data).split(b"\n")
        self._partial[childFD] = rest[-_SAID_BYTES:]
        for line in lines:
            written = _WRITTEN.search(line)
            if written is not None and self._waiting:
                self._piece_written(Path(os.fsdecode(written[1])))

    def processEnded(self, reason: Failure) -> None:
        self._fail(EngineFailed(f"piper ended ({how_it_ended(reason, self._said)})"))
        self._remove_directory()
        self._ended.callback(None)

    def _piece_written(self, path: Path) -> None:
        said = self._waiting.popleft()
        self._set_timer()
        if said.called:  # cancelled: nobody waits for it
            path.unlink(missing_ok=True)
        else:
            said.callback(path)

    def _set_timer(self) -> None:
        """Begin to count the time of the next piece, or idle time where there is none."""
        self._stop_timer()
        if self._waiting:
            self._timer = self._reactor.callLater(PIECE_SECONDS, self._too_late)
        else:
            self._timer = self._reactor.callLater(IDLE_SECONDS, self._idle_over)

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def _too_late(self) -> None:
        self._end(EngineFailed(f"piper took longer than {PIECE_SECONDS:g} s"))

    def _idle_over(self) -> None:
        self._end(EngineFailed("piper was stopped"))

    def _end(self, problem: EngineFailed) -> None:
        if self._failure is None:
            kill(self)
            self._fail(problem)

    def _fail(self, problem: EngineFailed) -> None:
        self._stop_timer()
        if self._failure is None:
            self._failure = problem
        waiting, self._waiting = self._waiting, deque()
        for said in waiting:
            if not said.called:
                said.errback(self._failure)

    def _process(self) -> Any:
        transport = self.transport
        assert transport is not None
        return IProcessTransport(transport)

    def _remove_directory(self) -> None:
        directory, self._directory = self._directory, None
        if directory is not None:
            directory.remove()
