"""Which events a client asks for, decided on a line's octets before any is decoded.

All but ``data_matches`` can be told from the head of a line, which always has the same
layout (`car.eventlog.line`), so a line that does not match costs about a microsecond.
"""

from msgspec import Struct, field

from car.eventlog.errors import LineError
from car.eventlog.kinds import RECORD_PREFIX
from car.eventlog.line import Head, parse_object
from car.ir.instants import rfc3339
from car.ir.json import JsonObject, encode

_RECORD = b'"' + RECORD_PREFIX.encode()
_ACTION = b',"action_id":'
_PROPOSAL = b',"proposal_id":'
_DATA = b',"data":'


class EventFilter(Struct, frozen=True, kw_only=True):
    """What ``events.query`` selects by; whatever is left out selects everything.

    ``since`` is inclusive and ``until`` exclusive, in seconds since the epoch.
    ``data_matches`` names members of ``data`` and the text that each must have: a string
    its own, any other value its JSON text.  ``limit`` 0 is no limit.
    """

    kinds: tuple[str, ...] = ()
    action_id: str | None = None
    proposal_id: str | None = None
    since: float | None = None
    until: float | None = None
    data_matches: dict[str, str] = field(default_factory=dict)
    limit: int = 0


class EventMatcher:
    """An EventFilter made ready to look at many lines."""

    def __init__(self, wanted: EventFilter) -> None:
        self._kinds = tuple(encode(kind) + _ACTION for kind in wanted.kinds)
        self._action = _member(_ACTION, wanted.action_id, _PROPOSAL)
        self._proposal = _member(_PROPOSAL, wanted.proposal_id, _DATA)
        self._since = rfc3339(wanted.since).encode() if wanted.since is not None else b""
        self._until = rfc3339(wanted.until).encode() if wanted.until is not None else b""
        self._data_matches = wanted.data_matches

    def match(self, raw: bytes, head: Head) -> JsonObject | None:
        """The line *raw* decoded if it is an event that was asked for, else None.

        A line that cannot be decoded is none.
        """
        if not self._head_matches(raw, head):
            return None
        try:
            event = parse_object(raw)
        except LineError:
            return None
        return event if self._data_match(event) else None

    def _head_matches(self, raw: bytes, head: Head) -> bool:
        if raw.startswith(_RECORD, head.kind_at):
            return False
        if self._kinds and not raw.startswith(self._kinds, head.kind_at):
            return False
        if self._since and head.timestamp < self._since:
            return False
        if self._until and head.timestamp >= self._until:
            return False
        # Inside a string quotes are escaped: the first of these is the member itself.
        if self._action and not raw.startswith(self._action, raw.find(_ACTION, head.kind_at)):
            return False
        return not self._proposal or raw.startswith(
            self._proposal, raw.find(_PROPOSAL, head.kind_at)
        )

    def _data_match(self, event: JsonObject) -> bool:
        data = event["data"]
        for name, text in self._data_matches.items():
            if name not in data:
                return False
            value = data[name]
            if text != (value if isinstance(value, str) else encode(value).decode()):
                return False
        return True


def _member(name: bytes, value: str | None, following: bytes) -> bytes:
    """The octets of an id that is asked for, up to the member after it; empty for any id."""
    return b"" if value is None else name + encode(value) + following
