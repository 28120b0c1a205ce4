"""What can go wrong with policies."""

from car.errors import CarError


class PolicyError(CarError):
    """A policy that cannot be registered: an unknown rule, or an argument it lacks."""


class UnknownScope(CarError):
    """A policy scope that was never opened or has been closed."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"unknown policy session '{scope}'")
