"""What can go wrong in memory, in words for the client."""

from car.errors import CarError


class MemoryFault(CarError):
    """The root of this package's failures."""


class UnknownFact(MemoryFault):
    """An id or key that names nothing in this memory."""


class InvalidFact(MemoryFault):
    """A fact that cannot be taken in as it was given."""


class BrokenMemory(MemoryFault):
    """A file or stored rows that do not make a graph; the message says where and why."""
