"""One proposal on its way through its levels (``engine.md`` §4).

Decides which actions may start and when; an ActionRun does the rest.  A level runs at once
if none of its actions is ``abort``, else one action after another.  At most SLICE actions
start in one turn of the reactor, so that a wide proposal does not hold up other sessions.
"""

from collections import deque
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, UnsetType
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from car.engine.action_run import ActionRun
from car.engine.recorder import Reason, Recorder
from car.engine.reuse import CallReuse
from car.engine.settings import touched_keys
from car.ir.instants import rfc3339
from car.ir.json import JsonValue
from car.ir.levels import ActionGraph
from car.ir.proposal import Action, ActionProposal, RuntimeScope
from car.ir.references import Reference, ReferenceFault
from car.ir.results import ActionResult, CostSummary, ProposalResult
from car.verify.writers import written_keys

if TYPE_CHECKING:
    from car.engine.runtime import Runtime

SLICE = 64
"""Actions started in one reactor turn (performance.md §13)."""


class ProposalRun:
    """Runs one proposal once.

    Cancelling the Deferred of ``start`` cancels the run: calls under way are given up, the
    state returns to what it was, and what stands in the journal says so.
    """

    def __init__(
        self,
        runtime: "Runtime",
        proposal: ActionProposal,
        policy_scope: str | None,
        scope: RuntimeScope | None,
    ) -> None:
        self.runtime = runtime
        self.clock = runtime.clock
        self.proposal = proposal
        self.policy_scope = policy_scope
        self.scope = scope
        self.session_id: str | UnsetType = policy_scope or runtime.session_id or UNSET
        tenant = scope.tenant_id if scope is not None else None
        self.state: Any = runtime.state.tenant(tenant) if tenant else runtime.state
        self.changes = self.state.begin()
        self.graph = ActionGraph(proposal.actions)
        self.recorder = Recorder(runtime.events, proposal.id, runtime.policies, policy_scope)
        self.reuse = CallReuse(runtime.idempotent, runtime.results)
        self.retries = 0
        self.cancelled: str | None = None
        self.aborted_by: str | None = None
        self._done: Deferred[ProposalResult] | None = None
        self._results: list[ActionResult | None] = [None] * len(proposal.actions)
        self._abort_reason = ""
        self._levels = iter(self.graph.levels)
        self._concurrent = False
        self._waiting: deque[int] = deque()
        self._blockers: dict[int, set[int]] = {}
        self._running: dict[int, ActionRun] = {}
        self._tool_calls = 0
        self._executed = 0
        self._started = self.clock.seconds()
        self._pumping = self._finished = False
        self._next_slice: IDelayedCall | None = None
        capabilities = runtime.capabilities
        self._rejected_whole = (
            None if capabilities is None else capabilities.proposal_violation(proposal)
        )
        graph = self.graph
        self.has_order_rules = bool(
            graph.faults or graph.explicit or graph.references or self._rejected_whole
        )

    @property
    def stopping(self) -> bool:
        """Whether nothing new is to start: the run was aborted or cancelled."""
        return self.aborted_by is not None or self.cancelled is not None

    # ---- from outside ------------------------------------------------------------

    def start(self) -> "Deferred[ProposalResult]":
        """Record the proposal and run what can run; fires with its ProposalResult."""
        done: Deferred[ProposalResult] = Deferred(self._cancelled)
        self._done = done
        self.recorder.received(self.proposal, self.policy_scope, self.scope)
        self._enter_level()
        self._pump()
        return done

    def _cancelled(self, done: "Deferred[ProposalResult]") -> None:
        self.cancel("cancelled")

    def cancel(self, reason: str) -> None:
        """Stop: give up what runs, undo the state, fire with what there is."""
        if self._finished or self.cancelled is not None:
            return
        self.cancelled = f"cancelled: {reason}" if reason != "cancelled" else reason
        for running in list(self._running.values()):
            running.give_up(self.cancelled)
        self._pump()

    # ---- asked by the actions ------------------------------------------------------

    def order_faults(self, index: int) -> list[Reason]:
        """Why the order of the plan keeps action *index* from running; empty if it doesn't."""
        if self._rejected_whole is not None:
            return [Reason("permission", self._rejected_whole)]
        found = [Reason("dependency", text) for text in self.graph.faults.get(index, ())]
        for other in self.graph.explicit.get(index, ()):
            result = self._results[other]
            if result is None or not result.succeeded:
                status = "did not run" if result is None else f"was {result.status}"
                if result is not None and result.status == "failed":
                    status = "failed"
                name = self.graph.actions[other].id
                found.append(Reason("dependency", f"dependency '{name}' {status}"))
        return found

    def outputs_for(self, references: list[Reference]) -> dict[str, JsonValue]:
        """Outputs by action id; raises ReferenceFault for an action that did not succeed."""
        outputs: dict[str, JsonValue] = {}
        for reference in references:
            result = self._results[self.graph.index_of[reference.action_id]]
            if result is None or not result.succeeded:
                raise ReferenceFault(
                    f"reference '{reference.text}': action '{reference.action_id}' did not succeed"
                )
            outputs[reference.action_id] = result.output
        return outputs

    def abort(self, action_id: str, reason: str) -> None:
        """An action failed for good: nothing new starts, the state will be restored."""
        if not self.stopping:
            self.aborted_by = action_id
            self._abort_reason = reason
            for running in list(self._running.values()):
                running.stop_waiting(self._skip_text())

    def leader_failed(self, waiters: list[ActionRun]) -> None:
        """A call that others waited for failed: the next of them makes it, or none."""
        if self.stopping:
            for waiter in waiters:
                self._skip_running(waiter)
            return
        for waiter in waiters:
            waiter.lead()

    def ended(self, index: int, result: ActionResult, dispatched: bool) -> None:
        """An action has its result; start what waited for it."""
        self._results[index] = result
        if dispatched:
            self._tool_calls += 1
        if result.status == "succeeded" or result.status == "failed":
            self._executed += 1
        self._running.pop(index, None)
        if self._blockers:
            for blockers in self._blockers.values():
                blockers.discard(index)
        if self._waiting or not self._running:
            self._pump()

    # ---- the levels --------------------------------------------------------------------

    def _enter_level(self) -> bool:
        """Take up the next level; whether there is one."""
        level = next(self._levels, None)
        if level is None:
            return False
        actions = self.proposal.actions
        self._concurrent = all(actions[i].failure_behavior != "abort" for i in level)
        self._waiting = deque(level)
        self._blockers = _key_order(actions, level) if self._concurrent else {}
        return True

    def _pump(self) -> None:
        """Start actions until there is nothing to start, or this turn has had its slice."""
        if self._pumping or self._finished:
            return
        self._pumping = True
        try:
            started = 0
            while not self._finished:
                if self.stopping:
                    self._skip_the_rest()
                    if not self._running:
                        self._finish()
                    return
                if not self._waiting:
                    if self._running:
                        return
                    if not self._enter_level():
                        self._finish()
                    continue
                index = self._startable()
                if index is None:
                    return
                if started == SLICE:
                    self._yield_turn(index)
                    return
                started += 1
                self._start(index)
        finally:
            self._pumping = False

    def _startable(self) -> int | None:
        """Take the next action of the level that may start now, or None."""
        if not self._concurrent:
            return None if self._running else self._waiting.popleft()
        if not self._blockers:
            return self._waiting.popleft()
        for index in self._waiting:
            if not self._blockers.get(index):
                self._waiting.remove(index)
                return index
        return None

    def _yield_turn(self, index: int) -> None:
        """Go on with *index* in the next turn of the reactor."""
        self._waiting.appendleft(index)
        if self._next_slice is None:
            self._next_slice = self.clock.callLater(0, self._resume)

    def _resume(self) -> None:
        self._next_slice = None
        self._pump()

    def _start(self, index: int) -> None:
        action = self.proposal.actions[index]
        budget = self.runtime.budget
        if budget is not None:
            elapsed = (self.clock.seconds() - self._started) * 1000
            used_up = budget.exceeded(self._tool_calls, elapsed, self._executed)
            if used_up is not None:
                self.recorder.skipped(action.id, Reason("budget", used_up))
                self.ended(index, self._skipped(action, used_up), False)
                return
        running = ActionRun(self, index, action)
        self._running[index] = running
        running.start()

    def _skip_the_rest(self) -> None:
        text = self._skip_text()
        for index, result in enumerate(self._results):
            if result is None and index not in self._running:
                self._results[index] = self._skipped(self.proposal.actions[index], text)
        self._waiting.clear()

    def _skip_running(self, action_run: ActionRun) -> None:
        """End an action that waited for another one's call."""
        index = action_run.index
        text = self._skip_text()
        self.ended(index, self._skipped(self.proposal.actions[index], text), False)

    def _skip_text(self) -> str:
        if self.cancelled is not None:
            return self.cancelled
        return f"skipped: the proposal was aborted because action '{self.aborted_by}' failed"

    def _skipped(self, action: Action, text: str) -> ActionResult:
        return ActionResult(
            action_id=action.id,
            status="skipped",
            error=text,
            state_changes={},
            duration_ms=0.0,
            timestamp=rfc3339(self.runtime.now()),
        )

    def _finish(self) -> None:
        """Undo the state if need be, record the end, fire."""
        self._finished = True
        if self.stopping:
            restored = self.changes.rollback(self.runtime.now())
            self.recorder.rolled_back(self._abort_reason or self._skip_text(), restored)
            self.reuse.forget()
        results = [result for result in self._results if result is not None]
        self.recorder.finished(results)
        # Letting go of the Deferred breaks the cycle with its canceller.
        done, self._done = self._done, None
        if done is not None and not done.called:  # called: cancelled, and a call did not end
            done.callback(
                ProposalResult(
                    proposal_id=self.proposal.id, results=results, cost=self._cost(results)
                )
            )

    def _cost(self, results: list[ActionResult]) -> CostSummary:
        rejected = sum(1 for result in results if result.status == "rejected")
        skipped = sum(1 for result in results if result.status == "skipped")
        return CostSummary(
            tool_calls=self._tool_calls,
            actions_executed=self._executed,
            actions_rejected=rejected,
            actions_skipped=skipped,
            total_duration_ms=round(sum(result.duration_ms for result in results), 3),
            retries=self.retries,
        )


def _key_order(actions: list[Action], level: list[int]) -> dict[int, set[int]]:
    """For each action of a concurrent level, the earlier ones that touch a key it touches.

    Only where one of the two writes it: such pairs keep list order (engine.md §4).
    """
    if not any(_touches_state(actions[index]) for index in level):
        return {}
    writers: dict[str, list[int]] = {}
    readers: dict[str, list[int]] = {}
    blockers: dict[int, set[int]] = {}
    for index in level:
        action = actions[index]
        written = written_keys(action)
        before: set[int] = set()
        for key in touched_keys(action):
            before.update(writers.get(key, ()))
            if key in written:
                before.update(readers.get(key, ()))
                writers.setdefault(key, []).append(index)
            else:
                readers.setdefault(key, []).append(index)
        if before:
            blockers[index] = before
    return blockers


def _touches_state(action: Action) -> bool:
    return bool(
        action.type != "tool_call"
        or action.expected_effects
        or action.preconditions
        or action.state_dependencies
    )
