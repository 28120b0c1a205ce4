"""ToolsRoot: the directory that the built-in file tools cannot leave (T16).

Every path is walked from the root one name at a time, each name opened relative to the
directory before it and never through a symbolic link.  So there is no moment at which a
link that was swapped in could lead out, and nothing to normalise: links are refused
wherever they point, inside the root too.  Hard links and mounts are the operator's affair.
What is done with a file is left to ``files`` and ``search``.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from car.engine.errors import ToolError

MAX_PATH_BYTES = 4_096
"""Length of a path in UTF-8: Linux's PATH_MAX, which opening name by name would lift."""

MAX_NAME_BYTES = 255
"""Length of one name in UTF-8: that of the usual file systems."""

Names = tuple[str, ...]
"""A path taken apart; empty for the root itself."""

_SENTENCES = {
    errno.ENOENT: "does not exist",
    errno.EACCES: "may not be touched: permission denied",
    errno.EPERM: "may not be touched: permission denied",
    errno.ENOTDIR: "is not a directory, or leads through one that is none",
    errno.EISDIR: "is a directory",
    errno.EEXIST: "exists already",
    errno.ENXIO: "is not a regular file",
    errno.ENAMETOOLONG: "has a name that is too long for the file system",
    errno.ELOOP: "is a symbolic link, which the file tools do not follow",
    errno.ENOSPC: "cannot be written: the disk is full",
    errno.EROFS: "cannot be written: the file system is read-only",
}


class ToolsRoot:
    """A directory, and how to get at what is below it.

    *path* may itself be a symbolic link: it is the operator's word.  ``writing`` is held
    by whoever changes a file, so that two edits cannot undo one another.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.writing = Lock()

    @contextmanager
    def directory(self, names: Names, *, create: bool = False) -> Iterator[int]:
        """A descriptor of the directory *names*, closed afterwards.

        With *create*, directories that are missing are made.  Raises ToolError.
        """
        if os.open not in os.supports_dir_fd:
            raise ToolError("the file tools need openat, which this platform does not have")
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as problem:
            reason = problem.strerror or "an unknown failure"
            raise ToolError(f"the tools root cannot be opened: {reason.lower()}") from None
        try:
            for depth, name in enumerate(names, 1):
                with told(names[:depth]):
                    inner = _enter(descriptor, name, create)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def file(self, names: Names) -> Iterator[int]:
        """A descriptor of the regular file *names*, to read from, closed afterwards.

        Raises ToolError.
        """
        with self.directory(names[:-1]) as parent, told(names):
            descriptor = open_regular(parent, names[-1])
            try:
                yield descriptor
            finally:
                os.close(descriptor)


def names_of(path: str, parameter: str = "path") -> Names:
    """The names in a *path* relative to the root; ``.`` is the root itself.

    Empty names and ``.`` between slashes are dropped, as everywhere.  Raises ToolError,
    naming the *parameter*, for a path that is empty or absolute or has ``..``, a NUL or
    too long a name.  Nothing is decoded: ``%2e`` is a name like any other.
    """
    try:
        encoded = path.encode()
    except UnicodeEncodeError:
        raise ToolError(f"{parameter}: not text that UTF-8 can hold") from None
    if not path:
        raise ToolError(f"{parameter}: empty; '.' is the tools root")
    if "\0" in path:
        raise ToolError(f"{parameter}: a NUL cannot stand in a path")
    if len(encoded) > MAX_PATH_BYTES:
        raise ToolError(f"{parameter}: longer than {MAX_PATH_BYTES} bytes")
    if path.startswith("/"):
        raise ToolError(f"{parameter}: '{path}' is absolute; give it relative to the tools root")
    names = tuple(name for name in path.split("/") if name not in ("", "."))
    if ".." in names:
        raise ToolError(f"{parameter}: '{path}' has '..', which the file tools do not follow")
    if any(len(name.encode()) > MAX_NAME_BYTES for name in names):
        raise ToolError(f"{parameter}: a name in it is longer than {MAX_NAME_BYTES} bytes")
    return names


def file_names_of(path: str) -> Names:
    """The names in the *path* of a file; raises ToolError, for the root itself too."""
    names = names_of(path)
    if not names:
        raise ToolError(f"'{path}' is a directory")
    return names


def shown(names: Names) -> str:
    """A path as answers and messages show it."""
    return "/".join(names) or "."


@contextmanager
def told(names: Names) -> Iterator[None]:
    """Tell what the system refuses as a ToolError about the path *names*."""
    try:
        yield
    except OSError as problem:
        sentence = _SENTENCES.get(problem.errno or 0)
        if sentence is None:
            sentence = f"failed: {(problem.strerror or 'unknown failure').lower()}"
        raise ToolError(f"'{shown(names)}' {sentence}") from None


def open_regular(parent: int, name: str) -> int:
    """Open the regular file *name* in *parent* to read; raises OSError for any other thing.

    Non-blocking, so that a pipe without a writer holds nobody up.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
    descriptor = os.open(name, flags, dir_fd=parent)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise OSError(errno.EISDIR if stat.S_ISDIR(mode) else errno.ENXIO, "not a regular file")
    return descriptor


def _enter(parent: int, name: str, create: bool) -> int:
    """Open the directory *name* in *parent*; raises OSError, ELOOP for a symbolic link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    try:
        return os.open(name, flags, dir_fd=parent)
    except FileNotFoundError:
        if not create:
            raise
    except NotADirectoryError:
        # Linux says the same of a link and of a file.
        if stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, "symbolic link") from None
        raise
    with suppress(FileExistsError):  # made by somebody else meanwhile: opened with care too
        os.mkdir(name, dir_fd=parent)
    return os.open(name, flags, dir_fd=parent)
