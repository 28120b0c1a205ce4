"""Tests of the engine: attempts that fail, time that runs out, and proposals that abort."""

from typing import Any

from twisted.internet.defer import CancelledError

from car.engine.errors import ToolTimeout
from car.eventlog.errors import JournalError
from car.ir.tools import RateLimit, ToolSchema
from car.state.store import StateStore
from tests.engine.doubles import ManualExecutor, RuntimeCase, call, check, proposal, statuses, write


class RetryTests(RuntimeCase):
    """``retry``: further attempts after 0.1, 0.2, 0.4 … seconds."""

    def test_back_off(self) -> None:
        """Attempts come after doubling waits and are counted; then it aborts."""
        self.runtime.state.set("k", 0)
        done = self.begin(write("w", "k", 1), call("a", retry=3))
        for attempt, wait in ((1, 0.1), (2, 0.2), (3, 0.4)):
            self.assertEqual(self.executor.calls[-1].attempt, attempt)
            self.executor.fail("a", f"failure {attempt}")
            self.clock.advance(wait - 0.001)
            self.assertEqual(len(self.executor.calls), attempt)
            self.clock.advance(0.001)
            self.assertEqual(len(self.executor.calls), attempt + 1)
        self.executor.fail("a", "failure 4")
        result = self.successResultOf(done)
        self.assertEqual(statuses(result), ["succeeded", "failed"])
        self.assertEqual(result.results[1].error, "failure 4")
        self.assertEqual((result.cost.retries, result.cost.tool_calls), (3, 1))
        self.assertEqual(self.runtime.state.get("k"), 0)
        self.assertNothingLeft()

    def test_succeeds_in_the_end(self) -> None:
        """A later attempt may succeed; each has a request id of its own."""
        done = self.begin(call("a", retry=1))
        self.executor.fail("a")
        self.clock.advance(0.1)
        self.executor.answer("a", 5)
        self.assertEqual(self.successResultOf(done).results[0].output, 5)
        self.assertEqual([c.request_id for c in self.executor.calls], ["cb-1", "cb-2"])

    def test_no_retries(self) -> None:
        """With none left to make the first failure aborts; ``max_retries`` counts further ones."""
        done = self.begin(call("a", retry=0), call("b", skip=True, dependencies=["a"]))
        self.executor.fail("a")
        self.assertEqual(statuses(self.successResultOf(done)), ["failed", "skipped"])

    def test_only_for_retry(self) -> None:
        """``max_retries`` means nothing for the other behaviours."""
        done = self.begin(call("a", max_retries=5, skip=True), call("b", max_retries=5))
        self.executor.fail("a")
        self.executor.fail("b")
        self.assertEqual(statuses(self.successResultOf(done)), ["skipped", "failed"])

    def test_timeout_is_a_failure(self) -> None:
        """A time-out is retried like any failure, each attempt with the whole budget."""
        done = self.begin(call("a", retry=1, timeout_ms=500))
        self.executor.fail("a", ToolTimeout("tool 't' callback timed out (500 ms)"))
        self.clock.advance(0.1)
        self.assertEqual([c.timeout_ms for c in self.executor.calls], [500, 500])
        self.executor.fail("a", ToolTimeout("again"))
        self.assertEqual(self.successResultOf(done).results[0].error, "again")

    def test_assertion(self) -> None:
        """A failed assertion is retried as well, and sees the state as it is then."""
        done = self.begin(check("a", "k", 1, retry=2))
        self.clock.advance(0.1)
        self.runtime.state.set("k", 1)
        self.clock.advance(0.2)
        self.assertEqual(statuses(self.successResultOf(done)), ["succeeded"])

    def test_aborted_while_waiting(self) -> None:
        """An abort elsewhere ends an action that waits for its next attempt."""
        done = self.begin(call("a", retry=5), call("b", retry=0))
        self.executor.fail("a")
        self.executor.fail("b")
        result = self.successResultOf(done)
        self.assertEqual(statuses(result), ["skipped", "failed"])
        self.assertIn("abort", str(result.results[0].error))
        self.assertNothingLeft()


class AbortTests(RuntimeCase):
    """``abort``: nothing new starts, the state is as before."""

    def test_rollback(self) -> None:
        """New keys vanish, old values return; earlier results keep what they did."""
        self.runtime.state.set("old", {"a": 1})
        done = self.begin(
            write("w1", "old", 2), write("w2", "new", 3), call("x"), write("w3", "old", 4)
        )
        self.executor.fail("x", "boom")
        result = self.successResultOf(done)
        self.assertEqual(statuses(result), ["succeeded", "succeeded", "failed", "skipped"])
        self.assertEqual(result.results[0].state_changes, {"old": 2})
        self.assertIn("abort", str(result.results[3].error))
        self.assertEqual(self.runtime.state.snapshot(), {"old": {"a": 1}})
        self.assertEqual(result.cost.actions_executed, 3)
        self.assertEqual(result.cost.actions_skipped, 1)
        self.assertNothingLeft()

    def test_concurrent(self) -> None:
        """In a concurrent level what runs is let end, honestly; later levels do not begin."""
        done = self.begin(
            call("a", retry=0, expected_effects={"k": 1}),
            call("b", skip=True, expected_effects={"l": 1}),
            call("c", skip=True, state_dependencies=["l"]),
        )
        self.executor.fail("a", "boom")
        self.assertNoResult(done)
        self.executor.answer("b", "done")
        result = self.successResultOf(done)
        self.assertEqual(statuses(result), ["failed", "succeeded", "skipped"])
        self.assertEqual(result.results[1].state_changes, {"l": 1})
        self.assertEqual(self.runtime.state.snapshot(), {})
        self.assertEqual(self.executor.cancelled, [])

    def test_skip_goes_on(self) -> None:
        """``skip`` leaves no effects and stops nothing."""
        done = self.begin(call("a", skip=True, expected_effects={"k": 1}), write("b", "l"))
        self.executor.fail("a", "boom")
        result = self.successResultOf(done)
        self.assertEqual(statuses(result), ["skipped", "succeeded"])
        self.assertEqual(result.results[0].error, "boom")
        self.assertEqual(result.results[0].state_changes, {})
        self.assertEqual(self.runtime.state.snapshot(), {"l": 1})

    def test_rejection_aborts_nothing(self) -> None:
        """A rejected action never aborts, whatever its behaviour (decision 4)."""
        result = self.run_now(call("a", "nope"), write("b", "k"))
        self.assertEqual(statuses(result), ["rejected", "succeeded"])
        self.assertEqual(result.cost.actions_rejected, 1)
        self.assertEqual(result.cost.actions_executed, 1)

    def test_no_tool(self) -> None:
        """A call that names no tool is not rejected: it fails."""
        result = self.result(call("a", None))
        self.assertEqual((result.status, result.error), ("failed", "the tool call names no tool"))

    def test_state_limit(self) -> None:
        """Effects that do not fit into the state fail their action; nothing is half written."""
        self.runtime.state = StateStore(max_keys=2)
        result = self.result(call("a", "nope"), write("b", "k", expected_effects={"l": 1, "m": 1}))
        self.assertEqual(result.status, "failed")
        self.assertEqual(self.runtime.state.keys(), [])

    def test_two_proposals(self) -> None:
        """Of two proposals at once the one that aborts undoes only what it wrote."""
        first = self.begin(write("w", "a", 1), write("x", "shared", "first"), call("f"))
        second = self.begin(write("w", "b", 2), write("x", "shared", "second"), call("s"))
        self.executor.fail("f")
        self.successResultOf(first)
        self.assertEqual(self.runtime.state.snapshot(), {"b": 2, "shared": "second"})
        self.executor.answer("s")
        self.successResultOf(second)
        self.assertEqual(self.runtime.state.snapshot(), {"b": 2, "shared": "second"})

    def test_two_aborts(self) -> None:
        """When both abort, in either order, everything is as before."""
        self.runtime.state.set("shared", "old")
        for order in (("f", "s"), ("s", "f")):
            runs = [self.begin(write("x", "shared", id), call(id)) for id in ("f", "s")]
            for id in order:
                self.executor.fail(id)
            for run in runs:
                self.successResultOf(run)
            self.assertEqual(self.runtime.state.snapshot(), {"shared": "old"})


class TimeoutTests(RuntimeCase):
    """``timeout_ms`` is handed to the executor, which alone keeps the time."""

    def test_budget(self) -> None:
        """The call carries the action's budget, or none; the engine sets no timer."""
        self.begin(call("a", timeout_ms=20_000, skip=True), call("b", skip=True))
        self.assertEqual([c.timeout_ms for c in self.executor.calls], [20_000, None])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_call(self) -> None:
        """A call has the ids, the parameters and the session."""
        self.begin(call("a", parameters={"x": [1]}))
        (called,) = self.executor.calls
        self.assertEqual(
            (called.tool, called.parameters, called.action_id, called.request_id),
            ("t", {"x": [1]}, "a", "cb-1"),
        )
        self.assertEqual((called.attempt, called.session_id), (1, "c-1"))


class RateLimitTests(RuntimeCase):
    """Token buckets: calls wait for their token."""

    def setUp(self) -> None:
        super().setUp()
        self.executor.instant = {"slow": "s", "t": "t"}
        limit = RateLimit(max_calls=3, interval_secs=0.6)
        self.runtime.register_tool(ToolSchema(name="slow", rate_limit=limit))

    def times(self) -> list[float]:
        """When each line about an attempt was written, in seconds from the first."""
        marks = [line["t_mono_ms"] / 1000 for line in self.lines("action_executing")]
        return [round(mark - marks[0], 6) for mark in marks]

    def run_all(self, steps: int = 30) -> None:
        for _ in range(steps):
            self.clock.advance(0.1)

    def test_waits(self) -> None:
        """3 per 0.6 s: calls at 0, 0, 0, 0.2, 0.4, 0.6."""
        done = self.begin(*(call(f"a{n}", "slow", skip=True) for n in range(6)))
        self.run_all()
        self.assertEqual(self.times(), [0, 0, 0, 0.2, 0.4, 0.6])
        self.assertEqual(statuses(self.successResultOf(done)), ["succeeded"] * 6)
        self.assertNothingLeft()

    def test_other_tools(self) -> None:
        """Those that wait do not hold up other tools of the level."""
        actions = [call(f"a{n}", "slow", skip=True) for n in range(5)]
        self.begin(*actions, call("b", "t", skip=True))
        self.assertEqual(self.executor.called, ["a0", "a1", "a2", "b"])

    def test_wait_counts(self) -> None:
        """The wait counts against the budget: the call gets what is left."""
        actions = [call(f"a{n}", "slow", skip=True, timeout_ms=500) for n in range(4)]
        self.begin(*actions)
        self.run_all()
        self.assertEqual([c.timeout_ms for c in self.executor.calls], [500, 500, 500, 300])

    def test_starved(self) -> None:
        """A call whose wait is longer than its budget fails at the budget, without a dispatch."""
        actions = [call(f"a{n}", "slow", skip=True) for n in range(4)]
        done = self.begin(*actions, call("b", "slow", skip=True, timeout_ms=300))
        self.run_all(2)
        self.assertNoResult(done)
        self.run_all(1)
        result = self.successResultOf(done)
        self.assertEqual(result.results[4].status, "skipped")
        self.assertIn("timed out (300 ms)", str(result.results[4].error))
        self.assertNotIn("b", self.executor.called)
        self.assertEqual(result.cost.tool_calls, 4)
        self.assertNothingLeft()

    def test_starved_takes_no_token(self) -> None:
        """A call that starves leaves its token to the next."""
        self.begin(*(call(f"a{n}", "slow", skip=True) for n in range(3)))
        self.begin(call("b", "slow", timeout_ms=100))
        self.begin(call("c", "slow"))
        self.run_all()
        self.assertEqual([t for t in self.times() if t > 0.1], [0.2])

    def test_cancelled_takes_no_token(self) -> None:
        """Calls given up while they wait leave their tokens to the next."""
        done = self.begin(*(call(f"a{n}", "slow", skip=True) for n in range(50)))
        done.cancel()
        self.successResultOf(done)
        self.clock.advance(0.6)
        again = self.begin(*(call(f"b{n}", "slow", skip=True) for n in range(3)))
        self.assertEqual(statuses(self.successResultOf(again)), ["succeeded"] * 3)
        self.assertNothingLeft()

    def test_retries(self) -> None:
        """Each attempt takes a token."""
        limit = RateLimit(max_calls=1, interval_secs=10)
        self.runtime.register_tool(ToolSchema(name="rare", rate_limit=limit))
        self.begin(call("a", "rare", retry=1))
        self.executor.fail("a")
        self.clock.advance(0.1)
        self.assertEqual(len(self.executor.calls), 1)
        self.clock.advance(9.9)
        self.assertEqual(len(self.executor.calls), 2)


class CancelTests(RuntimeCase):
    """Cancelling, all the way down."""

    def test_pending_calls(self) -> None:
        """Calls under way are given up, the state is restored, results say what was."""
        self.runtime.state.set("k", 0)
        done = self.begin(
            write("w", "k", 1),
            call("a", skip=True),
            call("z"),
        )
        self.executor.answer("a", 1)
        done.cancel()
        result = self.successResultOf(done)
        self.assertEqual(statuses(result), ["succeeded", "succeeded", "failed"])
        self.assertEqual(result.results[2].error, "cancelled")
        self.assertEqual(self.executor.cancelled, ["z"])
        self.assertEqual(self.runtime.state.get("k"), 0)
        self.assertNothingLeft()

    def test_concurrent(self) -> None:
        """Every call of a level is given up, those that wait to try again too."""
        done = self.begin(call("a", skip=True), call("b", retry=3), call("c", retry=3))
        self.executor.fail("b")
        done.cancel()
        result = self.successResultOf(done)
        self.assertEqual(statuses(result), ["skipped", "skipped", "failed"])
        self.assertEqual(sorted(self.executor.cancelled), ["a", "c"])
        self.assertNothingLeft()

    def test_all_with_a_reason(self) -> None:
        """Everything that runs can be cancelled at once; the reason stands in the results."""
        runs = [self.begin(call(id), write("w", "k")) for id in "ab"]
        self.assertEqual(self.runtime.running, 2)
        self.runtime.cancel_all("the connection went")
        for run in runs:
            first, second = self.successResultOf(run).results
            self.assertEqual((first.status, second.status), ("failed", "skipped"))
            for result in (first, second):
                self.assertIn("the connection went", str(result.error))
        self.assertNothingLeft()

    def test_answer_after_cancel(self) -> None:
        """What comes after the end changes nothing."""
        done = self.begin(call("a", expected_effects={"k": 1}))
        done.cancel()
        self.successResultOf(done)
        lines = len(self.journal.lines)
        self.assertEqual(self.runtime.state.keys(), [])
        self.clock.advance(100)
        self.assertEqual(len(self.journal.lines), lines)

    def test_twice(self) -> None:
        """Cancelling again does nothing."""
        done = self.begin(call("a"))
        self.runtime.cancel_all("once")
        self.runtime.cancel_all("twice")
        done.cancel()
        self.assertIn("once", str(self.successResultOf(done).results[0].error))
        self.assertEqual(self.kinds().count("state_rollback"), 1)

    def test_executor_that_does_not_heed(self) -> None:
        """An executor that does not end a call when told: cancelling ends it all the same."""
        done = self.runtime.execute(proposal(call("a")))
        self.executor.pending["a"][0]._canceller = None
        done.cancel()
        self.assertEqual(statuses(self.successResultOf(done)), ["failed"])
        self.assertNothingLeft()

    def test_tool_that_cancels_itself(self) -> None:
        """A call that the executor cancelled is a failure with a text, not a defect."""
        done = self.begin(call("a"))
        self.executor.fail("a", CancelledError())
        result = self.successResultOf(done).results[0]
        self.assertEqual((result.status, result.error), ("failed", "the tool call was cancelled"))


class ExecutorTests(RuntimeCase):
    """Executors of an embedder's own."""

    def test_no_json(self) -> None:
        """An output that is no JSON value fails the action and stays out of the record."""
        for output in (float("nan"), float("inf"), object(), {1: 2}, {"a": [b"x"]}, (1, 2), {1}):
            done = self.begin(call("a"))
            self.executor.answer("a", output)
            result = self.successResultOf(done).results[0]
            self.assertEqual(result.status, "failed")
            self.assertIn("tool 't' returned no JSON value", str(result.error))
        self.assertEqual(self.lines("action_succeeded"), [])

    def test_defect(self) -> None:
        """A defect of the executor is logged; the client is told no more than that."""
        done = self.begin(call("a", skip=True))
        self.executor.fail("a", KeyError("/secret"))
        result = self.successResultOf(done).results[0]
        self.assertEqual(result.error, "internal error in the tool executor")
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)
        self.assertNothingLeft()

    def test_raises_at_once(self) -> None:
        """An executor that raises instead of failing is told in the same way."""

        def broken(call: object) -> None:
            raise KeyError("/secret")

        self.patch(self.executor, "execute", broken)
        result = self.result(call("a", skip=True))
        self.assertEqual(
            (result.status, result.error), ("skipped", "internal error in the tool executor")
        )
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)
        self.assertNothingLeft()

    def test_any_json(self) -> None:
        """Any JSON value is an output, one that speaks of errors too."""
        outputs: list[Any] = [None, 0, "", [], {}, {"error": "no"}, 10**30, -0.5, True]
        for output in outputs:
            self.executor.instant = {"t": output}
            self.assertEqual(self.result(call("a")).output, output)

    def test_own_executor(self) -> None:
        """A built-in tool runs with an executor of its own, the others with the session's."""
        own = ManualExecutor()
        self.runtime.register_basics(own, [ToolSchema(name="read_file")])
        self.begin(call("a", "read_file", skip=True), call("b", "t", skip=True))
        self.assertEqual((own.called, self.executor.called), (["a"], ["b"]))
        self.assertEqual(own.calls[0].request_id, "cb-1")
        self.runtime.register_tool(ToolSchema(name="read_file"))
        self.begin(call("c", "read_file"))
        self.assertEqual(self.executor.called, ["b", "c"])


class JournalFailureTests(RuntimeCase):
    """A journal that cannot be written (G11)."""

    def test_no_side_effect(self) -> None:
        """No call leaves that could not be recorded; its action fails and says why."""
        self.journal.failed = JournalError("disk full")
        result = self.result(call("a"))
        self.assertEqual(result.status, "failed")
        self.assertIn("journal unavailable: disk full", str(result.error))
        self.assertEqual(self.executor.calls, [])

    def test_full_buffer(self) -> None:
        """When not even the lines can be kept, a proposal still ends, and nothing is left."""
        ended: list[object] = []
        self.begin(write("w", "k"), call("a"), call("b")).addBoth(ended.append)
        self.journal.refused = b""
        self.journal.failed = JournalError("disk full")
        self.executor.answer("a", 1)
        self.assertEqual(len(ended), 1)
        self.assertEqual(self.executor.called, ["a"])
        self.assertEqual(self.runtime.state.keys(), [])
        self.assertNothingLeft()

    def test_twins(self) -> None:
        """Equal calls that wait for one whose success is none do not wait for ever."""
        ended: list[object] = []
        twins = (call(id, idempotent=True, skip=True) for id in "abc")
        self.begin(*twins).addBoth(ended.append)
        self.journal.refused = b"action_succeeded"
        self.executor.answer("a", 1)
        self.assertEqual(len(ended), 1)
        self.assertNothingLeft()

    def test_outcome_that_cannot_be_recorded(self) -> None:
        """A success whose line cannot be kept (a side file, say) is none (G11)."""
        ended: list[object] = []
        done = self.begin(call("a", expected_effects={"k": 1}), call("b"))
        done.addBoth(ended.append)
        self.journal.refused = b"action_succeeded"
        self.executor.answer("a", "a large output")
        self.assertEqual(len(ended), 1)
        self.assertEqual(self.executor.called, ["a"])
        self.assertEqual(self.runtime.state.keys(), [])
        self.assertNothingLeft()
