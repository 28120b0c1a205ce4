"""The feed of host events: the newest of them, and who is told.

Queueing for a slow subscriber belongs to its connection; ``deliver`` must not wait.
"""

import secrets
from collections import deque
from collections.abc import Callable

import msgspec
from twisted.logger import Logger

from car.ir.instants import rfc3339
from car.ir.json import JsonObject
from car.server.errors import InvalidParams
from car.server.host_records import HostEvent
from car.server.limits import Limits

DEFAULT_EVENTS = 100
"""Events that ``host.events`` and a snapshot give unasked (``protocol-agents.md`` §1)."""

Deliver = Callable[[HostEvent], None]
NewId = Callable[[str], str]
"""Makes an id of a kind: ``agent``, ``approval`` or ``event``."""

_log = Logger()


def random_id(kind: str) -> str:
    """An id that no other daemon or launch has used."""
    return f"{kind}-{secrets.token_hex(8)}"


class EventFeed:
    """Numbers events, keeps the newest and hands each to every subscriber, in order."""

    def __init__(self, now: Callable[[], float], new_id: NewId, limits: Limits) -> None:
        self._now = now
        self._new_id = new_id
        self._limits = limits
        self._events: deque[HostEvent] = deque(maxlen=limits.host_events)
        self._subscribers: dict[str, Deliver] = {}
        self._undelivered: deque[HostEvent] = deque()
        self._delivering = False
        self.sequence = 0

    def timestamp(self) -> str:
        """The present as RFC 3339."""
        return rfc3339(self._now())

    def newest(self, limit: int = DEFAULT_EVENTS) -> list[HostEvent]:
        """The last *limit* events, oldest first; at least one and at most all that are kept."""
        limit = max(1, min(limit, self._limits.host_events))
        return list(self._events)[-limit:]

    def subscribe(self, session_id: str, deliver: Deliver) -> None:
        """Hand every event from now on to *deliver*; a second call replaces the first."""
        self._subscribers[session_id] = deliver

    def unsubscribe(self, session_id: str) -> None:
        """Stop telling *session_id*, which need not have subscribed."""
        self._subscribers.pop(session_id, None)

    def emit(
        self, kind: str, agent_id: str | None, message: str | None, payload: JsonObject
    ) -> HostEvent:
        """Record an event and tell every subscriber.

        A subscriber that fails is logged and keeps its place until its session ends; an
        event emitted from inside a delivery goes out after the one that is under way.
        """
        self.sequence += 1
        event = HostEvent(
            id=self._new_id("event"),
            timestamp=self.timestamp(),
            kind=kind,
            agent_id=agent_id,
            message=message,
            payload=payload,
            sequence=self.sequence,
        )
        self._events.append(event)
        self._undelivered.append(event)
        if not self._delivering:
            self._delivering = True
            try:
                self._deliver_all()
            finally:
                self._delivering = False
        return event

    def check_text(self, name: str, text: str | None) -> None:
        """Raise InvalidParams if the text of the field *name* is too long."""
        if text is not None:
            self._check(name, len(text.encode()), self._limits.host_message_bytes)

    def check_payload(self, name: str, payload: object) -> None:
        """Raise InvalidParams if the JSON of the field *name* is too long."""
        self._check(name, len(msgspec.json.encode(payload)), self._limits.host_payload_bytes)

    def _check(self, name: str, size: int, most: int) -> None:
        if size > most:
            raise InvalidParams(f"{name} has {size} bytes; at most {most} are allowed")

    def _deliver_all(self) -> None:
        while self._undelivered:
            event = self._undelivered.popleft()
            for session_id, deliver in list(self._subscribers.items()):
                try:
                    deliver(event)
                except Exception:  # whatever one subscriber does, the others are told
                    _log.failure(
                        "host event {kind} could not be handed to session {session_id}",
                        kind=event.kind,
                        session_id=session_id,
                    )
