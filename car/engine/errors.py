"""What can go wrong while a proposal runs."""

from car.errors import CarError


class ToolError(CarError):
    """A tool call that did not succeed; the message is the action's error text."""


class ToolTimeout(ToolError):
    """A tool call that took longer than it was allowed to."""


class ToolRegistrationError(CarError):
    """A tool that cannot be registered as asked."""


class CheckpointError(CarError):
    """A checkpoint that cannot be restored."""
