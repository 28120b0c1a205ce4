"""What goes wrong with a journal, its lines and its side files."""

from car.errors import CarError


class JournalError(CarError):
    """The journal cannot be written (or synced, or read); the message names file and cause.

    Whoever meets it must start no further side effect until the journal works again (G11).
    """


class LineError(CarError):
    """A line that is no journal line; the message says what is wrong with it."""


class BlobError(CarError):
    """A side file that is missing or does not hold what its name says."""
