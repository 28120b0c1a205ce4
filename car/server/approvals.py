"""Approvals: questions to a human, each settled at most once.

A session raises one for itself and resolves it itself; the daemon raises one for a gated
call and any session resolves it.  What an approval means for an agent's status is
``car.server.host``'s to say, what a verdict means for a call the gate's.
"""

from collections.abc import Callable

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from car.ir.json import JsonObject
from car.server.errors import Busy, InvalidParams
from car.server.host_events import EventFeed, NewId
from car.server.host_records import ApprovalQuestion, ApprovalStatus, HostApproval, HostError
from car.server.limits import Limits

OPTIONS = ("approve", "deny")
APPROVING = frozenset({"approve", "approved", "accept", "allow", "yes", "ok"})
"""Answers that approve, in any case; every other one denies."""

_DENYING = frozenset({"deny", "denied", "reject", "rejected", "no"})


class _Open(Struct):
    """A pending approval: its row, who has approved so far, and who waits for it."""

    row: HostApproval
    approvers: set[str]
    settled: Deferred[str] | None = None
    deadline: IDelayedCall | None = None


class Approvals:
    """The open approvals and the newest settled ones; *on_settled* hears of each end."""

    def __init__(
        self,
        clock: IReactorTime,
        feed: EventFeed,
        new_id: NewId,
        limits: Limits,
        on_settled: Callable[[HostApproval], None],
    ) -> None:
        self._clock = clock
        self._feed = feed
        self._new_id = new_id
        self._limits = limits
        self._on_settled = on_settled
        self._open: dict[str, _Open] = {}
        self._settled: dict[str, HostApproval] = {}

    def rows(self) -> list[HostApproval]:
        """Settled ones in the order of their end, as many as may be open, then the open."""
        return [*self._settled.values(), *(entry.row for entry in self._open.values())]

    def awaited_by(self, agent_id: str) -> bool:
        """Whether the agent still has a pending approval."""
        return any(entry.row.agent_id == agent_id for entry in self._open.values())

    def request(self, client_id: str | None, question: ApprovalQuestion) -> HostApproval:
        """Raise an approval and emit ``approval.requested``.

        Raises InvalidParams, or Busy when too many are open.
        """
        action = question.action or question.title
        if not action:
            raise InvalidParams("action (or title) is required")
        required = 1 if question.required_approvals is None else question.required_approvals
        if required < 1:
            raise InvalidParams("required_approvals must be 1 or more")
        details = next((d for d in (question.details, question.context) if d is not None), {})
        row = HostApproval(
            id=self._new_id("approval"),
            agent_id=question.agent_id,
            client_id=client_id,
            action=action,
            details=details,
            options=question.options or list(OPTIONS),
            created_at=self._feed.timestamp(),
            title=question.title or action,
            description=question.description,
            context=details if question.context is None else question.context,
            required_approvals=required,
        )
        for name in ("action", "title", "description"):
            self._feed.check_text(name, getattr(row, name))
        for name in ("details", "context", "options"):
            self._feed.check_payload(name, getattr(row, name))
        if len(self._open) >= self._limits.host_approvals:
            raise Busy(f"{len(self._open)} approvals are open; resolve some of them first")
        self._open[row.id] = _Open(row, set())
        self._feed.emit("approval.requested", row.agent_id, row.title, {"approval_id": row.id})
        return row

    def request_system(self, action: str, details: JsonObject, timeout: float) -> Deferred[str]:
        """Raise an approval of the daemon's own; fire with how it ended.

        That is ``approved``, ``denied``, or ``expired`` after *timeout* seconds.  Fails with
        InvalidParams or Busy.  Cancelling expires the approval.
        """
        try:
            row = self.request(None, ApprovalQuestion(action=action, details=details))
        except (InvalidParams, Busy) as problem:
            return fail(problem)
        settled: Deferred[str] = Deferred(lambda _: self._abandon(row.id))
        entry = self._open[row.id]
        entry.settled = settled
        entry.deadline = self._clock.callLater(timeout, self._settle, entry, "expired")
        return settled

    def resolve(
        self,
        session_id: str,
        approval_id: str,
        *,
        resolution: str | None = None,
        approved: bool | None = None,
        notes: str | None = None,
    ) -> HostApproval:
        """Answer an approval; the row as it then is.

        One denial settles it, as do ``required_approvals`` approvals of distinct sessions;
        ``approval.resolved`` is emitted with the end.  Where one approval is enough, only
        the raiser may answer a session's; where more are, any session may.  Raises
        InvalidParams; HostError when unknown, another's, settled, or answered twice.
        """
        entry = self._entry(approval_id)
        answer = _answer(entry.row.options, resolution, approved)
        self._feed.check_text("notes", notes)
        row = entry.row
        if row.required_approvals == 1 and row.client_id not in (None, session_id):
            raise HostError(f"approval '{approval_id}' is owned by another session")
        verdict: ApprovalStatus = "approved" if answer.lower() in APPROVING else "denied"
        if verdict == "approved":
            if session_id in entry.approvers:
                raise HostError(
                    f"approval '{approval_id}' has this session's approval already; "
                    "it waits for another session's"
                )
            entry.approvers.add(session_id)
            if len(entry.approvers) < row.required_approvals:
                return row
        return self._settle(entry, verdict, answer, notes)

    def expire_of(self, client_id: str) -> None:
        """Expire what the session *client_id*, now gone, had raised."""
        for entry in list(self._open.values()):
            if entry.row.client_id == client_id:
                self._settle(entry, "expired")

    def expire_all(self) -> None:
        """Expire whatever is open: the daemon stops."""
        for entry in list(self._open.values()):
            self._settle(entry, "expired")

    def _entry(self, approval_id: str) -> _Open:
        entry = self._open.get(approval_id)
        if entry is not None:
            return entry
        row = self._settled.get(approval_id)
        if row is not None:
            raise HostError(f"approval '{approval_id}' is already {row.status}")
        raise HostError(f"approval '{approval_id}' not found; host.approvals lists the open ones")

    def _settle(
        self,
        entry: _Open,
        status: ApprovalStatus,
        resolution: str | None = None,
        notes: str | None = None,
    ) -> HostApproval:
        """End an open approval: move its row, emit the event, then tell who waits."""
        row = msgspec.structs.replace(
            entry.row,
            status=status,
            resolution=resolution,
            notes=notes,
            resolved_at=self._feed.timestamp(),
        )
        del self._open[row.id]
        self._settled[row.id] = row
        if len(self._settled) > self._limits.host_approvals:
            del self._settled[next(iter(self._settled))]
        if entry.deadline is not None and entry.deadline.active():
            entry.deadline.cancel()
        kind = "approval.expired" if status == "expired" else "approval.resolved"
        payload = {"approval_id": row.id, "status": status}
        self._feed.emit(kind, row.agent_id, row.title, payload)
        self._on_settled(row)
        if entry.settled is not None:
            settled, entry.settled = entry.settled, None
            settled.callback(status)
        return row

    def _abandon(self, approval_id: str) -> None:
        """Nobody waits for this approval any more: expire it, firing nothing."""
        entry = self._open[approval_id]
        entry.settled = None
        self._settle(entry, "expired")


def _answer(options: list[str], resolution: str | None, approved: bool | None) -> str:
    """The text of an answer given in either vocabulary; raises InvalidParams."""
    if resolution is None:
        if approved is None:
            raise InvalidParams("resolution (a text) or approved (a boolean) is required")
        return OPTIONS[0] if approved else OPTIONS[1]
    word = resolution.lower()
    if resolution not in options and word not in APPROVING | _DENYING:
        raise InvalidParams(f"resolution '{resolution}' is not one of {', '.join(options)}")
    if approved is not None and approved != (word in APPROVING):
        raise InvalidParams(f"resolution '{resolution}' contradicts approved")
    return resolution
