"""Client ids, and the file names made of them.

A client id is ``c-`` and a lower-case ULID: 48 bits of milliseconds since the epoch, then
80 random bits, in Crockford's base 32.  The random bits make it unique even where a clock
stands still or jumps back; the time makes names sort by age.
"""

import re
from collections.abc import Callable
from pathlib import Path

from car.eventlog.errors import JournalError

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BYTES = 10
_MAX_MS = 2**48 - 1

_CLIENT_ID = re.compile(r"c-[0-9a-z]{1,64}")
_JOURNAL_NAME = re.compile(r"(c-[0-9a-z]{1,64})(?:\.([1-9][0-9]{0,8}))?\.jsonl")


def new_client_id(at: float, random: Callable[[int], bytes]) -> str:
    """A fresh client id for the instant *at*, in seconds since the epoch.

    ``random(n)`` gives *n* unpredictable octets: ``os.urandom``, or a double in a test.
    """
    ms = min(max(int(at * 1000), 0), _MAX_MS)
    number = ms << 80 | int.from_bytes(random(_RANDOM_BYTES), "big")
    return "c-" + "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))


def is_client_id(text: str) -> bool:
    """Whether *text* may stand in a file name as a client id.

    Wider than what `new_client_id` makes (any lower-case letters and digits, 1 to 64), so
    that short ids do in tests and examples; never a dot, a slash or an upper-case twin.
    """
    return _CLIENT_ID.fullmatch(text) is not None


def journal_name(client_id: str, part: int = 1) -> str:
    """The file name of a part of a client's journal, parts counted from 1.

    Raises JournalError unless `is_client_id`.
    """
    if not is_client_id(client_id):
        raise JournalError(
            f"'{client_id}' is not a client id: c- and up to 64 lower-case letters or digits"
        )
    return f"{client_id}.jsonl" if part == 1 else f"{client_id}.{part}.jsonl"


def journal_parts(path: Path) -> list[Path]:
    """The files of the journal whose first part is *path*, in order.

    A path that is not a first part's name stands for itself alone, so that a copy under
    any name, or one later part, can be read.
    """
    first = _JOURNAL_NAME.fullmatch(path.name)
    if first is None or first[2] is not None:
        return [path]
    later: dict[int, Path] = {}
    for sibling in path.parent.glob(f"{first[1]}.*.jsonl"):
        match = _JOURNAL_NAME.fullmatch(sibling.name)
        if match is not None and match[2] is not None:
            later[int(match[2])] = sibling
    return [path, *(later[part] for part in sorted(later))]
