"""What commands read and print: JSON from files and arguments, JSON and tables to people.

What a daemon, an agent or a file says never reaches the terminal raw.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from car.cli.errors import UsageError
from car.eventlog.rendering import printable
from car.ir.json import JsonError, JsonObject, JsonValue, decode, encode
from car.ir.proposal import ActionProposal, parse_proposal

_SHOWN_CHARACTERS = 60
"""How much of one value a table shows."""


def read_text(name: str) -> str:
    """The text of the file *name*, of the standard input for ``-``; raises UsageError."""
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except OSError as problem:
        raise UsageError(f"{name} cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{name} cannot be read: it is not UTF-8 text") from None


def read_proposal(name: str) -> ActionProposal:
    """The proposal in the file *name*; raises UsageError naming the field that is wrong."""
    try:
        return parse_proposal(read_text(name))
    except JsonError as problem:
        raise UsageError(f"{name} is not a proposal: {problem}") from None


def read_object(name: str) -> JsonObject:
    """The JSON object in the file *name*; raises UsageError."""
    value = read_value(read_text(name), name)
    if not isinstance(value, dict):
        raise UsageError(f"{name} must hold a JSON object")
    return value


def read_value(text: str, what: str) -> JsonValue:
    """The JSON value of *text*; raises UsageError naming *what*."""
    try:
        return decode(text)
    except JsonError as problem:
        raise UsageError(f"{what} is not JSON: {problem}") from None


def print_json(value: object) -> None:
    """One line of JSON, for programs."""
    print(encode(value).decode())


def print_value(value: JsonValue) -> None:
    """Indented JSON, for people."""
    for line in msgspec.json.format(encode(value), indent=2).decode().splitlines():
        print(printable(line))


def print_table(rows: Iterable[Sequence[str]]) -> None:
    """Columns side by side; the last may be as long as it likes."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        line = "  ".join(
            cell.ljust(width) for cell, width in zip(row, [*widths[:-1], 0], strict=True)
        )
        print(line.rstrip())


def short(value: JsonValue) -> str:
    """A value's JSON text, cut where it is long."""
    text = encode(value).decode()
    if len(text) > _SHOWN_CHARACTERS:
        return text[: _SHOWN_CHARACTERS - 1] + "…"
    return text


def counted(count: int, noun: str) -> str:
    """``1 action``, ``2 actions``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
