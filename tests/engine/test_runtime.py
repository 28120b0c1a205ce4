"""Tests of the engine: budgets, capabilities, checkpoints, scopes, tenants."""

from car.engine.errors import CheckpointError
from car.engine.runtime import Runtime
from car.engine.settings import Capabilities, Checkpoint, CostBudget, touched_keys
from car.ir.json import convert, decode, encode
from car.ir.proposal import RuntimeScope, proposal_of
from car.ir.tools import ToolSchema
from car.policy.errors import UnknownScope
from car.policy.rules import PolicyDefinition
from tests.engine.doubles import RuntimeCase, call, check, proposal, read, statuses, write


class BudgetTests(RuntimeCase):
    """CostBudget: what is used up skips the rest and undoes nothing."""

    def setUp(self) -> None:
        super().setUp()
        self.executor.instant = {"t": 1}

    def test_tool_calls(self) -> None:
        """So many tool calls; state actions after them are skipped as well."""
        self.runtime.budget = CostBudget(max_tool_calls=2)
        result = self.run_now(call("a"), call("b"), write("w", "k"), call("c"))
        self.assertEqual(statuses(result), ["succeeded", "succeeded", "skipped", "skipped"])
        self.assertIn("budget", str(result.results[2].error))
        self.assertEqual((result.cost.tool_calls, result.cost.actions_skipped), (2, 2))

    def test_actions(self) -> None:
        """So many actions; nothing is rolled back."""
        self.runtime.budget = CostBudget(max_actions=1)
        result = self.run_now(write("a", "k"), write("b", "l"))
        self.assertEqual(statuses(result), ["succeeded", "skipped"])
        self.assertEqual(self.runtime.state.keys(), ["k"])
        self.assertEqual(self.lines("state_rollback"), [])

    def test_duration(self) -> None:
        """So long; an action under way may end."""
        self.runtime.budget = CostBudget(max_duration_ms=100)
        done = self.begin(call("a", "u"), call("b"))
        self.clock.advance(1)
        self.executor.answer("a")
        result = self.successResultOf(done)
        self.assertEqual(statuses(result), ["succeeded", "skipped"])
        self.assertIn("1000 of 100 ms", str(result.results[1].error))

    def test_each_proposal(self) -> None:
        """A budget is one proposal's: the next begins anew."""
        self.runtime.budget = CostBudget(max_tool_calls=1)
        for _ in range(2):
            self.assertEqual(statuses(self.run_now(call("a"))), ["succeeded"])

    def test_concurrent(self) -> None:
        """In a concurrent level those already started count once they have ended."""
        self.runtime.budget = CostBudget(max_actions=0)
        result = self.run_now(*(call(f"a{n}", skip=True) for n in range(3)))
        self.assertEqual(statuses(result), ["skipped"] * 3)
        self.assertNothingLeft()


class CapabilityTests(RuntimeCase):
    """Capabilities: a violation rejects the action."""

    def setUp(self) -> None:
        super().setUp()
        self.executor.instant = {"t": 1, "u": 1}

    def test_tools(self) -> None:
        """Empty allows all; denied wins over allowed."""
        for capabilities, expected in (
            (Capabilities(), ["succeeded", "succeeded"]),
            (Capabilities(allowed_tools=frozenset({"t"})), ["succeeded", "rejected"]),
            (Capabilities(denied_tools=frozenset({"t"})), ["rejected", "succeeded"]),
            (
                Capabilities(allowed_tools=frozenset({"t", "u"}), denied_tools=frozenset({"t"})),
                ["rejected", "succeeded"],
            ),
        ):
            self.runtime.capabilities = capabilities
            self.assertEqual(statuses(self.run_now(call("a"), call("b", "u"))), expected)

    def test_state_keys(self) -> None:
        """Every key that an action touches must be allowed."""
        self.runtime.capabilities = Capabilities(allowed_state_keys=frozenset({"k"}))
        for action, allowed in (
            (write("a", "k"), True),
            (write("a", "l"), False),
            (read("a", "l"), False),
            (check("a", "l", None), False),
            (write("a", "k", expected_effects={"l": 1}), False),
            (call("a", preconditions=[{"key": "l", "operator": "not_exists"}]), False),
            (call("a", state_dependencies=["l"]), False),
            (call("a"), True),
        ):
            result = self.result(action)
            self.assertEqual(result.status, "succeeded" if allowed else "rejected")
            if not allowed:
                self.assertIn("'l'", str(result.error))

    def test_too_many_actions(self) -> None:
        """Too many actions reject all of them, with the source ``permission``."""
        self.runtime.capabilities = Capabilities(max_actions=1)
        result = self.run_now(write("a", "k"), call("b"))
        self.assertEqual(statuses(result), ["rejected", "rejected"])
        reason = self.lines("action_rejected")[0]["data"]["reasons"][0]
        self.assertEqual(reason["source"], "permission")
        self.assertEqual(statuses(self.run_now(write("a", "k"))), ["succeeded"])

    def test_all_reasons(self) -> None:
        """Validation and capabilities are told together, policies only if both pass."""
        self.runtime.capabilities = Capabilities(denied_tools=frozenset({"nope"}))
        self.runtime.policies.register(
            PolicyDefinition(name="never", rule="deny_tool", target="nope")
        )
        error = str(self.result(call("a", "nope")).error)
        self.assertIn("not registered; capability: tool 'nope' is denied", error)
        self.assertNotIn("never", error)

    def test_touched_keys(self) -> None:
        """What an action writes, depends on, checks or reads."""
        action = proposal_of(
            {
                "actions": [
                    write(
                        "a",
                        "w",
                        expected_effects={"e": 1},
                        state_dependencies=["d"],
                        preconditions=[{"key": "p"}],
                    )
                ]
            }
        ).actions[0]
        self.assertEqual(touched_keys(action), {"w", "e", "d", "p"})


class CheckpointTests(RuntimeCase):
    """Runtime.checkpoint and restore."""

    def test_round_trip(self) -> None:
        """State and tools return; what was written since is gone, and leaves no transition."""
        self.runtime.state.set("k", {"a": [1]})
        kept = self.runtime.checkpoint({"why": "test"})
        self.runtime.state.set("k", 2)
        self.runtime.state.set("l", 3)
        self.runtime.tools.unregister("t")
        self.runtime.restore(kept)
        self.assertEqual(self.runtime.state.snapshot(), {"k": {"a": [1]}})
        self.assertEqual(self.runtime.state.transitions, [])
        self.assertIn("t", self.runtime.tools.compiled)
        self.assertEqual((kept.metadata, len(kept.checkpoint_id)), ({"why": "test"}, 12))

    def test_json(self) -> None:
        """A checkpoint is JSON and back."""
        self.runtime.register_tool(ToolSchema(name="x", description="d", cache_ttl_secs=5))
        kept = self.runtime.checkpoint()
        self.assertEqual(convert(decode(encode(kept)), Checkpoint), kept)

    def test_while_running(self) -> None:
        """Nothing is restored under a running proposal."""
        kept = self.runtime.checkpoint()
        done = self.begin(call("a"))
        self.assertRaises(CheckpointError, self.runtime.restore, kept)
        done.cancel()
        self.successResultOf(done)
        self.runtime.restore(kept)


class ScopeTests(RuntimeCase):
    """Policy scopes, tenants, verify."""

    def test_unknown_scope(self) -> None:
        """A scope that is not open raises, and nothing is recorded."""
        self.assertRaises(UnknownScope, self.begin, write("a", "k"), policy_scope="s9")
        self.assertEqual((self.journal.lines, self.runtime.running), ([], 0))

    def test_scope(self) -> None:
        """The rules of a scope are in force for its proposals only, beside the session's."""
        scope = "s1"
        self.runtime.policies.open_scope(scope)
        self.runtime.policies.register(
            PolicyDefinition(name="n", rule="deny_tool", target="t"), scope
        )
        self.executor.instant = {"t": 1}
        self.assertEqual(statuses(self.run_now(call("a"))), ["succeeded"])
        self.assertEqual(statuses(self.run_now(call("a"), policy_scope=scope)), ["rejected"])
        self.begin(call("b", "u"), policy_scope=scope)
        self.assertEqual(self.executor.calls[-1].session_id, scope)

    def test_scope_closed_meanwhile(self) -> None:
        """When its scope is closed while it runs, the rest of a proposal is rejected."""
        scope = "s1"
        self.runtime.policies.open_scope(scope)
        self.runtime.policies.register(PolicyDefinition(name="n", rule="deny_tool", target="x"))
        done = self.begin(call("a"), call("b"), policy_scope=scope)
        self.runtime.policies.close_scope(scope)
        self.executor.answer("a")
        self.assertEqual(statuses(self.successResultOf(done)), ["succeeded", "rejected"])

    def test_tenants(self) -> None:
        """A tenant's proposal reads, writes and rolls back in its own namespace."""
        acme = RuntimeScope(tenant_id="acme")
        self.runtime.state.set("k", "mine")
        result = self.run_now(
            read("a", "k"), write("b", "k", "theirs"), check("c", "k", "theirs"), scope=acme
        )
        self.assertIsNone(result.results[0].output)
        self.assertEqual(statuses(result), ["succeeded"] * 3)
        self.assertEqual(self.runtime.state.get("k"), "mine")
        self.assertEqual(self.runtime.state.tenant("acme").snapshot(), {"k": "theirs"})
        self.run_now(write("b", "k", "again"), check("c", "k", "other"), scope=acme)
        self.assertEqual(self.runtime.state.tenant("acme").get("k"), "theirs")
        self.assertEqual(self.lines("state_rollback")[0]["data"]["restored"], {"k": "theirs"})

    def test_verify(self) -> None:
        """Verify uses the runtime's state and tools, and runs and records nothing."""
        self.runtime.state.set("k", 1)
        report = self.runtime.verify(proposal(call("a"), call("b", "nope"), write("c", "l")))
        self.assertFalse(report.valid)
        self.assertEqual(report.simulated_state, {"k": 1, "l": 1})
        self.assertEqual((self.executor.calls, self.journal.lines), ([], []))
        self.assertTrue(self.runtime.verify(proposal(call("b", "x")), tools=["x"]).valid)

    def test_defaults(self) -> None:
        """A runtime needs no more than an executor and a clock."""
        runtime = Runtime(self.executor, self.clock)
        done = runtime.execute(proposal(write("a", "k")))
        self.assertEqual(statuses(self.successResultOf(done)), ["succeeded"])
        self.assertEqual(runtime.events.count, 5)
