"""How long to wait before the next attempt to reconnect."""

from typing import Annotated

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(gt=0)]


class Backoff(Struct, frozen=True, kw_only=True):
    """Exponential waits: ``initial`` seconds, ``factor`` times more each time, ``maximum`` at most.

    ``jitter`` is the share of each wait that is left to chance, 0 to 1, so that many clients
    of one daemon do not come back all at once.
    """

    initial: Seconds = 0.5
    factor: Annotated[float, Meta(ge=1)] = 2.0
    maximum: Seconds = 30.0
    jitter: Annotated[float, Meta(ge=0, le=1)] = 0.2

    def delay(self, attempt: int, draw: float) -> float:
        """Seconds before *attempt*, counted from 0; *draw* is a random number from 0 to 1."""
        wait = self.initial
        for _ in range(attempt):
            wait = min(wait * self.factor, self.maximum)
            if wait == self.maximum:
                break
        return min(wait, self.maximum) * (1 - self.jitter * draw)
