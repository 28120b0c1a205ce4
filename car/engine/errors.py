"""What can go wrong while a proposal runs."""

from car.errors import CarError


class ToolError(CarError):
    """A tool call that did not succeed; the message is the action's error text."""


class ToolTimeout(ToolError):
    """A tool call that took longer than it was allowed to."""


class ActionFailed(CarError):
    """An action other than a tool call that failed; the message is its error text."""


class CheckpointError(CarError):
    """A checkpoint that cannot be restored."""
