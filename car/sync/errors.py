"""What can go wrong in synchronisation, in words for the client."""

from car.errors import CarError
from car.ir.json import RecordError


class SyncError(CarError):
    """The root of this package's failures."""


class InvalidOperation(SyncError, RecordError):
    """A payload or surface that cannot be recorded; the message names the member."""


class FrontierTruncated(SyncError):
    """Operations that this device lacks are gone from the relay: it must rebase."""

    code = "frontier_truncated"


class JournalForked(SyncError):
    """The relay holds other operations under this device's numbers."""

    code = "journal_forked"


class RelayUnavailable(SyncError):
    """The relay's directory cannot be read or written."""

    code = "relay"
