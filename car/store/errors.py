"""What can go wrong with a store, in words for the client."""

from car.errors import CarError
from car.ir.instants import rfc3339
from car.store.records import Lease


class StoreError(CarError):
    """The root of this package's failures."""


class StoreUnavailable(StoreError):
    """The store cannot answer: told with the machine code ``store``; nothing was half done."""

    code = "store"


class NewerSchema(StoreUnavailable):
    """A database that a newer version wrote; it is left alone."""


class StoreCorrupt(StoreUnavailable):
    """A database file that is damaged, or is none at all."""


class StaleVersion(StoreError):
    """A row that is not at the version the writer believed; nothing was changed."""

    code = "stale_version"


class LeaseHeld(StoreError):
    """A lease that somebody else holds: *lease* as it stands."""

    code = "held"

    def __init__(self, lease: Lease) -> None:
        super().__init__(
            f"the lease '{lease.name}' is held by '{lease.holder}' until "
            f"{rfc3339(lease.expires_at)}"
        )
        self.lease = lease


class LeaseLost(StoreError):
    """A lease that is no longer its bearer's: taken by another, or released."""

    code = "lost"
