"""Tests of the engine: what runs when."""

from typing import Any

from car.engine.proposal_run import SLICE
from car.engine.settings import CostBudget
from car.ir.json import JsonObject
from car.ir.tools import ToolSchema
from tests.engine.doubles import EPOCH, RuntimeCase, call, check, read, statuses, write


class OrderTests(RuntimeCase):
    """Levels and what is concurrent in them."""

    def test_abort_is_sequential(self) -> None:
        """A level with an ``abort`` action runs one action after another, in list order."""
        done = self.begin(call("a"), call("b", skip=True), call("c"))
        for id, called in (("a", ["a"]), ("b", ["a", "b"]), ("c", ["a", "b", "c"])):
            self.assertEqual(self.executor.called, called)
            self.executor.answer(id)
        self.assertEqual(statuses(self.successResultOf(done)), ["succeeded"] * 3)
        self.assertNothingLeft()

    def test_concurrent(self) -> None:
        """A level of ``skip`` and ``retry`` runs at once; answers may come in any order."""
        done = self.begin(call("a", skip=True), call("b", retry=1), call("c", skip=True))
        self.assertEqual(self.executor.called, ["a", "b", "c"])
        for id in "cab":
            self.assertNoResult(done)
            self.executor.answer(id, id)
        result = self.successResultOf(done)
        self.assertEqual([r.output for r in result.results], ["a", "b", "c"])
        self.assertNothingLeft()

    def test_levels_wait(self) -> None:
        """A level begins when the one before has ended altogether."""
        done = self.begin(
            call("a", skip=True, expected_effects={"k": 1}),
            call("b", skip=True),
            call("c", skip=True, state_dependencies=["k"]),
        )
        self.executor.answer("a")
        self.assertEqual(self.executor.called, ["a", "b"])
        self.executor.answer("b")
        self.executor.answer("c")
        self.assertEqual(statuses(self.successResultOf(done)), ["succeeded"] * 3)

    def test_empty(self) -> None:
        """A proposal without actions ends at once."""
        result = self.run_now()
        self.assertEqual((result.proposal_id, result.results), ("p1", []))
        self.assertEqual(self.kinds(), ["proposal_received", "record_finished"])

    def test_slices(self) -> None:
        """At most 64 actions start in one turn; the others go first in between."""
        done = self.begin(*(call(f"a{n}", skip=True) for n in range(150)))
        seen = [len(self.executor.calls)]
        self.clock.callLater(0, lambda: seen.append(len(self.executor.calls)))
        self.clock.advance(0)
        self.assertEqual([*seen, len(self.executor.calls)], [SLICE, 2 * SLICE, 150])
        for n in range(150):
            self.executor.answer(f"a{n}", n)
        self.assertEqual([r.output for r in self.successResultOf(done).results], list(range(150)))
        self.assertNothingLeft()

    def test_slices_of_quick_actions(self) -> None:
        """Also a long row of actions that end at once gives others their turn."""
        done = self.begin(*(write(f"w{n}", f"k{n}") for n in range(150)))
        seen = [len(self.runtime.state)]
        self.clock.callLater(0, lambda: seen.append(len(self.runtime.state)))
        self.clock.advance(0)
        self.assertEqual(seen, [SLICE, 2 * SLICE])
        self.assertEqual(len(self.successResultOf(done).results), 150)
        self.assertNothingLeft()

    def test_cancelled_between_slices(self) -> None:
        """A run that is cancelled between two slices leaves no timer."""
        done = self.begin(*(write(f"w{n}", f"k{n}") for n in range(150)))
        done.cancel()
        result = self.successResultOf(done)
        self.assertEqual(statuses(result).count("skipped"), 150 - SLICE)
        self.assertEqual(self.runtime.state.keys(), [])
        self.clock.advance(1)
        self.assertNothingLeft()


class KeyOrderTests(RuntimeCase):
    """Actions of a concurrent level that touch the same key keep list order."""

    def test_write_then_read(self) -> None:
        """A reader waits for the writer listed before it, and not for others."""
        done = self.begin(
            call("w", skip=True, expected_effects={"k": 1}),
            read("r", "k", skip=True),
            call("x", skip=True),
        )
        self.assertEqual(self.executor.called, ["w", "x"])
        self.executor.answer("w")
        self.executor.answer("x")
        self.assertEqual(self.successResultOf(done).results[1].output, 1)

    def test_read_then_write(self) -> None:
        """A writer waits for the reader listed before it."""
        self.runtime.state.set("k", 0)
        done = self.begin(
            call("c", skip=True, preconditions=[{"key": "k", "value": 0}]),
            write("w", "k", 1, skip=True),
            check("a", "k", 1, skip=True),
        )
        self.assertEqual(self.runtime.state.get("k"), 0)
        self.executor.answer("c")
        self.assertEqual(statuses(self.successResultOf(done)), ["succeeded"] * 3)

    def test_two_readers(self) -> None:
        """Readers do not wait for each other."""
        self.runtime.state.set("k", 0)
        condition: JsonObject = {"preconditions": [{"key": "k", "value": 0}]}
        self.begin(call("a", skip=True, **condition), call("b", skip=True, **condition))
        self.assertEqual(self.executor.called, ["a", "b"])

    def test_two_effects(self) -> None:
        """Of two writers of a key the one listed last wins, whoever answers first."""
        done = self.begin(
            call("a", skip=True, expected_effects={"k": "a"}),
            call("b", skip=True, expected_effects={"k": "b"}),
        )
        self.assertEqual(self.executor.called, ["a"])
        self.executor.answer("a")
        self.executor.answer("b")
        self.successResultOf(done)
        self.assertEqual(self.runtime.state.get("k"), "b")

    def test_blocker_fails(self) -> None:
        """One that waits goes on when the other ends, however it does."""
        done = self.begin(
            call("a", skip=True, expected_effects={"k": 1}), read("r", "k", skip=True)
        )
        self.executor.fail("a")
        result = self.successResultOf(done)
        self.assertEqual(statuses(result), ["skipped", "succeeded"])
        self.assertIsNone(result.results[1].output)

    def test_blocker_out_of_budget(self) -> None:
        """Also when the budget did not let the other start."""
        self.runtime.budget = CostBudget(max_actions=0)
        done = self.begin(write("w", "k", skip=True), read("r", "k", skip=True))
        self.assertEqual(statuses(self.successResultOf(done)), ["skipped", "skipped"])
        self.assertNothingLeft()


class DependencyTests(RuntimeCase):
    """``dependencies`` and references (decision 3)."""

    def rejected(self, *actions: JsonObject) -> str:
        result = self.result(*actions)
        self.assertEqual(result.status, "rejected")
        return str(result.error)

    def test_order(self) -> None:
        """An action waits for those that it names, listed later too."""
        done = self.begin(call("b", dependencies=["a"]), call("a"))
        self.assertEqual(self.executor.called, ["a"])
        self.executor.answer("a")
        self.executor.answer("b")
        result = self.successResultOf(done)
        self.assertEqual([r.action_id for r in result.results], ["b", "a"])

    def test_dependency_failed(self) -> None:
        """A dependent of what did not succeed is rejected, and the reason names it."""
        done = self.begin(call("a", skip=True), call("b", skip=True, dependencies=["a"]))
        self.executor.fail("a")
        result = self.successResultOf(done).results[1]
        self.assertEqual((result.status, result.error), ("rejected", "dependency 'a' was skipped"))
        self.assertIn(
            "'x' was rejected",
            self.rejected(call("x", "nope"), call("y", dependencies=["x"])),
        )

    def test_chain_of_rejections(self) -> None:
        """A rejection goes on along the dependencies and never aborts."""
        result = self.run_now(
            call("a", "nope"),
            write("b", "k", dependencies=["a"]),
            write("c", "l", dependencies=["b"]),
            write("d", "m"),
        )
        self.assertEqual(statuses(result), ["rejected", "rejected", "rejected", "succeeded"])

    def test_faults(self) -> None:
        """Unknown ids, duplicated ids and cycles reject those that name them."""
        self.assertIn("'z'", self.rejected(write("a", "k", dependencies=["z"])))
        twins = (write("x", "k"), write("x", "l"))
        self.assertIn("more than one", self.rejected(*twins, write("a", "m", dependencies=["x"])))
        cycle = (write("a", "k", dependencies=["b"]), write("b", "l", dependencies=["a"]))
        self.assertEqual(statuses(self.run_now(*cycle)), ["rejected", "rejected"])
        self.assertIn("cycle", self.rejected(write("a", "k", dependencies=["a"])))

    def output_into(self, value: object, output: object, **more: Any) -> JsonObject:
        """The parameters that ``b`` is called with after ``a`` gave *output*."""
        done = self.begin(
            call("a", skip=True),
            call("b", parameters={"x": value}, dependencies=["a"], **more),
        )
        self.executor.answer("a", output)
        parameters = self.executor.calls[-1].parameters
        self.executor.answer("b")
        self.successResultOf(done)
        return parameters

    def test_references(self) -> None:
        """A reference is replaced by the output, at any depth; other text stays."""
        output = {"rows": [{"id": 7}, {"id": 8}], "": 0}
        for value, resolved in (
            ("$a.output", output),
            ("$a.output.rows.1.id", 8),
            ({"deep": ["$a.output.rows.0", "plain"]}, {"deep": [{"id": 7}, "plain"]}),
            ("costs $a.output", "costs $a.output"),
            ("$z.output", "$z.output"),
            ("$a.outputs", "$a.outputs"),
            ("$a", "$a"),
        ):
            self.assertEqual(self.output_into(value, output), {"x": resolved})

    def test_journaled_as_resolved(self) -> None:
        """The journal has the parameters as dispatched, the proposal as written."""
        self.output_into("$a.output", 5)
        self.assertEqual(self.lines("action_executing")[1]["data"]["parameters"], {"x": 5})
        received = self.lines("proposal_received")[0]["data"]["proposal"]
        self.assertEqual(received["actions"][1]["parameters"], {"x": "$a.output"})

    def test_missing_path(self) -> None:
        """A path that leads nowhere rejects the user, naming the reference."""
        for path in ("rows", "0", "id.x"):
            done = self.begin(
                call("a"), call("b", parameters={"x": f"$a.output.{path}"}, dependencies=["a"])
            )
            self.executor.answer("a", {"id": 1})
            result = self.successResultOf(done).results[1]
            self.assertEqual(result.status, "rejected")
            self.assertIn(f"$a.output.{path}", str(result.error))

    def test_reference_to_failed(self) -> None:
        """A reference to what did not succeed rejects its user (decision 23)."""
        self.runtime.state.set("k", 0)
        done = self.begin(
            call("a", skip=True, expected_effects={"k": 1}),
            call("b", skip=True, parameters={"x": "$a.output"}, state_dependencies=["k"]),
        )
        self.executor.fail("a")
        result = self.successResultOf(done).results[1]
        self.assertEqual(result.status, "rejected")
        self.assertIn("action 'a' did not succeed", str(result.error))

    def test_reference_without_order(self) -> None:
        """Without an order between the two the text is passed as it is."""
        done = self.begin(call("a", skip=True), call("b", skip=True, parameters={"x": "$a.output"}))
        self.assertEqual(self.executor.calls[1].parameters, {"x": "$a.output"})
        for id in "ab":
            self.executor.answer(id)
        self.successResultOf(done)

    def test_reference_to_duplicate(self) -> None:
        """A reference to a duplicated id rejects its user."""
        text = self.rejected(
            write("x", "k"), write("x", "l"), call("b", parameters={"v": "$x.output"})
        )
        self.assertIn("more than one", text)

    def test_schema_sees_the_output(self) -> None:
        """The schema judges the resolved value."""
        schema = {"type": "object", "properties": {"x": {"type": "integer"}}}
        self.runtime.register_tool(ToolSchema(name="typed", parameters=schema))
        for output, status in ((5, "succeeded"), ("five", "rejected")):
            self.executor.instant = {"t": output, "typed": None}
            action = call("b", "typed", parameters={"x": "$a.output"}, dependencies=["a"])
            self.assertEqual(self.result(call("a"), action).status, status)


class TimeTests(RuntimeCase):
    """Durations and timestamps."""

    def test_duration(self) -> None:
        """A result tells how long its action took, waits included; the cost is their sum."""
        done = self.begin(call("a", retry=1), call("b"))
        self.clock.advance(0.25)
        self.executor.fail("a")
        self.clock.advance(0.1)
        self.clock.advance(0.5)
        self.executor.answer("a")
        self.clock.advance(1)
        self.executor.answer("b")
        result = self.successResultOf(done)
        self.assertEqual([r.duration_ms for r in result.results], [850.0, 1000.0])
        self.assertEqual(result.cost.total_duration_ms, 1850.0)
        self.assertEqual(result.cost.retries, 1)
        self.assertEqual(result.cost.tool_calls, 2)

    def test_timestamp(self) -> None:
        """Timestamps are RFC 3339 of the wall clock."""
        self.assertEqual(EPOCH, 1_772_600_000.0)
        self.assertRegex(self.result(write("a", "k")).timestamp, r"\A2026-03-04T04:53:20")
