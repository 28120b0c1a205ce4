"""``host.*``: who is at work, what waits for a human, what happened."""

from msgspec import Struct
from msgspec.structs import asdict

from car.ir.json import JsonObject, to_value
from car.server.errors import HandshakeRequired, InvalidParams
from car.server.host_records import (
    ApprovalQuestion,
    HostAgent,
    HostApproval,
    HostEvent,
)
from car.server.registry import NoParams, method
from car.server.session import ClientSession


class AgentId(Struct, frozen=True):
    """One agent."""

    agent_id: str


class NewAgent(Struct, frozen=True):
    """An agent to register; its id is made up where none is given."""

    name: str
    kind: str
    id: str | None = None
    capabilities: list[str] | None = None
    project: str | None = None
    pid: int | None = None
    display: JsonObject | None = None
    metadata: JsonObject | None = None


class AgentStatus(Struct, frozen=True):
    """What an agent does now."""

    agent_id: str
    status: str
    current_task: str | None = None
    message: str | None = None
    payload: JsonObject | None = None


class Notice(Struct, frozen=True):
    """Something to tell every subscriber."""

    kind: str = "host.notification"
    agent_id: str | None = None
    message: str | None = None
    payload: JsonObject | None = None


class HowMany(Struct, frozen=True):
    """How many events; brought into the range of what is kept."""

    limit: int = 100


class Answer(Struct, frozen=True):
    """The answer to an approval, in either vocabulary."""

    approval_id: str
    resolution: str | None = None
    approved: bool | None = None
    notes: str | None = None


@method("host.subscribe")
def host_subscribe(session: ClientSession, params: NoParams) -> JsonObject:
    """Get every ``host.event`` from now on, and the state as it is.

    Result: ``{subscribed: true, agents, approvals, events, devices, identity,
    event_sequence, pending_signins}``.  Errors: -32005 on an authenticated connection
    before ``server.handshake``.
    """
    state = session.state
    if state.config.authenticator.enabled and session.protocol_version is None:
        raise HandshakeRequired(
            "protocol handshake required: call server.handshake before host.subscribe"
        )
    snapshot = state.host.subscribe(session.client_id, session.host_event)
    answer: JsonObject = to_value(snapshot)
    answer["identity"] = state.identity()
    return answer


@method("host.agents")
def host_agents(session: ClientSession, params: NoParams) -> list[HostAgent]:
    """Every registered agent.

    Result: ``HostAgent[]``.
    """
    return session.state.host.agents()


@method("host.events")
def host_events(session: ClientSession, params: HowMany) -> JsonObject:
    """The newest events, oldest first.

    Result: ``{events: HostEvent[]}``.
    """
    return {"events": session.state.host.events(params.limit)}


@method("host.approvals")
def host_approvals(session: ClientSession, params: NoParams) -> JsonObject:
    """Open approvals, and the last settled ones.

    Result: ``{approvals: HostApproval[]}``.
    """
    return {"approvals": session.state.host.approvals()}


@method("host.register_agent")
def host_register_agent(session: ClientSession, params: NewAgent) -> HostAgent:
    """Register an agent of this session, idle; emits ``agent.registered``.

    Result: HostAgent.  Errors: -32603 for an id that another session owns.
    """
    return session.state.host.register_agent(session.client_id, **asdict(params))


@method("host.unregister_agent")
def host_unregister_agent(session: ClientSession, params: AgentId) -> JsonObject:
    """Remove an agent of this session; emits ``agent.unregistered``.

    Result: ``{ok: bool}``, false for one that is not registered.  Errors: -32603 for
    another session's.
    """
    return {"ok": session.state.host.unregister_agent(session.client_id, params.agent_id)}


@method("host.set_status")
def host_set_status(session: ClientSession, params: AgentStatus) -> HostAgent:
    """Say what an agent of this session does; emits ``agent.status_changed``.

    Result: HostAgent.  Errors: -32602 for a status that is none, -32603 for an agent that
    is unknown or another session's.
    """
    values = asdict(params)
    return session.state.host.set_status(
        session.client_id, values.pop("agent_id"), values.pop("status"), **values
    )


@method("host.notify")
def host_notify(session: ClientSession, params: Notice) -> HostEvent:
    """Tell every subscriber something.

    Result: the HostEvent.
    """
    return session.state.host.notify(**asdict(params))


@method("host.request_approval")
def host_request_approval(session: ClientSession, params: ApprovalQuestion) -> HostApproval:
    """Ask a human; the agent it names waits meanwhile; emits ``approval.requested``.

    Params: ``action`` with ``details``, or ``title`` with ``context``.  Result: HostApproval.
    """
    return session.state.host.request_approval(session.client_id, params)


@method("host.resolve_approval")
def host_resolve_approval(session: ClientSession, params: Answer) -> HostApproval:
    """Answer an approval: this session's own, or one of the daemon.

    Params: ``resolution`` (one of its options) or ``approved``.  Result: HostApproval.
    Errors: -32603 for one that is unknown, settled, or another session's.
    """
    if params.resolution is None and params.approved is None:
        raise InvalidParams("resolution: expected one of the approval's options, or approved")
    return session.state.host.resolve_approval(
        session.client_id,
        params.approval_id,
        resolution=params.resolution,
        approved=params.approved,
        notes=params.notes,
    )
