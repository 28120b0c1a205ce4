"""Tests of the engine: calls that need not be made twice, and values that do not match."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from car.engine import caches
from car.engine.caches import CachedCall, IdempotencyCache, ResultCache, call_key
from car.ir.tools import ToolSchema
from tests.engine.doubles import RuntimeCase, call, statuses, write


def once(id: str, **members: Any) -> Any:
    """An idempotent call that skips on failure."""
    return call(id, idempotent=True, skip=True, **members)


class IdempotencyTests(RuntimeCase):
    """Calls marked ``idempotent``."""

    def test_across_proposals(self) -> None:
        """An equal call is answered for good: one event, no dispatch, no tool call counted."""
        self.executor.instant = {"t": {"n": 1}}
        self.run_now(once("a", parameters={"x": 1, "y": 2}))
        self.journal.lines.clear()
        result = self.run_now(once("b", parameters={"y": 2, "x": 1}))
        self.assertEqual(result.results[0].output, {"n": 1})
        self.assertEqual(result.cost.tool_calls, 0)
        self.assertEqual(len(self.executor.calls), 1)
        self.assertEqual(
            self.kinds(), ["proposal_received", "action_deduplicated", "record_finished"]
        )

    def test_what_is_equal(self) -> None:
        """Tool and parameters decide; 1 and 1.0 differ, the order of keys does not matter."""
        self.executor.instant = {"t": 1, "u": 2}
        for action in (
            once("a", parameters={"x": 1}),
            once("b", parameters={"x": 1.0}),
            once("c", tool="u", parameters={"x": 1}),
            once("d"),
        ):
            self.run_now(action)
        self.assertEqual(len(self.executor.calls), 4)

    def test_not_idempotent(self) -> None:
        """A call that is not marked is made, though an equal one was remembered."""
        self.executor.instant = {"t": 1}
        self.run_now(once("a"))
        self.run_now(call("b"))
        self.assertEqual(len(self.executor.calls), 2)

    def test_own_effects(self) -> None:
        """A repetition commits its own effects; without any it tells those of the first."""
        self.executor.instant = {"t": 1}
        self.run_now(once("a", expected_effects={"k": 1}))
        self.assertEqual(self.result(once("b", expected_effects={"l": 2})).state_changes, {"l": 2})
        self.assertEqual(self.runtime.state.snapshot(), {"k": 1, "l": 2})
        self.assertEqual(self.result(once("c")).state_changes, {"k": 1})

    def test_after_the_checks(self) -> None:
        """Checks come first: a remembered call may be rejected."""
        self.executor.instant = {"t": 1}
        self.run_now(once("a"))
        result = self.result(once("b", preconditions=[{"key": "k", "operator": "exists"}]))
        self.assertEqual(result.status, "rejected")

    def test_failures_are_not_kept(self) -> None:
        """Only successes are remembered."""
        for _ in range(2):
            done = self.begin(once("a"))
            self.executor.fail("a")
            self.successResultOf(done)
        self.assertEqual(len(self.executor.calls), 2)

    def test_aborted(self) -> None:
        """What an aborted proposal remembered is forgotten, what was there before is not."""
        self.executor.instant = {"t": 1}
        self.run_now(once("a", parameters={"x": 0}))
        done = self.begin(
            call("b", idempotent=True, parameters={"x": 0}),
            call("c", idempotent=True, parameters={"x": 1}),
            call("d", "u"),
        )
        self.executor.fail("d")
        self.successResultOf(done)
        self.run_now(once("e", parameters={"x": 0}))
        self.run_now(once("f", parameters={"x": 1}))
        self.assertEqual(self.executor.called, ["a", "c", "d", "f"])

    def test_tool_that_is_idempotent(self) -> None:
        """A tool may be marked instead of its calls."""
        self.runtime.register_tool(ToolSchema(name="t", idempotent=True))
        self.executor.instant = {"t": 1}
        for id in "ab":
            self.run_now(call(id))
        self.assertEqual(self.executor.called, ["a"])


class TwinTests(RuntimeCase):
    """Equal idempotent calls in one level."""

    def test_one_dispatch(self) -> None:
        """Twins wait for the first of them and get its output."""
        done = self.begin(once("a"), once("b", expected_effects={"k": 1}), once("c"))
        self.assertEqual(self.executor.called, ["a"])
        self.executor.answer("a", 5)
        result = self.successResultOf(done)
        self.assertEqual([r.output for r in result.results], [5, 5, 5])
        self.assertEqual(result.results[1].state_changes, {"k": 1})
        self.assertEqual(result.cost.tool_calls, 1)
        self.assertEqual(self.kinds().count("action_deduplicated"), 2)
        self.assertNothingLeft()

    def test_leader_fails(self) -> None:
        """When the first fails, the next makes the call, and so on."""
        done = self.begin(once("a"), once("b"), once("c"))
        self.executor.fail("a")
        self.assertEqual(self.executor.called, ["a", "b"])
        self.executor.fail("b")
        self.executor.answer("c", 7)
        result = self.successResultOf(done)
        self.assertEqual(statuses(result), ["skipped", "skipped", "succeeded"])
        self.assertNothingLeft()

    def test_leader_retries(self) -> None:
        """While the first tries again, the others wait."""
        done = self.begin(call("a", idempotent=True, retry=1), once("b"))
        self.executor.fail("a")
        self.clock.advance(0.1)
        self.assertEqual(self.executor.called, ["a", "a"])
        self.executor.answer("a", 3)
        self.assertEqual([r.output for r in self.successResultOf(done).results], [3, 3])

    def test_leader_aborts(self) -> None:
        """When the first aborts the proposal, those that waited for it are skipped."""
        done = self.begin(call("a", idempotent=True, retry=0), once("b"), once("c"))
        self.executor.fail("a", "boom")
        result = self.successResultOf(done)
        self.assertEqual(statuses(result), ["failed", "skipped", "skipped"])
        self.assertIn("abort", str(result.results[2].error))
        self.assertNothingLeft()

    def test_cancelled(self) -> None:
        """When the run is cancelled, leader and followers end."""
        done = self.begin(once("a"), once("b"))
        done.cancel()
        self.assertEqual(statuses(self.successResultOf(done)), ["skipped", "skipped"])
        self.assertEqual(self.executor.cancelled, ["a"])
        self.assertNothingLeft()

    def test_cancelled_while_leader_waits(self) -> None:
        """Also when the leader waits for its next attempt."""
        done = self.begin(call("a", idempotent=True, retry=3), once("b"))
        self.executor.fail("a")
        done.cancel()
        self.assertEqual(statuses(self.successResultOf(done)), ["skipped", "skipped"])
        self.assertNothingLeft()

    def test_abort_elsewhere(self) -> None:
        """An abort by a third does not leave followers behind."""
        done = self.begin(once("a"), once("b"), call("z", "u", retry=0))
        self.executor.fail("z")
        self.executor.answer("a", 1)
        self.assertEqual(statuses(self.successResultOf(done)), ["succeeded", "succeeded", "failed"])
        self.assertNothingLeft()


class TtlTests(RuntimeCase):
    """Tools with ``cache_ttl_secs``."""

    def setUp(self) -> None:
        super().setUp()
        self.runtime.register_tool(ToolSchema(name="t", cache_ttl_secs=60))
        self.executor.instant = {"t": 1}

    def test_fresh(self) -> None:
        """A fresh result is used with the three events of a success, without a dispatch."""
        self.run_now(call("a", parameters={"x": 1}))
        self.journal.lines.clear()
        self.clock.advance(59)
        result = self.run_now(call("b", parameters={"x": 1}, expected_effects={"k": 1}))
        self.assertEqual(result.results[0].output, 1)
        self.assertEqual(result.results[0].state_changes, {"k": 1})
        self.assertEqual((result.cost.tool_calls, len(self.executor.calls)), (0, 1))
        self.assertEqual(
            self.kinds()[1:4], ["action_validated", "action_executing", "action_succeeded"]
        )
        self.assertNotIn("request_id", self.lines("action_executing")[0]["data"])

    def test_expired(self) -> None:
        """After its time the call is made again; a hit does not make it last longer."""
        self.run_now(call("a"))
        self.clock.advance(40)
        self.run_now(call("b"))
        self.clock.advance(20)
        self.run_now(call("c"))
        self.assertEqual(self.executor.called, ["a", "c"])

    def test_failures_are_not_kept(self) -> None:
        """Only successes are kept."""
        self.executor.instant = {}
        for _ in range(2):
            done = self.begin(call("a", skip=True))
            self.executor.fail("a")
            self.successResultOf(done)
        self.assertEqual(len(self.executor.calls), 2)


class ReturnsTests(RuntimeCase):
    """Tools that say what they return."""

    def test_refused(self) -> None:
        """A value that does not match fails the action; the journal keeps it by the error."""
        schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
        self.runtime.register_tool(ToolSchema(name="t", returns=schema))
        for output, status in (({"n": 1}, "succeeded"), ({"n": "x"}, "failed"), (None, "failed")):
            self.executor.instant = {"t": output}
            result = self.result(call("a", expected_effects={"k": 1}))
            self.assertEqual(result.status, status)
        self.assertIn("returned a value it should not", str(result.error))
        data = self.lines("action_failed")[0]["data"]
        self.assertEqual(data["output"], {"n": "x"})
        self.assertIn("error", data)

    def test_not_remembered(self) -> None:
        """A refused value is not cached."""
        self.runtime.register_tool(ToolSchema(name="t", returns={"type": "string"}))
        self.executor.instant = {"t": 1}
        for _ in range(2):
            self.result(once("a"))
        self.assertEqual(len(self.executor.calls), 2)


class CacheTests(SynchronousTestCase):
    """The two caches by themselves."""

    def test_bounded(self) -> None:
        """The oldest entry goes when there are too many."""
        self.patch(caches, "MAX_ENTRIES", 3)
        idempotent, results = IdempotencyCache(), ResultCache()
        keys = [call_key("t", {"n": n}) for n in range(5)]
        for key in keys:
            idempotent.put(key, CachedCall(1, {}))
            results.put(key, CachedCall(1, {}), 10)
        self.assertEqual([idempotent.get(key) is None for key in keys], [True, True, *[False] * 3])
        self.assertEqual([results.get(key, 0) is None for key in keys], [True, True, *[False] * 3])

    def test_replaced(self) -> None:
        """A key that is put again counts once and is the newest."""
        self.patch(caches, "MAX_ENTRIES", 2)
        for cache in (IdempotencyCache(), ResultCache()):
            put: Any = cache.put
            get: Any = cache.get
            more = (10,) if isinstance(cache, ResultCache) else ()
            at = (0,) if more else ()
            for name in ("a", "b", "b"):
                put(call_key(name, {}), CachedCall(name, {}), *more)
            for name in "ab":
                self.assertIsNotNone(get(call_key(name, {}), *at))

    def test_expiry(self) -> None:
        """An entry is there until its time and gone at it."""
        results = ResultCache()
        key = call_key("t", {})
        results.put(key, CachedCall(1, {}), 10)
        self.assertIsNotNone(results.get(key, 9.9))
        self.assertIsNone(results.get(key, 10))
        self.assertIsNone(results.get(key, 9.9))

    def test_drop(self) -> None:
        """Forgetting what is not there is no error."""
        idempotent = IdempotencyCache()
        key = call_key("t", {})
        idempotent.put(key, CachedCall(1, {}))
        idempotent.drop({key, call_key("u", {})})
        self.assertIsNone(idempotent.get(key))


class StateActionTests(RuntimeCase):
    """Only tool calls are cached."""

    def test_state_actions(self) -> None:
        """State actions marked idempotent run each time."""
        for value in (1, 2):
            self.run_now(write("a", "k", value, idempotent=True))
        self.assertEqual(self.runtime.state.get("k"), 2)
        self.assertEqual(self.lines("action_deduplicated"), [])
