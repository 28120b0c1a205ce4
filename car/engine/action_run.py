"""One action on its way from the plan to its result (``engine.md`` §4).

Plain callbacks, not coroutines: an action is the unit of the hot path, and a coroutine
costs as much as everything else here together (``performance.md`` §5).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from msgspec import UNSET, UnsetType
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from car.engine.caches import CachedCall, CallKey, call_key
from car.engine.errors import ActionFailed, ToolError
from car.engine.rates import TokenBucket
from car.engine.recorder import Outcome, Reason
from car.engine.state_actions import act
from car.errors import CarError
from car.ir.instants import rfc3339
from car.ir.json import JsonError, JsonObject, JsonValue, check_value
from car.ir.proposal import Action
from car.ir.references import ReferenceFault, resolve
from car.ir.results import ActionResult
from car.ir.tools import ToolCall
from car.policy.errors import UnknownScope
from car.state.reader import RecordingReader
from car.validator import actions as validator

if TYPE_CHECKING:
    from car.engine.proposal_run import ProposalRun

FIRST_BACKOFF = 0.1
"""Seconds before the first retry; doubled for each further one (engine.md §4)."""

_NOTHING: JsonObject = {}
_NO_REASONS: Sequence[Reason] = ()


class ActionRun:
    """The state of one running action; ends by handing its result to the run."""

    __slots__ = (
        "_action",
        "_attempt",
        "_bucket",
        "_call",
        "_dispatched",
        "_key",
        "_parameters",
        "_reads",
        "_request_id",
        "_run",
        "_sent",
        "_started",
        "_timer",
        "_tool",
        "_untrusted",
        "index",
    )

    def __init__(self, run: "ProposalRun", index: int, action: Action) -> None:
        self.index = index
        self._run = run
        self._action = action
        self._parameters: JsonObject = action.parameters
        self._reads: JsonObject = _NOTHING
        self._attempt = 0
        self._dispatched = self._untrusted = False
        self._tool: str | UnsetType = UNSET
        self._key: CallKey | None = None
        self._call: Deferred[Any] | None = None
        self._timer: IDelayedCall | None = None
        self._bucket: TokenBucket | None = None
        self._request_id: str | UnsetType = UNSET
        self._sent = 0.0
        self._started = run.clock.seconds()

    # ---- before anything happens -------------------------------------------------

    def start(self) -> None:
        """Check the action and run it, or end it here with the reasons."""
        run = self._run
        action = self._action
        is_call = action.type == "tool_call"
        if is_call and isinstance(action.tool, str):
            self._tool = action.tool
        reasons = self._reasons()
        if reasons:
            run.recorder.rejected(action.id, reasons, self._reads)
            self._end("rejected", error="; ".join(reason.text for reason in reasons))
        elif is_call:
            self._start_call()
        else:
            run.recorder.validated(action.id)
            self._next_attempt()

    def _reasons(self) -> Sequence[Reason]:
        """Why the action may not run: all of them, in the order of engine.md §4."""
        run = self._run
        action = self._action
        runtime = run.runtime
        policies = runtime.policies
        if run.has_order_rules:
            faults = self._resolve_order()
            if faults:
                return faults
        state: Any = run.state
        if action.preconditions or action.state_dependencies or not policies.empty:
            state = RecordingReader(state)
            self._reads = state.reads
        found: list[Reason] = []
        texts = validator.reasons(action, self._parameters, runtime.tools.compiled, state)
        if texts:
            found.extend(Reason("validation", text) for text in texts)
        if runtime.capabilities is not None:
            violations = runtime.capabilities.violations(action)
            found.extend(Reason("permission", text) for text in violations)
        if found or policies.empty:
            return found or _NO_REASONS
        try:
            return [
                Reason("policy", violation.text, violation.name)
                for violation in policies.violations(
                    action, self._parameters, state, run.policy_scope
                )
            ]
        except UnknownScope as gone:  # closed while the proposal runs
            return [Reason("policy", str(gone))]

    def _resolve_order(self) -> Sequence[Reason]:
        """Put outputs in the place of references; why the order keeps it from running."""
        run = self._run
        faults = run.order_faults(self.index)
        references = run.graph.references.get(self.index)
        if faults or not references:
            return faults
        try:
            self._parameters = resolve(self._action.parameters, run.outputs_for(references))
        except ReferenceFault as fault:
            return [Reason("dependency", str(fault))]
        return _NO_REASONS

    # ---- tool calls ----------------------------------------------------------------

    def _start_call(self) -> None:
        """Answer from a cache, wait for an equal call under way, or dispatch."""
        run = self._run
        tool = run.runtime.tools.compiled.get(self._tool) if self._tool else None
        if tool is None:  # no tool is named: validation lets it pass, it fails here
            run.recorder.validated(self._action.id)
            self._begin_attempt(UNSET)
            self._fail("the tool call names no tool")
            return
        action = self._action
        if not action.idempotent and tool.plain:
            run.recorder.validated(action.id)
            self._dispatch(action.timeout_ms or None)
        elif not self._answered_from_cache(tool.schema.idempotent, tool.schema.cache_ttl_secs):
            run.recorder.validated(action.id)
            self._next_attempt()

    def _answered_from_cache(self, idempotent: bool, ttl: int | None) -> bool:
        """Whether an earlier equal call, or one under way, is the answer to this one."""
        run = self._run
        idempotent = idempotent or self._action.idempotent
        if not idempotent and not ttl:
            return False
        key = self._key = call_key(str(self._tool), self._parameters)
        if idempotent:
            earlier = run.reuse.earlier(key)
            if earlier is not None:
                self.repeat(earlier)
                return True
            if run.reuse.join(key, self):
                return True
        if ttl:
            fresh = run.reuse.fresh(key, run.clock.seconds())
            if fresh is not None:
                run.recorder.validated(self._action.id)
                self._begin_attempt(UNSET)
                self._succeed(fresh.output)
                return True
        return False

    def repeat(self, cached: CachedCall) -> None:
        """End with the outcome of an equal call: one event, no dispatch.

        The action's own effects are committed; one that declares none reports those of the
        call that it repeats.
        """
        self._run.recorder.deduplicated(self._action.id, str(self._tool), cached.output)
        try:
            changes = self._commit(_NOTHING)
        except CarError as problem:
            self._attempt = 1
            self._fail(str(problem))
            return
        self._end("succeeded", output=cached.output, changes=changes or cached.changes)

    def lead(self) -> None:
        """The equal call that this one waited for has failed: make the call after all."""
        self._start_call()

    def _next_attempt(self) -> None:
        """Make the next attempt, once the tool's rate limit lets it."""
        run = self._run
        self._timer = None
        if self._attempt:
            run.retries += 1
        tool = self._tool
        if tool is UNSET:
            self._act_on_state()
            return
        budget_ms = self._action.timeout_ms or None
        bucket = run.runtime.tools.bucket(str(tool), run.clock)
        if bucket is None:
            self._dispatch(budget_ms)
            return
        wait = bucket.take(run.clock.seconds())
        if budget_ms is not None and wait * 1000 >= budget_ms:
            bucket.give_back()
            self._timer = run.clock.callLater(budget_ms / 1000, self._starved, budget_ms)
        elif wait > 0:
            left = None if budget_ms is None else max(1, budget_ms - round(wait * 1000))
            self._bucket = bucket
            self._timer = run.clock.callLater(wait, self._dispatch, left)
        else:
            self._dispatch(budget_ms)

    def _starved(self, budget_ms: int) -> None:
        """The rate limit did not let the call leave within its time."""
        self._timer = None
        self._begin_attempt(UNSET)
        self._fail(
            f"tool '{self._tool}' timed out ({budget_ms} ms) while waiting for its rate limit"
        )

    def _dispatch(self, timeout_ms: int | None) -> None:
        """Hand the call to whoever runs the tool, after it stands in the journal (G5)."""
        run = self._run
        runtime = run.runtime
        tool = str(self._tool)
        self._timer = self._bucket = None
        failed = runtime.events.failed
        if failed is not None:  # no side effect starts that could not be recorded (G11)
            self._begin_attempt(UNSET)
            self._fail(f"journal unavailable: {failed}")
            return
        executor = runtime.tools.executor(tool)
        request_id = executor.reserve()
        self._begin_attempt(request_id)
        if run.recorder.failed is not None:
            self._fail(run.recorder.failed)
            return
        self._dispatched = True
        self._untrusted = not executor.trusted
        try:
            call = executor.execute(
                ToolCall(
                    tool=tool,
                    parameters=self._parameters,
                    action_id=self._action.id,
                    request_id=request_id,
                    timeout_ms=timeout_ms,
                    attempt=self._attempt,
                    session_id=run.session_id,
                )
            )
        except Exception:  # an embedder's executor that raises where it should fail
            self._call_failed(Failure())
            return
        self._call = call
        call.addCallbacks(self._answered, self._call_failed)

    def _answered(self, output: JsonValue) -> None:
        """The tool has answered: hold the value against ``returns``, then commit."""
        self._call = None
        if self._untrusted:
            try:
                check_value(output)
            except JsonError as problem:
                self._fail(f"tool '{self._tool}' returned no JSON value: {problem}")
                return
        tool = self._run.runtime.tools.compiled.get(str(self._tool))
        if tool is not None:
            errors = tool.return_errors(output)
            if errors:
                text = "; ".join(errors)
                self._fail(f"tool '{self._tool}' returned a value it should not: {text}", output)
                return
        self._succeed(output)

    def _call_failed(self, failure: Failure) -> None:
        """The tool failed, or its deadline passed, or the call was given up."""
        self._call = None
        if self._run.cancelled is not None:
            self._fail(self._run.cancelled)
        elif failure.check(ToolError, CancelledError):
            self._fail(str(failure.value) or "the tool call was cancelled")
        else:
            self._fail(self._run.runtime.defect(failure))

    # ---- state actions ---------------------------------------------------------------

    def _act_on_state(self) -> None:
        """Run a ``state_write``, ``state_read`` or ``assertion``."""
        self._begin_attempt(UNSET)
        try:
            output, written = act(self._action.type, self._parameters, self._run.state)
        except ActionFailed as failed:
            self._fail(str(failed))
        else:
            self._succeed(output, written)

    # ---- endings ---------------------------------------------------------------------

    def _begin_attempt(self, request_id: str | UnsetType) -> None:
        """Put the attempt into the journal."""
        run = self._run
        self._attempt += 1
        self._request_id = request_id
        self._sent = run.runtime.now()
        run.recorder.executing(
            self._action.id, self._tool, self._parameters, self._attempt, request_id, self._reads
        )

    def _succeed(self, output: JsonValue, written: JsonObject = _NOTHING) -> None:
        """Commit the effects, remember the output, end."""
        run = self._run
        try:
            changes = self._commit(written)
        except CarError as problem:
            self._fail(str(problem))
            return
        action_id = self._action.id
        now = run.runtime.now()
        run.recorder.ended(
            "action_succeeded",
            action_id,
            Outcome(
                self._attempt,
                (now - self._sent) * 1000,
                self._sent,
                now,
                self._request_id,
                self._tool,
                output,
                UNSET,
                changes or UNSET,
            ),
        )
        if changes:
            run.recorder.state_changed(action_id, changes)
        if run.recorder.failed is not None:  # a success that is not recorded is none (G11)
            run.abort(action_id, run.recorder.failed)
            self._end_unsuccessful("failed", run.recorder.failed)
            return
        if self._key is not None:
            self._remember(self._key, CachedCall(output, changes))
        self._end("succeeded", output=output, changes=changes)

    def _remember(self, key: CallKey, cached: CachedCall) -> None:
        """Let equal calls use the outcome, those first that waited for it."""
        run = self._run
        tool = run.runtime.tools.compiled.get(str(self._tool))
        if tool is not None and tool.schema.cache_ttl_secs and self._dispatched:
            run.reuse.keep(key, cached, run.clock.seconds() + tool.schema.cache_ttl_secs)
        for waiter in run.reuse.succeeded(key, cached):
            waiter.repeat(cached)

    def _commit(self, changes: JsonObject) -> JsonObject:
        """Write *changes* and the action's own effects on top; answer both together."""
        effects = self._action.expected_effects
        if not changes and not effects:
            return changes
        run = self._run
        changes = {**changes, **effects}
        run.changes.set_all(changes, action_id=self._action.id, at=run.runtime.now())
        return changes

    def _fail(self, error: str, output: JsonValue | UnsetType = UNSET) -> None:
        """An attempt has failed: try again, go on without the action, or abort."""
        run = self._run
        action = self._action
        behavior = action.failure_behavior
        outcome = self._outcome(error, output)
        if behavior == "retry" and self._attempt <= action.max_retries and not run.stopping:
            delay = FIRST_BACKOFF * 2 ** (self._attempt - 1)
            run.recorder.ended("action_failed", action.id, outcome)
            outcome.delay_ms = delay * 1000
            run.recorder.ended("action_retrying", action.id, outcome)
            self._timer = run.clock.callLater(delay, self._next_attempt)
        elif behavior == "skip":
            run.recorder.ended("action_skipped", action.id, outcome)
            self._end_unsuccessful("skipped", error)
        else:
            run.recorder.ended("action_failed", action.id, outcome)
            run.abort(action.id, error)
            self._end_unsuccessful("failed", error)

    def _end_unsuccessful(self, status: Literal["skipped", "failed"], error: str) -> None:
        """End, and let those go on who waited for this call."""
        run = self._run
        waiters = run.reuse.failed(self._key) if self._key is not None else None
        self._end(status, error=error)
        if waiters:
            run.leader_failed(waiters)

    def stop_waiting(self, reason: str) -> None:
        """No further attempt will be made: end now if one was only waited for."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            if self._bucket is not None:
                self._bucket.give_back()
            self._run.recorder.ended("action_skipped", self._action.id, self._outcome(reason))
            self._end_unsuccessful("skipped", reason)

    def give_up(self, reason: str) -> None:
        """The run was cancelled: end now, whatever was awaited."""
        if self._call is not None:
            self._call.cancel()
        else:
            self.stop_waiting(reason)

    def _outcome(self, error: str, output: JsonValue | UnsetType = UNSET) -> Outcome:
        """The data of a line about a failed attempt."""
        now = self._run.runtime.now()
        sent = self._sent or now
        duration_ms = (now - sent) * 1000
        return Outcome(
            self._attempt, duration_ms, sent, now, self._request_id, self._tool, output, error
        )

    def _end(
        self,
        status: Any,
        *,
        output: JsonValue | UnsetType = UNSET,
        error: str | UnsetType = UNSET,
        changes: JsonObject = _NOTHING,
    ) -> None:
        run = self._run
        run.ended(
            self.index,
            ActionResult(
                action_id=self._action.id,
                status=status,
                output=output,
                error=error,
                state_changes=changes,
                duration_ms=round((run.clock.seconds() - self._started) * 1000, 3),
                timestamp=rfc3339(run.runtime.now()),
            ),
            self._dispatched,
        )
