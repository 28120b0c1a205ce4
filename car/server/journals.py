"""The journals of all sessions: one directory, synced on a beat, retried after failures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from car.eventlog.blobs import BlobStore
from car.eventlog.errors import JournalError
from car.eventlog.journal import JournalFile
from car.server.config import Durability

_log = Logger()

BEAT_SECONDS = 1.0
"""Seconds between two syncs, and between two tries after a failure (G2, G11)."""

InThread = Callable[..., "Deferred[Any]"]
"""Calls a function with arguments in a thread: ``deferToThreadPool`` with its pool bound."""


class Journals(Service):
    """Owns the journal directory: opens journals, syncs them, tries broken ones again.

    With durability ``power``, ``sync`` answers once a journal is on the disk; all journals
    that ask while one round of syncs is under way share the next round (group commit).
    """

    def __init__(
        self,
        directory: Path,
        clock: IReactorTime,
        in_thread: InThread,
        durability: Durability,
        *,
        rotate_bytes: int,
        blobs: bool = True,
    ) -> None:
        self.directory = directory
        self.blobs = BlobStore(directory / "blobs", durable=durability != "none") if blobs else None
        self._clock = clock
        self._in_thread = in_thread
        self._durability = durability
        self._rotate_bytes = rotate_bytes
        self._open: set[JournalFile] = set()
        self._closing: list[JournalFile] = []
        self._beat = LoopingCall(self._on_beat)
        self._beat.clock = clock
        self._round_runs = False
        self._waiting: list[tuple[JournalFile, Deferred[None]]] = []

    def startService(self) -> None:
        """Make the directory and begin the beat; raises JournalError without a directory."""
        try:
            # An existing directory keeps its modes: it may be one of the operator's own.
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise JournalError(
                f"the journal directory {self.directory} cannot be made: {problem.strerror}"
            ) from None
        super().startService()
        self._beat.start(BEAT_SECONDS, now=False)

    def stopService(self) -> "Deferred[Any] | None":
        """Stop the beat, sync what is written and close every journal."""
        super().stopService()
        if self._beat.running:
            self._beat.stop()
        journals = [*self._open, *self._closing]
        self._open.clear()
        self._closing = []
        for journal in journals:
            self._flush(journal)
        if self._durability == "none" or not journals:
            self._close(journals)
            return None
        return self._synced(journals).addCallback(lambda _: self._close(journals))

    @property
    def trouble(self) -> JournalError | None:
        """The failure of some open journal, or None: the daemon is ready only without."""
        return next((journal.failed for journal in self._open if journal.failed), None)

    def open(self, client_id: str) -> JournalFile:
        """The journal of a new session; its file is made at the first line."""
        journal = JournalFile(
            self.directory,
            client_id,
            durable=self._durability != "none",
            rotate_bytes=self._rotate_bytes,
        )
        self._open.add(journal)
        return journal

    def release(self, journal: JournalFile) -> None:
        """A session has ended: its journal is synced with the next beat, then closed."""
        self._open.discard(journal)
        self._flush(journal)
        if journal.failed is None and (self._durability == "none" or not self.running):
            self._close([journal])
        else:
            self._closing.append(journal)

    def sync(self, journal: JournalFile) -> "Deferred[None]":
        """Fires once what *journal* has written is on the disk; fails with JournalError."""
        synced: Deferred[None] = Deferred()
        self._waiting.append((journal, synced))
        if not self._round_runs:
            self._begin_round()
        return synced

    def _begin_round(self) -> None:
        asked, self._waiting = self._waiting, []
        journals = list(dict.fromkeys(journal for journal, _ in asked))
        self._round_runs = True
        self._synced(journals).addCallback(self._round_over, asked)

    def _round_over(
        self,
        failures: dict[JournalFile, JournalError],
        asked: list[tuple[JournalFile, "Deferred[None]"]],
    ) -> None:
        self._round_runs = False
        if self._waiting:
            self._begin_round()
        for journal, synced in asked:
            problem = failures.get(journal)
            if problem is None:
                synced.callback(None)
            else:
                synced.errback(Failure(problem))

    def _on_beat(self) -> "Deferred[Any] | None":
        """Try failed journals again, sync the others, close those of ended sessions."""
        for journal in (*self._open, *self._closing):
            if journal.failed is not None and journal.retry():
                _log.info("journal {name} can be written again", name=journal.name)
        ended = [journal for journal in self._closing if journal.failed is None]
        self._closing = [journal for journal in self._closing if journal.failed is not None]
        if self._durability == "none":
            self._close(ended)
            return None
        # With ``power`` only ended journals are left to sync: the others were on request.
        dirty = [journal for journal in self._open if journal.dirty]
        journals = [*(dirty if self._durability == "process" else ()), *ended]
        if not journals:
            return None
        return self._synced(journals).addCallback(lambda _: self._close(ended))

    def _synced(self, journals: list[JournalFile]) -> "Deferred[dict[JournalFile, JournalError]]":
        """Sync *journals* in a thread; fires with the failures by journal, never fails."""
        synced = self._in_thread(_sync_all, self.blobs, journals)
        return synced.addErrback(self._thread_failed, journals)

    def _thread_failed(
        self, failure: Failure, journals: list[JournalFile]
    ) -> dict[JournalFile, JournalError]:
        _log.failure("syncing journals", failure)
        problem = JournalError(f"journals cannot be synced: {failure.getErrorMessage()}")
        return dict.fromkeys(journals, problem)

    def _close(self, journals: list[JournalFile]) -> None:
        for journal in journals:
            try:
                journal.close()
            except JournalError as problem:
                _log.error("{problem}", problem=str(problem))

    def _flush(self, journal: JournalFile) -> None:
        try:
            journal.flush()
        except JournalError as problem:
            _log.error("{problem}", problem=str(problem))


def _sync_all(
    blobs: BlobStore | None, journals: list[JournalFile]
) -> dict[JournalFile, JournalError]:
    """Sync the side files, then each journal; the failures by journal.  Runs in a thread."""
    if blobs is not None:
        try:
            blobs.sync()
        except JournalError as problem:
            return dict.fromkeys(journals, problem)
    failures: dict[JournalFile, JournalError] = {}
    for journal in journals:
        try:
            journal.sync()
        except JournalError as problem:
            failures[journal] = problem
    return failures
