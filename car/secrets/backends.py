"""What a back end is, and the choice of one.

Which there are: the system's keyring, an encrypted file, memory.  The file is taken only when
asked for, as its key lies beside it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from car.secrets.errors import SecretsUnavailable
from car.secrets.file_backend import FileBackend
from car.secrets.keyring_backend import KeyringBackend
from car.secrets.memory_backend import MemoryBackend
from car.secrets.names import SecretName

BACKEND_VARIABLE = "CAR_SECRET_BACKEND"

KEY_VARIABLE = "CAR_SECRET_KEY"


class Backend(Protocol):
    """Keeps values.  Its calls may block, and are made one at a time.

    Each raises SecretsUnavailable where the values cannot be reached.
    """

    def put(self, name: SecretName, value: str) -> None:
        """Keep a value, in place of an earlier one; raises InvalidValue for one too long."""

    def get(self, name: SecretName) -> str | None:
        """The value, None where there is none."""

    def delete(self, name: SecretName) -> bool:
        """Forget a value; whether there was one."""


def choose_backend(root: Path, environ: Mapping[str, str]) -> Backend:
    """The back end that ``CAR_SECRET_BACKEND`` names, without it the system's keyring.

    Files go below *root*.  Raises SecretsUnavailable.
    """
    match environ.get(BACKEND_VARIABLE, ""):
        case "":
            return KeyringBackend.strongest()
        case "keyring":
            return KeyringBackend.strongest(weak=True)
        case "file":
            return FileBackend(root / "secrets", environ.get(KEY_VARIABLE) or None)
        case "memory":
            return MemoryBackend()
    raise SecretsUnavailable(f"{BACKEND_VARIABLE} must be keyring, file or memory")
