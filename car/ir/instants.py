"""Instants as text: RFC 3339 in UTC, to and from seconds since the epoch."""

from datetime import UTC, datetime

from car.errors import CarError


class InstantError(CarError):
    """A text that is not an RFC 3339 timestamp."""


def rfc3339(at: float) -> str:
    """*at*, in seconds since the epoch, as RFC 3339 in UTC with microseconds."""
    whole = int(at // 1)
    micros = round((at - whole) * 1_000_000)
    if micros == 1_000_000:
        whole, micros = whole + 1, 0
    return f"{_second(whole)}.{micros:06d}Z"


def seconds(text: str) -> float:
    """Seconds since the epoch of an RFC 3339 text; raises InstantError.

    An offset or ``Z`` is required: a local time names no instant.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InstantError(f"'{text}' is not an RFC 3339 timestamp") from None
    if moment.tzinfo is None or "T" not in text.upper():
        raise InstantError(f"'{text}' is not an RFC 3339 timestamp: date, time and offset") from None
    return moment.timestamp()


_last: tuple[int, str] = (0, "1970-01-01T00:00:00")


def _second(whole: int) -> str:
    """The text of a whole second; the last one is kept, as instants come in order."""
    global _last
    if _last[0] != whole:
        moment = datetime.fromtimestamp(whole, UTC)
        _last = (whole, moment.strftime("%Y-%m-%dT%H:%M:%S"))
    return _last[1]
