"""What became of a proposal: one result an action, and the cost of all."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from car.ir.json import JsonObject, JsonValue

ActionStatus = Literal[
    "proposed", "validated", "rejected", "executing", "succeeded", "failed", "skipped"
]


class ActionResult(Struct, frozen=True, kw_only=True, gc=False):
    """The end of one action; members that do not apply are left out.

    ``output`` stands only on success (then also when null), ``error`` only otherwise.
    ``duration_ms`` counts from the first check to the end, waits between attempts included.
    """

    action_id: str
    status: ActionStatus
    output: JsonValue | UnsetType = UNSET
    error: str | UnsetType = UNSET
    state_changes: JsonObject
    duration_ms: float
    timestamp: str

    @property
    def succeeded(self) -> bool:
        """Whether the action did what it said."""
        return self.status == "succeeded"


class CostSummary(Struct, frozen=True, kw_only=True):
    """What a proposal cost.

    ``tool_calls`` are dispatched calls that ended in success or failure, an action counted
    once whatever its retries, answers from a cache not at all.  ``total_duration_ms`` is
    the sum over the actions.  ``retries`` are attempts beyond the first.
    """

    tool_calls: int = 0
    actions_executed: int = 0
    actions_rejected: int = 0
    actions_skipped: int = 0
    total_duration_ms: float = 0.0
    retries: int = 0


class ProposalResult(Struct, frozen=True, kw_only=True):
    """The results of a proposal's actions, in the proposal's order."""

    proposal_id: str
    results: list[ActionResult]
    cost: CostSummary
