"""What a daemon learns, kept in a file: read once, saved at leisure after it has changed.

What it is, and how it is put together with what has been learnt before it was read, is for its
owner.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from car.inference.documents import read_if_possible, write_document
from car.inference.interfaces import InThread

_log = Logger()
_T = TypeVar("_T")

SAVE_SECONDS = 5.0
"""A file is saved at most this often, and at shutdown (``subsystem-inference.md``)."""


class KeptDocument(Generic[_T]):
    """A document in the file *path*; with None it is neither read nor saved.

    *copy* gives what is to be saved, in a form that does not change any more, as it is written
    in a thread.
    """

    def __init__(
        self,
        path: Path | None,
        type_: type[_T],
        clock: IReactorTime,
        in_thread: InThread,
        copy: Callable[[], object],
    ) -> None:
        self._path = path
        self._type = type_
        self._clock = clock
        self._in_thread = in_thread
        self._copy = copy
        self._timer: IDelayedCall | None = None
        self._saving = DeferredLock()

    async def read(self) -> _T | None:
        """What was saved, None without it; a file that is broken is moved aside."""
        if self._path is None:
            return None
        saved: _T | None = await self._in_thread(read_if_possible, self._path, self._type)
        return saved

    def changed(self) -> None:
        """There is something new; it is saved within `SAVE_SECONDS`."""
        if self._path is not None and self._timer is None:
            self._timer = self._clock.callLater(SAVE_SECONDS, self._save)

    def flush(self) -> "Deferred[None]":
        """Save what has not been saved; fires when it is on disk, or has failed and is logged."""
        if self._timer is not None:
            self._timer.cancel()
            return self._save()
        # A save under way is waited for.
        return self._saving.run(lambda: None)

    def _save(self) -> "Deferred[None]":
        self._timer = None
        saved = self._saving.run(self._in_thread, write_document, self._path, self._copy())
        return saved.addErrback(self._not_saved)

    def _not_saved(self, failure: Failure) -> None:
        failure.trap(OSError)
        _log.warn("{path} was not written: {problem}", path=str(self._path), problem=failure.value)
