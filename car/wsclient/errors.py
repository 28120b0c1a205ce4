"""What goes wrong with a WebSocket that we open."""

from car.errors import CarError


class CannotConnect(CarError):
    """The WebSocket could not be opened.

    ``status`` is the HTTP status of a server that refused, None where none has answered.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ConnectionClosed(CarError):
    """The connection is closed, or closing, and takes no more messages."""


class MessageTooLong(CarError):
    """A message to be sent is longer than the connection was opened for."""
