"""Notifications for a client that does not read: bounded, with the loss told (``protocol.md`` §7).

While the connection takes output, notifications go straight to the outbox.  While it is
stalled they wait here; beyond the limit the oldest that may be dropped go first, and the
stream that lost them says so once, under its own method name, before it goes on: a voice
session by its event ``lagged``, any other stream by a ``gap``.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from car.ir.json import JsonObject, encode, to_value
from car.proto.messages import notification_frame
from car.server.limits import Limits
from car.voice.records import Lagged

Stream = tuple[str, str | None]
"""A method, and the voice session among those that it tells of."""


class Waiting(NamedTuple):
    """A notification that waits; ``cursor`` is its place in its stream, if it has one."""

    stream: Stream
    frame: bytes
    droppable: bool
    cursor: int | None


class Notifications:
    """The notifications of one connection.

    *put* sends a frame.  *overflow* is called once when what must not be dropped finds no
    place: the connection is to be closed.
    """

    __slots__ = ("_bytes", "_limits", "_lost", "_overflow", "_put", "_waiting", "stalled")

    def __init__(
        self, put: Callable[[bytes], None], limits: Limits, overflow: Callable[[], None]
    ) -> None:
        self._put = put
        self._limits = limits
        self._overflow = overflow
        self._waiting: deque[Waiting] = deque()
        self._bytes = 0
        self._lost: dict[Stream, tuple[int, int | None]] = {}
        self.stalled = False

    def send(
        self,
        method: str,
        params: bytes,
        *,
        droppable: bool = True,
        cursor: int | None = None,
        voice: str | None = None,
    ) -> None:
        """Send a notification, or keep it until the client reads again.

        *voice* is the id of the voice session that it is an event of.
        """
        frame = notification_frame(method, params)
        if not self.stalled:
            self._put(frame)
            return
        self._waiting.append(Waiting((method, voice), frame, droppable, cursor))
        self._bytes += len(frame)
        while self._too_many():
            if not self._drop_oldest():
                self._overflow()
                return

    def resumed(self) -> None:
        """The client reads again: tell what was lost, send what has waited."""
        self.stalled = False
        lost, self._lost = self._lost, {}
        for stream, (dropped, cursor) in lost.items():
            self._put(notification_frame(stream[0], encode(_loss(stream[1], dropped, cursor))))
        waiting, self._waiting = self._waiting, deque()
        self._bytes = 0
        for notification in waiting:
            self._put(notification.frame)

    def _too_many(self) -> bool:
        limits = self._limits
        return (
            len(self._waiting) > limits.subscriber_notifications
            or self._bytes > limits.subscriber_bytes
        )

    def _drop_oldest(self) -> bool:
        """Drop the oldest notification that may be dropped; whether there was one."""
        for index, notification in enumerate(self._waiting):
            if notification.droppable:
                del self._waiting[index]
                self._bytes -= len(notification.frame)
                dropped, _ = self._lost.get(notification.stream, (0, None))
                self._lost[notification.stream] = (dropped + 1, notification.cursor)
                return True
        return False


def _loss(voice: str | None, dropped: int, cursor: int | None) -> JsonObject:
    """The params that tell of *dropped* notifications, the last one at *cursor*."""
    if voice is not None:
        return {"session_id": voice, "event": to_value(Lagged(dropped))}
    gap: JsonObject = {"dropped": dropped}
    if cursor is not None:
        gap["cursor"] = cursor
    return {"gap": gap}
