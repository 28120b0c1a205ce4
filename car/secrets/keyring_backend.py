"""Secrets in the system's keyring, by the ``keyring`` library: Keychain, Credential Manager,
Secret Service, KWallet.

Any call may block for long, on a prompt that unlocks the keyring for instance.  What a back
end of the library's says when it fails is not passed on: nobody knows what is in it.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from twisted.logger import Logger

from car.secrets.errors import InvalidValue, SecretError, SecretsUnavailable
from car.secrets.names import SecretName

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend as Ring

_log = Logger()

WINDOWS_BYTES = 2_560
"""What one credential of Windows holds (CRED_MAX_CREDENTIAL_BLOB_SIZE), in UTF-16."""

_HINT = (
    "Start one, set CAR_SECRET_BACKEND=file for an encrypted file under CAR_HOME, or export "
    "the variable instead."
)


class KeyringBackend:
    """A Backend in *ring*.  On *platform* ``win32`` values are short."""

    def __init__(self, ring: "Ring", platform: str = sys.platform) -> None:
        self._ring = ring
        self._platform = platform

    @classmethod
    def strongest(cls, *, weak: bool = False) -> "KeyringBackend":
        """The keyring that the user has configured, else the best that answers.

        One whose priority says that it is not recommended (below 1; plain files are) is
        taken only if *weak*.  Raises SecretsUnavailable with what would help.
        """
        with _told():
            ring = _find_ring()
            priority = float(ring.priority)
        if priority <= 0:
            raise SecretsUnavailable(f"no OS keyring ({_why_none()}). {_HINT}")
        if priority < 1 and not weak:
            raise SecretsUnavailable(
                f"no OS keyring but a weak one ({type(ring).__module__}). {_HINT} "
                "CAR_SECRET_BACKEND=keyring takes it all the same."
            )
        return cls(ring)

    def put(self, name: SecretName, value: str) -> None:
        """Keep a value; raises InvalidValue for one that Windows cannot."""
        if self._platform == "win32" and len(value.encode("utf-16-le")) > WINDOWS_BYTES:
            raise InvalidValue(
                f"value: Windows keeps up to {WINDOWS_BYTES // 2} characters; "
                "CAR_SECRET_BACKEND=file keeps more"
            )
        with _told():
            self._ring.set_password(name.service, name.key, value)

    def get(self, name: SecretName) -> str | None:
        """The value, None where there is none."""
        with _told():
            return self._ring.get_password(name.service, name.key)

    def delete(self, name: SecretName) -> bool:
        """Forget a value; whether there was one."""
        with _told():
            there = self._ring.get_password(name.service, name.key) is not None
            if there:
                self._ring.delete_password(name.service, name.key)
            return there


def _find_ring() -> "Ring":
    """The configured keyring, else the one of the highest priority.

    Looks anew at every call, as the library does not.  Its chain of keyrings counts as its
    best member: which one of them answers must not depend on the moment.
    """
    from keyring import backend, core
    from keyring.backends.chainer import ChainerBackend

    configured = core.load_env() or core.load_config()
    if configured is not None and not isinstance(configured, ChainerBackend):
        return configured
    backend.get_all_keyring()  # loads the modules, which register their classes
    kinds = [
        kind
        for kind in backend.KeyringBackend.get_viable_backends()
        if not issubclass(kind, ChainerBackend)
    ]
    return max(kinds, key=backend.by_priority)()


def _why_none() -> str:
    """Why there is no keyring, as far as it is known."""
    if not sys.platform.startswith("linux"):
        return "none is supported here"
    from keyring.backends import SecretService

    try:
        reachable = bool(SecretService.Keyring.priority)
    except (RuntimeError, OSError, EOFError) as problem:
        return f"Secret Service did not answer: {problem}"
    return "it is switched off for this user" if reachable else "none answers"


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tell whatever a keyring raises as SecretsUnavailable, by its type only."""
    try:
        yield
    except SecretError:
        raise
    # The library lets through whatever its back ends raise, many of which are plug-ins.
    except Exception as problem:
        kind = type(problem).__name__
        _log.warn("the keyring failed: {kind}", kind=kind)
        hint = "unlock it and try again" if kind == "KeyringLocked" else _HINT
        raise SecretsUnavailable(f"the keyring failed ({kind}); {hint}") from None
