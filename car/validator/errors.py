"""What can go wrong with a tool's schema."""

from car.errors import CarError


class SchemaError(CarError):
    """A tool that cannot be registered: its schema or rate limit makes no sense."""
