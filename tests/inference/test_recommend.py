"""Tests of recommendations, and of what is suggested unasked."""

from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.trial.unittest import SynchronousTestCase

from car.inference.catalogue import Upgrade
from car.inference.models import Cost, Local, ModelSchema
from car.inference.prefs import Prefs, PrefsChange
from car.inference.recommend import Advice, look_at_machine, recommend
from car.inference.registry import Snapshot
from car.inference.sizing import billions, is_too_big, memory_mb
from car.inference.suggestions import detected_upgrades, missing_purposes, upgrade_nudge
from tests.inference.doubles import MACHINE, known, local, model


def file(id: str, size_mb: float, param_count: str, **members: Any) -> ModelSchema:
    """A model that can be pulled."""
    source = Local(path=f"{size_mb:g}.gguf", hf_repo="r", hf_filename="f.gguf")
    cost = Cost(size_mb=size_mb)
    return model(id, source, cost=cost, param_count=param_count, **members)


SMALL = file("lab/small:q4", 500.0, "0.5B")
LARGE = file("lab/large:q4", 5_000.0, "8B")
HUGE = file("lab/huge:q4", 40_000.0, "70B")
REMOTE = model("far/good:1", tags=["frontier"])
HERE = [known(one, available=False, weights_ready=False) for one in (SMALL, LARGE, HUGE)]
ALL = Snapshot([*HERE, known(REMOTE)])


class SizingTests(SynchronousTestCase):
    """billions, memory_mb, is_too_big."""

    def test_billions(self) -> None:
        """Counts are read as people write them."""
        for text, expected in (
            ("0.6B", 0.6),
            ("30B (3B active)", 30.0),
            ("135M", 0.135),
            ("1.5 b", 1.5),
            ("1T", 1000.0),
            ("", None),
            ("system", None),
        ):
            self.assertEqual(billions(local(param_count=text)), expected, text)

    def test_memory(self) -> None:
        """What the schema says, else a bit more than the file; unknown is not too big."""
        self.assertEqual(memory_mb(local(cost=Cost(ram_mb=7.0, size_mb=9.0))), 7.0)
        self.assertEqual(memory_mb(local(cost=Cost(size_mb=100.0))), 120.0)
        self.assertIsNone(memory_mb(local()))
        self.assertFalse(is_too_big(local(), 1.0))
        self.assertTrue(is_too_big(HUGE, 16_000.0))
        self.assertFalse(is_too_big(model(cost=Cost(ram_mb=1e9)), 16_000.0))


class RecommendTests(SynchronousTestCase):
    """recommend: what fits a purpose and a machine."""

    def advice(self, tier: Any = "balanced", cloud_ok: bool = False, **more: Any) -> Advice:
        """The advice for an assistant."""
        return recommend(more.get("of", ALL), MACHINE, "assistant", tier, cloud_ok)

    def test_tiers(self) -> None:
        """The fastest is small, the most capable large; what does not fit stands apart."""
        self.assertEqual(self.advice("fastest").picks[0].model_id, SMALL.id)
        advice = self.advice("most_capable")
        self.assertEqual(advice.picks[0].model_id, LARGE.id)
        self.assertEqual([pick.model_id for pick in advice.not_enough_memory], [HUGE.id])
        self.assertEqual(advice.not_enough_memory[0].fit, "too_big")

    def test_pick(self) -> None:
        """A pick tells what it costs to have it, and what is not known as such."""
        pick = self.advice("fastest").picks[0]
        self.assertEqual((pick.download_mb, pick.already_installed, pick.fit), (500, False, "fits"))
        self.assertEqual((pick.acceleration, pick.role), ("unknown", "assistant"))
        self.assertEqual(pick.rationale, "needs about 0.6 GB of 16.0 GB memory")
        there = Snapshot([known(local())])
        pick = self.advice(of=there).picks[0]
        self.assertEqual((pick.download_mb, pick.already_installed), (0, True))
        self.assertEqual(pick.fit, "unknown")

    def test_cloud(self) -> None:
        """Providers' models compete only with consent, and are marked."""
        self.assertNotIn(REMOTE.id, [pick.model_id for pick in self.advice().picks])
        best = self.advice("most_capable", cloud_ok=True).picks[0]
        self.assertEqual((best.model_id, best.fit), (REMOTE.id, "server_provided"))
        self.assertTrue(best.requires_cloud_consent)

    def test_nothing(self) -> None:
        """Where nothing can be recommended a note says why."""
        advice = recommend(ALL, MACHINE, "transcription", "balanced", True)
        self.assertEqual(advice.picks, [])
        self.assertIn("transcription", advice.note or "")
        only_remote = Snapshot([known(REMOTE)])
        self.assertIn("With cloud_ok, 1", self.advice(of=only_remote).note or "")
        self.assertNotIn(
            "recommended", recommend(ALL, MACHINE, "search", "balanced", False).plan(MACHINE)
        )

    def test_plan(self) -> None:
        """A plan has the first pick, the others, and the machine."""
        plan = self.advice().plan(MACHINE)
        self.assertEqual(plan["machine"], MACHINE)
        self.assertEqual(len(plan["alternatives"]), 1)
        self.assertEqual([pick.model_id for pick in plan["needs_more_memory"]], [HUGE.id])
        self.assertNotIn("note", plan)
        self.assertNotIn(plan["recommended"], plan["alternatives"])

    def test_this_machine(self) -> None:
        """The machine is looked at, not guessed."""
        found = look_at_machine()
        self.assertGreater(found.ram_mb, 0)
        self.assertLessEqual(found.available_mb, found.ram_mb)
        self.assertEqual(found.acceleration, "unknown")


class SuggestionTests(SynchronousTestCase):
    """suggestions: within the policy, never twice, never in the way."""

    def setUp(self) -> None:
        self.prefs = Prefs(None, maybeDeferred)
        upgrade = Upgrade(SMALL.id, LARGE.id, "is larger")
        self.snapshot = Snapshot([known(SMALL), HERE[1]], [upgrade])

    def policy(self, policy: Any) -> None:
        """Set the update policy."""
        change = self.prefs.change(PrefsChange(policy=policy))
        self.successResultOf(Deferred.fromCoroutine(change))

    def dismiss(self, key: str) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.prefs.dismiss(key)))

    def test_detected(self) -> None:
        """Upgrades of models in use are found, unless nobody wants to know."""
        [row] = detected_upgrades(self.snapshot, self.prefs)
        self.assertEqual((row["from_id"], row["to_id"]), (SMALL.id, LARGE.id))
        self.assertTrue(row["target_pullable"])
        self.policy("off")
        self.assertEqual(detected_upgrades(self.snapshot, self.prefs), [])
        idle = Snapshot(HERE, self.snapshot.upgrades)
        self.assertEqual(detected_upgrades(idle, Prefs(None, maybeDeferred)), [])

    def test_nudge(self) -> None:
        """A nudge comes once at a time, not during an inference, not after its dismissal."""
        self.assertEqual(upgrade_nudge(self.snapshot, self.prefs, True), {"auto_apply": []})
        nudge = upgrade_nudge(self.snapshot, self.prefs, False)["nudge"]
        self.assertEqual(nudge["message"], "large could replace small: it is larger.")
        self.dismiss(nudge["dismiss_key"])
        self.assertEqual(upgrade_nudge(self.snapshot, self.prefs, False), {"auto_apply": []})

    def test_auto(self) -> None:
        """Under the policy ``auto`` what can be pulled is to be applied without a word."""
        self.policy("auto")
        told = upgrade_nudge(self.snapshot, self.prefs, False)
        self.assertEqual([row["to_id"] for row in told["auto_apply"]], [LARGE.id])
        self.assertNotIn("nudge", told)

    def test_missing_purposes(self) -> None:
        """A purpose that nothing serves gets a model that fits, until it is dismissed."""
        idle = Snapshot(HERE)
        [first] = missing_purposes(idle, MACHINE, self.prefs, False)
        self.assertEqual(first["use_case"], "assistant")
        self.assertIn(f"{first['download_mb']} MB to pull", first["message"])
        self.assertEqual(missing_purposes(idle, MACHINE, self.prefs, True), [])
        self.assertEqual(missing_purposes(ALL, MACHINE, self.prefs, False), [])
        self.dismiss(first["dismiss_key"])
        self.assertEqual(missing_purposes(idle, MACHINE, self.prefs, False), [])
