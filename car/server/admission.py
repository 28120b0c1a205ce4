"""The gate in front of local inference: so many at once, the others wait in order.

Permits are sized from RAM (decision 11).  Remote calls have a gate of their own, of the
same class and with a number of their own; which calls pass which gate is inference's to say.
"""

from collections import deque

import psutil  # type: ignore[import-untyped]  # ships no types
from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger

from car.server.errors import Busy

OVERRIDE_VARIABLE = "CAR_INFERENCE_MAX_CONCURRENT"
BYTES_PER_PERMIT = 8 * 1024**3
"""RAM for one local inference (``subsystem-inference.md``, Admission)."""

MOST_PERMITS = 8

_log = Logger()


def permits_from_system(override: str | None = None) -> int:
    """How many local inferences this machine may run at once.

    *override*, the setting ``inference_max_concurrent``, wins when it is a positive whole
    number and is ignored with a warning when it is anything else.
    """
    if override is not None:
        if override.isdecimal() and int(override) > 0:
            return int(override)
        _log.warn(
            "{variable} must be a positive whole number, not {override}; ignored",
            variable=OVERRIDE_VARIABLE,
            override=override,
        )
    return permits_for(psutil.virtual_memory().total)


def permits_for(memory_bytes: int) -> int:
    """Permits for a machine with that much RAM: one for 8 GiB, 1 to 8."""
    return max(1, min(MOST_PERMITS, memory_bytes // BYTES_PER_PERMIT))


class Permit:
    """The right to one inference, held until ``release``."""

    def __init__(self, gate: "AdmissionGate") -> None:
        self._gate: AdmissionGate | None = gate

    def release(self) -> None:
        """Give the permit to the next in line.  Calling it again does nothing."""
        gate, self._gate = self._gate, None
        if gate is not None:
            gate._take_back()


class AdmissionGate:
    """Hands out at most *permits* permits; at most *most_waiting* wait, in order of arrival."""

    def __init__(self, permits: int, most_waiting: int) -> None:
        self.permits = permits
        self._available = permits
        self._most_waiting = most_waiting
        self._waiting: deque[Deferred[Permit]] = deque()
        self._granting = False

    def acquire(self) -> Deferred[Permit]:
        """Fire with a permit as soon as one is free.

        Fails with Busy when the queue is full.  Cancelling leaves the queue; a permit once
        given must be released.
        """
        if len(self._waiting) >= self._most_waiting:
            return fail(Busy(f"inference queue is full ({self._most_waiting} waiting)"))
        waiter: Deferred[Permit] = Deferred(self._waiting.remove)
        self._waiting.append(waiter)
        self._grant()
        return waiter

    def status(self) -> dict[str, int | str]:
        """What ``admission.status`` answers; ``env_override`` names the variable."""
        return {
            "permits_total": self.permits,
            "permits_available": self._available,
            "permits_in_use": self.permits - self._available,
            "env_override": OVERRIDE_VARIABLE,
        }

    def _take_back(self) -> None:
        self._available += 1
        self._grant()

    def _grant(self) -> None:
        """Serve the queue; a loop, as a waiter may release before its callback returns."""
        if self._granting:
            return
        self._granting = True
        try:
            while self._waiting and self._available:
                self._available -= 1
                self._waiting.popleft().callback(Permit(self))
        finally:
            self._granting = False
