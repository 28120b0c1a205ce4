"""``policy.*``: rules that forbid actions of this session."""

from msgspec import Struct

from car.ir.json import JsonObject, JsonValue, to_value
from car.policy.rules import PolicyDefinition
from car.server.registry import method
from car.server.session import ClientSession


class PolicyName(Struct, frozen=True):
    """Policies of one name, in a policy scope if one is named."""

    name: str
    session_id: str | None = None


class PolicyScope(Struct, frozen=True):
    """The session's own rules, or those of a policy scope."""

    session_id: str | None = None


def scope_value(session_id: str | None) -> JsonValue:
    """A scope as the results show it."""
    return "global" if session_id is None else {"session_id": session_id}


def register_policy(session: ClientSession, definition: PolicyDefinition) -> None:
    """Register and record one policy; raises PolicyError or UnknownScope."""
    session.require_journal()
    session.runtime.policies.register(definition, definition.session_id)
    session.record("record_policy", {"registered": to_value(definition)})


@method("policy.register")
def policy_register(session: ClientSession, params: PolicyDefinition) -> JsonObject:
    """Put a rule in force; the same name may stand more than once.

    Result: ``{name, registered: name, scope: "global" | {session_id}}``.  Errors: -32602
    ``unknown rule type: …`` or naming what the rule lacks; -32603 for an unknown scope.
    """
    register_policy(session, params)
    return {
        "name": params.name,
        "registered": params.name,
        "scope": scope_value(params.session_id),
    }


@method("policy.unregister")
def policy_unregister(session: ClientSession, params: PolicyName) -> JsonObject:
    """Remove every rule of a name; none of that name is no error.

    Result: ``{unregistered: name, removed: int, scope}``.
    """
    session.require_journal()
    removed = session.runtime.policies.unregister(params.name, params.session_id)
    if removed:
        gone: JsonObject = {"name": params.name}
        if params.session_id is not None:
            gone["session_id"] = params.session_id
        session.record("record_policy", {"unregistered": gone})
    return {
        "unregistered": params.name,
        "removed": removed,
        "scope": scope_value(params.session_id),
    }


@method("policy.list")
def policy_list(session: ClientSession, params: PolicyScope) -> JsonObject:
    """The rules in force, in the order of their registration.

    Result: ``{policies: [{name, description}], scope}``.
    """
    return {
        "policies": session.runtime.policies.list(params.session_id),
        "scope": scope_value(params.session_id),
    }
