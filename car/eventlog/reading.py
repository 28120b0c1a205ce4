"""Reading a journal: whatever is broken in it, all other lines come out (G3).

A line is broken when it cannot be parsed.  Broken lines at the very end of a journal are
its *torn tail*, left by a process that ended in the middle of a write; `recover` cuts them
off before anybody trusts the file.  A broken line anywhere else is handed on as such.
What the lines mean is for the replay to know.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct, field

from car.eventlog.chain import ChainCheck
from car.eventlog.errors import JournalError, LineError
from car.eventlog.files import CREATE, write_whole
from car.eventlog.identity import journal_parts
from car.eventlog.line import LINE_START, Event, parse_event

_BLOCK_BYTES = 1024 * 1024
"""Read at once from the end of a file: four of the longest lines."""


class JournalLine(NamedTuple):
    """One line as found: ``raw`` is without its newline, ``offset`` counts in its file.

    ``event`` is None for a broken line, and ``fault`` says what is wrong with it.
    """

    path: Path
    offset: int
    raw: bytes
    event: Event | None
    fault: str = ""


class Recovery(Struct, frozen=True):
    """What `recover` found: octets kept and cut, and where the cut ones now stand."""

    kept_bytes: int
    cut_bytes: int = 0
    torn_path: Path | None = None


class Gap(Struct, frozen=True):
    """Two neighbouring lines whose numbers do not follow one another."""

    after: int
    found: int


class ChainReport(Struct):
    """What a check of a whole journal found; indexes count its lines from 0.

    ``verified`` lines are chained and right; ``tampered_at`` is the first line that is
    not where the chain says, or None.  ``gaps`` are breaks in the numbers, ``broken`` the
    indexes of lines that cannot be parsed.
    """

    lines: int = 0
    verified: int = 0
    tampered_at: int | None = None
    gaps: list[Gap] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    last_number: int = 0
    check: ChainCheck = field(default_factory=ChainCheck)

    @property
    def chained(self) -> bool:
        """Whether any line is chained; without, a changed octet may go unseen."""
        return self.check.last is not None or self.tampered_at is not None

    def add(self, line: JournalLine) -> None:
        """Take the next line of the journal."""
        index = self.lines
        self.lines += 1
        if line.event is None:
            self.broken.append(index)
        else:
            number = line.event.number
            if number != self.last_number + 1:
                self.gaps.append(Gap(self.last_number, number))
            self.last_number = number
        if self.tampered_at is None:
            if self.check.add(line.raw):
                self.verified = self.check.verified
            else:
                self.tampered_at = index


def read_journal(path: Path) -> Iterator[JournalLine]:
    """Every line of the journal whose first part is *path*, its later parts included.

    Lines that a part repeats from the one before (see `car.eventlog.journal`) are left
    out.  Raises JournalError if a file cannot be read.
    """
    last = 0
    for part in journal_parts(path):
        repeating = True
        for line in read_part(part):
            if line.event is not None:
                repeating = repeating and line.event.number <= last
                if repeating:
                    continue
                last = line.event.number
            yield line


def read_part(path: Path) -> Iterator[JournalLine]:
    """Every line of one file; raises JournalError if it cannot be read."""
    try:
        with path.open("rb") as file:
            offset = 0
            for raw in file:
                yield from _parse(path, offset, raw)
                offset += len(raw)
    except OSError as problem:
        raise JournalError(f"{path.name} cannot be read: {problem.strerror}") from problem


def read_backwards(path: Path) -> Iterator[bytes]:
    """The terminated lines of one file, the last first, without their newlines.

    They are not parsed.  Raises JournalError if the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            rest = b""
            whole = False  # whether what follows the last newline was seen and dropped
            while end > 0:
                start = max(end - _BLOCK_BYTES, 0)
                file.seek(start)
                lines = (file.read(end - start) + rest).split(b"\n")
                rest = lines[0]
                for raw in reversed(lines[1:]):
                    if whole:
                        yield raw
                    whole = True
                end = start
            if whole:
                yield rest
    except OSError as problem:
        raise JournalError(f"{path.name} cannot be read: {problem.strerror}") from problem


def verify_file(path: Path) -> ChainReport:
    """Check numbers and chain of the journal whose first part is *path*.

    Raises JournalError if a file cannot be read.
    """
    report = ChainReport()
    for line in read_journal(path):
        report.add(line)
    return report


def find_torn(path: Path) -> int | None:
    """Where the torn tail of one file begins, or None if it ends in a good line.

    Reads the end of the file only.  Raises JournalError if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            window = 0
            while window < size:
                window = min(max(window * 4, _BLOCK_BYTES), size)
                file.seek(size - window)
                good = _end_of_good(path, file.read(window), whole=window == size)
                if good is not None:
                    return None if good == window else size - window + good
    except OSError as problem:
        raise JournalError(f"{path.name} cannot be read: {problem.strerror}") from problem
    return None


def recover(path: Path, at: float) -> Recovery:
    """Cut the torn tail of a journal's last part off into ``NAME.torn-<time>``.

    *path* is that part; *at*, in seconds since the epoch, makes the name.  A journal that
    ends in a good line is left alone.  Raises JournalError.
    """
    torn_at = find_torn(path)
    try:
        if torn_at is None:
            return Recovery(path.stat().st_size)
        moment = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        torn_path = path.with_name(f"{path.name}.torn-{moment}")
        with path.open("rb") as file:
            file.seek(torn_at)
            tail = file.read()
        fd = os.open(torn_path, CREATE, 0o600)
        try:
            write_whole(fd, tail)
            os.fsync(fd)
        finally:
            os.close(fd)
        with path.open("r+b") as file:
            file.truncate(torn_at)
            os.fsync(file.fileno())
    except OSError as problem:
        raise JournalError(f"{path.name} cannot be recovered: {problem.strerror}") from problem
    return Recovery(torn_at, len(tail), torn_path)


def _parse(path: Path, offset: int, raw: bytes) -> Iterator[JournalLine]:
    """The line *raw*, or, where a newline was lost, the broken line and the good one in it."""
    text = raw.removesuffix(b"\n")
    if text == raw:
        yield JournalLine(path, offset, text, None, "the line has no end")
        return
    try:
        yield JournalLine(path, offset, text, parse_event(text))
        return
    except LineError as problem:
        fault = str(problem)
    inner = text.find(LINE_START, 1)
    while inner != -1:
        # An object inside a value looks the same but does not end with the line.
        try:
            event = parse_event(text[inner:])
        except LineError:
            inner = text.find(LINE_START, inner + 1)
            continue
        yield JournalLine(path, offset, text[:inner], None, fault)
        yield JournalLine(path, offset + inner, text[inner:], event)
        return
    yield JournalLine(path, offset, text, None, fault)


def _end_of_good(path: Path, block: bytes, *, whole: bool) -> int | None:
    """Where the last good line of *block* ends; None if more of the file is needed.

    *whole* says that the block begins where the file does; else its first line is not
    looked at, as its beginning may be missing.
    """
    end = block.rfind(b"\n") + 1
    while end > 0:
        start = block.rfind(b"\n", 0, end - 1) + 1
        if start == 0 and not whole:
            return None
        *_, last = _parse(path, start, block[start:end])
        if last.event is not None:
            return end
        end = start
    return 0 if whole else None
