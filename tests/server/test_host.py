"""Tests of car.server.host."""

import itertools
from typing import Any

import msgspec
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.server.errors import Busy, InvalidParams
from car.server.host import HostState
from car.server.host_records import (
    AGENT_STATUSES,
    ApprovalQuestion,
    HostAgent,
    HostApproval,
    HostError,
    HostEvent,
)


class HostTestCase(SynchronousTestCase):
    """Host state with a clock, counted ids by kind, and an observer."""

    def setUp(self) -> None:
        counters = {kind: itertools.count(1) for kind in ("agent", "approval", "event")}
        self.clock = Clock()
        self.host = HostState(self.clock, lambda kind: f"{kind}-{next(counters[kind])}")
        self.events: list[HostEvent] = []
        self.host.subscribe("observer", self.events.append)

    def agent(self, session_id: str | None = "alice", **fields: Any) -> HostAgent:
        """An agent registered by *session_id*."""
        return self.host.register_agent(session_id, name="Mender", kind="custom", **fields)

    def ask(self, session_id: str = "alice", **question: Any) -> HostApproval:
        """An approval raised by *session_id*."""
        return self.host.request_approval(session_id, ApprovalQuestion(action="Push", **question))

    def kinds(self) -> list[str]:
        """The kinds of the events since last asked."""
        kinds = [event.kind for event in self.events]
        self.events.clear()
        return kinds

    def statuses(self) -> list[str]:
        """The status of every agent."""
        return [agent.status for agent in self.host.agents()]


class AgentTests(HostTestCase):
    """Registering agents, their status, their end."""

    def test_registered(self) -> None:
        """The record has every wire field, null where nothing is known."""
        agent = self.agent(capabilities=["code"])
        expected: dict[str, Any] = {
            "id": "agent-1",
            "name": "Mender",
            "kind": "custom",
            "capabilities": ["code"],
            "project": None,
            "session_id": "alice",
            "status": "idle",
            "current_task": None,
            "pid": None,
            "display": None,
            "updated_at": "1970-01-01T00:00:00.000000Z",
            "metadata": {},
        }
        self.assertEqual(msgspec.to_builtins(agent), expected)
        self.assertEqual(self.events[0].payload, expected)
        self.assertEqual(self.events[0].agent_id, "agent-1")
        self.assertEqual(self.kinds(), ["agent.registered"])

    def test_registered_anew(self) -> None:
        """The owner may set an agent anew; it is idle again."""
        self.agent(id="a")
        self.host.set_status("alice", "a", "running")
        agent = self.agent(id="a", project="p", pid=7, display={"x": 1}, metadata={"y": 2})
        self.assertEqual(self.host.agents(), [agent])
        self.assertEqual((agent.status, agent.project, agent.pid), ("idle", "p", 7))

    def test_every_status(self) -> None:
        """Any status follows any other."""
        self.agent(id="a")
        for before in AGENT_STATUSES:
            for after in AGENT_STATUSES:
                self.host.set_status("alice", "a", before)
                self.assertEqual(self.host.set_status("alice", "a", after).status, after)

    def test_status_event(self) -> None:
        """The event carries the message and the caller's payload, else the agent."""
        self.agent(id="a")
        self.clock.advance(1)
        agent = self.host.set_status("alice", "a", "running", current_task="t", message="on it")
        self.assertEqual(agent.current_task, "t")
        self.assertEqual(agent.updated_at, "1970-01-01T00:00:01.000000Z")
        event = self.events[-1]
        self.assertEqual((event.kind, event.message), ("agent.status_changed", "on it"))
        self.assertEqual(event.payload, msgspec.to_builtins(agent))
        self.host.set_status("alice", "a", "idle", payload={"done": 3})
        self.assertEqual(self.events[-1].payload, {"done": 3})

    def test_status_refused(self) -> None:
        """A wrong status and an unknown agent are told as such."""
        self.agent(id="a")
        self.events.clear()
        problem = self.assertRaises(InvalidParams, self.host.set_status, "alice", "a", "busy")
        self.assertEqual(
            str(problem),
            "status 'busy' is not one of idle, running, waiting_for_approval, paused, "
            "completed, errored, stopped",
        )
        unknown = self.assertRaises(HostError, self.host.set_status, "alice", "b", "idle")
        self.assertEqual(
            str(unknown), "agent 'b' is not registered; call host.register_agent first"
        )
        self.assertEqual(self.events, [])

    def test_unregistered(self) -> None:
        """An agent goes with an event; an unknown one is no error."""
        agent = self.agent(id="a")
        self.assertTrue(self.host.unregister_agent("alice", "a"))
        self.assertFalse(self.host.unregister_agent("alice", "a"))
        self.assertEqual(self.host.agents(), [])
        self.assertEqual(self.events[-1].payload, msgspec.to_builtins(agent))
        self.assertEqual(self.kinds(), ["agent.registered", "agent.unregistered"])

    def test_too_long(self) -> None:
        """Each text and each JSON value has its size; nothing longer is taken."""
        long, big = "x" * 4097, {"x": "x" * 65_536}
        self.agent(id="a")
        self.events.clear()
        for field in ("name", "kind", "id", "project"):
            fields = {"name": "n", "kind": "k"} | {field: long}
            problem = self.assertRaises(InvalidParams, self.host.register_agent, "alice", **fields)
            self.assertEqual(str(problem), f"{field} has 4097 bytes; at most 4096 are allowed")
        agent: dict[str, Any] = {"capabilities": [big], "display": big, "metadata": big}
        for field, value in agent.items():
            problem = self.assertRaises(InvalidParams, self.agent, **{field: value})
            self.assertTrue(str(problem).startswith(f"{field} has 655"))
        status: dict[str, Any] = {"current_task": long, "message": long, "payload": big}
        for field, value in status.items():
            self.assertRaises(
                InvalidParams, self.host.set_status, "alice", "a", "idle", **{field: value}
            )
        notice: dict[str, Any] = {"kind": long, "agent_id": long, "message": long, "payload": big}
        for field, value in notice.items():
            self.assertRaises(InvalidParams, self.host.notify, **{field: value})
        self.assertEqual(self.events, [])


class OwnershipTests(HostTestCase):
    """Whose agent may be touched by whom."""

    def test_matrix(self) -> None:
        """The owner may do everything with its agent, others and the daemon nothing."""
        deeds = (
            lambda who: self.host.set_status(who, "a", "running"),
            lambda who: self.agent(who, id="a"),
            lambda who: self.ask(who, agent_id="a"),
            lambda who: self.host.unregister_agent(who, "a"),
        )
        for owner in ("alice", None):
            for deed in deeds:
                self.agent(owner, id="a")
                before = self.host.agents(), self.host.approvals()
                for other in {"alice", "bob", None} - {owner}:
                    problem = self.assertRaises(HostError, deed, other)
                    self.assertEqual(str(problem), "agent 'a' is owned by another session")
                self.assertEqual((self.host.agents(), self.host.approvals()), before)
                deed(owner)

    def test_reads(self) -> None:
        """Everybody sees everything."""
        agent = self.agent()
        approval = self.ask()
        snapshot = self.host.subscribe("bob", self.events.append)
        self.assertEqual(snapshot.agents, [agent])
        self.assertEqual(snapshot.approvals, [approval])

    def test_abandoned(self) -> None:
        """A finished agent of nobody may be taken up by the next session, or removed."""
        self.agent("alice", id="a")
        self.agent("alice", id="b")
        self.host.session_closed("alice")
        self.assertEqual(self.agent("bob", id="a").session_id, "bob")
        self.assertTrue(self.host.unregister_agent("carol", "b"))

    def test_full(self) -> None:
        """With a thousand agents the oldest abandoned one makes room, then nobody does."""
        self.agent("alice", id="old")
        self.host.session_closed("alice")
        for _ in range(999):
            self.agent("bob")
        self.events.clear()
        self.agent("carol", id="new")
        self.assertEqual(self.kinds(), ["agent.unregistered", "agent.registered"])
        self.assertEqual(len(self.host.agents()), 1000)
        problem = self.assertRaises(Busy, self.agent, "carol")
        self.assertEqual(str(problem), "1000 agents are registered; unregister some first")
        self.agent("carol", id="new")


class ApprovalTests(HostTestCase):
    """What approvals mean for agents."""

    def test_agent_waits(self) -> None:
        """The agent waits until the answer, then runs; each step is told in order."""
        self.agent(id="a")
        self.events.clear()
        asked = self.ask(agent_id="a")
        self.assertEqual(self.statuses(), ["waiting_for_approval"])
        self.assertEqual(self.kinds(), ["approval.requested", "agent.status_changed"])
        row = self.host.resolve_approval("alice", asked.id, resolution="deny", notes="no")
        self.assertEqual((row.status, row.notes), ("denied", "no"))
        self.assertEqual(self.statuses(), ["running"])
        self.assertEqual(self.kinds(), ["approval.resolved", "agent.status_changed"])

    def test_two_pending(self) -> None:
        """With a second approval pending the agent waits on."""
        self.agent(id="a")
        first, second = self.ask(agent_id="a"), self.ask(agent_id="a")
        self.host.resolve_approval("alice", first.id, approved=True)
        self.assertEqual(self.statuses(), ["waiting_for_approval"])
        self.host.resolve_approval("alice", second.id, approved=True)
        self.assertEqual(self.statuses(), ["running"])

    def test_status_set_meanwhile(self) -> None:
        """An agent that no longer waits, or has gone, is left alone."""
        self.agent(id="a")
        first, second = self.ask(agent_id="a"), self.ask(agent_id="a")
        self.host.set_status("alice", "a", "paused")
        self.host.resolve_approval("alice", first.id, approved=True)
        self.assertEqual(self.statuses(), ["paused"])
        self.host.unregister_agent("alice", "a")
        self.host.resolve_approval("alice", second.id, approved=True)
        self.assertEqual(self.statuses(), [])

    def test_unknown_agent(self) -> None:
        """An approval for an agent that is not registered is refused."""
        problem = self.assertRaises(HostError, self.ask, agent_id="b")
        self.assertEqual(
            str(problem), "agent 'b' is not registered; call host.register_agent first"
        )
        self.assertEqual(self.host.approvals(), [])

    def test_system(self) -> None:
        """The daemon's own approval fires its Deferred, and any session may answer it."""
        waiting = self.host.request_system_approval("ws.method:mail.send", {"to": "x"}, 60)
        self.host.resolve_approval("bob", self.host.approvals()[0].id, approved=True)
        self.assertEqual(self.successResultOf(waiting), "approved")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop(self) -> None:
        """At the daemon's stop whatever is pending expires."""
        waiting = self.host.request_system_approval("ws.method:mail.send", {}, 60)
        self.ask()
        self.host.expire_approvals()
        self.assertEqual(self.successResultOf(waiting), "expired")
        self.assertEqual({row.status for row in self.host.approvals()}, {"expired"})
        self.assertEqual(self.clock.getDelayedCalls(), [])


class SubscriptionTests(HostTestCase):
    """Snapshots, events and sessions that go."""

    def test_snapshot_then_events(self) -> None:
        """The snapshot has all that was before, the subscriber all that comes after."""
        agent = self.agent()
        told: list[HostEvent] = []
        snapshot = self.host.subscribe("bob", told.append)
        self.assertEqual(snapshot.agents, [agent])
        self.assertEqual([event.kind for event in snapshot.events], ["agent.registered"])
        self.assertEqual((snapshot.event_sequence, told), (1, []))
        event = self.host.notify(message="hello")
        self.assertEqual(told, [event])
        self.assertEqual(event.sequence, 2)
        self.assertEqual(len(snapshot.events), 1)

    def test_snapshot_members(self) -> None:
        """The snapshot has the members that official clients read."""
        snapshot = msgspec.to_builtins(self.host.subscribe("bob", self.events.append))
        self.assertEqual(
            snapshot,
            {
                "subscribed": True,
                "agents": [],
                "approvals": [],
                "events": [],
                "devices": [],
                "event_sequence": 0,
                "pending_signins": [],
            },
        )

    def test_notify(self) -> None:
        """A notification has a kind of its own or the usual one."""
        self.assertEqual(self.host.notify().kind, "host.notification")
        event = self.host.notify(kind="build.done", agent_id="a", payload={"ok": True})
        self.assertEqual(
            (event.kind, event.agent_id, event.payload), ("build.done", "a", {"ok": True})
        )
        self.assertEqual(self.host.events(1), [event])

    def test_session_closed(self) -> None:
        """A hundred approvals expire, the agents stop and are nobody's, all with events."""
        self.agent("alice", id="a")
        kept = self.agent("bob", id="b")
        for _ in range(100):
            self.ask("alice", agent_id="a")
        self.events.clear()
        self.host.session_closed("alice")
        self.assertEqual(self.kinds(), ["approval.expired"] * 100 + ["agent.status_changed"])
        self.assertEqual({row.status for row in self.host.approvals()}, {"expired"})
        stopped = self.host.agents()[0]
        self.assertEqual((stopped.status, stopped.session_id), ("stopped", None))
        self.assertEqual(self.host.agents()[1], kept)

    def test_closed_subscriber(self) -> None:
        """A session that has gone is told nothing, its own end included."""
        told: list[HostEvent] = []
        self.agent("bob")
        self.host.subscribe("bob", told.append)
        self.host.session_closed("bob")
        self.host.notify()
        self.assertEqual(told, [])
        self.host.session_closed("bob")
        self.assertEqual(self.events[-1].kind, "host.notification")

    def test_default_ids(self) -> None:
        """Without a source of ids they are made up."""
        agent = HostState(Clock()).register_agent("alice", name="n", kind="k")
        self.assertRegex(agent.id, r"^agent-[0-9a-f]{16}$")
