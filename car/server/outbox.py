"""What one connection has to send, gathered by turn of the reactor.

The lines that a turn put into the journal are written before any of its frames leaves (G1,
G5); then all frames go out in one write.  If the journal cannot be written, no result and
no call of that turn leaves: results become errors, calls fail (G11).  With durability
``power`` frames wait until their lines are on the disk.
"""

from collections import deque
from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from car.eventlog.errors import JournalError
from car.eventlog.journal import JournalFile
from car.eventlog.log import EventLog
from car.proto import codes
from car.proto.messages import error_frame

Sync = Callable[[JournalFile], "Deferred[None]"]
"""Fires when what the journal has written so far is on the disk; fails with JournalError."""


Owner = bytes | str | None
"""Whose a frame is: the raw id of the request that it answers, the id of the request of ours
that it is, or nobody's (a notification, an error that recorded nothing)."""


class _Batch:
    """Frames that go out together; ``owners`` is empty when no line belongs to them."""

    __slots__ = ("frames", "owners", "ready")

    def __init__(self, frames: list[bytes], owners: Sequence[Owner] = ()) -> None:
        self.frames = frames
        self.owners = owners
        self.ready = True


class Outbox:
    """Gathers frames between ``begin`` and ``end``; outside of a turn, until the next one.

    *send* writes frames to the connection; *most_bytes* are gathered at most.  *call_unsent*
    is told of a call that could not leave because the journal failed.  *sync* is None unless
    durability is ``power``.
    """

    __slots__ = (
        "_call_unsent",
        "_clock",
        "_events",
        "_flushing",
        "_frames",
        "_gathered_bytes",
        "_held",
        "_in_turn",
        "_journal",
        "_most_bytes",
        "_owners",
        "_recorded",
        "_send",
        "_sync",
        "_timer",
    )

    def __init__(
        self,
        send: Callable[[list[bytes]], None],
        clock: IReactorTime,
        call_unsent: Callable[[str, JournalError], None],
        sync: Sync | None = None,
        most_bytes: int = 1 << 20,
    ) -> None:
        self._send = send
        self._most_bytes = most_bytes
        self._clock = clock
        self._call_unsent = call_unsent
        self._sync = sync
        self._journal: JournalFile | None = None
        self._events: EventLog | None = None
        self._frames: list[bytes] = []
        self._owners: list[Owner] = []
        self._held: deque[_Batch] = deque()
        self._recorded = 0
        self._gathered_bytes = 0
        self._in_turn = self._flushing = False
        self._timer: IDelayedCall | None = None

    def log_opened(self, events: EventLog, journal: JournalFile | None) -> None:
        """From now on the lines of *events*, kept in *journal*, go before the frames."""
        self._journal = journal
        self._events = events

    def put(self, frame: bytes, owner: Owner = None) -> None:
        """Send *frame* at the end of this turn, or before if much has been gathered.

        One read may hold hundreds of requests with large answers: that the client does not
        read them must show before they are all made.
        """
        self._frames.append(frame)
        self._owners.append(owner)
        self._gathered_bytes += len(frame)
        if self._gathered_bytes > self._most_bytes and not self._flushing:
            self.flush()
        elif not self._in_turn and self._timer is None:
            self._timer = self._clock.callLater(0, self._later)

    def begin(self) -> None:
        """A turn begins: gather until ``end``."""
        self._in_turn = True

    def end(self) -> None:
        """The turn is over: everything gathered goes out."""
        self._in_turn = False
        self.flush()

    def flush(self) -> None:
        """Write the journal's lines, then the frames."""
        self._gathered_bytes = 0
        journal, events = self._journal, self._events
        if journal is not None and events is not None and events.last_number != self._recorded:
            self._flushing = True
            try:
                self._flush_journaled(journal, events)
            finally:
                self._flushing = False
        elif self._frames:
            frames = self._frames
            self._frames, self._owners = [], []
            self._release(_Batch(frames))

    def _later(self) -> None:
        self._timer = None
        self.flush()

    def _flush_journaled(self, journal: JournalFile, events: EventLog) -> None:
        # A call that cannot leave fails, which may make further lines and frames: go on
        # until there are none.
        while self._frames or events.last_number != self._recorded:
            batch = _Batch(self._frames, self._owners)
            self._frames, self._owners = [], []
            self._recorded = events.last_number
            try:
                journal.flush()
            except JournalError as problem:
                self._take_back(batch, problem)
            if self._sync is not None and batch.owners:
                batch.ready = False
                synced = self._sync(journal)
                synced.addCallbacks(self._synced, self._not_synced, (batch,), {}, (batch,), {})
            self._release(batch)

    def _take_back(self, batch: "_Batch", problem: JournalError) -> None:
        """Leave in *batch* only what may leave although the journal lacks its lines."""
        kept: list[bytes] = []
        for frame, owner in zip(batch.frames, batch.owners, strict=True):
            if isinstance(owner, bytes):
                kept.append(unrecorded(owner, problem))
            elif owner is not None:
                self._call_unsent(owner, problem)
            else:
                kept.append(frame)
        batch.frames, batch.owners = kept, []

    def _release(self, batch: "_Batch") -> None:
        """Send a batch, once those before it have gone and its lines are where they must be."""
        if self._held or not batch.ready:
            self._held.append(batch)
            self._drain()
        elif batch.frames:
            self._send(batch.frames)

    def _drain(self) -> None:
        while self._held and self._held[0].ready:
            frames = self._held.popleft().frames
            if frames:
                self._send(frames)

    def _synced(self, _: None, batch: "_Batch") -> None:
        batch.ready = True
        self._drain()

    def _not_synced(self, failure: Failure, batch: "_Batch") -> None:
        self._take_back(batch, JournalError(failure.getErrorMessage()))
        self._synced(None, batch)

    def close(self) -> None:
        """Flush what there is; no timer stays behind."""
        self.flush()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def unrecorded(id: bytes, problem: JournalError) -> bytes:
    """The answer to a request whose effects could not be recorded."""
    return error_frame(id, codes.INTERNAL_ERROR, str(problem), {"code": "journal"})
