"""JSON files under the state root: read whole, written in one step.

All of it blocks, so it is called in a thread.
"""

import os
from pathlib import Path
from typing import TypeVar

import msgspec
from twisted.logger import Logger

from car.eventlog.files import replace_whole
from car.ir.json import JsonError, JsonValue, convert, decode, to_value
from car.places import make_private_directory

_log = Logger()
_T = TypeVar("_T")

BROKEN = ".broken"
"""What is added to the name of a file that cannot be read."""


def read_document(path: Path, type_: type[_T]) -> _T | None:
    """What the file holds, None where there is no file.

    One that is no such document is moved aside, to ``<name>.broken``, and counts as none.
    Raises OSError.
    """
    try:
        return convert(decode(path.read_bytes()), type_)
    except FileNotFoundError:
        return None
    except JsonError as problem:
        aside = path.with_name(path.name + BROKEN)
        os.replace(path, aside)
        _log.warn(
            "{path} cannot be read and was moved to {aside}: {problem}",
            path=str(path),
            aside=str(aside),
            problem=str(problem),
        )
        return None


def read_if_possible(path: Path, type_: type[_T]) -> _T | None:
    """What `read_document` gives; a file that the system keeps from us counts as none."""
    try:
        return read_document(path, type_)
    except OSError as problem:
        _log.warn("{path} cannot be read: {problem}", path=str(path), problem=str(problem))
        return None


def write_document(path: Path, record: object) -> None:
    """Put *record* into the file as JSON, indented by two; whole, or not at all.

    Whole numbers are written without a fraction: the official clients that read these files
    drop one in which ``size_mb`` is ``12.0``.  Raises OSError.
    """
    text = msgspec.json.format(msgspec.json.encode(_whole(to_value(record))), indent=2)
    make_private_directory(path.parent)
    replace_whole(path, text + b"\n")


def _whole(value: JsonValue) -> JsonValue:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_whole(member) for member in value]
    return value
