"""``session.*``: authentication, and setting a session up in one call."""

import msgspec
from msgspec import Struct
from twisted.logger import Logger

from car.ir.json import JsonObject
from car.ir.tools import ToolSchema
from car.policy.rules import PolicyDefinition, rule_of
from car.proto import codes
from car.server.auth import AuthError, Role
from car.server.errors import InvalidParams
from car.server.methods.policy import register_policy
from car.server.methods.tools import register_tools
from car.server.registry import method
from car.server.session import ClientSession

_log = Logger()


class Init(Struct, frozen=True):
    """Tools and policies to begin with."""

    tools: list[ToolSchema] = msgspec.field(default_factory=list)
    policies: list[PolicyDefinition] = msgspec.field(default_factory=list)


class Auth(Struct, frozen=True):
    """One of the daemon's token, an agent's id and token, or the host token."""

    token: str | None = None
    agent_id: str | None = None
    host_token: str | None = None
    memory_namespace: str | None = None


class AuthFailed(AuthError):
    """A token that is not the right one."""


@method("session.init")
def session_init(session: ClientSession, params: Init) -> JsonObject:
    """Register tools and policies at once; optional, and repeated it adds.

    Result: ``{session_id, tools_registered, policies_registered}``.  Errors: those of
    ``tools.register`` and ``policy.register``; nothing is registered then.
    """
    for definition in params.policies:
        rule_of(definition)
        session.runtime.policies.require_scope(definition.session_id)
    tools = register_tools(session, params.tools)
    for definition in params.policies:
        register_policy(session, definition)
    return {
        "session_id": session.client_id,
        "tools_registered": tools,
        "policies_registered": len(params.policies),
    }


@method("session.auth", open=True)
async def session_auth(session: ClientSession, params: Auth) -> JsonObject:
    """Show a token: the first request of a connection where authentication is on.

    Result: ``{ok: true, auth_enabled, agent_id?, memory_namespace?}``, with ``role: "host"``
    for the host token.  Errors: -32603 ``auth failed: token mismatch`` (the connection stays
    open, the fifth one closes it), -32602 without any token.
    """
    authenticator = session.state.config.authenticator
    answer: JsonObject = {"ok": True, "auth_enabled": authenticator.enabled}
    if authenticator.enabled:
        role = _role_of(session, params)
        session.authenticated_as(role)
        if role is Role.HOST:
            answer["role"] = "host"
    elif params.host_token is not None:
        answer["role"] = "host"
    if params.agent_id is not None:
        session.agent_id = answer["agent_id"] = params.agent_id
    if params.memory_namespace is not None:
        answer["memory_namespace"] = params.memory_namespace
    await _bind_memory(session, params)
    return answer


async def _bind_memory(session: ClientSession, params: Auth) -> None:
    """Use the memory that *params* name: a namespace before an agent's (decision 6)."""
    memories = session.state.memories
    if params.memory_namespace is not None:
        session.use_memory(await memories.namespace(params.memory_namespace))
        session.memory_namespace = params.memory_namespace
    elif params.agent_id is not None:
        session.use_memory(await memories.agent(params.agent_id))


def _role_of(session: ClientSession, params: Auth) -> Role:
    """The role that the tokens of *params* prove; raises AuthFailed."""
    authenticator = session.state.config.authenticator
    if params.host_token is not None:
        if authenticator.check_host(params.host_token):
            return Role.HOST
    elif params.token is None:
        raise InvalidParams("token: expected the daemon's token, or host_token")
    elif params.agent_id is not None:
        try:
            if authenticator.check_agent(params.agent_id, params.token):
                return Role.AGENT
        except AuthError:
            _count_wrong_token(session)
            raise
    elif authenticator.check(params.token):
        return session.role
    _count_wrong_token(session)
    raise AuthFailed("auth failed: token mismatch")


def _count_wrong_token(session: ClientSession) -> None:
    """Note a token that is not the right one; too many of them end the connection."""
    session.wrong_tokens += 1
    _log.info(
        "{client_id} showed a wrong token ({count})",
        client_id=session.client_id,
        count=session.wrong_tokens,
    )
    if session.wrong_tokens >= session.state.config.limits.wrong_tokens:
        session.close_after_reply(codes.CLOSE_UNAUTHENTICATED, "too many wrong tokens")
