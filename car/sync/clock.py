"""A hybrid logical clock: wall time where it goes on, a counter where it does not."""

from msgspec import Struct


class Hlc(Struct, frozen=True, order=True):
    """An instant in an order that all devices agree on; *wall_ms* is since the epoch.

    An operation that was made knowing of another comes after it, whatever the wall clocks.
    """

    wall_ms: int
    counter: int
    device_id: str


class HybridClock:
    """The clock of one device.  A reading is later than all before it and all observed.

    A device whose wall clock runs ahead takes the others along: refusing what it recorded
    would keep them from ever agreeing.
    """

    def __init__(self, device_id: str) -> None:
        self._device_id = device_id
        self.latest = Hlc(0, 0, device_id)

    def tick(self, at: float) -> Hlc:
        """A new reading at *at*, seconds since the epoch."""
        wall_ms, latest = int(at * 1000), self.latest
        if wall_ms > latest.wall_ms:
            self.latest = Hlc(wall_ms, 0, self._device_id)
        else:
            self.latest = Hlc(latest.wall_ms, latest.counter + 1, self._device_id)
        return self.latest

    def observe(self, other: Hlc) -> None:
        """Go on from *other* where it is later."""
        self.latest = max(self.latest, other)
