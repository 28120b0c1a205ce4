"""``secret.*``: keys and tokens in the daemon's secret store.

Where they lie is ``car.secrets``'s affair.  Params and results with values in them are for the
wire alone: nothing here, nor on the way, writes them down.
"""

from msgspec import Struct

from car.ir.json import JsonObject
from car.secrets.errors import SecretsUnavailable
from car.secrets.names import DEFAULT_SERVICE, PRIVATE_SERVICE, public_name
from car.secrets.store import SecretStore
from car.server.registry import NoParams, method
from car.server.session import ClientSession

_NO_STORE = "this daemon keeps nothing: start it with a state directory"


class NamedSecret(Struct, frozen=True):
    """A secret by its name."""

    key: str
    service: str = DEFAULT_SERVICE


class NewSecret(Struct, frozen=True):
    """A secret to keep; its text form does not show the value."""

    key: str
    value: str
    service: str = DEFAULT_SERVICE

    def __repr__(self) -> str:
        return f"NewSecret(key={self.key!r}, service={self.service!r})"


@method("secret.put")
async def secret_put(session: ClientSession, params: NewSecret) -> JsonObject:
    """Keep a secret, in place of an earlier one of that name.

    Params: ``key`` and ``service?``, 1 to 128 of letters, digits and ``. _ : -``; ``value``,
    up to 64 KiB.  Result: ``{stored: true, key, service}``.  Errors: -32603 with
    ``data.code`` ``unavailable``, ``invalid_key``, ``invalid_value`` or
    ``reserved_private_secret``.
    """
    name = public_name(params.key, params.service)
    await _store(session).put(name.key, params.value, name.service)
    return {"stored": True, "key": name.key, "service": name.service}


@method("secret.get")
async def secret_get(session: ClientSession, params: NamedSecret) -> JsonObject:
    """Read a secret.

    Result: ``{value, key, service}``.  Errors: -32603 with ``data.code`` ``not_found``,
    ``unavailable``, ``invalid_key`` or ``reserved_private_secret``.
    """
    name = public_name(params.key, params.service)
    value = await _store(session).get(name.key, name.service)
    return {"value": value, "key": name.key, "service": name.service}


@method("secret.delete")
async def secret_delete(session: ClientSession, params: NamedSecret) -> JsonObject:
    """Forget a secret.

    Result: ``{deleted, key, service}``; false where there was none.  Errors: -32603 with
    ``data.code`` ``unavailable``, ``invalid_key`` or ``reserved_private_secret``.
    """
    name = public_name(params.key, params.service)
    deleted = await _store(session).delete(name.key, name.service)
    return {"deleted": deleted, "key": name.key, "service": name.service}


@method("secret.status")
async def secret_status(session: ClientSession, params: NamedSecret) -> JsonObject:
    """Whether there is such a secret; its value is not told.

    Result: ``{key, service, exists}``, null where the store cannot be asked.  Errors: -32603
    with ``data.code`` ``invalid_key`` or ``reserved_private_secret``.
    """
    name = public_name(params.key, params.service)
    store: SecretStore | None = session.state.secrets
    exists = None if store is None else await store.exists(name.key, name.service)
    return {"key": name.key, "service": name.service, "exists": exists}


@method("secret.available")
async def secret_available(session: ClientSession, params: NoParams) -> JsonObject:
    """Whether secrets can be kept here.

    Result: ``{available, reason?}``; the reason says what would help.
    """
    store: SecretStore | None = session.state.secrets
    reason = _NO_STORE if store is None else await store.reason_unavailable()
    if reason is None:
        return {"available": True}
    return {"available": False, "reason": reason}


@method("secret.list")
async def secret_list(session: ClientSession, params: NoParams) -> JsonObject:
    """The names of the secrets that were kept through this daemon.

    Result: ``{secrets: [{service, key, exists}]}``; ``exists`` is null where the store cannot
    be asked.  Errors: -32603 with ``data.code`` ``unavailable`` when the index cannot be read.
    """
    known = await _store(session).known()
    return {"secrets": [secret for secret in known if secret.service != PRIVATE_SERVICE]}


def _store(session: ClientSession) -> SecretStore:
    """The daemon's secret store; raises SecretsUnavailable without one."""
    store: SecretStore | None = session.state.secrets
    if store is None:
        raise SecretsUnavailable(_NO_STORE)
    return store
