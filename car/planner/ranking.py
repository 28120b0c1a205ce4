"""Which of several proposals is the best (``engine.md`` §8).

Validity comes from ``car.verify``; the rest counts actions, calls, levels and the tokens
that a proposal costs to write.  Thinking up proposals is left to others.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from car.ir.json import JsonObject, encode
from car.ir.proposal import Action, ActionProposal
from car.verify.analysis import Tools, verify
from car.verify.report import VerifyReport
from car.verify.writers import written_keys

DEFAULT_COST_WEIGHT = 0.2
"""How much efficiency counts against validity."""

# The reference's constants (engine.md §8): counts at which a share is used up, its weight.
_FULL_CALLS, _CALLS_SHARE = 10, 0.30
_FULL_ACTIONS, _ACTIONS_SHARE = 20, 0.30
_FULL_TOKENS, _TOKENS_SHARE = 4000, 0.25
_PARALLELISM_SHARE = 0.15
_PER_WARNING = 0.10
_PER_CONFLICT = 0.15
_BYTES_PER_TOKEN = 4


class RankedProposal(Struct, frozen=True, kw_only=True):
    """A candidate, by its ``index`` in the input, with its score and what led to it.

    ``score``, ``validity``, ``cost_efficiency`` lie between 0 and 1.
    """

    index: int
    score: float
    validity: float
    cost_efficiency: float
    error_count: int
    warning_count: int
    action_count: int
    tool_call_count: int
    parallelism_levels: int
    valid: bool
    state_keys_written: int
    has_write_conflicts: bool
    historical_confidence: float = 1.0
    token_estimate: int
    quality_per_token: float


def rank_proposals(
    candidates: Sequence[ActionProposal],
    tools: Tools | None = None,
    cost_weight: float = DEFAULT_COST_WEIGHT,
) -> list[RankedProposal]:
    """The candidates, best first.

    Of equal scores the one that costs fewer tokens comes first, then the order of the input.

    *tools* are as for ``verify``; *cost_weight* is taken as 0 to 1.
    """
    weight = min(max(cost_weight, 0.0), 1.0)
    if tools is not None and not isinstance(tools, Mapping):
        tools = frozenset(tools)  # an iterator would serve the first candidate only
    ranked = [_rank(index, one, tools, weight) for index, one in enumerate(candidates)]
    ranked.sort(key=lambda one: (-one.score, -one.quality_per_token))
    return ranked


def _rank(
    index: int, proposal: ActionProposal, tools: Tools | None, weight: float
) -> RankedProposal:
    actions = proposal.actions
    report = verify(proposal, tools=tools, max_actions=len(actions))
    calls = sum(action.type == "tool_call" for action in actions)
    tokens = estimate_tokens(proposal)
    efficiency = _efficiency(calls, len(actions), len(report.execution_levels), tokens)
    validity = _validity(report)
    score = validity * (1 - weight) + efficiency * weight if report.valid else 0.0
    return RankedProposal(
        index=index,
        score=score,
        validity=validity,
        cost_efficiency=efficiency,
        error_count=report.count("error"),
        warning_count=report.count("warning"),
        action_count=len(actions),
        tool_call_count=calls,
        parallelism_levels=len(report.execution_levels),
        valid=report.valid,
        state_keys_written=len({key for action in actions for key in written_keys(action)}),
        has_write_conflicts=bool(report.conflicts),
        token_estimate=tokens,
        quality_per_token=score / tokens,
    )


def _validity(report: VerifyReport) -> float:
    if not report.valid:
        return 0.0
    lost = _PER_WARNING * report.count("warning") + _PER_CONFLICT * len(report.conflicts)
    return max(0.0, 1 - lost)


def _efficiency(calls: int, actions: int, levels: int, tokens: int) -> float:
    parallelism = 1 - levels / actions if actions else 0.0
    return (
        _CALLS_SHARE * max(0.0, 1 - calls / _FULL_CALLS)
        + _ACTIONS_SHARE * max(0.0, 1 - actions / _FULL_ACTIONS)
        + _PARALLELISM_SHARE * parallelism
        + _TOKENS_SHARE * max(0.0, 1 - tokens / _FULL_TOKENS)
    )


def estimate_tokens(proposal: ActionProposal) -> int:
    """The tokens of a proposal: a quarter of its bytes as the reference writes it.

    That is compact JSON, defaults filled in, without the fields that the reference's first
    release does not know.
    """
    text = encode(
        {
            "id": proposal.id,
            "source": proposal.source,
            "actions": [_as_reference(action) for action in proposal.actions],
            "timestamp": _timestamp(proposal.timestamp),
            "context": proposal.context,
        }
    )
    return len(text) // _BYTES_PER_TOKEN


def _as_reference(action: Action) -> JsonObject:
    members: JsonObject = {"id": action.id, "type": action.type}
    if action.tool_name is not None:
        members["tool"] = action.tool_name
    members.update(
        parameters=action.parameters,
        preconditions=action.preconditions,
        expected_effects=action.expected_effects,
        state_dependencies=action.state_dependencies,
        idempotent=action.idempotent,
        max_retries=action.max_retries,
        failure_behavior=action.failure_behavior,
    )
    if isinstance(action.timeout_ms, int):
        members["timeout_ms"] = action.timeout_ms
    members["metadata"] = action.metadata
    return members


def _timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with three or six decimals, none where they are zero."""
    moment = moment.astimezone(UTC).replace(tzinfo=None)
    if moment.microsecond == 0:
        precision = "seconds"
    else:
        precision = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.isoformat(timespec=precision) + "Z"
