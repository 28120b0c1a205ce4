"""Properties of every proposal: it ends, honestly, and leaves nothing behind."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.engine.runtime import Runtime
from car.engine.settings import Capabilities, CostBudget
from car.eventlog.log import EventLog
from car.ir.json import decode
from car.ir.proposal import Action, ActionProposal, FailureBehavior
from car.ir.results import ProposalResult
from car.ir.tools import RateLimit, ToolSchema
from car.policy.rules import PolicyDefinition
from tests.engine.doubles import LineKeeper, ManualExecutor
from tests.ir.strategies import STATES, proposals

KINDS_OF_FAILURE: tuple[FailureBehavior, ...] = ("abort", "skip", "retry")


LINES = tuple(
    b'"kind":"%b"' % kind
    for kind in (
        b"proposal_received",
        b"action_validated",
        b"action_rejected",
        b"action_executing",
        b"action_succeeded",
        b"action_failed",
        b"action_retrying",
        b"action_skipped",
        b"action_deduplicated",
        b"state_changed",
        b"state_rollback",
        b"record_finished",
    )
)
"""What marks a line of each kind."""


@st.composite
def plans(draw: st.DrawFn) -> ActionProposal:
    """A proposal with every kind of action and failure behaviour."""
    plan = draw(proposals())
    equal = draw(st.booleans())  # so that idempotent calls meet their like
    actions = [
        Action(
            id=action.id,
            type=action.type,
            tool=action.tool,
            parameters={} if equal and action.type == "tool_call" else action.parameters,
            preconditions=action.preconditions,
            expected_effects=action.expected_effects,
            state_dependencies=action.state_dependencies,
            dependencies=action.dependencies,
            idempotent=draw(st.booleans()),
            failure_behavior=draw(st.sampled_from(KINDS_OF_FAILURE)),
            max_retries=draw(st.integers(0, 2)),
            timeout_ms=draw(st.sampled_from([50, 5000])),
        )
        for action in plan.actions
    ]
    return ActionProposal(id="p1", actions=actions)


class EveryProposalTests(SynchronousTestCase):
    """Random plans against tools that succeed and fail in random order."""

    def set_up(self, state: dict[str, Any], budget: CostBudget | None) -> None:
        self.clock = Clock()
        self.executor = ManualExecutor()
        self.journal = LineKeeper()
        events = EventLog("c-1", self.clock.seconds, self.journal)
        self.runtime = Runtime(self.executor, self.clock, events=events)
        self.runtime.register_tool(ToolSchema(name="scan"))
        limit = RateLimit(max_calls=1, interval_secs=0.2)
        self.runtime.register_tool(ToolSchema(name="list", cache_ttl_secs=1, rate_limit=limit))
        self.runtime.policies.register(
            PolicyDefinition(name="n", rule="deny_tool_param", target="scan", key="a", pattern="x")
        )
        self.runtime.budget = budget
        self.runtime.capabilities = Capabilities(max_actions=5)
        for key, value in state.items():
            self.runtime.state.set(key, value)

    def open_calls(self) -> list[str]:
        return [id for id, answers in self.executor.pending.items() for _ in answers]

    def run_plan(
        self, plan: ActionProposal, chance: random.Random, cancel_after: int
    ) -> ProposalResult:
        """Answer the calls as *chance* has it, cancel after so many steps if still running."""
        done = self.runtime.execute(plan)
        ended: list[Any] = []
        done.addBoth(ended.append)
        for step in range(200):
            if ended:
                break
            calls = self.open_calls()
            if step == cancel_after:
                done.cancel()
            elif calls and chance.random() < 0.8:
                id = chance.choice(calls)
                if chance.random() < 0.6:
                    self.executor.answer(id, chance.choice([1, None, {"n": 1}, float("nan")]))
                else:
                    self.executor.fail(id)
            else:
                self.clock.advance(0.05)
        self.assertEqual(len(ended), 1, "the proposal did not end")
        self.assertIsInstance(ended[0], ProposalResult)
        result: ProposalResult = ended[0]
        return result

    @settings(deadline=None, max_examples=150)
    @given(plans(), st.integers(0, 2**32), st.integers(0, 60), st.sampled_from(LINES))
    def test_ends_without_a_journal(
        self, plan: ActionProposal, seed: int, cancel_after: int, refused: bytes
    ) -> None:
        """It ends as well when lines of some kind cannot be kept, and succeeds in none of them."""
        self.set_up({"k": 1}, None)
        self.journal.refused = refused
        result = self.run_plan(plan, random.Random(seed), cancel_after)
        self.assertEqual([r.action_id for r in result.results], [a.id for a in plan.actions])
        self.assertEqual((self.clock.getDelayedCalls(), self.runtime.running), ([], 0))
        if any(one.status == "failed" for one in result.results):
            self.assertEqual(self.runtime.state.snapshot(), {"k": 1})

    @settings(deadline=None, max_examples=300)
    @given(
        plans(),
        STATES,
        st.integers(0, 2**32),
        st.integers(0, 60),
        st.none() | st.builds(CostBudget, max_actions=st.integers(0, 3)),
    )
    def test_ends_honestly(
        self,
        plan: ActionProposal,
        state: dict[str, Any],
        seed: int,
        cancel_after: int,
        budget: CostBudget | None,
    ) -> None:
        """Results in the plan's order, sums that add up, nothing waiting, state all or nothing."""
        self.set_up(state, budget)
        before = self.runtime.state.snapshot()
        result = self.run_plan(plan, random.Random(seed), cancel_after)
        self.assertEqual([r.action_id for r in result.results], [a.id for a in plan.actions])
        self.assertEqual((self.clock.getDelayedCalls(), self.runtime.running), ([], 0))
        found = [r.status for r in result.results]
        cost = result.cost
        self.assertLessEqual(set(found), {"succeeded", "failed", "skipped", "rejected"})
        self.assertEqual(cost.actions_executed, found.count("succeeded") + found.count("failed"))
        self.assertEqual(cost.actions_rejected, found.count("rejected"))
        self.assertEqual(cost.actions_skipped, found.count("skipped"))
        self.assertLessEqual(cost.tool_calls, len({c.action_id for c in self.executor.calls}))
        total = sum(r.duration_ms for r in result.results)
        self.assertAlmostEqual(cost.total_duration_ms, total, places=2)
        for one in result.results:
            self.assertEqual(one.succeeded, one.error is UNSET)
            self.assertEqual(one.succeeded, one.output is not UNSET)
        kinds = [decode(line)["kind"] for line in self.journal.lines]
        self.assertEqual((kinds[0], kinds[-1]), ("proposal_received", "record_finished"))
        self.assertEqual(kinds.count("record_finished"), 1)
        if "failed" in found or "state_rollback" in kinds:
            self.assertEqual(self.runtime.state.snapshot(), before)
        else:
            changes: dict[str, Any] = {}
            for line in map(decode, self.journal.lines):
                if line["kind"] == "state_changed":
                    changes.update(line["data"]["changes"])
            self.assertEqual(self.runtime.state.snapshot().keys(), before.keys() | changes.keys())
        numbers = [decode(line)["id"] for line in self.journal.lines]
        self.assertEqual(numbers, [f"e-{n}" for n in range(1, len(numbers) + 1)])
