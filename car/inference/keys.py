"""KeySource: API keys from the environment, from ``<root>/env``, from the secret store.

Values are handed on and written down nowhere; what is logged is names and line numbers.
"""

import re
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from zope.interface import implementer

from car.inference.interfaces import IKeySource

_log = Logger()

MOST_FILE_BYTES = 65_536
"""The longest ``env`` file that is read [ours]: it is read on the reactor's thread."""

SecretLookup = Callable[[str], "Deferred[str | None]"]
"""Finds a secret by its key; fires with None where there is none or nobody to ask."""

_ASSIGNMENT = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)")

_DOUBLE_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"[ \t]*(?:#.*)?')

_SINGLE_QUOTED = re.compile(r"'([^']*)'[ \t]*(?:#.*)?")


@implementer(IKeySource)
class KeySource:
    """Looks for a key in *environ*, then in *env_file*, then asks *secret*.

    None of the latter two leaves it out.  The file holds lines ``NAME=VALUE`` and is read again
    when it has changed.  An empty value counts as none.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        env_file: Path | None = None,
        secret: SecretLookup | None = None,
    ) -> None:
        self._environ = environ
        self._file = None if env_file is None else EnvFile(env_file)
        self._secret = secret

    def keys(self, names: Sequence[str]) -> "Deferred[list[tuple[str, str]]]":
        """Fires with the (name, key) pairs that are there, in the order of *names*."""
        return Deferred.fromCoroutine(self._keys(names))

    async def _keys(self, names: Sequence[str]) -> list[tuple[str, str]]:
        in_file = {} if self._file is None else self._file.values()
        found = []
        for name in names:
            value = self._environ.get(name) or in_file.get(name)
            if not value and self._secret is not None:
                value = await self._secret(name)
            if value:
                found.append((name, value))
        return found


class EnvFile:
    """A file of ``NAME=VALUE`` lines, read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._values: Mapping[str, str] = {}

    def values(self) -> Mapping[str, str]:
        """The values by name; those of before while the file cannot be read.

        None of a file that is not there.
        """
        try:
            status = self._path.stat()
            seen = (status.st_mtime_ns, status.st_size, status.st_ino)
            if seen != self._seen:
                self._seen = seen
                self._values = self._read(status.st_mode, status.st_size)
        except FileNotFoundError:
            self._seen, self._values = None, {}
        except (OSError, UnicodeDecodeError) as problem:
            _log.error(
                "{path} cannot be read: {kind}", path=str(self._path), kind=type(problem).__name__
            )
        return self._values

    def _read(self, mode: int, size: int) -> Mapping[str, str]:
        if size > MOST_FILE_BYTES:
            _log.error(
                "{path} is not read: it is longer than {most} bytes",
                path=str(self._path),
                most=MOST_FILE_BYTES,
            )
            return {}
        if stat.S_IMODE(mode) & 0o077:
            _log.warn("{path} is open to others: its mode should be 0600", path=str(self._path))
        values, wrong = parse_env(self._path.read_text("utf-8"))
        for number in wrong:
            _log.warn(
                "{path}, line {number}: expected NAME=VALUE", path=str(self._path), number=number
            )
        return values


def parse_env(text: str) -> tuple[dict[str, str], list[int]]:
    """The assignments in *text*, and the numbers of the lines that are none.

    A line is ``NAME=VALUE``, after ``export`` if you like.  A value in single quotes is taken
    as it stands, in double quotes ``\\"`` and ``\\\\`` stand for themselves; without quotes it
    ends before a ``#`` that follows a blank.  Lines that are empty or begin with ``#`` count
    for nothing.
    """
    values: dict[str, str] = {}
    wrong = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        assignment = _ASSIGNMENT.fullmatch(stripped)
        value = None if assignment is None else _value(assignment[2])
        if assignment is None or value is None:
            wrong.append(number)
        else:
            values[assignment[1]] = value
    return values, wrong


def _value(text: str) -> str | None:
    """The value that *text* spells, None where a quote is not closed."""
    match text[:1]:
        case '"':
            quoted = _DOUBLE_QUOTED.fullmatch(text)
            return None if quoted is None else re.sub(r"\\([\"\\])", r"\1", quoted[1])
        case "'":
            quoted = _SINGLE_QUOTED.fullmatch(text)
            return None if quoted is None else quoted[1]
        case "#":
            return ""
    return re.split(r"[ \t]+#", text, maxsplit=1)[0]
