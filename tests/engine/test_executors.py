"""Tests of the engine: executors of an embedder, and a journal that cannot be written."""

from typing import Any

from car.eventlog.errors import JournalError
from car.ir.tools import ToolSchema
from tests.engine.doubles import ManualExecutor, RuntimeCase, call, write


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
