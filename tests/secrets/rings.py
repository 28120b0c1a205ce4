"""Keyrings for the ``keyring`` library to find: one that works, and ways to fail."""

import os
from typing import ClassVar

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked
from twisted.trial.unittest import SynchronousTestCase


class FakeRing(KeyringBackend):
    """A keyring in memory that says it is a good one."""

    priority = 5.0

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[tuple[str, str], str] = {}
        self.problem: Exception | None = None

    def _check(self) -> None:
        if self.problem is not None:
            raise self.problem

    def get_password(self, service: str, username: str) -> str | None:
        """The value, None where there is none."""
        self._check()
        return self.values.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a value."""
        self._check()
        self.values[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget a value."""
        self._check()
        del self.values[service, username]


class WeakRing(FakeRing):
    """One that the library would not recommend: plain files, for instance."""

    priority = 0.5


class LockedRing(FakeRing):
    """One whose user dismissed the prompt."""

    priority = 3.0

    said: ClassVar[str] = "Failed to unlock: sesame-7Q"

    def _check(self) -> None:
        raise KeyringLocked(self.said)


# The library registers every class; only tests that ask for one shall find it.
for ring in (FakeRing, WeakRing, LockedRing):
    KeyringBackend._classes.discard(ring)


def offer(case: SynchronousTestCase, *kinds: type[KeyringBackend], configured: str = "") -> None:
    """For the rest of *case* make these all keyrings that the library knows.

    *configured* is the one that the user has chosen, by its import path.
    """
    home = os.path.abspath(case.mktemp())
    environ = {**os.environ, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}
    environ.pop("PYTHON_KEYRING_BACKEND", None)
    if configured:
        environ["PYTHON_KEYRING_BACKEND"] = configured
    case.patch(os, "environ", environ)
    case.patch(KeyringBackend, "_classes", set(kinds))
