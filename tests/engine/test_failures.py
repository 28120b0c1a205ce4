"""Tests of the engine: attempts that fail, and proposals that abort."""

from car.engine.errors import ToolTimeout
from car.state.store import StateStore
from tests.engine.doubles import RuntimeCase, call, check, statuses, write


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
