"""The tools that read and change single files and directories below the tools root.

Each takes the root and the parameters of its schema, and runs in a thread.  A call that
was given up may still take effect: a thread cannot be stopped.
"""

import os
import secrets
import stat
from operator import itemgetter

from car.engine.basics.root import (
    Names,
    ToolsRoot,
    file_names_of,
    names_of,
    open_regular,
    shown,
    told,
)
from car.engine.errors import ToolError
from car.ir.json import JsonObject

KIB = 1024

MAX_FILE_BYTES = 512 * KIB
"""Size of a file that can be read or edited (engine.md §12)."""

MAX_ENTRIES = 2_000
"""How many entries of a directory are listed."""

_PERMISSIONS = 0o777
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def read_file(root: ToolsRoot, path: str) -> JsonObject:
    """The text of a file: ``{path, content, size_bytes}``.

    Raises ToolError for a file that is larger than MAX_FILE_BYTES or no UTF-8 text.
    """
    names = file_names_of(path)
    with root.file(names) as descriptor:
        data = _content(names, descriptor)
    return {"path": shown(names), "content": _text(names, data), "size_bytes": len(data)}


def write_file(
    root: ToolsRoot, path: str, content: str, create_parents: bool = False
) -> JsonObject:
    """Write a file, or replace it whole: ``{path, size_bytes, created}``.

    Readers see the old file or the new one, never half of it; a file that is replaced
    keeps its permissions.
    """
    names = file_names_of(path)
    data = _encoded("content", content)
    with root.writing, root.directory(names[:-1], create=create_parents) as parent, told(names):
        old = _status(parent, names)
        _replace(parent, names, data, old)
    return {"path": shown(names), "size_bytes": len(data), "created": old is None}


def edit_file(root: ToolsRoot, path: str, old_text: str, new_text: str) -> JsonObject:
    """Replace *old_text* by *new_text*: ``{path, size_bytes, line}``, the line it began on.

    Raises ToolError where *old_text* does not occur exactly once, with the count, or where
    somebody else has changed the file meanwhile.
    """
    names = file_names_of(path)
    if not old_text:
        raise ToolError("old_text: empty; give the text to replace")
    with root.writing, root.directory(names[:-1]) as parent, told(names):
        descriptor = open_regular(parent, names[-1])
        try:
            before = os.fstat(descriptor)
            text = _text(names, _content(names, descriptor))
        finally:
            os.close(descriptor)
        at = _only_place(names, text, old_text)
        data = _encoded("new_text", text[:at] + new_text + text[at + len(old_text) :])
        if len(data) > MAX_FILE_BYTES:
            raise ToolError(f"'{shown(names)}' would be larger than {MAX_FILE_BYTES // KIB} KiB")
        now = _status(parent, names)
        if now is None or _version(now) != _version(before):
            raise ToolError(f"'{shown(names)}' was changed by somebody else meanwhile")
        _replace(parent, names, data, before)
    return {"path": shown(names), "size_bytes": len(data), "line": text.count("\n", 0, at) + 1}


def list_dir(root: ToolsRoot, path: str) -> JsonObject:
    """What is in a directory: ``{path, entries, truncated}``, sorted by name.

    An entry is ``{name, type, size_bytes?}``; the type is ``file``, ``directory``,
    ``symlink`` or ``other``, and only a file has a size.
    """
    names = names_of(path)
    found: list[JsonObject] = []
    with root.directory(names) as directory, told(names), os.scandir(directory) as entries:
        for entry in entries:
            if len(found) > MAX_ENTRIES:
                break
            found.append(_entry(entry))
    listed = sorted(found, key=itemgetter("name"))
    return {
        "path": shown(names),
        "entries": listed[:MAX_ENTRIES],
        "truncated": len(listed) > MAX_ENTRIES,
    }


def read_bytes(descriptor: int) -> bytes | None:
    """The content of an open file, or None where it is larger than MAX_FILE_BYTES."""
    with open(descriptor, "rb", closefd=False) as file:
        data = file.read(MAX_FILE_BYTES + 1)
    return data if len(data) <= MAX_FILE_BYTES else None


def _content(names: Names, descriptor: int) -> bytes:
    data = read_bytes(descriptor)
    if data is None:
        raise ToolError(
            f"'{shown(names)}' is larger than {MAX_FILE_BYTES // KIB} KiB, the most that is read"
        )
    return data


def _text(names: Names, data: bytes) -> str:
    """*data* as text; raises ToolError where it is not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as problem:
        raise ToolError(f"'{shown(names)}' is not UTF-8 text (byte {problem.start})") from None


def _encoded(parameter: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ToolError(f"{parameter}: not text that UTF-8 can hold") from None


def _only_place(names: Names, text: str, wanted: str) -> int:
    """Where *wanted* stands in *text*; raises ToolError unless it stands there once."""
    at = text.find(wanted)
    if at < 0:
        raise ToolError(f"old_text occurs 0 times in '{shown(names)}'; it must occur exactly once")
    if text.find(wanted, at + 1) >= 0:
        count = max(2, text.count(wanted))  # overlapping places count as one there
        raise ToolError(
            f"old_text occurs {count} times in '{shown(names)}'; it must occur exactly once: "
            "give more of the text around it"
        )
    return at


def _status(parent: int, names: Names) -> os.stat_result | None:
    """What stands under a name that is about to be written, or None.

    Raises ToolError unless that is a regular file which somebody may write: a rename would
    not ask.
    """
    try:
        status = os.stat(names[-1], dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise ToolError(f"'{shown(names)}' is not a regular file, and only those are written")
    if not status.st_mode & _WRITABLE:
        raise ToolError(f"'{shown(names)}' is read-only")
    return status


def _version(status: os.stat_result) -> tuple[int, int, int]:
    """What changes when somebody writes to a file or replaces it."""
    return status.st_ino, status.st_mtime_ns, status.st_size


def _replace(parent: int, names: Names, data: bytes, old: os.stat_result | None) -> None:
    """Put *data* under the last of *names* in one step, with the permissions of *old*.

    The rename replaces whatever stands there, a link too, and follows nothing.
    """
    temporary = f".car-{secrets.token_hex(8)}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(temporary, flags, 0o666 if old is None else 0o600, dir_fd=parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if old is not None:
                os.fchmod(descriptor, old.st_mode & _PERMISSIONS)
            os.fsync(descriptor)
        os.replace(temporary, names[-1], src_dir_fd=parent, dst_dir_fd=parent)
    except OSError:
        os.unlink(temporary, dir_fd=parent)
        raise


def _entry(entry: "os.DirEntry[str]") -> JsonObject:
    """One entry of a directory; a name that is not UTF-8 is shown with replacement marks."""
    name = os.fsencode(entry.name).decode(errors="replace")
    if entry.is_symlink():
        return {"name": name, "type": "symlink"}
    if entry.is_dir(follow_symlinks=False):
        return {"name": name, "type": "directory"}
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:  # it has gone since it was read
        return {"name": name, "type": "other"}
    if stat.S_ISREG(status.st_mode):
        return {"name": name, "type": "file", "size_bytes": status.st_size}
    return {"name": name, "type": "other"}
