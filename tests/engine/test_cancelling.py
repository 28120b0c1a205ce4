"""Tests of the engine: cancelling, all the way down."""

from twisted.internet.defer import CancelledError

from tests.engine.doubles import RuntimeCase, call, proposal, statuses, write


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
