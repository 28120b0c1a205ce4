"""Dreams: the memories that outlive a session are consolidated on a beat.

Started by the application that owns the memories, never by the server on its own.
"""

from collections.abc import Callable

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from car.errors import CarError
from car.server.memories import Memories

_log = Logger()


class Dreams(Service):
    """Consolidates every open memory of *memories* each *interval* seconds, one after another.

    *now* gives seconds since the epoch.
    """

    def __init__(
        self,
        memories: Memories,
        clock: IReactorTime,
        interval: float,
        now: Callable[[], float],
    ) -> None:
        self._memories = memories
        self._interval = interval
        self._now = now
        self._beat = LoopingCall(self._dream)
        self._beat.clock = clock

    def startService(self) -> None:
        """Begin; the first dream comes after one interval."""
        super().startService()
        self._beat.start(self._interval, now=False)

    def stopService(self) -> None:
        """Dream no more; one that is under way ends with its slice."""
        super().stopService()
        if self._beat.running:
            self._beat.stop()

    def _dream(self) -> "Deferred[None]":
        return Deferred.fromCoroutine(self._dream_all())

    async def _dream_all(self) -> None:
        for memory in self._memories.opened():
            if not self.running:
                return
            try:
                report = await self._memories.consolidate(memory, self._now())
            except CarError as problem:
                _log.error("memory not consolidated: {problem}", problem=problem)
                continue
            _log.debug("memory consolidated: {report}", report=report)
