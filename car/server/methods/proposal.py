"""``proposal.submit`` and ``verify``: running a plan, and looking at it first."""

from msgspec import Struct

from car.ir.json import JsonObject
from car.ir.proposal import ActionProposal, RuntimeScope
from car.server.dispatch import Within
from car.server.errors import InvalidParams
from car.server.limits import Limits
from car.server.registry import method
from car.server.session import ClientSession
from car.verify.report import VerifyReport


class Submission(Struct, frozen=True):
    """A plan, the policy scope it runs in, and on whose behalf."""

    proposal: ActionProposal
    session_id: str | None = None
    scope: RuntimeScope | None = None


class Examination(Struct, frozen=True):
    """A plan to verify; state and tools default to the session's."""

    proposal: ActionProposal
    initial_state: JsonObject | None = None
    tool_names: list[str] | None = None
    max_actions: int | None = None


@method("proposal.submit")
def proposal_submit(session: ClientSession, params: Submission) -> Within:
    """Run a proposal; its tools are asked of this client meanwhile.

    Result: ``{proposal_id, results: ActionResult[], cost: CostSummary}``, results in the
    order of the actions.  What an action does is in the results, never an error of the
    call.  Errors: -32602 for a proposal that cannot be read or exceeds the limits, -32603
    for an unknown policy scope or a journal that cannot be written, -32004 at the deadline.
    """
    limits = session.state.config.limits
    proposal = params.proposal
    deadline = checked_deadline(proposal, limits)
    session.require_journal()
    # With both given, the scope wins (protocol-core.md §5).
    policy_scope = None if params.scope is not None else params.session_id
    done = session.runtime.execute(proposal, policy_scope=policy_scope, scope=params.scope)
    return Within(done, deadline)


@method("verify")
def verify(session: ClientSession, params: Examination) -> VerifyReport:
    """Analyse a proposal without running anything.

    Result: ``{valid, issues, simulated_state, execution_levels, conflicts, evidence}``.
    Parameters are held against the schemas of the session's tools unless ``tool_names``
    says which tools there are.
    """
    checked_deadline(params.proposal, session.state.config.limits)
    return session.runtime.verify(
        params.proposal,
        state=params.initial_state,
        tools=params.tool_names,
        max_actions=params.max_actions,
    )


def checked_deadline(proposal: ActionProposal, limits: Limits) -> float:
    """Seconds that a submission may take: the sum of its actions' budgets, or the usual.

    Raises InvalidParams for a proposal beyond the limits of the wire.
    """
    count = len(proposal.actions)
    if count > limits.actions_per_proposal:
        raise InvalidParams(
            f"proposal.actions: {count} actions, at most {limits.actions_per_proposal}"
        )
    most_retries = limits.retries_per_action
    tool_timeout = limits.tool_timeout
    budget = limits.handler_grace
    for index, action in enumerate(proposal.actions):
        retries = action.max_retries
        if retries > most_retries:
            raise InvalidParams(
                f"proposal.actions[{index}].max_retries: {retries}, at most {most_retries}"
            )
        seconds = action.timeout_ms / 1000 if action.timeout_ms else tool_timeout
        budget += seconds * (retries + 1) if action.failure_behavior == "retry" else seconds
    return max(limits.handler_timeout, budget)
