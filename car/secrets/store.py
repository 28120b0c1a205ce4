"""SecretStore: secrets by name, whatever keeps them.

The back end is chosen once, at the first use that finds one.  Everything that may block is
done in a thread, one call at a time.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from car.secrets.backends import Backend, choose_backend
from car.secrets.errors import InvalidValue, SecretError, SecretNotFound, SecretsUnavailable
from car.secrets.index import NameIndex
from car.secrets.names import DEFAULT_SERVICE, SecretName, secret_name
from car.secrets.turns import InThread, Turns

MOST_VALUE_BYTES = 65_536
"""The longest value in UTF-8 (``subsystem-registry-secrets.md``, Rules)."""

INDEX = "secret_index.json"


class KnownSecret(Struct, frozen=True):
    """A name of the index; ``exists`` is None where the store cannot be asked."""

    service: str
    key: str
    exists: bool | None


class SecretStore:
    """The secrets of one daemon.

    *root* is the state root, *environ* where ``CAR_SECRET_BACKEND`` and ``CAR_SECRET_KEY``
    are looked for.  Deferreds fail with SecretError: InvalidKey for a name that is none,
    SecretsUnavailable where the values cannot be reached, also after 30 s.
    """

    def __init__(
        self,
        root: Path,
        environ: Mapping[str, str],
        in_thread: InThread,
        clock: IReactorTime,
    ) -> None:
        self._root = root
        self._environ = environ
        self._turns = Turns(in_thread, clock)
        self._index = NameIndex(root / INDEX)
        self._backend: Backend | None = None

    async def put(self, key: str, value: str, service: str = DEFAULT_SERVICE) -> None:
        """Keep a value, in place of an earlier one; raises InvalidValue beyond 64 KiB."""
        name = secret_name(key, service)
        if len(value.encode()) > MOST_VALUE_BYTES:
            raise InvalidValue(f"value: expected up to {MOST_VALUE_BYTES} bytes")
        await self._turns.call(self._put, name, value)

    async def get(self, key: str, service: str = DEFAULT_SERVICE) -> str:
        """The value; raises SecretNotFound."""
        value: str | None = await self._turns.call(self._get, secret_name(key, service))
        if value is None:
            raise SecretNotFound(f"no secret '{key}' of the service '{service}'")
        return value

    async def delete(self, key: str, service: str = DEFAULT_SERVICE) -> bool:
        """Forget a value; whether there was one."""
        there: bool = await self._turns.call(self._delete, secret_name(key, service))
        return there

    async def exists(self, key: str, service: str = DEFAULT_SERVICE) -> bool | None:
        """Whether there is such a secret; None where the store cannot be asked."""
        (found,) = await self._which_exist([secret_name(key, service)])
        return found

    async def reason_unavailable(self) -> str | None:
        """Why the store cannot be used, None if it can; asks nobody to unlock it."""
        try:
            await self._turns.call(self._open)
        except SecretsUnavailable as problem:
            return problem.reason
        return None

    async def known(self) -> list[KnownSecret]:
        """The names that were put here, by service and key."""
        names: list[SecretName] = await self._turns.call(self._index.names)
        found = await self._which_exist(names)
        return [
            KnownSecret(name.service, name.key, exists)
            for name, exists in zip(names, found, strict=True)
        ]

    def find(self, key: str) -> "Deferred[str | None]":
        """The value of a key of the default service, for whoever looks in several places.

        The back end is asked only for names that ``secret.put`` has noted: it may be slow, or
        ask the user.  Fires with None where there is none, no name is like that, or the store
        is unavailable.
        """
        return Deferred.fromCoroutine(self._find(key))

    async def _find(self, key: str) -> str | None:
        try:
            noted = await self._turns.call(self._index.names)
            if secret_name(key) not in noted:
                return None
            return await self.get(key)
        except SecretError:
            return None

    async def _which_exist(self, names: Sequence[SecretName]) -> list[bool | None]:
        try:
            found: list[bool | None] = await self._turns.call(self._look, names)
        except SecretsUnavailable:
            return [None] * len(names)
        return found

    # ---- in the thread -----------------------------------------------------------------

    def _open(self) -> Backend:
        """The back end; chosen again as long as there is none."""
        if self._backend is None:
            self._backend = choose_backend(self._root, self._environ)
        return self._backend

    def _put(self, name: SecretName, value: str) -> None:
        backend = self._open()
        self._index.add(name)  # first: a name too many is told before anything is kept
        backend.put(name, value)

    def _get(self, name: SecretName) -> str | None:
        return self._open().get(name)

    def _delete(self, name: SecretName) -> bool:
        there = self._open().delete(name)
        self._index.remove(name)
        return there

    def _look(self, names: Sequence[SecretName]) -> list[bool | None]:
        backend = self._open()
        return [backend.get(name) is not None for name in names]
