"""Runtime: what one session can do, and the running of its proposals.

Holds the tools, policies, state, event log, caches and settings of a session.  It knows no
wire: tools run through an IToolExecutor that somebody above provides.
"""

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from car.engine.caches import IdempotencyCache, ResultCache
from car.engine.errors import CheckpointError
from car.engine.interfaces import IReplanner, IToolExecutor
from car.engine.proposal_run import ProposalRun
from car.engine.replanning import execute_with_replans
from car.engine.settings import Capabilities, Checkpoint, CostBudget, ReplanConfig
from car.engine.toolbox import ToolBox
from car.eventlog.log import EventLog
from car.ir.instants import rfc3339
from car.ir.json import JsonObject, convert, to_value
from car.ir.proposal import ActionProposal, RuntimeScope, new_id
from car.ir.results import ProposalResult
from car.ir.tools import ToolSchema
from car.policy.book import PolicyBook
from car.state.store import StateStore
from car.verify.analysis import verify
from car.verify.report import VerifyReport

_log = Logger()


class Runtime:
    """Executes proposals against one state, one set of tools and policies.

    *clock* provides IReactorTime for every wait; *now* gives seconds since the epoch for
    timestamps and defaults to the clock's.  *session_id* goes out with each tool call.
    """

    def __init__(
        self,
        executor: IToolExecutor,
        clock: Any,
        *,
        events: EventLog | None = None,
        state: StateStore | None = None,
        policies: PolicyBook | None = None,
        now: Callable[[], float] | None = None,
        session_id: str | None = None,
        replanner: IReplanner | None = None,
    ) -> None:
        self.clock = IReactorTime(clock)
        self.now: Callable[[], float] = now or self.clock.seconds
        self.events = events if events is not None else EventLog("", self.now)
        self.state = state if state is not None else StateStore()
        self.policies = policies if policies is not None else PolicyBook()
        self.tools = ToolBox(executor)
        self.session_id = session_id
        self.replanner = replanner
        self.replan = ReplanConfig()
        self.budget: CostBudget | None = None
        self.capabilities: Capabilities | None = None
        self.idempotent = IdempotencyCache()
        self.results = ResultCache()
        self._runs: set[ProposalRun] = set()

    # ---- tools and settings --------------------------------------------------------

    def register_tool(self, schema: ToolSchema) -> None:
        """Add a tool that the executor runs, or replace it; raises SchemaError."""
        self.tools.register(schema)

    def register_basics(self, executor: IToolExecutor, schemas: Iterable[ToolSchema]) -> None:
        """Add the built-in agent tools, which *executor* runs inside the runtime."""
        for schema in schemas:
            self.tools.register(schema, executor)

    def set_replan(self, config: ReplanConfig) -> None:
        """Say what happens after an abort."""
        self.replan = config

    # ---- proposals -------------------------------------------------------------------

    def execute(
        self,
        proposal: ActionProposal,
        *,
        policy_scope: str | None = None,
        scope: RuntimeScope | None = None,
    ) -> "Deferred[ProposalResult]":
        """Run *proposal*; fires with its ProposalResult.

        Never fails for what an action does: that stands in the results.  Raises
        UnknownScope for a *policy_scope* that is not open.  Cancelling gives up what runs
        and rolls the state back.
        """
        self.policies.require_scope(policy_scope)
        if self.replanner is not None and self.replan.max_replans > 0:
            return execute_with_replans(self, self.replanner, proposal, policy_scope, scope)
        return self.run(ProposalRun(self, proposal, policy_scope, scope))

    def run(self, run: ProposalRun) -> "Deferred[ProposalResult]":
        """Start a run, without replanning; fires with its ProposalResult."""
        self._runs.add(run)
        return run.start().addBoth(self._run_ended, run)

    def _run_ended(self, result: Any, run: ProposalRun) -> Any:
        self._runs.discard(run)
        return result

    def cancel_all(self, reason: str) -> None:
        """Cancel every proposal that runs; *reason* stands in their results."""
        for run in list(self._runs):
            run.cancel(reason)

    @property
    def running(self) -> int:
        """How many proposals are running."""
        return len(self._runs)

    def verify(
        self,
        proposal: ActionProposal,
        *,
        state: JsonObject | None = None,
        tools: Iterable[str] | None = None,
        max_actions: int | None = None,
    ) -> VerifyReport:
        """Analyse *proposal* against this runtime's tools and state; nothing runs."""
        limits = {} if max_actions is None else {"max_actions": max_actions}
        return verify(
            proposal,
            self.state.tenant(None).snapshot() if state is None else state,
            self.tools.compiled if tools is None else tools,
            **limits,
        )

    # ---- checkpoints -----------------------------------------------------------------

    def checkpoint(self, metadata: JsonObject | None = None) -> Checkpoint:
        """The state and the tools as they are now."""
        return Checkpoint(
            checkpoint_id=new_id(),
            created_at=rfc3339(self.now()),
            state=self.state.snapshot(),
            tools=[to_value(schema) for schema in self.tools.schemas()],
            metadata=metadata or {},
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Return to a checkpoint: state and tools; raises CheckpointError while running.

        Writes no transitions and clears the transition log.
        """
        if self._runs:
            raise CheckpointError("a checkpoint cannot be restored while a proposal runs")
        schemas = [convert(tool, ToolSchema) for tool in checkpoint.tools]
        self.state.replace(checkpoint.state)
        for schema in schemas:
            if schema.name not in self.tools.compiled:
                self.tools.register(schema)

    # ---- asked by the runs -------------------------------------------------------------

    def defect(self, failure: Failure) -> str:
        """Log a failure that is our own fault; answer the text for the client."""
        _log.failure("defect in a tool executor", failure)
        return "internal error in the tool executor"
