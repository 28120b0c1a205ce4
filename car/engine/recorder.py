"""Writes what a proposal does into the event log, in the words of ``record.md`` §2.

The data of the frequent lines are records, as encoding one is the cheapest way to JSON.
"""

import hashlib
from collections.abc import Sequence
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from car.eventlog.errors import JournalError
from car.eventlog.log import EventLog
from car.ir.json import JsonObject, JsonValue, encode
from car.ir.proposal import ActionProposal, RuntimeScope
from car.ir.results import ActionResult
from car.policy.book import PolicyBook

Source = Literal["validation", "policy", "dependency", "permission", "supervision", "budget"]


class Reason(Struct, frozen=True, omit_defaults=True):
    """Why an action did not run; ``name`` is the policy that says so."""

    source: Source
    text: str
    name: str | None = None


class Received(Struct, gc=False):
    """Data of ``proposal_received``."""

    proposal: ActionProposal
    session_id: str | UnsetType = UNSET
    scope: RuntimeScope | UnsetType = UNSET


class Rejected(Struct, gc=False):
    """Data of ``action_rejected``: with what makes the decision re-decidable."""

    reasons: Sequence[Reason]
    reads: JsonObject
    policy_digest: str


class Executing(Struct, gc=False):
    """Data of ``action_executing``; ``parameters`` as dispatched."""

    attempt: int
    parameters: JsonObject
    reads: JsonObject
    policy_digest: str
    request_id: str | UnsetType = UNSET
    tool: str | UnsetType = UNSET


class Outcome(Struct, gc=False):
    """Data of the lines that end an attempt.

    ``sent`` and ``answered`` are seconds since the epoch; ``output`` beside an ``error`` is
    a value that the tool's ``returns`` schema refused.
    """

    attempt: int
    duration_ms: float
    sent: float
    answered: float
    request_id: str | UnsetType = UNSET
    tool: str | UnsetType = UNSET
    output: JsonValue | UnsetType = UNSET
    error: str | UnsetType = UNSET
    state_changes: JsonObject | UnsetType = UNSET
    delay_ms: float | UnsetType = UNSET


class Recorder:
    """The journal lines of one proposal.

    A line that cannot even be kept for later does not raise here, where a proposal is in the
    middle of something: it sets ``failed``, an action's error text, for the run to heed.
    """

    __slots__ = ("_digest", "_id", "_log", "_policies", "_revision", "_scope", "failed")

    def __init__(
        self, log: EventLog, proposal_id: str, policies: PolicyBook, scope: str | None
    ) -> None:
        self._log = log
        self._id = proposal_id
        self._policies = policies
        self._scope = scope
        self._revision = -1
        self._digest = ""
        self.failed: str | None = None

    def received(
        self, proposal: ActionProposal, session_id: str | None, scope: RuntimeScope | None
    ) -> None:
        """``proposal_received``: the proposal whole, defaults filled in."""
        data = Received(
            proposal,
            UNSET if session_id is None else session_id,
            UNSET if scope is None else scope,
        )
        self._append("proposal_received", None, self._id, encode(data))

    def validated(self, action_id: str) -> None:
        """``action_validated``."""
        self._append("action_validated", action_id, self._id, b"{}")

    def rejected(self, action_id: str, reasons: Sequence[Reason], reads: JsonObject) -> None:
        """``action_rejected``, with the reads and rules that decided."""
        data = Rejected(reasons, reads, self._policy_digest())
        self._append("action_rejected", action_id, self._id, encode(data))

    def skipped(self, action_id: str, reason: Reason) -> None:
        """``action_skipped`` of an action that never ran."""
        data = encode({"reasons": [reason]})
        self._append("action_skipped", action_id, self._id, data)

    def executing(
        self,
        action_id: str,
        tool: str | UnsetType,
        parameters: JsonObject,
        attempt: int,
        request_id: str | UnsetType,
        reads: JsonObject,
    ) -> None:
        """``action_executing``: written before the call leaves (G5)."""
        data = Executing(attempt, parameters, reads, self._policy_digest(), request_id, tool)
        self._append("action_executing", action_id, self._id, encode(data))

    def ended(
        self,
        kind: Literal["action_succeeded", "action_failed", "action_skipped", "action_retrying"],
        action_id: str,
        outcome: Outcome,
    ) -> None:
        """An attempt's end; ``action_skipped`` where the plan goes on without the action."""
        self._append(kind, action_id, self._id, encode(outcome))

    def deduplicated(self, action_id: str, tool: str, output: JsonValue) -> None:
        """``action_deduplicated``: answered by an earlier equal call."""
        data = encode({"tool": tool, "output": output})
        self._append("action_deduplicated", action_id, self._id, data)

    def state_changed(self, action_id: str, changes: JsonObject) -> None:
        """``state_changed``: keys and their new values."""
        self._append("state_changed", action_id, self._id, encode({"changes": changes}))

    def rolled_back(self, reason: str, restored: JsonObject) -> None:
        """``state_snapshot`` and ``state_rollback``: an abort undid these keys."""
        keys = encode({"keys": sorted(restored)})
        self._append("state_snapshot", None, self._id, keys)
        self._append(
            "state_rollback", None, self._id, encode({"reason": reason, "restored": restored})
        )

    def finished(self, results: list[ActionResult]) -> None:
        """``record_finished``: the reply of the proposal follows this line."""
        digest = hashlib.sha256(encode(results)).hexdigest()
        data = encode({"proposal_id": self._id, "results_sha256": digest})
        self._append("record_finished", None, self._id, data)

    def _append(
        self, kind: str, action_id: str | None, proposal_id: str | None, data: bytes
    ) -> None:
        try:
            self._log.append(kind, action_id, proposal_id, data)
        except JournalError as problem:
            self.failed = f"journal unavailable: {problem}"

    def _policy_digest(self) -> str:
        """The digest of the rules in force, taken anew when they have changed.

        Without the scope once that is closed, as its rules are gone with it.
        """
        policies = self._policies
        if self._revision != policies.revision:
            self._revision = policies.revision
            scope = self._scope
            open_scope = scope if scope is not None and policies.has_scope(scope) else None
            self._digest = policies.digest(open_scope)
        return self._digest
