"""How a command ends: exit statuses, and the failures that carry one."""

from typing import Final

from car.errors import CarError

OK: Final = 0
REFUSED: Final = 1
"""The daemon or a check said no, or something failed."""
USAGE: Final = 2
"""The command cannot be tried as given: its arguments, or a file that they name."""
UNREACHABLE: Final = 3
"""There is no daemon, or it went away."""
INTERRUPTED: Final = 130
"""Ctrl-C, as shells count it."""


class CommandError(CarError):
    """A command that failed; ``status`` is its exit status, the message one line."""

    status = REFUSED


class UsageError(CommandError):
    """Arguments, or a file they name, that the command can do nothing with."""

    status = USAGE


class Unreachable(CommandError):
    """No daemon answers."""

    status = UNREACHABLE


class Interrupted(CommandError):
    """The command was stopped by a signal."""

    status = INTERRUPTED
