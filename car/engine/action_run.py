"""One action on its way from the plan to its result (``engine.md`` §4).

Plain callbacks, not coroutines: an action is the unit of the hot path, and a coroutine
costs as much as everything else here together (``performance.md`` §5).
"""

from typing import TYPE_CHECKING, Any, Literal

from msgspec import UNSET, UnsetType
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from car.engine.caches import CallKey, call_key
from car.engine.errors import ToolError
from car.engine.recorder import Outcome, Reason
from car.errors import CarError
from car.ir.instants import rfc3339
from car.ir.json import JsonError, JsonObject, JsonValue, check_value, same
from car.ir.proposal import Action
from car.ir.references import ReferenceFault, resolve
from car.ir.results import ActionResult
from car.ir.tools import ToolCall
from car.state.reader import RecordingReader
from car.validator import actions as validator

if TYPE_CHECKING:
    from car.engine.proposal_run import ProposalRun

FIRST_BACKOFF = 0.1
"""Seconds before the first retry; doubled for each further one (engine.md §4)."""

_MISSING = object()
_NO_READS: JsonObject = {}


class ActionRun:
    """The state of one running action; ends by handing its result to the run."""

    __slots__ = (
        "_action",
        "_attempt",
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
        self._run = run
        self.index = index
        self._action = action
        self._parameters: JsonObject = action.parameters
        self._reads: JsonObject = _NO_READS
        self._attempt = 0
        self._dispatched = self._untrusted = False
        self._tool: str | None = None
        self._key: CallKey | None = None
        self._call: Deferred[Any] | None = None
        self._timer: Any = None
        self._request_id: str | None = None
        self._started = self._sent = run.clock.seconds()

    # ---- before anything happens -------------------------------------------------

    def start(self) -> None:
        """Check the action and run it, or end it here with the reasons."""
        run = self._run
        action = self._action
        self._tool = action.tool_name if action.type == "tool_call" else None
        reasons = self._reasons()
        if reasons:
            run.recorder.rejected(action.id, reasons, self._reads)
            self._end("rejected", error="; ".join(reason.text for reason in reasons))
            return
        if action.type == "tool_call":
            self._start_call()
        else:
            self._act_on_state()

    def _reasons(self) -> list[Reason]:
        """Why the action may not run: all of them, in the order of engine.md §4."""
        run = self._run
        action = self._action
        found = run.order_faults(self.index)
        if found:
            return found
        try:
            self._resolve_references()
        except ReferenceFault as fault:
            return [Reason("dependency", str(fault))]
        runtime = run.runtime
        state: Any = run.state
        if action.preconditions or action.state_dependencies or len(runtime.policies):
            state = recording = RecordingReader(run.state)
            self._reads = recording.reads
        found.extend(
            Reason("validation", text)
            for text in validator.reasons(
                action, self._parameters, runtime.tools.compiled, state
            )
        )
        capabilities = runtime.capabilities
        if capabilities is not None:
            found.extend(
                Reason("permission", text) for text in capabilities.violations(action)
            )
        if not found:
            found.extend(
                Reason("policy", violation.text, violation.name)
                for violation in runtime.policies.violations(
                    action, self._parameters, state, run.policy_scope
                )
            )
        return found

    def _resolve_references(self) -> None:
        references = self._run.graph.references.get(self.index)
        if references:
            outputs = self._run.outputs_for(references)
            self._parameters = resolve(self._action.parameters, outputs)

    # ---- tool calls ----------------------------------------------------------------

    def _start_call(self) -> None:
        """Answer from a cache, wait for an equal call under way, or dispatch."""
        run = self._run
        runtime = run.runtime
        tool = runtime.tools.compiled.get(self._tool or "")
        if tool is None:  # no tool is named: validation lets it pass, it fails here
            self._validated()
            self._attempt = 1
            self._executing(None)
            self._fail("the tool call names no tool")
            return
        schema = tool.schema
        if self._action.idempotent or schema.idempotent:
            self._key = call_key(schema.name, self._parameters)
            output = runtime.idempotent.get(self._key, _MISSING)
            if output is not _MISSING:
                self._deduplicate(output)
                return
            waiters = run.calls_under_way.get(self._key)
            if waiters is not None:
                waiters.append(self)
                return
            run.calls_under_way[self._key] = []
        if schema.cache_ttl_secs:
            self._key = self._key or call_key(schema.name, self._parameters)
            output = runtime.results.get(self._key, run.clock.seconds(), _MISSING)
            if output is not _MISSING:
                self._validated()
                self._attempt = 1
                self._executing(None)
                self._succeed(output)
                return
        self._validated()
        self._next_attempt()

    def _deduplicate(self, output: JsonValue) -> None:
        """End with the output of an equal call: one event, no dispatch."""
        self._run.recorder.deduplicated(self._action.id, self._tool or "", output)
        try:
            changes = self._commit_effects({})
        except CarError as problem:
            self._attempt = max(1, self._attempt)
            self._fail(str(problem))
            return
        self._end("succeeded", output=output, changes=changes)

    def leader_ended(self, output: JsonValue) -> None:
        """The equal call that this one waited for has succeeded with *output*."""
        self._deduplicate(output)

    def lead(self) -> None:
        """The equal call that this one waited for has failed: make the call after all."""
        self._key = None
        self._start_call()

    def _next_attempt(self) -> None:
        """Make the next attempt, once the tool's rate limit lets it."""
        run = self._run
        self._attempt += 1
        if self._attempt > 1:
            run.retries += 1
        self._timer = None
        timeout_ms = self._action.timeout_ms if self._action.timeout_ms else None
        budget_ms = timeout_ms if isinstance(timeout_ms, int) else None
        bucket = run.runtime.tools.bucket(self._tool or "", run.clock.seconds())
        if bucket is None:
            self._dispatch(budget_ms)
            return
        wait = bucket.take(run.clock.seconds())
        if budget_ms is not None and wait * 1000 >= budget_ms:
            bucket.give_back()
            self._timer = run.clock.callLater(budget_ms / 1000, self._starved, budget_ms)
        elif wait > 0:
            left = None if budget_ms is None else max(1, budget_ms - round(wait * 1000))
            self._timer = run.clock.callLater(wait, self._dispatch, left)
        else:
            self._dispatch(budget_ms)

    def _starved(self, budget_ms: int) -> None:
        """The rate limit did not let the call leave within its time."""
        self._timer = None
        self._executing(None)
        self._fail(
            f"tool '{self._tool}' timed out ({budget_ms} ms) while waiting for its rate limit"
        )

    def _dispatch(self, timeout_ms: int | None) -> None:
        """Hand the call to whoever runs the tool, after it stands in the journal (G5)."""
        run = self._run
        tool = self._tool or ""
        self._timer = None
        trouble = run.runtime.trouble()
        if trouble is not None:
            self._executing(None)
            self._fail(trouble)
            return
        executor = run.runtime.tools.executor(tool)
        self._request_id = executor.reserve()
        self._untrusted = not executor.trusted
        self._executing(self._request_id)
        self._dispatched = True
        call = executor.execute(
            ToolCall(
                tool=tool,
                parameters=self._parameters,
                action_id=self._action.id,
                request_id=self._request_id,
                timeout_ms=timeout_ms,
                attempt=self._attempt,
                session_id=run.session_id,
            )
        )
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
        tool = self._run.runtime.tools.compiled.get(self._tool or "")
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
        self._validated()
        self._attempt = 1
        self._executing(None)
        action = self._action
        key = self._parameters.get("key")
        if not isinstance(key, str):
            self._fail(f"{action.type} needs a text parameter 'key'")
        elif action.type == "state_write":
            value = self._parameters.get("value")
            self._succeed(f"written: {key}", {key: value})
        elif action.type == "state_read":
            self._succeed(self._run.state.get(key))
        else:
            expected = self._parameters.get("expected")
            value = self._run.state.get(key)
            if same(value, expected):
                self._succeed({"asserted": key, "value": value})
            else:
                self._fail(f"assertion failed: '{key}' is {value!r:.200}, not {expected!r:.200}")

    # ---- endings ---------------------------------------------------------------------

    def _succeed(self, output: JsonValue, written: JsonObject | None = None) -> None:
        """Commit the effects, remember the output, end."""
        run = self._run
        try:
            changes = self._commit_effects(written or {})
        except CarError as problem:
            self._fail(str(problem))
            return
        action_id = self._action.id
        run.recorder.succeeded(
            action_id, self._tool, self._outcome(output=output, changes=changes)
        )
        if changes:
            run.recorder.state_changed(action_id, changes)
        if self._key is not None:
            self._remember(self._key, output)
        self._end("succeeded", output=output, changes=changes)

    def _remember(self, key: CallKey, output: JsonValue) -> None:
        """Put an output into the caches and answer the equal calls that waited for it."""
        run = self._run
        tool = run.runtime.tools.compiled.get(self._tool or "")
        if tool is not None and tool.schema.cache_ttl_secs and self._dispatched:
            expires = run.clock.seconds() + tool.schema.cache_ttl_secs
            run.runtime.results.put(key, output, expires)
        waiters = run.calls_under_way.pop(key, None)
        if waiters is not None:
            run.runtime.idempotent.put(key, output)
            run.remembered.add(key)
            for waiter in waiters:
                waiter.leader_ended(output)

    def _commit_effects(self, changes: JsonObject) -> JsonObject:
        """Write *changes* and the action's own effects on top; answer both together."""
        effects = self._action.expected_effects
        if not changes and not effects:
            return changes
        changes = {**changes, **effects}
        at = self._run.runtime.now()
        for key, value in changes.items():
            self._run.changes.set(key, value, action_id=self._action.id, at=at)
        return changes

    def _fail(self, error: str, output: JsonValue | UnsetType = UNSET) -> None:
        """An attempt has failed: try again, go on without the action, or abort."""
        run = self._run
        action = self._action
        outcome = self._outcome(output=output, error=error)
        behavior = action.failure_behavior
        giving_up = run.stopping or self._tool is None
        if behavior == "retry" and self._attempt <= action.max_retries and not giving_up:
            delay = FIRST_BACKOFF * 2 ** (self._attempt - 1)
            run.recorder.failed("action_failed", action.id, self._tool, outcome)
            run.recorder.retrying(action.id, self._tool, outcome, delay)
            self._timer = run.clock.callLater(delay, self._next_attempt)
            return
        if behavior == "skip":
            self._end_unsuccessful("skipped", outcome)
        else:
            run.abort(action.id, error)
            self._end_unsuccessful("failed", outcome)

    def _end_unsuccessful(self, status: Literal["skipped", "failed"], outcome: Outcome) -> None:
        """Record the last attempt, end, and let those go on who waited for this call."""
        run = self._run
        action_id = self._action.id
        kind: Literal["action_skipped", "action_failed"] = (
            "action_skipped" if status == "skipped" else "action_failed"
        )
        run.recorder.failed(kind, action_id, self._tool, outcome)
        waiters = run.calls_under_way.pop(self._key, None) if self._key is not None else None
        self._end(status, error=outcome.error or "")
        if waiters:
            run.leader_failed(waiters)

    def stop_waiting(self, reason: str) -> None:
        """No further attempt will be made: end now if one was only waited for."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._end_unsuccessful("skipped", self._outcome(error=reason))

    def give_up(self, reason: str) -> None:
        """The run was cancelled: end now, whatever was awaited."""
        if self._call is not None:
            self._call.cancel()
        else:
            self.stop_waiting(reason)

    def _end(
        self,
        status: Any,
        *,
        output: JsonValue | UnsetType = UNSET,
        error: str | UnsetType = UNSET,
        changes: JsonObject | None = None,
    ) -> None:
        run = self._run
        result = ActionResult(
            action_id=self._action.id,
            status=status,
            output=output,
            error=error,
            state_changes=changes or {},
            duration_ms=round((run.clock.seconds() - self._started) * 1000, 3),
            timestamp=rfc3339(run.runtime.now()),
        )
        run.ended(self, result, self._dispatched)

    # ---- the record ------------------------------------------------------------------

    def _validated(self) -> None:
        self._run.recorder.validated(self._action.id)

    def _executing(self, request_id: str | None) -> None:
        self._sent = self._run.runtime.now()
        self._run.recorder.executing(
            self._action.id,
            self._tool,
            self._parameters,
            self._attempt,
            request_id,
            self._reads,
        )

    def _outcome(
        self,
        *,
        output: JsonValue | UnsetType = UNSET,
        error: str | None = None,
        changes: JsonObject | None = None,
    ) -> Outcome:
        answered = self._run.runtime.now()
        return Outcome(
            self._attempt,
            self._request_id,
            (answered - self._sent) * 1000,
            self._sent,
            answered,
            output,
            error,
            changes,
        )
