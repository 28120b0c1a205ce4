"""The journal file of one session: lines in, whole lines on the disk, or a clear failure.

One object writes one journal, on one thread; only `JournalFile.sync` may run in another.
When to flush (once a reactor turn, before its frames leave) and when to sync is decided
above.  What a line is, `car.eventlog.log` knows; this module sees octets.

A failed write is undone and its lines stay here until `JournalFile.retry` gets them out; a
failed sync ends the file's part, as a descriptor that once failed to sync may say later
that all is well when it is not (``reliability.md`` G11).
"""

import contextlib
import os
import threading
from pathlib import Path

from car.eventlog.errors import JournalError
from car.eventlog.files import CREATE, force_down, force_down_directory, write_whole
from car.eventlog.identity import journal_name

ROTATE_BYTES = 256 * 1024 * 1024
"""Where a journal goes on in its next part (``reliability.md`` §3)."""

BUFFER_BYTES = 16 * 1024 * 1024
"""How much is kept for a journal that cannot be written before `append` refuses."""


class JournalFile:
    """``<directory>/<client_id>.jsonl`` and its later parts; made at the first line.

    With *durable*, `sync` forces down what was written; without, it does nothing.
    ``failed`` is the failure that stands, or None: while it does, `flush` raises it.
    """

    def __init__(
        self,
        directory: Path,
        client_id: str,
        *,
        durable: bool = True,
        rotate_bytes: int = ROTATE_BYTES,
        buffer_bytes: int = BUFFER_BYTES,
    ) -> None:
        """Raises JournalError if *client_id* cannot stand in a file name."""
        self.name = journal_name(client_id)
        self.failed: JournalError | None = None
        self._directory = directory
        self._client_id = client_id
        self._durable = durable
        self._rotate_bytes = rotate_bytes
        self._buffer_bytes = buffer_bytes
        self._lines: list[bytes] = []
        self._held_bytes = 0  # of _lines; counted only while something has failed
        self._closed = False
        # The part that is written to, its descriptor and how many octets of whole lines
        # it holds; whether what stands behind them must be cut off first.
        self._part = 0
        self._fd = -1
        self._size = 0
        self._torn = False
        # For sync.  The lock is held for moments only, never during input or output.
        self._lock = threading.Lock()
        self._synced = (0, 0)  # part and octets of it up to which all is on the disk
        self._ended: list[tuple[int, int]] = []  # parts not yet synced, and descriptors
        self._entries_synced = True
        self._distrusted = False

    @property
    def pending(self) -> bool:
        """Whether lines wait for a flush."""
        return bool(self._lines)

    @property
    def dirty(self) -> bool:
        """Whether something has been written that a sync would force down."""
        return self._durable and not self._closed and self._synced != (self._part, self._size)

    def parts(self) -> list[Path]:
        """The files that there are, in order; none before the first flush."""
        return [self._path(part) for part in range(1, self._part + 1)]

    def append(self, line: bytes) -> None:
        """Take a whole line, newline included; it is written by the next flush.

        Raises JournalError when closed, or when the journal has failed and
        ``buffer_bytes`` are waiting already: then the line is not taken.
        """
        failed = self.failed
        if failed is not None:
            self._make_room(failed, len(line))
        self._lines.append(line)

    def flush(self) -> None:
        """Write the lines that wait, in one write.

        Without such lines this does nothing.  Raises JournalError if the write fails or an
        earlier failure stands; no part of a line is then left in the file, and the lines
        still wait.
        """
        if not self._lines:
            return
        if self.failed is not None:
            raise JournalError(*self.failed.args)
        try:
            self._write_lines()
        except OSError as problem:
            raise self._fail("written", problem) from problem

    def retry(self) -> bool:
        """Try to write again after a failure; whether the journal now works."""
        if self.failed is None or self._closed:
            return self.failed is None
        try:
            if self._distrusted:
                self._begin_trusted_part()
            if self._lines:
                self._write_lines()
        except OSError as problem:
            self._fail("written", problem)
            return False
        self.failed = None
        return True

    def sync(self) -> None:
        """Force what has been written to the disk: data, and the directory's entries.

        May run in a thread while the owner goes on appending and flushing.  Raises
        JournalError if it fails, or if an earlier failure stands.
        """
        with self._lock:
            if self.failed is not None:
                raise JournalError(*self.failed.args)
            if not self.dirty:
                return
            goal = (self._part, self._size)
            descriptors = self._duplicates()
            with_entries = not self._entries_synced
        try:
            for fd in descriptors:
                force_down(fd)
            if with_entries:
                force_down_directory(self._directory)
        except OSError as problem:
            with self._lock:
                self._distrusted = True
                raise self._fail("synced", problem) from problem
        finally:
            for fd in descriptors:
                os.close(fd)
        with self._lock:
            self._synced = max(self._synced, goal)
            self._entries_synced = self._entries_synced or goal[0] == self._part
            done = [fd for part, fd in self._ended if part < goal[0]]
            self._ended = [(part, fd) for part, fd in self._ended if part >= goal[0]]
        for fd in done:
            os.close(fd)

    def close(self) -> None:
        """Flush and let go of the files; raises JournalError if lines could not be written.

        Those lines are lost; one retry is made before.  Call `sync` first where what was
        written must outlive the power.  Closing again does nothing.
        """
        if self._closed:
            return
        try:
            self.retry()
            self.flush()
        finally:
            with self._lock:
                self._closed = True
                self._lines.clear()
                self._close_descriptors()
                if self.failed is None:
                    self.failed = JournalError(f"the journal {self.name} is closed")

    def _write_lines(self) -> None:
        content = b"".join(self._lines)
        if self._fd == -1 or (self._size and self._size + len(content) > self._rotate_bytes):
            self._begin_part()
        self._write(content)
        self._lines.clear()

    def _write(self, content: bytes) -> None:
        """Append *content* to the part, all of it or nothing."""
        if self._torn:
            self._cut()
        try:
            write_whole(self._fd, content)
        except OSError:
            self._torn = True
            with contextlib.suppress(OSError):  # else cut before the next write
                self._cut()
            raise
        self._size += len(content)

    def _cut(self) -> None:
        os.ftruncate(self._fd, self._size)
        self._torn = False

    def _begin_part(self) -> None:
        """Go on in the next part; the one before waits for its sync."""
        fd = os.open(self._path(self._part + 1), CREATE, 0o600)
        with self._lock:
            if self._fd != -1:
                if self._durable:
                    self._ended.append((self._part, self._fd))
                else:
                    os.close(self._fd)
            self._part, self._fd, self._size, self._torn = self._part + 1, fd, 0, False
            self._entries_synced = False

    def _begin_trusted_part(self) -> None:
        """Write all that is not known to be on the disk once more, into a new part.

        The new part is forced down before the old ones lose those lines; if the process
        ends in between, the lines stand twice, which reading tolerates.
        """
        safe_part, safe_size = self._synced
        kept = {
            part: safe_size if part == safe_part else 0
            for part in range(max(safe_part, 1), self._part + 1)
        }
        content = b""
        for part, size in kept.items():
            end = self._size if part == self._part else None
            content += self._path(part).read_bytes()[size:end]
        path = self._path(self._part + 1)
        fd = os.open(path, CREATE, 0o600)
        try:
            write_whole(fd, content)
            force_down(fd)
            force_down_directory(self._directory)
        except OSError:
            os.close(fd)
            path.unlink()
            raise
        with contextlib.suppress(OSError):
            for part, size in kept.items():
                os.truncate(self._path(part), size)
        with self._lock:
            self._close_descriptors()
            self._part, self._fd, self._size, self._torn = self._part + 1, fd, len(content), False
            self._synced = (self._part, self._size)
            self._entries_synced = True
            self._distrusted = False

    def _duplicates(self) -> list[int]:
        """Descriptors of all that is not synced, which nobody else closes.

        Raises JournalError where there are no more to be had; nothing is lost by that.
        """
        descriptors: list[int] = []
        try:
            for fd in (*(fd for _, fd in self._ended), self._fd):
                descriptors.append(os.dup(fd))
        except OSError as problem:
            for fd in descriptors:
                os.close(fd)
            raise JournalError(
                f"the journal {self.name} cannot be synced: {problem.strerror}"
            ) from problem
        return descriptors

    def _fail(self, what: str, problem: OSError) -> JournalError:
        """Keep and give the failure; the sentence names the file, not its directory."""
        self.failed = JournalError(
            f"the journal {self.name} cannot be {what}: {problem.strerror or problem}"
        )
        self._held_bytes = sum(map(len, self._lines))
        return self.failed

    def _make_room(self, failure: JournalError, size: int) -> None:
        if self._closed or self._held_bytes + size > self._buffer_bytes:
            raise JournalError(*failure.args)
        self._held_bytes += size

    def _close_descriptors(self) -> None:
        for fd in (self._fd, *(fd for _, fd in self._ended)):
            if fd != -1:
                os.close(fd)
        self._fd = -1
        self._ended = []

    def _path(self, part: int) -> Path:
        return self._directory / journal_name(self._client_id, part)
