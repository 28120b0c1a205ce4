"""Tests of the engine: what stands in the journal (``record.md`` §2, ``engine.md`` §7)."""

import hashlib

from car.engine.settings import CostBudget
from car.ir.json import JsonObject, encode
from car.ir.proposal import RuntimeScope
from car.policy.rules import PolicyDefinition
from tests.engine.doubles import EPOCH, RuntimeCase, call, check, read, write

SUCCESS = ["action_validated", "action_executing", "action_succeeded"]


class KindTests(RuntimeCase):
    """Which lines there are, in which order."""

    def between(self) -> list[str]:
        """The kinds of the last proposal's lines, without the first and the last."""
        kinds = self.kinds()
        self.assertEqual((kinds[0], kinds[-1]), ("proposal_received", "record_finished"))
        self.journal.lines.clear()
        return kinds[1:-1]

    def test_success(self) -> None:
        """Three lines, and one more if the state changed."""
        self.executor.instant = {"t": 1}
        self.run_now(call("a"))
        self.assertEqual(self.between(), SUCCESS)
        self.run_now(call("a", expected_effects={"k": 1}))
        self.assertEqual(self.between(), [*SUCCESS, "state_changed"])
        self.run_now(write("a", "k"), read("b", "k"), check("c", "k", 1))
        self.assertEqual(self.between(), [*SUCCESS, "state_changed", *SUCCESS, *SUCCESS])

    def test_rejection(self) -> None:
        """One line, however many reasons."""
        conditions = [{"key": k, "operator": "exists"} for k in "xy"]
        self.run_now(call("a", "nope", preconditions=conditions))
        self.assertEqual(self.between(), ["action_rejected"])

    def test_skip(self) -> None:
        """Three lines for one that failed and was skipped."""
        self.run_now(check("a", "k", 1, skip=True))
        self.assertEqual(self.between(), [*SUCCESS[:2], "action_skipped"])

    def test_abort(self) -> None:
        """Two more after the failure; nothing for those skipped after it."""
        self.run_now(write("w", "k"), check("a", "k", 2), write("x", "l"))
        self.assertEqual(
            self.between(),
            [
                *SUCCESS,
                "state_changed",
                *SUCCESS[:2],
                "action_failed",
                "state_snapshot",
                "state_rollback",
            ],
        )

    def test_retry(self) -> None:
        """Three more for each further attempt."""
        done = self.begin(call("a", retry=1))
        self.executor.fail("a")
        self.clock.advance(0.1)
        self.executor.answer("a")
        self.successResultOf(done)
        self.assertEqual(
            self.between(),
            [
                *SUCCESS[:2],
                "action_failed",
                "action_retrying",
                "action_executing",
                "action_succeeded",
            ],
        )

    def test_count(self) -> None:
        """Records are in the journal but not among the events; numbers have no gap."""
        self.run_now(write("a", "k"))
        self.assertEqual(self.events.count, 5)
        self.assertEqual([line["id"] for line in self.lines()], [f"e-{n}" for n in range(1, 7)])


class DataTests(RuntimeCase):
    """What the lines hold."""

    def data(self, kind: str) -> JsonObject:
        (line,) = self.lines(kind)
        data: JsonObject = line["data"]
        return data

    def test_line(self) -> None:
        """Each line has its number, time, kind, action and proposal."""
        self.clock.advance(1.5)
        self.run_now(write("a", "k"))
        first, second = self.lines()[:2]
        self.assertEqual(
            {key: first[key] for key in first if key != "data"},
            {
                "id": "e-1",
                "timestamp": "2026-03-04T04:53:21.500000Z",
                "kind": "proposal_received",
                "action_id": None,
                "proposal_id": "p1",
                "t_mono_ms": 1500.0,
            },
        )
        self.assertEqual((second["action_id"], second["data"]), ("a", {}))

    def test_received(self) -> None:
        """The proposal whole, its defaults filled in, with session and scope if given."""
        self.run_now(write("a", "k"), scope=RuntimeScope(caller_id="x", tenant_id="acme"))
        data = self.data("proposal_received")
        self.assertEqual(data["scope"], {"callerId": "x", "tenantId": "acme"})
        self.assertNotIn("session_id", data)
        action = data["proposal"]["actions"][0]
        self.assertEqual((action["max_retries"], action["failure_behavior"]), (3, "abort"))
        self.assertEqual(data["proposal"]["source"], "unknown")

    def test_executing(self) -> None:
        """Tool, parameters, request id and attempt; what was read, and the rules' digest."""
        self.runtime.state.set("stage", "built")
        self.runtime.policies.register(
            PolicyDefinition(name="n", rule="require_state", key="stage", value="built")
        )
        self.begin(
            call(
                "a",
                parameters={"x": 1},
                preconditions=[{"key": "k", "operator": "not_exists"}],
            )
        )
        data = self.data("action_executing")
        self.assertEqual(
            {key: data[key] for key in ("tool", "parameters", "request_id", "attempt")},
            {"tool": "t", "parameters": {"x": 1}, "request_id": "cb-1", "attempt": 1},
        )
        self.assertEqual(data["reads"], {"k": {"$absent": True}, "stage": "built"})
        self.assertEqual(data["policy_digest"], self.runtime.policies.digest(None))
        self.assertEqual(len(data["policy_digest"]), 64)

    def test_before_the_call(self) -> None:
        """action_executing is written before the executor is asked (G5)."""
        seen: list[list[str]] = []
        execute = self.executor.execute

        def watched(call: object) -> object:
            seen.append(self.kinds())
            return execute(call)  # type: ignore[arg-type]  # passed on as it is

        self.patch(self.executor, "execute", watched)
        self.begin(call("a"))
        self.assertEqual(seen[0][-1], "action_executing")

    def test_digest_follows_the_rules(self) -> None:
        """A rule that is registered while a proposal runs changes the digest."""
        done = self.begin(call("a"), call("b"))
        rule = PolicyDefinition(name="n", rule="deny_tool", target="x")
        self.runtime.policies.register(rule)
        self.executor.answer("a")
        self.executor.answer("b")
        self.successResultOf(done)
        first, second = (line["data"] for line in self.lines("action_executing"))
        self.assertNotEqual(first["policy_digest"], second["policy_digest"])

    def test_succeeded(self) -> None:
        """Output, changes and times, with the request they answer."""
        done = self.begin(call("a", expected_effects={"k": 1}))
        self.clock.advance(0.25)
        self.executor.answer("a", {"n": 1})
        self.successResultOf(done)
        self.assertEqual(
            self.data("action_succeeded"),
            {
                "attempt": 1,
                "duration_ms": 250.0,
                "sent": EPOCH,
                "answered": EPOCH + 0.25,
                "request_id": "cb-1",
                "tool": "t",
                "output": {"n": 1},
                "state_changes": {"k": 1},
            },
        )
        self.assertEqual(self.data("state_changed"), {"changes": {"k": 1}})

    def test_failed(self) -> None:
        """The error instead of an output; the wait before the next attempt."""
        done = self.begin(call("a", retry=1))
        self.executor.fail("a", "boom")
        data = self.data("action_retrying")
        self.assertEqual((data["error"], data["delay_ms"], data["attempt"]), ("boom", 100.0, 1))
        self.assertNotIn("delay_ms", self.data("action_failed"))
        done.cancel()
        self.successResultOf(done)

    def test_rejected(self) -> None:
        """Every reason with its source, and what it was decided on."""
        self.runtime.policies.register(PolicyDefinition(name="no_t", rule="deny_tool", target="t"))
        self.run_now(call("a"))
        data = self.data("action_rejected")
        (reason,) = data["reasons"]
        self.assertEqual((reason["source"], reason["name"]), ("policy", "no_t"))
        self.assertIn("policy_digest", data)
        self.journal.lines.clear()
        self.run_now(
            call("a", "nope", preconditions=[{"key": "k", "operator": "exists"}]),
        )
        data = self.data("action_rejected")
        self.assertEqual([r["source"] for r in data["reasons"]], ["validation", "validation"])
        self.assertEqual(data["reads"], {"k": {"$absent": True}})
        self.journal.lines.clear()
        self.run_now(call("a", dependencies=["z"]))
        self.assertEqual(self.data("action_rejected")["reasons"][0]["source"], "dependency")

    def test_budget(self) -> None:
        """An action that the budget skipped says so."""
        self.runtime.budget = CostBudget(max_actions=0)
        self.run_now(write("a", "k"))
        (reason,) = self.data("action_skipped")["reasons"]
        self.assertEqual(reason["source"], "budget")

    def test_rollback(self) -> None:
        """Which keys were restored, to what, and why."""
        self.runtime.state.set("old", 1)
        self.run_now(write("a", "old", 2), write("b", "new", 3), check("c", "new", 4))
        self.assertEqual(self.data("state_snapshot"), {"keys": ["new", "old"]})
        data = self.data("state_rollback")
        self.assertEqual(data["restored"], {"old": 1, "new": {"$absent": True}})
        self.assertIn("assertion failed", data["reason"])

    def test_finished(self) -> None:
        """The digest is that of the results as they are replied."""
        result = self.run_now(write("a", "k"))
        digest = hashlib.sha256(encode(result.results)).hexdigest()
        self.assertEqual(
            self.data("record_finished"), {"proposal_id": "p1", "results_sha256": digest}
        )

    def test_deduplicated(self) -> None:
        """The tool and the output that was used again."""
        self.executor.instant = {"t": 5}
        for id in "ab":
            self.run_now(call(id, idempotent=True))
        self.assertEqual(self.data("action_deduplicated"), {"tool": "t", "output": 5})
