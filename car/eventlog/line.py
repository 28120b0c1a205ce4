"""The journal line: how one is laid out, read and told from a broken one.

::

    {"id":"e-<n>","timestamp":"2026-03-04T10:00:02.123456Z","kind":"action_failed",
     "action_id":"a9","proposal_id":"p8","data":{…},"t_mono_ms":12.345}

in this order, without blanks, ended by a newline (``record.md`` §2).  *n* counts from 1
without a gap, ``timestamp`` always has 27 characters, ``action_id`` and ``proposal_id`` are
null where they do not apply, ``t_mono_ms`` counts from the opening of the log, to the
microsecond, and does not follow the wall clock.  A chained line has two members more
(`car.eventlog.chain`).
"""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from car.eventlog.errors import LineError
from car.ir.instants import seconds
from car.ir.json import JsonError, JsonObject, decode_as

LINE = (
    b'{"id":"e-%d","timestamp":"%b%06dZ","kind":%b,"action_id":%b,"proposal_id":%b,'
    b'"data":%b,"t_mono_ms":%b}\n'
)
"""Takes: number, text of the second with its dot, microseconds, then five JSON texts."""

LINE_START = b'{"id":"e-'

_NUMBER_AT = len(LINE_START)
_KIND_OFFSET = len('","timestamp":"2026-03-04T10:00:02.123456Z","kind":')
_TIME_OFFSET = len('","timestamp":"')
_TIME_END = _TIME_OFFSET + 27


class Event(Struct, frozen=True, kw_only=True):
    """A line as read; encoding it gives the line's members in the line's order."""

    id: Annotated[str, Meta(pattern="^e-[1-9][0-9]{0,17}$")]
    timestamp: str
    kind: str
    action_id: str | None
    proposal_id: str | None
    data: JsonObject
    t_mono_ms: float
    prev_hash: str | UnsetType = UNSET
    hash: str | UnsetType = UNSET

    @property
    def number(self) -> int:
        """The *n* of ``e-<n>``."""
        return int(self.id[2:])

    @property
    def at(self) -> float:
        """The timestamp in seconds since the epoch; raises InstantError if it is none."""
        return seconds(self.timestamp)


_event = msgspec.json.Decoder(Event)
_object = msgspec.json.Decoder(JsonObject)


def parse_event(raw: bytes) -> Event:
    """Read one line, with or without its newline; raises LineError saying what is wrong."""
    try:
        return decode_as(_event, raw)
    except JsonError as problem:
        raise LineError(str(problem)) from None


def parse_object(text: bytes) -> JsonObject:
    """Read a line or its ``data`` as a plain object; raises LineError."""
    try:
        return decode_as(_object, text)
    except JsonError as problem:
        raise LineError(str(problem)) from None


class Head:
    """Where the parts of a line's head stand, found without decoding it.

    Good for a line laid out as ours are; raises LineError where the number is not found.
    """

    __slots__ = ("kind_at", "number", "timestamp")

    def __init__(self, raw: bytes) -> None:
        end = raw.find(b'"', _NUMBER_AT, _NUMBER_AT + 20)
        digits = raw[_NUMBER_AT : max(end, 0)]
        if not raw.startswith(LINE_START) or not digits.isdigit():
            raise LineError('a line begins with {"id":"e-<n>"')
        self.number = int(digits)
        self.timestamp = raw[end + _TIME_OFFSET : end + _TIME_END]
        self.kind_at = end + _KIND_OFFSET
