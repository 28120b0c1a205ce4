"""Doubles for the log's tests: a writer in memory and a file system that fails."""

import os
from errno import EIO
from pathlib import Path

from twisted.internet.task import Clock

from car.eventlog.journal import JournalFile
from car.eventlog.log import EventLog

AT = 1_772_618_402.123456
"""2026-03-04T10:00:02.123456Z."""


def clock_at(at: float = AT) -> Clock:
    """A clock that begins at *at*."""
    clock = Clock()
    clock.advance(at)
    return clock


class FailingWrites:
    """An ``os.write`` that fails on its n-th call, counted from 1, or always once armed.

    ``short`` lets it write half of what it is given before it fails.
    """

    def __init__(self, nth: int, *, short: bool = False) -> None:
        self._write = os.write
        self._left = nth
        self._short = short
        self.calls = 0

    def __call__(self, fd: int, content: bytes) -> int:
        self.calls += 1
        self._left -= 1
        if self._left == 0:
            if self._short and len(content) > 1:
                self._left = 1
                self._short = False
                return self._write(fd, bytes(content)[: len(content) // 2])
            raise OSError(EIO, "Input/output error")
        return self._write(fd, content)


def write_journal(
    directory: Path, lines: int, *, chain: bool = False, rotate_bytes: int = 2**28
) -> Path:
    """A closed journal of *lines* lines, one flush each; its first part's path."""
    journal = JournalFile(directory, "c-1", rotate_bytes=rotate_bytes)
    log = EventLog("c-1", clock_at().seconds, journal, chain=chain)
    for number in range(lines):
        log.record("action_executing", {"n": number, "text": "owl"}, f"a{number}", "p1")
        journal.flush()
    journal.close()
    return directory / "c-1.jsonl"
