"""Writes what a proposal does into the event log, in the words of ``record.md`` §2.

Every line's ``data`` is put together here from parts that are JSON already, because the
journal's cost is encoding (``performance.md`` §8).
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from msgspec import UNSET, UnsetType

from car.eventlog.log import EventLog
from car.ir.json import JsonObject, JsonValue, encode
from car.ir.proposal import ActionProposal, RuntimeScope
from car.ir.results import ActionResult

Source = Literal["validation", "policy", "dependency", "permission", "supervision", "budget"]


class Reason(NamedTuple):
    """Why an action did not run; ``name`` is the policy that says so."""

    source: Source
    text: str
    name: str | None = None

    def as_value(self) -> JsonObject:
        """The reason as it stands in a journal line."""
        value: JsonObject = {"source": self.source, "text": self.text}
        if self.name is not None:
            value["name"] = self.name
        return value


class Outcome(NamedTuple):
    """The end of one attempt of an action, as its journal line needs it.

    ``sent`` and ``answered`` are seconds since the epoch; ``output`` beside an ``error`` is
    a value that the tool's ``returns`` schema refused.
    """

    attempt: int
    request_id: str | None
    duration_ms: float
    sent: float
    answered: float
    output: JsonValue | UnsetType = UNSET
    error: str | None = None
    state_changes: JsonObject | None = None


class Recorder:
    """The journal lines of one proposal."""

    __slots__ = ("_id", "_log", "_policy_digest")

    def __init__(
        self, log: EventLog, proposal_id: str, policy_digest: Callable[[], str]
    ) -> None:
        self._log = log
        self._id = proposal_id
        self._policy_digest = policy_digest

    def received(
        self, proposal: ActionProposal, session_id: str | None, scope: RuntimeScope | None
    ) -> None:
        """``proposal_received``: the proposal whole, defaults filled in."""
        data: JsonObject = {"proposal": proposal}
        if session_id is not None:
            data["session_id"] = session_id
        if scope is not None:
            data["scope"] = scope
        self._log.append("proposal_received", None, self._id, encode(data))

    def validated(self, action_id: str) -> None:
        """``action_validated``."""
        self._log.append("action_validated", action_id, self._id, b"{}")

    def rejected(self, action_id: str, reasons: Sequence[Reason], reads: JsonObject) -> None:
        """``action_rejected``, with the reads and rules that decided."""
        values = encode([reason.as_value() for reason in reasons])
        self._log.append(
            "action_rejected",
            action_id,
            self._id,
            b'{"reasons":%b,%b}' % (values, self._decided_by(reads)),
        )

    def skipped(self, action_id: str, reasons: Sequence[Reason]) -> None:
        """``action_skipped`` of an action that never ran."""
        values = encode([reason.as_value() for reason in reasons])
        self._log.append("action_skipped", action_id, self._id, b'{"reasons":%b}' % values)

    def executing(
        self,
        action_id: str,
        tool: str | None,
        parameters: JsonObject,
        attempt: int,
        request_id: str | None,
        reads: JsonObject,
    ) -> None:
        """``action_executing``: written before the call leaves (G5)."""
        if request_id is None:
            call = b'"attempt":%d' % attempt
        else:
            call = b'"request_id":"%b","attempt":%d' % (request_id.encode(), attempt)
        if tool is not None:
            call = b'%b,"tool":%b' % (call, encode(tool))
        self._log.append(
            "action_executing",
            action_id,
            self._id,
            b'{%b,"parameters":%b,%b}' % (call, encode(parameters), self._decided_by(reads)),
        )

    def succeeded(self, action_id: str, tool: str | None, outcome: Outcome) -> None:
        """``action_succeeded``."""
        self._log.append(
            "action_succeeded",
            action_id,
            self._id,
            self._outcome(tool, outcome, b',"output":%b' % encode(outcome.output)),
        )

    def failed(
        self,
        kind: Literal["action_failed", "action_skipped"],
        action_id: str,
        tool: str | None,
        outcome: Outcome,
    ) -> None:
        """An attempt that failed; ``action_skipped`` where the plan goes on without it."""
        tail = b',"error":%b' % encode(outcome.error)
        if outcome.output is not UNSET:
            tail += b',"output":%b' % encode(outcome.output)
        self._log.append(kind, action_id, self._id, self._outcome(tool, outcome, tail))

    def retrying(self, action_id: str, tool: str | None, outcome: Outcome, delay: float) -> None:
        """``action_retrying``: what went wrong and the seconds until the next attempt."""
        tail = b',"error":%b,"delay_ms":%b' % (encode(outcome.error), encode(delay * 1000))
        self._log.append(
            "action_retrying", action_id, self._id, self._outcome(tool, outcome, tail)
        )

    def deduplicated(self, action_id: str, tool: str, output: JsonValue) -> None:
        """``action_deduplicated``: answered by an earlier equal call."""
        data = b'{"tool":%b,"output":%b}' % (encode(tool), encode(output))
        self._log.append("action_deduplicated", action_id, self._id, data)

    def state_changed(self, action_id: str, changes: JsonObject) -> None:
        """``state_changed``: keys and their new values."""
        self._log.append("state_changed", action_id, self._id, encode({"changes": changes}))

    def rolled_back(self, reason: str, restored: JsonObject) -> None:
        """``state_snapshot`` and ``state_rollback``: an abort undid these keys."""
        keys = encode({"keys": sorted(restored)})
        self._log.append("state_snapshot", None, self._id, keys)
        self._log.append(
            "state_rollback", None, self._id, encode({"reason": reason, "restored": restored})
        )

    def finished(self, results: list[ActionResult]) -> None:
        """``record_finished``: the reply of the proposal follows this line."""
        digest = hashlib.sha256(encode(results)).hexdigest()
        self._log.append(
            "record_finished",
            None,
            self._id,
            b'{"proposal_id":%b,"results_sha256":"%b"}' % (encode(self._id), digest.encode()),
        )

    def _outcome(self, tool: str | None, outcome: Outcome, tail: bytes) -> bytes:
        """The data of a line that ends an attempt."""
        head = b'"attempt":%d' % outcome.attempt
        if outcome.request_id is not None:
            head = b'"request_id":"%b",%b' % (outcome.request_id.encode(), head)
        if tool is not None:
            head = b'"tool":%b,%b' % (encode(tool), head)
        if outcome.state_changes:
            tail += b',"state_changes":%b' % encode(outcome.state_changes)
        return b'{%b%b,"duration_ms":%.3f,"sent":%.6f,"answered":%.6f}' % (
            head,
            tail,
            outcome.duration_ms,
            outcome.sent,
            outcome.answered,
        )

    def _decided_by(self, reads: JsonObject) -> bytes:
        """``reads`` and ``policy_digest``: what makes a decision re-decidable."""
        found = encode(reads) if reads else b"{}"
        return b'"reads":%b,"policy_digest":"%b"' % (found, self._policy_digest().encode())
