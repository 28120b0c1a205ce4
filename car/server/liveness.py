"""The judgement whether the peers of our connections are still there.

``Liveness`` judges one connection: it is handed the time and what was seen, and says what
to do.  ``Sweep`` has one timer look at all of them.  Counting octets, sending pings and
dropping connections are the protocol's part.
"""

from enum import Enum
from typing import Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from car.server.limits import Limits

SWEEP_SECONDS = 5.0
"""How often the connections are looked at for silence and for output that is stuck."""


class Verdict(Enum):
    """What is to be done about a connection; the value is why."""

    FINE = "the peer is there"
    PING = "the peer may be there"
    SILENT = "the peer has fallen silent"
    STUCK = "the peer does not take our output"


class Liveness:
    """Judges one connection from what was seen of it between one look and the next.

    Silence is measured from look to look, so a peer is given up to one interval more than
    the limit.  Silence while we do not read does not count.
    """

    __slots__ = ("_answers", "_limits", "_moved_at", "_pinged", "_pinged_at", "_silent_since",
                 "_taken")  # fmt: skip

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self._silent_since = self._pinged_at = self._moved_at = now
        self._taken = 0
        self._pinged = False
        self._answers = False

    def expect_pongs(self) -> None:
        """From now on drop a silent peer even if it has never answered a ping."""
        self._answers = True

    def pong_received(self) -> None:
        """The peer has sent a pong, which is an answer once we have sent a ping."""
        self._answers = self._answers or self._pinged

    def judge(self, now: float, *, heard: bool, reading: bool, unsent: bool, taken: int) -> Verdict:
        """What to do at *now*.

        *heard*: octets have come since the last look.  *reading*: we do read.  *unsent*:
        output is waiting.  *taken*: how many octets of output have left so far.
        """
        if not unsent or taken != self._taken:
            self._taken = taken
            self._moved_at = now
        elif now - self._moved_at >= self._limits.stall_timeout:
            return Verdict.STUCK
        if heard or not reading:
            self._silent_since = self._pinged_at = now
            return Verdict.FINE
        if self._answers and now - self._silent_since >= self._limits.silence_timeout:
            return Verdict.SILENT
        if now - self._pinged_at >= self._limits.ping_after:
            self._pinged_at = now
            self._pinged = True
            return Verdict.PING
        return Verdict.FINE


class Looked(Protocol):
    """What a sweep looks at."""

    def look(self, now: float) -> None:
        """Do what is due at *now*."""


class Sweep:
    """Looks at every connection in turn, every five seconds, while there is any."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._connections: set[Looked] = set()
        self._beat = LoopingCall(self._look_at_all)
        self._beat.clock = clock

    def add(self, connection: Looked) -> None:
        """Look at *connection* until it is discarded."""
        self._connections.add(connection)
        if not self._beat.running:
            self._beat.start(SWEEP_SECONDS, now=False)

    def discard(self, connection: Looked) -> None:
        """*connection* has gone; one that was never added may go, too."""
        self._connections.discard(connection)
        if not self._connections and self._beat.running:
            self._beat.stop()

    def _look_at_all(self) -> None:
        now = self._clock.seconds()
        for connection in list(self._connections):
            connection.look(now)
