"""Tests of car.server.approvals."""

import itertools
from typing import Any

import msgspec
from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.server.approvals import Approvals
from car.server.errors import Busy, InvalidParams
from car.server.host_events import EventFeed
from car.server.host_records import ApprovalQuestion, HostApproval, HostError, HostEvent
from car.server.limits import Limits


class ApprovalsTestCase(SynchronousTestCase):
    """Approvals with a clock, counted ids and a record of what was told."""

    def setUp(self) -> None:
        numbers = itertools.count(1)
        self.clock = Clock()
        limits = Limits(host_approvals=1000)
        feed = EventFeed(self.clock.seconds, lambda kind: f"{kind}-{next(numbers)}", limits)
        self.ended: list[HostApproval] = []
        self.events: list[HostEvent] = []
        feed.subscribe("observer", self.events.append)
        self.approvals = Approvals(
            self.clock,
            feed,
            lambda kind: f"{kind}-{next(numbers)}",
            limits,
            self.ended.append,
        )

    def ask(self, client_id: str = "alice", **question: Any) -> HostApproval:
        """An approval raised by *client_id*."""
        question.setdefault("action", "Push branch")
        return self.approvals.request(client_id, ApprovalQuestion(**question))

    def resolve_refused(self, session_id: str, approval_id: str, **answer: Any) -> str:
        """The sentence that an answer is refused with."""
        problem = self.assertRaises(
            (HostError, InvalidParams),
            self.approvals.resolve,
            session_id,
            approval_id,
            **answer,
        )
        return str(problem)

    def kinds(self) -> list[str]:
        """The kinds of the events so far."""
        return [event.kind for event in self.events]


class RequestTests(ApprovalsTestCase):
    """Raising an approval."""

    def test_row(self) -> None:
        """The row has every wire field, null where nothing is known."""
        row = self.ask(details={"branch": "fix-1"}, agent_id="agent-5")
        self.assertEqual(
            msgspec.to_builtins(row),
            {
                "id": "approval-1",
                "agent_id": "agent-5",
                "client_id": "alice",
                "action": "Push branch",
                "details": {"branch": "fix-1"},
                "options": ["approve", "deny"],
                "status": "pending",
                "created_at": "1970-01-01T00:00:00.000000Z",
                "resolved_at": None,
                "resolution": None,
                "title": "Push branch",
                "description": None,
                "context": {"branch": "fix-1"},
                "required_approvals": 1,
                "notes": None,
            },
        )
        self.assertEqual(self.approvals.rows(), [row])

    def test_event(self) -> None:
        """The event tells the agent, the title and the approval's id."""
        self.ask(agent_id="agent-5")
        event = self.events[0]
        self.assertEqual(
            (event.kind, event.agent_id, event.message, event.payload),
            ("approval.requested", "agent-5", "Push branch", {"approval_id": "approval-1"}),
        )

    def test_other_vocabulary(self) -> None:
        """title and context do as well, and fill in the others."""
        row = self.ask(action=None, title="Push?", context={"a": 1}, description="Now")
        self.assertEqual((row.action, row.details, row.context), ("Push?", {"a": 1}, {"a": 1}))
        self.assertEqual(row.description, "Now")
        row = self.ask(action="push", title="Push?", details={"a": 1}, context={"b": 2})
        self.assertEqual((row.action, row.title), ("push", "Push?"))
        self.assertEqual((row.details, row.context), ({"a": 1}, {"b": 2}))
        self.assertEqual(self.ask(details={}, context={"b": 2}).details, {})

    def test_refused(self) -> None:
        """What is missing, wrong or too long is named, and nothing is raised."""
        for question, sentence in (
            ({"action": None}, "action (or title) is required"),
            ({"required_approvals": 0}, "required_approvals must be 1 or more"),
            ({"action": "x" * 4097}, "action has 4097 bytes; at most 4096 are allowed"),
            ({"title": "x" * 4097}, "title has 4097 bytes; at most 4096 are allowed"),
            ({"description": "x" * 4097}, "description has 4097 bytes; at most 4096 are allowed"),
            ({"details": {"": "x" * 65_530}}, "details has 65537 bytes; at most 65536 are allowed"),
            ({"options": ["x" * 65_536]}, "options has 65540 bytes; at most 65536 are allowed"),
        ):
            problem = self.assertRaises(InvalidParams, self.ask, **question)
            self.assertEqual(str(problem), sentence)
        self.assertEqual((self.approvals.rows(), self.events), ([], []))

    def test_too_many(self) -> None:
        """A thousand may be open; settling one makes room."""
        rows = [self.ask() for _ in range(1000)]
        problem = self.assertRaises(Busy, self.ask)
        self.assertEqual(str(problem), "1000 approvals are open; resolve some of them first")
        self.approvals.resolve("alice", rows[0].id, approved=True)
        self.ask()


class ResolveTests(ApprovalsTestCase):
    """Answering an approval."""

    def test_vocabularies(self) -> None:
        """Both vocabularies settle it; the raw text stays in ``resolution``."""
        for answer, status, resolution in (
            ({"approved": True}, "approved", "approve"),
            ({"approved": False}, "denied", "deny"),
            ({"resolution": "approve"}, "approved", "approve"),
            ({"resolution": "Approved"}, "approved", "Approved"),
            ({"resolution": "deny"}, "denied", "deny"),
            ({"resolution": "no"}, "denied", "no"),
            ({"resolution": "approve", "approved": True}, "approved", "approve"),
        ):
            row = self.approvals.resolve("alice", self.ask().id, **answer)
            self.assertEqual((row.status, row.resolution), (status, resolution))

    def test_settled_row(self) -> None:
        """The row tells when and with what notes; an event and the owner are told."""
        asked = self.ask()
        self.clock.advance(2)
        row = self.approvals.resolve("alice", asked.id, approved=True, notes="fine")
        self.assertEqual((row.notes, row.resolved_at), ("fine", "1970-01-01T00:00:02.000000Z"))
        self.assertEqual(self.approvals.rows(), [row])
        self.assertEqual(self.ended, [row])
        self.assertEqual(self.kinds(), ["approval.requested", "approval.resolved"])
        self.assertEqual(self.events[1].payload, {"approval_id": asked.id, "status": "approved"})

    def test_own_options(self) -> None:
        """Of options of one's own, only words that approve do so."""
        for text, status in (("yes", "approved"), ("later", "denied")):
            row = self.approvals.resolve(
                "alice", self.ask(options=["yes", "later"]).id, resolution=text
            )
            self.assertEqual(row.status, status)

    def test_wrong_answers(self) -> None:
        """An answer that is none leaves the approval pending."""
        asked = self.ask()
        for answer, sentence in (
            ({}, "resolution (a text) or approved (a boolean) is required"),
            ({"resolution": "aprove"}, "resolution 'aprove' is not one of approve, deny"),
            ({"resolution": "deny", "approved": True}, "resolution 'deny' contradicts approved"),
            (
                {"approved": True, "notes": "x" * 4097},
                "notes has 4097 bytes; at most 4096 are allowed",
            ),
        ):
            self.assertEqual(self.resolve_refused("alice", asked.id, **answer), sentence)
        self.assertEqual(self.approvals.rows(), [asked])

    def test_unknown(self) -> None:
        """An unknown id is answered with where to look."""
        self.assertEqual(
            self.resolve_refused("alice", "approval-9", approved=True),
            "approval 'approval-9' not found; host.approvals lists the open ones",
        )

    def test_once(self) -> None:
        """A settled approval is not settled again, whatever it has become."""
        for answer, status in ((True, "approved"), (False, "denied")):
            asked = self.ask()
            self.approvals.resolve("alice", asked.id, approved=answer)
            self.assertEqual(
                self.resolve_refused("alice", asked.id, approved=True),
                f"approval '{asked.id}' is already {status}",
            )
        asked = self.ask()
        self.approvals.expire_of("alice")
        self.assertEqual(
            self.resolve_refused("alice", asked.id, approved=True),
            f"approval '{asked.id}' is already expired",
        )

    def test_ownership(self) -> None:
        """A session's approval is for its raiser alone; the daemon's is for anybody."""
        asked = self.ask()
        self.assertEqual(
            self.resolve_refused("bob", asked.id, approved=True),
            f"approval '{asked.id}' is owned by another session",
        )
        self.assertEqual(self.approvals.rows(), [asked])
        for session_id in ("alice", "bob"):
            self.approvals.request_system("mail.send", {}, 60)
            row = self.approvals.rows()[-1]
            self.assertIsNone(row.client_id)
            self.approvals.resolve(session_id, row.id, approved=True)

    def test_two_approvers(self) -> None:
        """Two distinct sessions must approve where two are required."""
        asked = self.ask(required_approvals=2)
        self.assertEqual(self.approvals.resolve("bob", asked.id, approved=True).status, "pending")
        self.assertEqual(
            self.resolve_refused("bob", asked.id, approved=True),
            f"approval '{asked.id}' has this session's approval already; "
            "it waits for another session's",
        )
        row = self.approvals.resolve("carol", asked.id, approved=True)
        self.assertEqual(row.status, "approved")
        self.assertEqual(self.kinds(), ["approval.requested", "approval.resolved"])

    def test_one_denial(self) -> None:
        """One denial settles it, whoever has approved before."""
        asked = self.ask(required_approvals=3)
        self.approvals.resolve("bob", asked.id, approved=True)
        self.assertEqual(self.approvals.resolve("bob", asked.id, approved=False).status, "denied")

    def test_settled_are_forgotten_in_the_end(self) -> None:
        """As many settled rows are listed as may be open, the oldest going first."""
        rows = [self.ask() for _ in range(1000)]
        self.approvals.expire_all()
        last = self.ask()
        self.approvals.resolve("alice", last.id, approved=True)
        listed = [row.id for row in self.approvals.rows()]
        self.assertEqual(listed, [*(row.id for row in rows[1:]), last.id])


class ExpiryTests(ApprovalsTestCase):
    """Approvals whose raiser goes."""

    def test_raiser_gone(self) -> None:
        """A hundred pending ones expire with an event each; others' stay."""
        for _ in range(100):
            self.ask()
        kept = self.ask("bob")
        self.events.clear()
        self.approvals.expire_of("alice")
        self.assertEqual(self.kinds(), ["approval.expired"] * 100)
        by_status = [row.status for row in self.approvals.rows()]
        self.assertEqual(by_status, ["expired"] * 100 + ["pending"])
        self.assertEqual(self.approvals.rows()[-1], kept)
        self.assertEqual(self.events[0].payload["status"], "expired")

    def test_awaited_by(self) -> None:
        """An agent has pending approvals until the last is settled."""
        first, second = self.ask(agent_id="a"), self.ask(agent_id="a")
        self.assertFalse(self.approvals.awaited_by("b"))
        for row in (first, second):
            self.assertTrue(self.approvals.awaited_by("a"))
            self.approvals.resolve("alice", row.id, approved=True)
        self.assertFalse(self.approvals.awaited_by("a"))


class SystemApprovalTests(ApprovalsTestCase):
    """The daemon's own approvals: answer, denial, deadline, cancelling."""

    def tearDown(self) -> None:
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_answered(self) -> None:
        """The answer fires the Deferred once the event is out."""
        for approved, status in ((True, "approved"), (False, "denied")):
            told: list[str] = []
            waiting = self.approvals.request_system("ws.method:mail.send", {"to": "x"}, 60)
            waiting.addCallback(self.note_newest, told)
            row = self.approvals.rows()[-1]
            self.assertEqual((row.action, row.details), ("ws.method:mail.send", {"to": "x"}))
            self.assertNoResult(waiting)
            self.assertEqual(
                self.approvals.resolve("bob", row.id, approved=approved).status, status
            )
            self.assertEqual(told, ["approval.resolved"])

    def note_newest(self, status: str, told: list[str]) -> None:
        """Put down the newest event at the time that a Deferred fired."""
        told.append(self.kinds()[-1])

    def test_deadline(self) -> None:
        """At its deadline it has expired, is listed, and can no longer be answered."""
        waiting = self.approvals.request_system("mail.send", {}, 60)
        self.clock.advance(59.9)
        self.assertNoResult(waiting)
        self.clock.advance(0.1)
        self.assertEqual(self.successResultOf(waiting), "expired")
        row = self.approvals.rows()[0]
        self.assertEqual(row.status, "expired")
        self.assertIn("already expired", self.resolve_refused("bob", row.id, approved=True))
        self.assertEqual(self.kinds(), ["approval.requested", "approval.expired"])

    def test_cancelled(self) -> None:
        """Who no longer waits leaves an expired row behind."""
        waiting = self.approvals.request_system("mail.send", {}, 60)
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)
        self.assertEqual(self.approvals.rows()[0].status, "expired")

    def test_stop(self) -> None:
        """When the daemon stops, whoever waits is told that it expired."""
        waiting = self.approvals.request_system("mail.send", {}, 60)
        self.ask()
        self.approvals.expire_all()
        self.assertEqual(self.successResultOf(waiting), "expired")
        self.assertEqual({row.status for row in self.approvals.rows()}, {"expired"})

    def test_survives_sessions(self) -> None:
        """No session's end expires it."""
        waiting = self.approvals.request_system("mail.send", {}, 60)
        self.approvals.expire_of("alice")
        self.assertNoResult(waiting)
        waiting.addErrback(lambda failure: failure.trap(CancelledError))
        waiting.cancel()

    def test_refused(self) -> None:
        """What cannot be raised fails the Deferred."""
        self.failureResultOf(self.approvals.request_system("", {}, 60), InvalidParams)
        for _ in range(1000):
            self.ask()
        self.failureResultOf(self.approvals.request_system("mail.send", {}, 60), Busy)
