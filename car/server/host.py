"""Host state: which agents are at work, what waits for a human, what has happened.

One for the whole process.  Sessions are known here by their client ids alone; who may
call what, and how events travel to a client, is said elsewhere.  Approvals and the event
feed have modules of their own, and this one ties them to agents.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from car.ir.json import JsonObject, to_value
from car.server.approvals import Approvals
from car.server.errors import Busy, InvalidParams
from car.server.host_events import DEFAULT_EVENTS, Deliver, EventFeed, NewId, random_id
from car.server.host_records import (
    AGENT_STATUSES,
    ApprovalQuestion,
    HostAgent,
    HostApproval,
    HostError,
    HostEvent,
    HostSnapshot,
)
from car.server.limits import Limits

_FINISHED = frozenset({"completed", "errored", "stopped"})


class HostState:
    """Agents, approvals, events and subscribers of one daemon.

    *clock* runs the deadlines, *now* gives seconds since the epoch and is the clock's unless
    given.  *session_id* is throughout the client id of the session that asks, None for the daemon
    itself.  Every change is one step: it is made, then told to all subscribers, before the
    method returns.
    """

    def __init__(
        self,
        clock: IReactorTime,
        new_id: NewId = random_id,
        limits: Limits | None = None,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._new_id = new_id
        self._feed = EventFeed(now or clock.seconds, new_id, self._limits)
        self._approvals = Approvals(clock, self._feed, new_id, self._limits, self._release)
        self._agents: dict[str, HostAgent] = {}

    def subscribe(self, session_id: str, deliver: Deliver) -> HostSnapshot:
        """The state as it is; *deliver* gets every event after it, and none before.

        *deliver* must not wait.  Subscribing again starts anew.
        """
        self._feed.subscribe(session_id, deliver)
        return HostSnapshot(
            agents=self.agents(),
            approvals=self.approvals(),
            events=self.events(),
            event_sequence=self._feed.sequence,
        )

    def agents(self) -> list[HostAgent]:
        """All agents, in the order of their registration."""
        return list(self._agents.values())

    def approvals(self) -> list[HostApproval]:
        """The newest settled approvals, then the open ones."""
        return self._approvals.rows()

    def events(self, limit: int = DEFAULT_EVENTS) -> list[HostEvent]:
        """The last *limit* events, oldest first; *limit* is brought into 1 … all kept."""
        return self._feed.newest(limit)

    def register_agent(
        self,
        session_id: str | None,
        *,
        name: str,
        kind: str,
        id: str | None = None,
        capabilities: list[str] | None = None,
        project: str | None = None,
        pid: int | None = None,
        display: JsonObject | None = None,
        metadata: JsonObject | None = None,
    ) -> HostAgent:
        """Add an agent, idle, or set one's own anew; emit ``agent.registered``.

        A finished agent that nobody owns gives way: to its id's next user at once, and the
        oldest of them when the list is full.  Raises HostError for an id of another
        session, InvalidParams for a field too long, Busy when every place is in use.
        """
        agent = HostAgent(
            id=id or self._new_id("agent"),
            name=name,
            kind=kind,
            capabilities=capabilities or [],
            project=project,
            session_id=session_id,
            pid=pid,
            display=display,
            updated_at=self._feed.timestamp(),
            metadata=metadata or {},
        )
        for field in ("id", "name", "kind", "project"):
            self._feed.check_text(field, getattr(agent, field))
        for field in ("capabilities", "display", "metadata"):
            self._feed.check_payload(field, getattr(agent, field))
        if agent.id in self._agents:
            self._check_owner(self._agents[agent.id], session_id)
        elif len(self._agents) >= self._limits.host_agents:
            self._make_room()
        self._agents[agent.id] = agent
        self._feed.emit("agent.registered", agent.id, None, to_value(agent))
        return agent

    def unregister_agent(self, session_id: str | None, agent_id: str) -> bool:
        """Remove an agent and emit ``agent.unregistered``; False if there is none.

        Raises HostError for an agent of another session.
        """
        agent = self._agents.get(agent_id)
        if agent is None:
            return False
        self._check_owner(agent, session_id)
        self._remove(agent)
        return True

    def set_status(
        self,
        session_id: str | None,
        agent_id: str,
        status: str,
        *,
        current_task: str | None = None,
        message: str | None = None,
        payload: JsonObject | None = None,
    ) -> HostAgent:
        """Set an agent's status and task; emit ``agent.status_changed``.

        The event carries *payload*, else the agent.  Raises InvalidParams for a status that
        is none or a field too long, HostError for an agent unknown or another's.
        """
        if status not in AGENT_STATUSES:
            known = ", ".join(AGENT_STATUSES)
            raise InvalidParams(f"status '{status}' is not one of {known}")
        self._feed.check_text("current_task", current_task)
        self._feed.check_text("message", message)
        self._feed.check_payload("payload", payload)
        agent = self._agent(agent_id)
        self._check_owner(agent, session_id)
        return self._change(agent, message, payload, status=status, current_task=current_task)

    def notify(
        self,
        *,
        kind: str = "host.notification",
        agent_id: str | None = None,
        message: str | None = None,
        payload: JsonObject | None = None,
    ) -> HostEvent:
        """Tell every subscriber something; raises InvalidParams for a field too long."""
        for field, text in (("kind", kind), ("agent_id", agent_id), ("message", message)):
            self._feed.check_text(field, text)
        self._feed.check_payload("payload", payload)
        return self._feed.emit(kind, agent_id, message, payload or {})

    def request_approval(self, session_id: str, question: ApprovalQuestion) -> HostApproval:
        """Raise an approval of *session_id*, as ``Approvals.request`` has it.

        The agent it names, one of the session's own, waits for approval until the end.
        Raises HostError for an agent unknown or another's, InvalidParams, or Busy.
        """
        agent = None if question.agent_id is None else self._agent(question.agent_id)
        if agent is not None:
            self._check_owner(agent, session_id)
        approval = self._approvals.request(session_id, question)
        if agent is not None:
            self._change(agent, approval.title, status="waiting_for_approval")
        return approval

    def request_system_approval(
        self, action: str, details: JsonObject, timeout: float
    ) -> Deferred[str]:
        """Raise an approval of the daemon's own, as ``Approvals.request_system`` has it."""
        return self._approvals.request_system(action, details, timeout)

    def resolve_approval(
        self,
        session_id: str,
        approval_id: str,
        *,
        resolution: str | None = None,
        approved: bool | None = None,
        notes: str | None = None,
    ) -> HostApproval:
        """Answer an approval, as ``Approvals.resolve`` has it; its agent runs on."""
        return self._approvals.resolve(
            session_id, approval_id, resolution=resolution, approved=approved, notes=notes
        )

    def session_closed(self, session_id: str) -> None:
        """Forget a session that has gone.

        It is told nothing more, its pending approvals expire, its agents are stopped and
        belong to nobody.
        """
        self._feed.unsubscribe(session_id)
        self._approvals.expire_of(session_id)
        for agent in self.agents():
            if agent.session_id == session_id:
                self._change(agent, "its session has closed", status="stopped", session_id=None)

    def expire_approvals(self) -> None:
        """Expire whatever is open: the daemon stops."""
        self._approvals.expire_all()

    def _release(self, approval: HostApproval) -> None:
        """Let the agent of an answered approval run on, unless it has another one pending."""
        agent = None if approval.agent_id is None else self._agents.get(approval.agent_id)
        if agent is None or approval.status == "expired":
            return
        if agent.status == "waiting_for_approval" and not self._approvals.awaited_by(agent.id):
            self._change(agent, None, status="running")

    def _agent(self, agent_id: str) -> HostAgent:
        agent = self._agents.get(agent_id)
        if agent is None:
            raise HostError(f"agent '{agent_id}' is not registered; call host.register_agent first")
        return agent

    def _check_owner(self, agent: HostAgent, session_id: str | None) -> None:
        """Raise HostError if the agent is another's; a finished one without owner is free."""
        if agent.session_id != session_id and not _is_abandoned(agent):
            raise HostError(f"agent '{agent.id}' is owned by another session")

    def _change(
        self,
        agent: HostAgent,
        message: str | None,
        payload: JsonObject | None = None,
        **changes: Any,
    ) -> HostAgent:
        """Put *changes* into effect and emit ``agent.status_changed``."""
        changed = msgspec.structs.replace(agent, updated_at=self._feed.timestamp(), **changes)
        self._agents[agent.id] = changed
        payload = to_value(changed) if payload is None else payload
        self._feed.emit("agent.status_changed", agent.id, message, payload)
        return changed

    def _make_room(self) -> None:
        """Remove the oldest agent that is finished and nobody's; raises Busy without one."""
        oldest = next(filter(_is_abandoned, self._agents.values()), None)
        if oldest is None:
            raise Busy(f"{len(self._agents)} agents are registered; unregister some first")
        self._remove(oldest)

    def _remove(self, agent: HostAgent) -> None:
        del self._agents[agent.id]
        self._feed.emit("agent.unregistered", agent.id, None, to_value(agent))


def _is_abandoned(agent: HostAgent) -> bool:
    return agent.session_id is None and agent.status in _FINISHED
