"""What can go wrong with the state."""

from car.errors import CarError


class StateLimitError(CarError):
    """A write that would take the state beyond one of its limits; the message names it."""
