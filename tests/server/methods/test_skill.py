"""Tests of skill.*."""

from typing import Any

from msgspec import to_builtins

from car.ir.json import JsonObject
from car.memgine.skills.packs import pack_digest
from car.server.limits import Limits
from car.server.skill_approvals import ASKING_SECONDS
from tests.memgine.skills.signing import ACME, LAB, sign
from tests.server.methods.skill_case import LOGIN, SCANNED, SkillCase

PACK: JsonObject = {"name": "shop", "skills": [{"name": "buy", "code": "b()"}, {"name": "pay"}]}


class SkillTests(SkillCase):
    """Taking in, finding, reporting, repairing."""

    def test_example(self) -> None:
        """The protocol's example: ingest, then find by all three signals."""
        self.assertEqual(self.client.call("skill.ingest", LOGIN), 0)
        found = self.client.call(
            "skill.find",
            {"persona": "shopper", "url": "https://shop.test/a", "task": "log in"},
        )
        stats = {
            "success_count": 0,
            "fail_count": 0,
            "degraded": False,
            "broken_for_repair": False,
        }
        self.assertEqual(
            found,
            [
                {
                    "name": "login-form",
                    "code": LOGIN["code"],
                    "platform": "web",
                    "description": "sign in",
                    "match_score": 0.6812,
                    "stats": stats,
                }
            ],
        )

    def test_no_match(self) -> None:
        """Nothing that fits is an empty list; other clients' skills are theirs."""
        self.client.call("skill.ingest", LOGIN)
        self.assertEqual(self.client.call("skill.find", {"task": "bake bread"}), [])
        self.assertEqual(self.human.call("skill.find", {"task": "log in"}), [])

    def test_supersedes(self) -> None:
        """Both spellings of the skill to be superseded are taken."""
        for number, member in enumerate(("supersedes", "supersedes_skill")):
            self.client.call("skill.ingest", {**LOGIN, "name": f"old{number}"})
            self.client.call(
                "skill.ingest", {**LOGIN, "name": f"new{number}", member: f"old{number}"}
            )
        self.assertEqual(self.names(), ["new0", "new1"])

    def test_wrong_names(self) -> None:
        """No name is -32602; a candidate's is -32603."""
        self.assertEqual(self.client.error("skill.ingest", {**LOGIN, "name": ""})["code"], -32602)
        error = self.client.error("skill.ingest", {**LOGIN, "name": "x@cand"})
        self.assertEqual(error["code"], -32603)
        self.assertIn("name", error["message"])

    def test_report(self) -> None:
        """A word other than success is a failure; the third one degrades."""
        self.client.call("skill.ingest", LOGIN)
        params = {"skill_name": "login-form", "outcome": "timeout"}
        for _ in range(3):
            stats = self.client.call("skill.report", params)
        self.assertEqual(
            stats,
            {"success_count": 0, "fail_count": 3, "degraded": True, "broken_for_repair": True},
        )
        self.assertEqual(self.client.call("skill.find", {"task": "log in"}), [])

    def test_unknown(self) -> None:
        """A skill that is not there is named."""
        error = self.client.error("skill.report", {"skill_name": "ghost", "outcome": "success"})
        self.assertEqual((error["code"], error["message"]), (-32603, "skill 'ghost' not found"))

    def test_repair(self) -> None:
        """Code where there is some, else an object with null."""
        self.client.call("skill.ingest", LOGIN)
        repair = {"skill_name": "login-form"}
        self.assertEqual(self.client.call("skill.repair", repair), {"code": None})
        self.report("login-form", "+")
        self.client.call("skill.ingest", {**LOGIN, "code": "worse()"})
        self.report("login-form", "---")
        self.assertEqual(self.client.call("skill.repair", repair), {"code": LOGIN["code"]})
        self.assertEqual(self.client.call("skill.repair", {"skill_name": "ghost"}), {"code": None})

    def test_meta(self) -> None:
        """Everything about a skill, or null."""
        self.client.call("skill.ingest", LOGIN)
        meta = self.client.call("skill.meta", {"key": "login-form"})
        self.assertEqual((meta["scope"], meta["status"], meta["version"]), ("global", "active", 1))
        self.assertEqual(meta["trigger"]["task_keywords"], ["log", "in"])
        self.assertIsNone(self.client.call("skill.meta", {"key": "ghost"}))

    def test_export(self) -> None:
        """An exported skill comes in elsewhere; a changed one does not."""
        self.client.call("skill.ingest", LOGIN)
        text = self.client.call("skill.export", {"key": "login-form"})
        self.assertEqual(self.human.call("skill.import", {"markdown": text}), {"imported": True})
        self.assertEqual(
            self.human.call("skill.meta", {"key": "login-form"}),
            self.client.call("skill.meta", {"key": "login-form"}),
        )
        error = self.human.error("skill.import", {"markdown": text.replace("#go", "#buy")})
        self.assertEqual(error["code"], -32603)
        self.assertIn("sha256", error["message"])
        self.assertIsNone(self.client.call("skill.export", {"key": "ghost"}))


class DeploymentTests(SkillCase):
    """Who may deploy a skill, and the human who has the last word."""

    def setUp(self) -> None:
        super().setUp()
        self.client.call("skill.ingest", LOGIN)
        self.request: JsonObject = {
            "skill_name": "login-form",
            "requested_tier": "sandbox_edit",
            "provenance": SCANNED,
        }

    def tier(self) -> str | None:
        meta: JsonObject = self.client.call("skill.meta", {"key": "login-form"})
        return meta.get("deployment_tier")

    def test_decision(self) -> None:
        """The gate says what is granted, asks nobody and changes nothing."""
        decision = self.client.call("skill.gate_deployment", self.request)
        self.assertEqual(
            {name: decision[name] for name in ("trust", "ceiling", "granted", "outcome")},
            {
                "trust": "community",
                "ceiling": "read_only",
                "granted": "read_only",
                "outcome": "downgrade",
            },
        )
        self.assertEqual((self.open_approvals(), self.tier()), ([], None))

    def test_own_counts(self) -> None:
        """The daemon's outcomes count, not those that the caller states."""
        self.report("login-form", "---")
        boast = {"scanned": True, "signed": True, "signer_trusted": True, "success_count": 99}
        params = {**self.request, "requested_tier": "full_access", "provenance": boast}
        decision = self.client.call("skill.gate_deployment", params)
        self.assertEqual((decision["trust"], decision["granted"]), ("official", "read_only"))

    def test_unknown(self) -> None:
        """A skill that is not there cannot be deployed."""
        for method in ("skill.gate_deployment", "skill.enforce_deployment"):
            error = self.client.error(method, {**self.request, "skill_name": "ghost"})
            self.assertEqual(error["message"], "skill 'ghost' not found")

    def test_allowed(self) -> None:
        """What is allowed is deployed and noted."""
        params = {**self.request, "requested_tier": "read_only"}
        answer = self.client.call("skill.enforce_deployment", params)
        self.assertEqual(answer["decision"]["outcome"], "allow")
        self.assertTrue(answer["enforcement"]["deploy"])
        self.assertNotIn("pending_approval", answer)
        self.assertEqual(self.tier(), "read_only")

    def test_approval(self) -> None:
        """More than is allowed waits for a human, is asked once, and told afterwards."""
        for _ in range(2):
            answer = self.client.call("skill.enforce_deployment", self.request)
            self.assertTrue(answer["enforcement"]["pending"])
        self.assertEqual(self.tier(), "read_only")
        (row,) = self.open_approvals()
        pending = answer["pending_approval"]
        self.assertEqual(row["action"], pending["fingerprint"])
        self.assertEqual(
            (pending["skill_name"], pending["requested_tier"]), ("login-form", "sandbox_edit")
        )
        self.resolve(approved=True)
        answer = self.client.call("skill.enforce_deployment", self.request)
        self.assertTrue(answer["enforcement"]["overridden"])
        self.assertEqual((self.tier(), self.open_approvals()), ("sandbox_edit", []))

    def test_rejection(self) -> None:
        """A human's refusal takes the skill out of service."""
        self.client.call("skill.enforce_deployment", self.request)
        self.resolve(approved=False)
        answer = self.client.call("skill.enforce_deployment", self.request)
        self.assertTrue(answer["enforcement"]["blocked"])
        self.assertNotIn("pending_approval", answer)
        self.assertIsNone(self.tier())

    def test_expired(self) -> None:
        """An approval that nobody answered is asked for anew by the next call."""
        self.client.call("skill.enforce_deployment", self.request)
        self.later(ASKING_SECONDS)
        self.assertEqual(self.open_approvals(), [])
        self.client.call("skill.enforce_deployment", self.request)
        self.assertEqual(len(self.open_approvals()), 1)

    def test_forged(self) -> None:
        """An approval that a client raised itself, and approved, counts for nothing."""
        answer = self.client.call("skill.enforce_deployment", self.request)
        key = answer["pending_approval"]["fingerprint"]
        row = self.client.call("host.request_approval", {"action": key, "details": {}})
        params = {"approval_id": row["id"], "approved": True}
        self.client.call("host.resolve_approval", params)
        answer = self.client.call("skill.enforce_deployment", self.request)
        self.assertTrue(answer["enforcement"]["pending"])

    def test_too_many(self) -> None:
        """With no place for a further approval the call fails, and nothing is changed."""
        self.serve(limits=Limits(host_approvals=1))
        client = self.peer()
        client.call("skill.ingest", LOGIN)
        client.call("host.request_approval", {"action": "something", "details": {}})
        error = client.error("skill.enforce_deployment", self.request)
        self.assertEqual(error["data"], {"code": "busy"})
        self.assertNotIn("deployment_tier", client.call("skill.meta", {"key": "login-form"}))


class GovernedTests(SkillCase):
    """skill.ingest_governed."""

    def ingest(self, **members: object) -> JsonObject:
        params = {**LOGIN, "requested_tier": "read_only", **members}
        answer: JsonObject = self.client.call("skill.ingest_governed", params)
        return answer

    def test_allowed(self) -> None:
        """A skill that may be deployed is taken in at its tier."""
        answer = self.ingest(provenance=SCANNED)
        self.assertEqual((answer["ingested"], answer["node"]), (True, 0))
        meta = self.client.call("skill.meta", {"key": "login-form"})
        self.assertEqual(meta["deployment_tier"], "read_only")

    def test_denied(self) -> None:
        """One of unknown origin is not, until a human approves."""
        answer = self.ingest()
        self.assertEqual((answer["ingested"], "node" in answer), (False, False))
        self.assertEqual(answer["decision"]["outcome"], "deny")
        self.assertEqual(answer["pending_approval"]["skill_name"], "login-form")
        self.assertEqual(self.names(), [])
        self.resolve(approved=True)
        self.assertTrue(self.ingest()["ingested"])
        self.assertFalse(self.ingest(code="other()")["ingested"])


class PackTests(SkillCase):
    """skill.adopt_pack."""

    def serve(self, **config: Any) -> None:
        super().serve(skill_signers={"acme": ACME.public_key()}, **config)

    def adopt(self, **members: object) -> JsonObject:
        answer: JsonObject = self.client.call("skill.adopt_pack", {"pack": PACK, **members})
        return answer

    def test_manifest(self) -> None:
        """A pack with a good manifest that was scanned is loaded at what its trust allows."""
        signed = {
            "digest": pack_digest(PACK),
            "signatures": [to_builtins(sign(pack_digest(PACK), "acme", ACME))],
        }
        answer = self.adopt(manifest=signed, scanned=True, requested_tier="sandbox_edit")
        self.assertEqual(answer["loaded"], ["buy", "pay"])
        self.assertEqual((answer["pending"], answer["refused"]), ([], []))
        self.assertEqual(answer["requested_tier"], "sandbox_edit")
        provenance = answer["provenance"]
        self.assertEqual((provenance["signed"], provenance["signer_trusted"]), (True, True))
        self.assertEqual(answer["trusted_signers"], 1)
        self.assertEqual(self.names(), ["buy", "pay"])

    def test_unknown_signer(self) -> None:
        """The key that a signature brings makes a pack signed, not official."""
        signature = to_builtins(sign(pack_digest(PACK), "lab", LAB, with_key=True))
        manifest = {"digest": pack_digest(PACK), "signatures": [signature]}
        answer = self.adopt(manifest=manifest, scanned=True, requested_tier="full_access")
        provenance = answer["provenance"]
        self.assertEqual((provenance["signed"], provenance["signer_trusted"]), (True, False))
        meta = self.client.call("skill.meta", {"key": "buy"})
        self.assertEqual(meta["deployment_tier"], "sandbox_edit")

    def test_forged(self) -> None:
        """A signature in a trusted name by another key takes nothing in."""
        signature = to_builtins(sign(pack_digest(PACK), "acme", LAB, with_key=True))
        manifest = {"digest": pack_digest(PACK), "signatures": [signature]}
        error = self.client.error("skill.adopt_pack", {"pack": PACK, "manifest": manifest})
        self.assertEqual(error["code"], -32603)
        self.assertIn("manifest.signatures[0].signature", error["message"])
        self.assertEqual(self.names(), [])

    def test_unscanned(self) -> None:
        """A pack that nobody scanned waits; each of its skills has its own approval."""
        answer = self.adopt()
        self.assertEqual((answer["loaded"], answer["refused"]), ([], []))
        self.assertEqual([row["skill_id"] for row in answer["pending"]], ["buy", "pay"])
        first, second = self.open_approvals()
        for row, approved in ((first, True), (second, False)):
            params = {"approval_id": row["id"], "approved": approved}
            self.human.call("host.resolve_approval", params)
        answer = self.adopt()
        self.assertEqual((answer["loaded"], answer["pending"]), (["buy"], []))
        self.assertEqual([row["skill_id"] for row in answer["refused"]], ["pay"])

    def test_downgraded(self) -> None:
        """What is granted less than asked for is loaded, and waits for the rest."""
        answer = self.adopt(provenance=SCANNED, requested_tier="full_access")
        self.assertEqual(answer["loaded"], ["buy", "pay"])
        self.assertEqual(len(answer["pending"]), 2)
        meta = self.client.call("skill.meta", {"key": "buy"})
        self.assertEqual(meta["deployment_tier"], "read_only")

    def test_wrong(self) -> None:
        """Both kinds of origin, a wrong digest, a skill that is none."""
        manifest = {"digest": "sha256:0"}
        both = {"pack": PACK, "manifest": manifest, "provenance": SCANNED}
        self.assertEqual(self.client.error("skill.adopt_pack", both)["code"], -32602)
        error = self.client.error("skill.adopt_pack", {"pack": PACK, "manifest": manifest})
        self.assertEqual(error["code"], -32603)
        self.assertIn("digest", error["message"])
        error = self.client.error("skill.adopt_pack", {"pack": {"name": "p", "skills": [1]}})
        self.assertEqual(error["code"], -32602)
        candidate = {"name": "p", "skills": [{"name": "a"}, {"name": "x@cand"}]}
        params = {"pack": candidate, "provenance": SCANNED}
        self.assertEqual(self.client.error("skill.adopt_pack", params)["code"], -32603)
        self.assertEqual(self.names(), [])
