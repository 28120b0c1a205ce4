"""The records that stores take and give: rows, operations on them, leases."""

from typing import Literal

from msgspec import Struct

from car.ir.json import JsonObject

Kind = Literal["approval", "host_approval", "task", "checkpoint", "dedup", "run", "resume", "sync"]
"""What a row is about (``scaleout.md``, The interfaces, exactly)."""


class Row(Struct, frozen=True):
    """One row: *value* is a JSON object, *updated_at* seconds since the epoch."""

    kind: Kind
    key: str
    version: int
    value: JsonObject
    updated_at: float


class Put(Struct, frozen=True):
    """Write a row that is at *version*; 0 is one that does not exist."""

    kind: Kind
    key: str
    value: JsonObject
    version: int


class Delete(Struct, frozen=True):
    """Remove a row that is at *version*."""

    kind: Kind
    key: str
    version: int


Operation = Put | Delete


class Lease(Struct, frozen=True):
    """The right to be the one who does something, until *expires_at* by the store's clock.

    *epoch* is a fencing token: it grows with every acquisition and never comes again.
    """

    name: str
    holder: str
    epoch: int
    expires_at: float
