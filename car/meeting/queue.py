"""What waits to be written to one file: pieces in their order, taken by a thread as it can."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from car.meeting.errors import FilesFailed
from car.store.thread import InThread

MOST_PIECES = 10_000
"""Lines that may wait (``subsystem-meeting.md``, Concurrency and back-pressure)."""

MOST_BYTES = 16 * 1024 * 1024
"""Octets that may wait [ours]: eight minutes of 16 kHz mono."""


class WriteQueue:
    """Has *in_thread* call *write* with all that waits, one call at a time.

    *write* raises FilesFailed where it wrote nothing of it: then it is tried again with the
    next piece, and *on_problem* is told, once until something was written again.
    """

    def __init__(
        self,
        in_thread: InThread,
        write: Callable[[bytes], None],
        on_problem: Callable[[str], object],
    ) -> None:
        self._in_thread = in_thread
        self._write = write
        self._on_problem = on_problem
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._size = 0
        self._writing = False
        self._failing = False
        self._idle: list[Deferred[int]] = []

    def put(self, piece: bytes) -> bool:
        """Have *piece* written; false, and it is not taken, if there is no place for it."""
        if self._waiting >= MOST_PIECES or self._size + len(piece) > MOST_BYTES:
            return False
        self._pieces.append(piece)
        self._waiting += 1
        self._size += len(piece)
        if not self._writing:
            self._begin()
        return True

    def drained(self) -> "Deferred[int]":
        """Fires once no write is under way, with how many pieces could not be written.

        What could not be before is tried once more.
        """
        if not self._writing and self._pieces:
            self._begin()
        if not self._writing:
            return succeed(self._waiting)
        self._idle.append(Deferred())
        return self._idle[-1]

    def _begin(self) -> None:
        self._writing = True
        pieces, self._pieces = self._pieces, []
        written = self._in_thread(self._write, b"".join(pieces))
        written.addCallbacks(
            self._written, self._not_written, callbackArgs=(pieces,), errbackArgs=(pieces,)
        )

    def _written(self, _: Any, pieces: list[bytes]) -> None:
        self._failing = False
        self._waiting -= len(pieces)
        self._size -= sum(map(len, pieces))
        if self._pieces:
            self._begin()
        else:
            self._end()

    def _not_written(self, failure: Failure, pieces: list[bytes]) -> None:
        failure.trap(FilesFailed)
        self._pieces = pieces + self._pieces
        self._end()
        if not self._failing:
            self._failing = True
            self._on_problem(failure.getErrorMessage())

    def _end(self) -> None:
        self._writing = False
        idle, self._idle = self._idle, []
        for waiter in idle:
            waiter.callback(self._waiting)
