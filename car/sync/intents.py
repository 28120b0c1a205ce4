"""Intents: what a run is about to do, so that no other does it again.

The lease says who may act now; the intent, shared by all devices, what has been done.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from car.store.records import Lease

Epoch = Annotated[int, Meta(ge=0, le=2**53)]
"""A lease's epoch, small enough for every JSON reader."""

Name = Annotated[str, Meta(min_length=1, max_length=512)]
"""An agent, a run: bounded as it is kept as a key."""


class Intent(Struct, frozen=True):
    """That *run_id* of *agent_id*, under the lease *epoch*, means to act, has, or has failed."""

    agent_id: Name
    run_id: Name
    epoch: Epoch
    status: Literal["pending", "committed", "failed"]


class Fence(Struct, frozen=True, omit_defaults=True, tag_field="decision"):
    """Whether a run may act; the subclass is the decision."""


class Proceed(Fence, frozen=True, tag="proceed"):
    """It holds the lease, and nobody has done it."""


class AlreadyCommitted(Fence, frozen=True, tag="already_committed"):
    """It has been done, under *epoch*."""

    epoch: int


class StaleEpoch(Fence, frozen=True, tag="stale_epoch"):
    """The lease or the intent has gone on to *current_epoch*."""

    current_epoch: int


class NotHeld(Fence, frozen=True, tag="not_held"):
    """This device does not hold the lease; *holder* does, None where nobody does."""

    holder: str | None = None


def lease_name(agent_id: str) -> str:
    """The lease whose holder may act for an agent."""
    return f"agent:{agent_id}"


def objection(recorded: Intent | None, epoch: int) -> str | None:
    """Why an intent under *epoch* must not be written over *recorded*; None where it may."""
    if recorded is None:
        return None
    if recorded.status == "committed":
        return "already_committed"
    return "stale_epoch" if recorded.epoch > epoch else None


def fence(recorded: Intent | None, lease: Lease | None, device_id: str, epoch: int) -> Fence:
    """Whether a run of this device may act under *epoch*, given its intent and the lease."""
    if recorded is not None and recorded.status == "committed":
        return AlreadyCommitted(recorded.epoch)
    current = max(recorded.epoch if recorded else 0, lease.epoch if lease else 0)
    if current > epoch:
        return StaleEpoch(current)
    if lease is None or lease.holder != device_id or lease.epoch != epoch:
        return NotHeld(lease.holder if lease else None)
    return Proceed()
