"""Regular expressions and globs of a client's, run by the linear-time engine (decision 26)."""

from typing import Any

import re2  # type: ignore[import-untyped]  # the package ships no types

from car.engine.basics.root import Names
from car.engine.errors import ToolError

MAX_PATTERN_CHARS = 1_000
"""How long a pattern may be."""

_MAX_PROGRAM_BYTES = 1024 * 1024
"""Memory of one compiled pattern and its matching."""


def line_expression(pattern: str, parameter: str, *, ignore_case: bool = False) -> Any:
    """A regular expression to search UTF-8 bytes with, as ``re2`` compiles it.

    ``^`` and ``$`` match at every line, and nothing matches the end of one.  Raises
    ToolError, naming the *parameter*, for a pattern that the engine does not take.
    """
    _check_length(pattern, parameter)
    options = re2.Options()
    options.never_nl = True
    options.case_sensitive = not ignore_case
    try:
        return _compiled(f"(?m){pattern}", options)
    except re2.error as problem:
        reason = problem.args[0].decode(errors="replace")
        raise ToolError(f"{parameter}: not a regular expression (RE2): {reason}") from None


class Glob:
    """A glob to hold paths against.

    Without a slash it is held against the last name of a path, at any depth; with one
    against the whole path.  ``*`` and ``?`` stop at slashes, ``**`` as a name of its own is
    any number of directories, ``[abc]``, ``[a-z]`` and ``[!a]`` are one character.
    """

    def __init__(self, pattern: str, parameter: str) -> None:
        """Raises ToolError, naming the *parameter*, for a pattern that is no glob."""
        _check_length(pattern, parameter)
        names = [name for name in pattern.split("/") if name not in ("", ".")]
        if not names:
            raise ToolError(f"{parameter}: '{pattern}' names nothing; '*' is every file")
        if pattern.startswith("/") or ".." in names:
            raise ToolError(f"{parameter}: '{pattern}' must be relative and without '..'")
        self._whole_path = "/" in pattern
        options = re2.Options()
        options.dot_nl = True
        try:
            self._matches = _compiled(_translated(names), options).fullmatch
        except re2.error:
            raise ToolError(f"{parameter}: '{pattern}' cannot be used as a glob") from None

    def matches(self, names: Names) -> bool:
        """Whether the path *names* is one that the glob means."""
        text = "/".join(names) if self._whole_path else names[-1]
        return self._matches(text.encode()) is not None


def _check_length(pattern: str, parameter: str) -> None:
    if len(pattern) > MAX_PATTERN_CHARS:
        raise ToolError(f"{parameter}: longer than {MAX_PATTERN_CHARS} characters")


def _compiled(text: str, options: Any) -> Any:
    """*text* compiled for searching bytes; raises ``re2.error``."""
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MAX_PROGRAM_BYTES
    return re2.compile(text.encode(errors="replace"), options)


def _translated(names: list[str]) -> str:
    """The regular expression for the names of a glob."""
    *directories, last = names
    parts = [
        "(?:[^/]+/)*" if name == "**" else _translated_name(name) + "/" for name in directories
    ]
    return "".join([*parts, ".*" if last == "**" else _translated_name(last)])


def _translated_name(name: str) -> str:
    """The regular expression for one name of a glob."""
    parts = []
    at = 0
    while at < len(name):
        character = name[at]
        at += 1
        if character == "*":
            parts.append("[^/]*")
        elif character == "?":
            parts.append("[^/]")
        elif character == "[" and (end := _set_end(name, at)) > 0:
            parts.append(_translated_set(name[at:end]))
            at = end + 1
        else:
            parts.append(re2.escape(character))
    return "".join(parts)


def _set_end(name: str, start: int) -> int:
    """Where the bracket that a set beginning at *start* ends with stands, or -1.

    A set has at least one character, so a bracket in the first place is one of it.
    """
    return name.find("]", start + (2 if name.startswith("!", start) else 1))


def _translated_set(characters: str) -> str:
    """The character class for what stands between brackets; ``-`` keeps its meaning."""
    negated = characters.startswith("!")
    kept = "".join(
        character if character == "-" else re2.escape(character)
        for character in characters[negated:]
    )
    return f"[^/{kept}]" if negated else f"[{kept}]"
