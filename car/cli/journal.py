"""``car journal``: reading, checking and following the record of a session."""

import argparse
import time
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from car.cli.errors import OK, REFUSED, UsageError
from car.cli.texts import counted, print_json
from car.eventlog.errors import JournalError, LineError
from car.eventlog.identity import journal_parts
from car.eventlog.line import Event, parse_event
from car.eventlog.reading import (
    ChainReport,
    find_torn,
    read_backwards,
    read_journal,
    verify_file,
)
from car.eventlog.rendering import render_event, render_line
from car.ir.json import encode

BEAT_SECONDS = 0.25
"""How often ``tail`` looks for new lines."""

_TAIL_BLOCK = 1024 * 1024
"""What is read to find the last newline: four of the longest lines."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command lines of ``car journal``."""
    commands = parser.add_subparsers(metavar="ACTION", required=True)
    show_ = commands.add_parser("show", help="every line, readable")
    show_.set_defaults(run=show)
    verify_ = commands.add_parser("verify", help="numbers, chain, and the end of the file")
    verify_.set_defaults(run=verify)
    tail_ = commands.add_parser("tail", help="the last lines, then new ones until Ctrl-C")
    tail_.add_argument("--lines", type=int, default=10, metavar="N", help="[%(default)s]")
    tail_.set_defaults(run=tail)
    for command in (show_, tail_):
        command.add_argument(
            "--kind",
            action="append",
            metavar="KIND",
            help="only lines of this kind, such as action_failed or 'action_*'; repeatable",
        )
    for command in (show_, verify_, tail_):
        command.add_argument("file", metavar="FILE", help="the journal, or its first part")
        command.add_argument("--json", action="store_true", help="JSON, for programs")


def show(options: argparse.Namespace) -> int:
    """Print every line; 1 if one of them is broken."""
    broken = False
    for line in read_journal(_existing(options.file)):
        if line.event is None:
            broken = True
            if not options.json:
                print(render_line(line))
        elif _wanted(line.event, options.kind):
            _print_event(line.event, options.json)
    return REFUSED if broken else OK


def verify(options: argparse.Namespace) -> int:
    """Check the journal; 1 if anything in it is not as it was written."""
    path = _existing(options.file)
    report = verify_file(path)
    last = journal_parts(path)[-1]
    torn_at = find_torn(last)
    torn_bytes = 0 if torn_at is None else last.stat().st_size - torn_at
    good = not (report.broken or report.gaps or report.tampered_at is not None or torn_bytes)
    if options.json:
        print_json(
            {
                "ok": good,
                "lines": report.lines,
                "last_number": report.last_number,
                "gaps": [[gap.after, gap.found] for gap in report.gaps],
                "broken": report.broken,
                "chained": report.chained,
                "verified": report.verified,
                "tampered_at": report.tampered_at,
                "torn_bytes": torn_bytes,
            }
        )
    else:
        for text in _findings(report, torn_bytes):
            print(text)
    return OK if good else REFUSED


def _findings(report: ChainReport, torn_bytes: int) -> Iterator[str]:
    yield f"{counted(report.lines, 'line')}, the last is e-{report.last_number}"
    for index in report.broken:
        yield f"broken: line {index + 1} cannot be read"
    for gap in report.gaps:
        yield f"gap: e-{gap.after} is followed by e-{gap.found}"
    if not (report.broken or report.gaps):
        yield "numbers: without a gap"
    if report.tampered_at is not None:
        yield f"chain: broken at line {report.tampered_at + 1}"
    elif report.chained:
        yield f"chain: {counted(report.verified, 'line')} verified"
    else:
        yield "chain: not chained; a changed line may go unseen"
    if torn_bytes:
        yield f"torn: the last {counted(torn_bytes, 'octet')} were not written to the end"


def tail(options: argparse.Namespace, wait: Callable[[float], object] = time.sleep) -> int:
    """Print the last lines and what is appended until Ctrl-C; *wait* takes the beat's time."""
    try:
        for event in follow(_existing(options.file), options.lines, wait):
            if _wanted(event, options.kind):
                _print_event(event, options.json)
    except KeyboardInterrupt:
        pass
    return OK


def follow(path: Path, lines: int, wait: Callable[[float], object]) -> Iterator[Event]:
    """The last *lines* of a journal's newest part, then every new one, without end.

    Goes on in the next part when the journal does.  Raises JournalError.
    """
    part = journal_parts(path)[-1]
    offset = _after_last_newline(part)
    last = 0
    for event in _events(reversed(list(islice(read_backwards(part), lines)))):
        last = event.number
        yield event
    while True:
        text = _read_from(part, offset)
        whole = text[: text.rfind(b"\n") + 1]
        offset += len(whole)
        for event in _events(iter(whole.splitlines())):
            if event.number > last:  # a new part repeats lines that the old one may lack
                last = event.number
                yield event
        parts = journal_parts(path)
        if not whole and part != parts[-1]:
            part, offset = parts[parts.index(part) + 1], 0
        elif not whole:
            wait(BEAT_SECONDS)


def _events(lines: Iterator[bytes]) -> Iterator[Event]:
    """The lines that are some; ``verify`` tells of the others."""
    for raw in lines:
        try:
            yield parse_event(raw)
        except LineError:
            continue


def _read_from(part: Path, offset: int) -> bytes:
    try:
        with part.open("rb") as file:
            file.seek(offset)
            return file.read()
    except OSError as problem:
        raise JournalError(f"{part.name} cannot be read: {problem.strerror}") from None


def _after_last_newline(part: Path) -> int:
    start = max(0, part.stat().st_size - _TAIL_BLOCK)
    return start + _read_from(part, start).rfind(b"\n") + 1


def _existing(name: str) -> Path:
    """The path of a journal that is there; raises UsageError."""
    path = Path(name)
    if not path.is_file():
        raise UsageError(f"{name} is not a file; car config show names journal_dir")
    return path


def _wanted(event: Event, kinds: list[str] | None) -> bool:
    return not kinds or any(fnmatchcase(event.kind, kind) for kind in kinds)


def _print_event(event: Event, as_json: bool) -> None:
    print(encode(event).decode() if as_json else render_event(event), flush=True)
