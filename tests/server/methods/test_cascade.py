"""Tests of cascade.run on the wire; what a cascade does is tested beside it."""

from car.ir.json import JsonObject
from tests.server.methods.skill_case import SkillCase

PARAMS: JsonObject = {
    "current_confidence": 0.4,
    "policy": {
        "confidence_target": 0.9,
        "budget": 20,
        "tiers": [
            {"tier": "human_expert", "cost": 10, "expected_confidence": 0.99},
            {"tier": "self_reflect", "cost": 1, "expected_confidence": 0.6},
        ],
    },
    "observed": {
        "self_reflect": {"confidence": 0.5, "knowledge": "checked twice"},
        "human_expert": {"confidence": 0.95},
    },
    "claim": "the tests cover it",
}


class CascadeTests(SkillCase):
    """cascade.run."""

    def test_human(self) -> None:
        """A claim waits for a human, counts once approved, fails once rejected."""
        answer = self.client.call("cascade.run", PARAMS)
        self.assertEqual((answer["run"]["final_confidence"], answer["run"]["spent"]), (0.5, 1))
        self.assertEqual(
            answer["pending_approval"],
            {"fingerprint": "cascade:the tests cover it", "claim": "the tests cover it"},
        )
        self.assertEqual(answer["run"]["steps"][0]["knowledge"], "checked twice")
        self.resolve(approved=True)
        answer = self.client.call("cascade.run", PARAMS)
        self.assertEqual(
            (answer["run"]["final_confidence"], answer["run"]["reached"]), (0.95, True)
        )
        self.assertNotIn("pending_approval", answer)

    def test_rejected(self) -> None:
        """A rejected claim is an error."""
        self.client.call("cascade.run", PARAMS)
        self.resolve(approved=False)
        error = self.client.error("cascade.run", PARAMS)
        self.assertEqual(error["code"], -32603)
        self.assertIn("rejected", error["message"])

    def test_dry_run(self) -> None:
        """A dry run asks nobody."""
        answer = self.client.call("cascade.run", {**PARAMS, "dry_run": True})
        self.assertTrue(answer["run"]["reached"])
        self.assertEqual(self.open_approvals(), [])

    def test_wrong(self) -> None:
        """A tier that is none, and a human without a claim."""
        error = self.client.error(
            "cascade.run", {**PARAMS, "observed": {"oracle": {"confidence": 1}}}
        )
        self.assertEqual(error["code"], -32602)
        self.assertIn("observed", error["message"])
        error = self.client.error("cascade.run", {**PARAMS, "claim": None})
        self.assertEqual(error["code"], -32602)
        self.assertIn("claim", error["message"])
