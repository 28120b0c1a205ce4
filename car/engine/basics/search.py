"""The tools that look through many files below the tools root: by name and by content.

A walk goes from directory to directory in the order of names, follows no symbolic link, and
is bounded in every direction: where a bound cuts it short, the answer says ``truncated``.
Directories that cannot be read and files that vanish are passed over.
"""

import os
import stat
from collections.abc import Callable, Iterator
from typing import Any

from car.engine.basics.files import read_bytes
from car.engine.basics.patterns import Glob, line_expression
from car.engine.basics.root import Names, ToolsRoot, names_of, shown, told
from car.engine.errors import ToolError
from car.ir.json import JsonObject

MAX_WALK_ENTRIES = 50_000
"""How many entries of directories one walk looks at."""

MAX_WALK_DEPTH = 64
"""How deep a walk goes."""

MAX_SEARCHED_BYTES = 64 * 1024 * 1024
"""How much text one ``grep_files`` reads."""

MAX_LINE_CHARS = 500
"""How much of a line is shown."""

DEFAULT_FILES = 500
DEFAULT_MATCHES = 100
"""How many results there are unless ``max_results`` says so."""

_NOT_WALKED = frozenset({".git", ".hg", ".svn"})
"""The stores of version control, which hold no text that somebody works on."""

Stop = Callable[[], bool]
"""Asked now and then whether the call was given up."""


def find_files(
    root: ToolsRoot,
    stop: Stop,
    pattern: str,
    path: str = ".",
    max_results: int = DEFAULT_FILES,
) -> JsonObject:
    """The regular files below *path* that a glob means: ``{files, truncated}``.

    The pattern is held against paths relative to *path*; those told are relative to the
    root.
    """
    start = names_of(path)
    glob = Glob(pattern, "pattern")
    walk = _Walk(root, stop)
    files: list[str] = []
    for names in walk.files(start):
        if glob.matches(names[len(start) :]):
            if len(files) == max_results:
                return {"files": files, "truncated": True}
            files.append(shown(names))
    return {"files": files, "truncated": walk.truncated}


def grep_files(
    root: ToolsRoot,
    stop: Stop,
    pattern: str,
    path: str = ".",
    glob: str = "*",
    ignore_case: bool = False,
    max_results: int = DEFAULT_MATCHES,
) -> JsonObject:
    """The lines that a regular expression matches: ``{matches, truncated}``.

    A match is ``{path, line, text}``, the line counted from 1 and its text cut at
    MAX_LINE_CHARS.  *path* is a directory to walk or a single file.  Files that are too
    large or no UTF-8 text are passed over.
    """
    start = names_of(path)
    search = line_expression(pattern, "pattern", ignore_case=ignore_case).search
    wanted = Glob(glob, "glob")
    walk = _Walk(root, stop)
    left = MAX_SEARCHED_BYTES
    matches: list[JsonObject] = []
    for names in [start] if _is_file(root, start) else walk.files(start):
        if names != start and not wanted.matches(names[len(start) :]):
            continue
        data = _searchable(root, names)
        if data is None:
            if names == start:
                raise ToolError(f"'{path}' cannot be searched: too large, or not UTF-8 text")
            continue
        left -= len(data)
        if left < 0 or stop():
            return {"matches": matches, "truncated": True}
        for number, line in _lines(data, search):
            if len(matches) == max_results:
                return {"matches": matches, "truncated": True}
            matches.append({"path": shown(names), "line": number, "text": line[:MAX_LINE_CHARS]})
    return {"matches": matches, "truncated": walk.truncated}


class _Walk:
    """One walk below the root; ``truncated`` says afterwards whether a bound cut it short."""

    def __init__(self, root: ToolsRoot, stop: Stop) -> None:
        self._root = root
        self._stop = stop
        self._entries_left = MAX_WALK_ENTRIES
        self.truncated = False

    def files(self, start: Names) -> Iterator[Names]:
        """The regular files below the directory *start*.

        Raises ToolError where *start* is none.
        """
        waiting = [start]
        while waiting:
            directory = waiting.pop()
            try:
                files, directories = self._listed(directory)
            except ToolError:
                if directory == start:
                    raise
                continue
            yield from files
            if len(directory) - len(start) >= MAX_WALK_DEPTH:
                self.truncated = self.truncated or bool(directories)
            else:
                waiting.extend(reversed(directories))

    def _listed(self, names: Names) -> tuple[list[Names], list[Names]]:
        """The files and the directories in one directory, each in the order of names."""
        files: list[Names] = []
        directories: list[Names] = []
        with (
            self._root.directory(names) as descriptor,
            told(names),
            os.scandir(descriptor) as entries,
        ):
            for entry in entries:
                if self._entries_left == 0 or self._stop():
                    self.truncated = True
                    break
                self._entries_left -= 1
                if entry.is_file(follow_symlinks=False):
                    files.append((*names, entry.name))
                elif entry.is_dir(follow_symlinks=False) and entry.name not in _NOT_WALKED:
                    directories.append((*names, entry.name))
        return (
            sorted(path for path in files if _is_utf8(path[-1])),
            sorted(path for path in directories if _is_utf8(path[-1])),
        )


def _is_file(root: ToolsRoot, names: Names) -> bool:
    """Whether *names* is a regular file; raises ToolError where it is nothing at all."""
    if not names:
        return False
    with root.directory(names[:-1]) as parent, told(names):
        status = os.stat(names[-1], dir_fd=parent, follow_symlinks=False)
    return stat.S_ISREG(status.st_mode)


def _is_utf8(name: str) -> bool:
    """Whether a name can be told and asked for: no path in JSON can name another."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _searchable(root: ToolsRoot, names: Names) -> bytes | None:
    """The content of a file, or None for one that is passed over."""
    try:
        with root.file(names) as descriptor:
            data = read_bytes(descriptor)
    except ToolError:
        return None
    if data is None or b"\0" in data:
        return None
    try:
        data.decode()
    except UnicodeDecodeError:
        return None
    return data


def _lines(data: bytes, search: Callable[[bytes, int], Any]) -> Iterator[tuple[int, str]]:
    """The lines of *data* that hold a match, each with its number from 1."""
    number = 1
    start = counted = 0
    while start < len(data) and (match := search(data, start)) is not None:
        at = match.start()
        if at == len(data) and data.endswith(b"\n"):
            return  # nothing stands after the last line's end
        number += data.count(b"\n", counted, at)
        counted = at
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        line = data[data.rfind(b"\n", 0, at) + 1 : end]
        yield number, line.decode().removesuffix("\r")
        start = end + 1
