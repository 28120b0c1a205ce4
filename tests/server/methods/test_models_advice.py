"""Tests of the advice of models.* as far as the wire goes."""

from tests.server.methods.test_models import ModelsCase


class AdviceTests(ModelsCase):
    """models.recommend, setup_plan, upgrades and their preferences."""

    def test_recommend(self) -> None:
        """Picks for this machine by default; enums that do not exist are wrong params."""
        answer = self.call("models.recommend", {})
        self.assertIn("Qwen3-4B", [pick["display_name"] for pick in answer["picks"]])
        self.assertEqual(
            [pick["display_name"] for pick in answer["not_enough_memory"]], ["Qwen3-30B-A3B"]
        )
        for member, value in (("use_case", "s_use_case"), ("tier", "read_only")):
            error = self.client.error("models.recommend", {member: value, "cloud_ok": True})
            self.assertEqual(error["code"], -32602)
            self.assertIn(member, error["message"])

    def test_setup_plan(self) -> None:
        """A plan names the machine and what to begin with."""
        params = {"use_case": "coding", "tier": "most_capable", "cloud_ok": True}
        plan = self.call("models.setup_plan", params)
        self.assertEqual(plan["machine"]["cores"], 4)
        self.assertTrue(plan["recommended"]["requires_cloud_consent"])
        note = self.call("models.setup_plan", {"use_case": "transcription"})["note"]
        self.assertIn("transcription", note)

    def test_nudges(self) -> None:
        """An upgrade is told of until it is dismissed."""
        self.keys.names = ["OPENAI_API_KEY"]
        upgrades = self.call("models.detect_upgrades")["upgrades"]
        for upgrade in upgrades:
            told = self.call("models.check_upgrade_nudge", {"inference_active": False})
            self.assertEqual(told["nudge"]["finding"], upgrade)
            key = {"dismiss_key": told["nudge"]["dismiss_key"]}
            self.assertEqual(self.call("models.dismiss_upgrade", key), {"dismissed": True})
        self.assertEqual(self.call("models.check_upgrade_nudge"), {"auto_apply": []})
        wrong = self.client.error("models.dismiss_upgrade", {"dismiss_key": ""})
        self.assertIn("dismiss_key", wrong["message"])

    def test_concierge(self) -> None:
        """A purpose without a model gets a suggestion, until it is dismissed."""
        suggestions = self.call("models.check_concierge")["suggestions"]
        self.assertEqual([row["use_case"] for row in suggestions], ["coding", "summarize"])
        for row in suggestions:
            self.call("models.dismiss_suggestion", {"dismiss_key": row["dismiss_key"]})
        self.assertEqual(self.call("models.check_concierge"), {"suggestions": []})

    def test_prefs(self) -> None:
        """Partial changes; members nobody knows are skipped; wrong values are refused."""
        default = self.call("models.update_prefs_get")
        self.assertEqual(
            default,
            {
                "channel": "stable",
                "policy": "notify",
                "disk_budget_mb": None,
                "keep_old_until_verified": True,
            },
        )
        self.assertEqual(self.call("models.update_prefs_set", {"probe": 1}), default)
        changed = self.call("models.update_prefs_set", {"policy": "off", "disk_budget_mb": 9})
        self.assertEqual(changed, {**default, "policy": "off", "disk_budget_mb": 9})
        self.assertEqual(self.call("models.update_prefs_get"), changed)
        error = self.client.error("models.update_prefs_set", {"channel": "beta"})
        self.assertEqual(error["code"], -32602)
