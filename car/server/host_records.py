"""What host state is made of, as the wire has it, and how it fails (``subsystem-host.md``)."""

from typing import Literal

from msgspec import Struct, field

from car.errors import CarError
from car.ir.json import JsonObject

AGENT_STATUSES = (
    "idle",
    "running",
    "waiting_for_approval",
    "paused",
    "completed",
    "errored",
    "stopped",
)

ApprovalStatus = Literal["pending", "approved", "denied", "expired"]


class HostError(CarError):
    """Host state cannot do that: the thing is unknown, another's, or settled."""


class HostAgent(Struct, frozen=True, kw_only=True):
    """An agent at work.  ``session_id`` is the session that owns it, null for the daemon's
    own and for one whose session has gone.  ``updated_at`` is RFC 3339."""

    id: str
    name: str
    kind: str
    capabilities: list[str]
    project: str | None = None
    session_id: str | None = None
    status: str = "idle"
    current_task: str | None = None
    pid: int | None = None
    display: JsonObject | None = None
    updated_at: str
    metadata: JsonObject


class ApprovalQuestion(Struct, frozen=True, kw_only=True):
    """What a session asks: the params of ``host.request_approval``.

    Both vocabularies: ``action`` and ``details``, or ``title`` and ``context``; the one
    missing of a pair is filled in from the other.
    """

    action: str | None = None
    title: str | None = None
    agent_id: str | None = None
    details: JsonObject | None = None
    context: JsonObject | None = None
    options: list[str] | None = None
    description: str | None = None
    required_approvals: int | None = None


class HostApproval(Struct, frozen=True, kw_only=True):
    """A question to a human.  ``client_id`` is the session that raised it, null for the daemon.

    ``title`` and ``context`` are other names of ``action`` and ``details`` (``protocol.md``
    A8); ``resolution`` is the answer's own text, from which ``status`` was derived.
    """

    id: str
    agent_id: str | None
    client_id: str | None
    action: str
    details: JsonObject
    options: list[str]
    status: ApprovalStatus = "pending"
    created_at: str
    resolved_at: str | None = None
    resolution: str | None = None
    title: str
    description: str | None = None
    context: JsonObject
    required_approvals: int = 1
    notes: str | None = None


class HostEvent(Struct, frozen=True, kw_only=True):
    """Something that happened: the params of ``host.event``.  ``sequence`` counts from 1."""

    id: str
    timestamp: str
    kind: str
    agent_id: str | None
    message: str | None
    payload: JsonObject
    sequence: int


class HostSnapshot(Struct, frozen=True, kw_only=True):
    """What a new subscriber is answered; ``event_sequence`` is that of the newest event.

    ``identity`` is for the daemon to add.
    """

    subscribed: bool = True
    agents: list[HostAgent]
    approvals: list[HostApproval]
    events: list[HostEvent]
    devices: list[JsonObject] = field(default_factory=list)
    event_sequence: int
    pending_signins: list[JsonObject] = field(default_factory=list)
