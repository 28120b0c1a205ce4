"""Another plan after one was aborted (``engine.md`` §4, Replan).

Asks the replanner for proposals, takes the best of those that may be run, runs it, and so
on, at most ``max_replans`` times.  The last result is the answer.
"""

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from car.engine.interfaces import IReplanner
from car.engine.proposal_run import ProposalRun
from car.engine.settings import ReplanConfig
from car.errors import CarError
from car.ir.json import encode
from car.ir.proposal import ActionProposal, RuntimeScope
from car.ir.results import ProposalResult
from car.planner.ranking import rank_proposals

if TYPE_CHECKING:
    from car.engine.runtime import Runtime

_log = Logger()


def execute_with_replans(
    runtime: "Runtime",
    replanner: IReplanner,
    proposal: ActionProposal,
    policy_scope: str | None,
    scope: RuntimeScope | None,
) -> "Deferred[ProposalResult]":
    """Run *proposal* and, after an abort, what the replanner offers instead.

    Fires with the last ProposalResult.
    """
    return Deferred.fromCoroutine(_execute(runtime, replanner, proposal, policy_scope, scope))


async def _execute(
    runtime: "Runtime",
    replanner: IReplanner,
    proposal: ActionProposal,
    policy_scope: str | None,
    scope: RuntimeScope | None,
) -> ProposalResult:
    config = runtime.replan
    run = ProposalRun(runtime, proposal, policy_scope, scope)
    result = await runtime.run(run)
    for attempt in range(1, config.max_replans + 1):
        if not _asks_for_another(run, result, config):
            return result
        await deferLater(runtime.clock, config.delay_ms / 1000)
        _record(runtime, "replan_attempted", proposal.id, {"attempt": attempt})
        offered = await _ask(replanner, proposal, result, attempt)
        chosen = _choose(runtime, offered, proposal.id, config.verify_before_execute)
        if chosen is None:
            _record(runtime, "replan_exhausted", proposal.id, {"attempts": attempt})
            return result
        proposal = chosen
        run = ProposalRun(runtime, proposal, policy_scope, scope)
        result = await runtime.run(run)
    if _asks_for_another(run, result, config):
        _record(runtime, "replan_exhausted", proposal.id, {"attempts": config.max_replans})
    return result


def _asks_for_another(run: ProposalRun, result: ProposalResult, config: ReplanConfig) -> bool:
    """Whether a run ended in a way that another plan may mend."""
    if run.cancelled is not None:
        return False
    rejected = config.replan_on_rejected and result.cost.actions_rejected > 0
    return run.aborted_by is not None or rejected


async def _ask(
    replanner: IReplanner, proposal: ActionProposal, result: ProposalResult, attempt: int
) -> list[ActionProposal]:
    """What the replanner offers; an error of its own is "nothing", a defect is logged as well."""
    try:
        offered: list[ActionProposal] = await replanner.alternatives(proposal, result, attempt)
    except CancelledError:
        raise
    except CarError as problem:
        _log.info("the replanner gave up: {problem}", problem=str(problem))
        return []
    except Exception:  # whatever an embedder's replanner may raise: the results stand
        _log.failure("defect in the replanner")
        return []
    return offered


def _choose(
    runtime: "Runtime", offered: list[ActionProposal], replaced: str, verified: bool
) -> ActionProposal | None:
    """The best of *offered*, or None; with *verified* only a valid one."""
    for ranked in rank_proposals(offered, runtime.tools.compiled):
        candidate = offered[ranked.index]
        _record(runtime, "replan_proposal_received", candidate.id, {"replaces": replaced})
        if not verified:
            return candidate
        report = runtime.verify(candidate)
        if report.valid:
            return candidate
        problems: list[Any] = [i.message for i in report.issues if i.severity == "error"]
        _record(runtime, "replan_rejected", candidate.id, {"issues": problems})
    return None


def _record(runtime: "Runtime", kind: Any, proposal_id: str, data: dict[str, Any]) -> None:
    runtime.events.append(kind, None, proposal_id, encode(data))
