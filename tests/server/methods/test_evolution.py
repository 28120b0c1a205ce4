"""Tests of evolution.* on the wire; plans and pressures are tested beside them."""

from car.ir.json import JsonObject
from car.memgine.facts import NewFact
from tests.server.methods.skill_case import LOGIN, SkillCase

EAGER: JsonObject = {"policy": {"pressure_threshold": 0, "budget": 9}}


class EvolutionTests(SkillCase):
    """evolution.plan and evolution.run."""

    def setUp(self) -> None:
        super().setUp()
        self.client.call("skill.ingest", LOGIN)

    def steps(self, **params: object) -> JsonObject:
        run = self.result_of(self.client, "evolution.run", {**EAGER, **params})
        self.pending = run.get("pending_approvals", [])
        return {step["component"]: step for step in run["steps"]}

    def test_plan(self) -> None:
        """Only what was measured is planned for."""
        plan = self.client.call("evolution.plan")
        (decision,) = plan["decisions"]
        self.assertEqual((decision["component"], decision["action"]), ("memory", "skip"))
        self.assertEqual((plan["spent"], plan["evolve_now"]), (0, []))
        self.report("login-form", "---")
        self.assertEqual(self.client.call("evolution.plan")["evolve_now"], ["skills"])

    def test_nothing_known(self) -> None:
        """An empty session has no signals."""
        self.assertEqual(self.human.call("evolution.plan")["decisions"], [])

    def test_tools(self) -> None:
        """Tool calls that failed are a signal; nobody here can work on tools."""
        events = self.client.session.runtime.events
        events.append("action_failed", "a1", "p1", b"{}")
        self.assertEqual(self.client.call("evolution.plan")["evolve_now"], ["tools"])
        self.assertEqual(self.steps()["tools"]["outcome"], "not_executable")

    def test_run(self) -> None:
        """Memory is consolidated; skills without candidates need a model; it is recorded."""
        self.report("login-form", "-")
        at = self.state.now()
        self.client.call("memory.add_fact", {"subject": "a", "body": "b", "expires_at": at + 5})
        self.later(10)
        steps = self.steps()
        self.assertTrue(steps["memory"]["applied"])
        self.assertIn("1 expired", steps["memory"]["outcome"])
        self.assertEqual(
            (steps["skills"]["ran"], steps["skills"]["outcome"]), (False, "no inference engine")
        )
        query = {"kinds": ["evolution_triggered"]}
        (event,) = self.result_of(self.client, "events.query", query)["events"]
        self.assertEqual(event["data"]["evolved"], ["memory"])
        self.assertIn("skills", event["data"]["outcomes"])

    def test_nothing_to_do(self) -> None:
        """A memory in order is looked at, and nothing is changed."""
        step = self.steps()["memory"]
        self.assertEqual((step["ran"], step["applied"]), (True, False))

    def test_one_at_a_time(self) -> None:
        """A second run has to wait for the first; another session's has not."""
        for number in range(3000):
            fact = NewFact(subject=f"s{number}", body=f"value {number}")
            self.client.session.memory.add_fact(fact, self.state.now())
        first = self.client.send("evolution.run", EAGER)
        error = self.client.error("evolution.run", EAGER)
        self.assertEqual(error["data"], {"code": "busy"})
        self.human.call("evolution.run", EAGER)
        for _ in range(100):
            self.later()
        self.assertEqual([frame["id"] for frame in self.client.new()], [first])
        self.client.send("evolution.run", EAGER)
        self.client.lose()
        self.later()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_candidates(self) -> None:
        """Candidates go through the gate."""
        skill = {"name": "login-form", "code": "new()"}
        self.client.call("skills.ingest_provisional", {"skills": [skill]})
        self.report("login-form@cand", "++")
        steps = self.steps()
        self.assertEqual(steps["skills"]["outcome"], "1 candidates promoted, 0 rejected")
        self.assertEqual(self.names(), ["login-form"])

    def test_dry_run(self) -> None:
        """A dry run changes, records and asks nothing."""
        metrics = {"harness_baseline_metrics": {"a": 1}, "harness_candidate_metrics": {"a": 2}}
        steps = self.steps(dry_run=True, **metrics)
        self.assertEqual({step["outcome"] for step in steps.values()}, {"dry run"})
        self.assertEqual(self.client.call("events.count"), 0)
        self.assertEqual(self.open_approvals(), [])

    def test_harness(self) -> None:
        """A better harness waits for a human, and is applied with an approval."""
        metrics = {
            "harness_baseline_metrics": {"score": 1, "cost": 3},
            "harness_candidate_metrics": {"score": 2, "cost": 1},
        }
        self.assertFalse(self.steps(**metrics)["harness"]["ran"])
        (pending,) = self.pending
        self.assertEqual((pending["component"], pending["safety_affecting"]), ("harness", True))
        self.assertEqual(pending["rationale"], "better in cost, score")
        self.resolve(approved=True)
        step = self.steps(**metrics)["harness"]
        self.assertEqual((step["applied"], self.pending), (True, []))

    def test_harness_rejected(self) -> None:
        """A human's refusal is the end of it."""
        metrics = {"harness_baseline_metrics": {"a": 1}, "harness_candidate_metrics": {"a": 2}}
        self.steps(**metrics)
        self.resolve(approved=False)
        step = self.steps(**metrics)["harness"]
        self.assertEqual((step["ran"], step["applied"]), (True, False))

    def test_one_kind_of_metrics(self) -> None:
        """A candidate needs a baseline."""
        params = {"harness_candidate_metrics": {"a": 1}}
        error = self.client.error("evolution.run", params)
        self.assertEqual(error["code"], -32602)
        self.assertIn("harness_baseline_metrics", error["message"])
