"""A worker process that voice sessions share: one call at a time, each session in turn.

What is asked of the worker, and when there is something to ask, is for those who share it.
"""

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from car.ir.json import JsonObject, JsonValue
from car.voice.errors import EngineFailed, InvalidRequest, MissingComponent, SourceFailed
from car.voice.records import RATE
from car.worker.errors import WorkerFailed
from car.worker.process import CALL_SECONDS, IDLE_SECONDS, WorkerProcess

_log = Logger()

InThread = Callable[..., "Deferred[Any]"]
"""Calls a function with arguments in a thread: ``deferToThreadPool`` with its pool bound."""

BACKENDS = "car.voice.recognisers.backends"
"""The module that the workers import."""

OCTETS_A_MS = RATE * 2 // 1000

FILE_SECONDS = 7_200.0
"""How long a whole file may take: 4 h of audio, at half the speed that was measured [ours]."""

TEXT, GUESS = 0, 1
"""Urgencies: the text of what was said, which is waited for, comes before guesses at what is
being said."""


class Holder(Protocol):
    """One of those that share a worker."""

    def urgency(self) -> int | None:
        """How urgent the next call is, less being more; None where there is none to make."""

    def work(self) -> Deferred[None]:
        """Make that call; fires when it is over.  Its failure is the holder's to deal with."""


class SharedWorker:
    """The worker of *engine*, opened with *options*, and those that share it.

    *reactor* provides IReactorProcess and IReactorTime.
    """

    def __init__(
        self,
        reactor: Any,
        engine: str,
        options: JsonObject,
        *,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._process = WorkerProcess(
            reactor,
            engine,
            BACKENDS,
            lambda: {"engine": engine, **options},
            (EngineFailed, InvalidRequest, MissingComponent, SourceFailed),
            idle_seconds=idle_seconds,
        )
        self._holders: list[Holder] = []
        self._working = False
        self._choosing = False

    @property
    def pid(self) -> int | None:
        """The id of the process, None while there is none."""
        return self._process.pid

    def call(
        self, op: str, arguments: JsonObject, *, seconds: float = CALL_SECONDS
    ) -> "Deferred[Any]":
        """Have the worker do *op* as ``WorkerProcess.call`` does, beside what is in turn.

        Fails with a VoiceError; EngineFailed where the process failed.
        """
        answer = self._process.call(op, arguments, seconds=seconds)
        return answer.addErrback(_as_engine_failed)

    def stop(self) -> "Deferred[None]":
        """Kill the process and refuse further calls; fires when it is gone."""
        return self._process.stop()

    # ---- who is next ------------------------------------------------------------------

    def join(self, holder: Holder) -> None:
        """Let *holder* have its turns."""
        self._holders.append(holder)

    def leave(self, holder: Holder) -> None:
        """Give *holder* no further turn."""
        if holder in self._holders:
            self._holders.remove(holder)

    def wake(self) -> None:
        """Somebody has a call to make: the next in turn makes one, if none is being made."""
        if self._choosing:
            return
        self._choosing = True
        while not self._working and (holder := self._next()) is not None:
            self._working = True
            holder.work().addErrback(self._failed).addBoth(self._over)
        self._choosing = False

    def _next(self) -> Holder | None:
        """The holder with the most urgent call, of these the one that has waited longest."""
        waiting = [
            (urgency, place)
            for place, holder in enumerate(self._holders)
            if (urgency := holder.urgency()) is not None
        ]
        if not waiting:
            return None
        holder = self._holders.pop(min(waiting)[1])
        self._holders.append(holder)
        return holder

    def _over(self, _result: object) -> None:
        self._working = False
        self.wake()

    def _failed(self, failure: Failure) -> None:
        _log.failure("a recogniser's turn failed", failure)


def _as_engine_failed(failure: Failure) -> JsonValue:
    """Raise the failure of the process as one of this package."""
    failure.trap(WorkerFailed)
    raise EngineFailed(str(failure.value))
