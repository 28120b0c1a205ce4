"""``state.*``: the session's key-value state, by tenant."""

from msgspec import Struct

from car.ir.json import JsonObject, JsonValue
from car.server.registry import method
from car.server.session import ClientSession


class Key(Struct, frozen=True):
    """A key, in a tenant's namespace if one is named."""

    key: str
    tenant_id: str | None = None


class KeyAndValue(Struct, frozen=True):
    """What to set."""

    key: str
    value: JsonValue = None
    tenant_id: str | None = None


class Tenant(Struct, frozen=True):
    """Whose keys."""

    tenant_id: str | None = None


@method("state.get")
def state_get(session: ClientSession, params: Key) -> JsonValue:
    """The value of a key.

    Result: the value, or null where there is none.
    """
    return session.runtime.state.tenant(params.tenant_id).get(params.key)


@method("state.exists")
def state_exists(session: ClientSession, params: Key) -> bool:
    """Whether a key is set, also to null.

    Result: a bool.
    """
    return session.runtime.state.tenant(params.tenant_id).exists(params.key)


@method("state.set")
def state_set(session: ClientSession, params: KeyAndValue) -> str:
    """Set a key; an absent value sets null.

    Result: ``"ok"``.  Errors: -32602 beyond the state's limits, -32603 with
    ``data.code = "journal"`` while it cannot be recorded.
    """
    state = session.runtime.state.tenant(params.tenant_id)
    session.require_journal()
    state.set(params.key, params.value, at=session.now())
    data: JsonObject = {"key": params.key, "value": params.value}
    if params.tenant_id:
        data["tenant_id"] = params.tenant_id
    session.record("record_state", data)
    return "ok"


@method("state.keys")
def state_keys(session: ClientSession, params: Tenant) -> list[str]:
    """The keys that are set, sorted; a tenant's without their prefix.

    Result: an array of strings.  Without a tenant, tenants' keys are not listed.
    """
    return session.runtime.state.tenant(params.tenant_id).keys()


@method("state.snapshot")
def state_snapshot(session: ClientSession, params: Tenant) -> JsonObject:
    """All keys with their values.

    Result: an object.  Without a tenant, tenants' keys are not shown.
    """
    return session.runtime.state.tenant(params.tenant_id).snapshot()
