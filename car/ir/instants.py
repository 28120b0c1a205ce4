"""Instants as text: RFC 3339 in UTC, to and from seconds since the epoch."""

import math
from datetime import UTC, datetime

from car.errors import CarError


class InstantError(CarError):
    """A text that is not an RFC 3339 timestamp."""


def rfc3339(at: float) -> str:
    """*at*, in seconds since the epoch, as RFC 3339 in UTC with microseconds."""
    micros = round((at - _second.whole) * 1_000_000)
    if not 0 <= micros < 1_000_000:
        _second.begin(math.floor(at))
        micros = round((at - _second.whole) * 1_000_000)
        if micros == 1_000_000:
            _second.begin(_second.whole + 1)
            micros = 0
    return f"{_second.text}.{micros:06d}Z"


def seconds(text: str) -> float:
    """Seconds since the epoch of an RFC 3339 text; raises InstantError.

    An offset or ``Z`` is required: a local time names no instant.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InstantError(f"'{text}' is not an RFC 3339 timestamp") from None
    if moment.tzinfo is None or "T" not in text.upper():
        raise InstantError(
            f"'{text}' is not an RFC 3339 timestamp: date, time and offset"
        ) from None
    return moment.timestamp()


class _Second:
    """The whole second of the last instant and its text; instants come in order."""

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, whole: int) -> None:
        self.whole = whole
        self.text = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")


_second = _Second()
