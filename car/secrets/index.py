"""The index of names, ``<root>/secret_index.json``: keychains cannot say what they hold.

Service and key only, in order; the file is for people and other programs to read as well.
"""

from pathlib import Path

import msgspec
from twisted.logger import Logger

from car.secrets.errors import SecretsUnavailable
from car.secrets.files import write_private
from car.secrets.names import SecretName

_log = Logger()

MOST_NAMES = 1_000
"""How many secrets there may be [ours]."""

_decode = msgspec.json.Decoder(list[SecretName]).decode


class NameIndex:
    """The names in the file *path*, read anew each time.  Its methods block."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[SecretName]:
        """All names; none of a file that is damaged.  Raises SecretsUnavailable."""
        try:
            return _decode(self._path.read_bytes())
        except FileNotFoundError:
            return []
        except (msgspec.DecodeError, UnicodeDecodeError):
            _log.error("{path} is damaged: its names are not listed", path=str(self._path))
            return []
        except OSError as problem:
            raise SecretsUnavailable(f"{self._path} cannot be read: {problem.strerror}") from None

    def add(self, name: SecretName) -> None:
        """Note a name; raises SecretsUnavailable, also when there are too many."""
        names = self.names()
        if name in names:
            return
        if len(names) >= MOST_NAMES:
            raise SecretsUnavailable(f"it holds {MOST_NAMES} secrets already; delete some")
        self._write([*names, name])

    def remove(self, name: SecretName) -> None:
        """Forget a name; raises SecretsUnavailable."""
        names = self.names()
        if name in names:
            self._write([other for other in names if other != name])

    def _write(self, names: list[SecretName]) -> None:
        names.sort(key=lambda name: (name.service, name.key))
        write_private(self._path, msgspec.json.format(msgspec.json.encode(names), indent=2))
