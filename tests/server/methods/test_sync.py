"""Tests of sync.* as far as the wire goes; what devices do is tested in tests/sync."""

import shutil
from typing import Any

from car.ir.json import JsonObject
from car.proto import codes
from tests.server.methods.test_lease import StoresCase

INTENT: JsonObject = {"agent_id": "mender", "run_id": "run-1", "epoch": 1, "status": "pending"}
TURN: JsonObject = {"conversation_id": "c1", "role": "user", "content": "hi"}
FACT: JsonObject = {"surface": "knowledge", "payload": {"id": "x", "body": "so it is"}}


class SyncTests(StoresCase):
    """sync.*: the shapes of the protocol."""

    def append(self, **params: Any) -> JsonObject:
        """Record a fact."""
        receipt: JsonObject = self.call("sync.append", {**FACT, **params})
        return receipt

    def decision(self, epoch: int = 1) -> JsonObject:
        """Whether the run may act."""
        params = {"agent_id": "mender", "run_id": "run-1", "epoch": epoch}
        answer: JsonObject = self.call("sync.fence_check", params)
        return answer

    def test_status(self) -> None:
        """A device that has done nothing yet."""
        status = self.call("sync.status")
        device_id = status.pop("device_id")
        self.assertRegex(device_id, "^dev-[0-9a-f]{16}$")
        self.assertEqual(
            status,
            {
                "state_hash": "0" * 64,
                "journal_frontier": {},
                "stable_frontier": None,
                "base_checkpoint": None,
                "roster": [],
            },
        )
        self.session.state.stores = self.open(self.root)
        self.assertEqual(self.call("sync.status")["device_id"], device_id)

    def test_append(self) -> None:
        """Operations are numbered; a scope is personal or an organisation's."""
        receipt = self.append()
        self.assertEqual(set(receipt), {"op_id", "seq", "hlc"})
        self.assertEqual(set(receipt["hlc"]), {"wall_ms", "counter", "device_id"})
        self.assertEqual(self.append(scope={"org": "acme"})["seq"], 2)
        self.assertEqual(self.append(scope="personal", surface="registry:tools")["seq"], 3)
        for wrong in (
            {"surface": "dreams"},
            {"scope": "public"},
            {"scope": {"team": "x"}},
            {"surface": "conversation"},
            {"surface": "intent"},
        ):
            error = self.error("sync.append", {**FACT, **wrong})
            self.assertEqual(error["code"], codes.INVALID_PARAMS, wrong)
        self.assertEqual(self.append()["seq"], 4)

    def test_knowledge(self) -> None:
        """Facts as they were appended, the latest of an id; pumped first if asked."""
        self.append()
        self.append(payload={"id": "x", "body": "no longer"})
        self.append(payload={"id": "y"})
        self.append(payload={"id": "y", "deleted": True})
        facts = [{"id": "x", "body": "no longer"}]
        self.assertEqual(self.call("sync.knowledge"), {"facts": facts})
        self.assertFalse((self.root / "sync").exists())
        self.assertEqual(self.call("sync.knowledge", {"pump": True}), {"facts": facts})
        self.assertTrue((self.root / "sync" / "relay" / "ops").exists())

    def test_turns(self) -> None:
        """Turns come back as a transcript, and repaired as messages."""
        self.call("sync.record_turn", TURN)
        call = {"id": "t1", "name": "search"}
        said = {**TURN, "role": "assistant", "content": "", "tool_calls": [call]}
        receipt = self.call("sync.record_turn", said)
        first, second = self.call("sync.transcript", {"conversation_id": "c1"})
        self.assertEqual(second["op_id"], receipt["op_id"])
        self.assertEqual(second["hlc"], receipt["hlc"])
        self.assertEqual(second["tool_calls"], [call])
        self.assertEqual(set(first), {*TURN, "timestamp", "hlc", "op_id"})
        self.assertEqual(self.call("sync.transcript", {"conversation_id": "c2"}), [])
        messages = self.call("sync.resume")
        self.assertEqual([m["role"] for m in messages], ["user", "assistant", "tool_result"])
        self.assertEqual(messages, self.call("sync.resume", {"conversation_id": "c1"}))

    def test_wrong_turns(self) -> None:
        """A turn that says nothing, or of no conversation, or at no time, is refused."""
        for wrong, named in (
            ({"conversation_id": ""}, "conversation_id"),
            ({"content": ""}, "content"),
            ({"role": "assistant", "content": ""}, "content"),
            ({"role": "tool", "content": ""}, "content"),
            ({"role": "system"}, "role"),
            ({"timestamp": "yesterday"}, "timestamp"),
        ):
            error = self.error("sync.record_turn", {**TURN, **wrong})
            self.assertEqual(error["code"], codes.INVALID_PARAMS, wrong)
            self.assertIn(named, error["message"])
        tool = {**TURN, "role": "tool", "content": "", "tool_use_id": "t1"}
        self.assertEqual(self.call("sync.record_turn", tool)["seq"], 1)

    def test_intents(self) -> None:
        """From the lease to the commit, and no further."""
        held = {"decision": {"decision": "not_held"}, "may_dispatch": False}
        self.assertEqual(self.decision(), held)
        self.call("lease.acquire", {"agent_id": "mender"})
        self.assertEqual(
            self.decision(), {"decision": {"decision": "proceed"}, "may_dispatch": True}
        )
        recorded = self.call("sync.record_intent", INTENT)
        self.assertEqual(set(recorded), {"recorded", "op_id"})
        self.assertTrue(recorded["recorded"])
        self.call("sync.record_intent", {**INTENT, "status": "committed"})
        self.assertEqual(self.decision()["decision"]["decision"], "already_committed")
        self.assertEqual(
            self.call("sync.record_intent", {**INTENT, "status": "failed"}),
            {"recorded": False, "reason": "already_committed"},
        )

    def test_stale(self) -> None:
        """Who lost the lease must not act."""
        self.call("lease.acquire", {"agent_id": "mender"})
        self.call("lease.acquire", {"agent_id": "mender"})
        stale = {"decision": "stale_epoch", "current_epoch": 2}
        self.assertEqual(self.decision(), {"decision": stale, "may_dispatch": False})

    def test_two_daemons(self) -> None:
        """Daemons that share a relay directory come to equal states."""
        here, there = self.stores, self.open(self.root / "there")
        (self.root / "sync" / "relay").mkdir(parents=True)
        (self.root / "there" / "sync").mkdir(parents=True)
        (self.root / "there" / "sync" / "relay").symlink_to(
            (self.root / "sync" / "relay").absolute()
        )
        self.append()
        self.session.state.stores = there
        self.append(payload={"id": "y"})
        first = self.call("sync.pump")
        self.assertEqual(set(first), {"pushed", "push_deduped", "folded", "acked", "state_hash"})
        self.session.state.stores = here
        self.assertEqual(self.call("sync.pump")["folded"], 1)
        self.session.state.stores = there
        self.assertEqual(self.call("sync.pump")["folded"], 1)
        theirs, facts = self.call("sync.status"), self.call("sync.knowledge")
        self.session.state.stores = here
        status = self.call("sync.status")
        self.assertEqual(status["state_hash"], theirs["state_hash"])
        self.assertNotEqual(status["device_id"], theirs["device_id"])
        self.assertEqual(len(status["roster"]), 2)
        self.assertIsNotNone(status["stable_frontier"])
        self.assertEqual(self.call("sync.knowledge"), facts)

    def test_checkpoint(self) -> None:
        """A checkpoint is left once; a device to come rebases, and is told that it must."""
        self.assertEqual(
            self.call("sync.checkpoint"), {"published": False, "checkpoint_hash": None}
        )
        self.assertEqual(self.call("sync.rebase"), {"rebased": False, "base_checkpoint": None})
        self.append()
        self.call("sync.pump")
        published = self.call("sync.checkpoint")
        digest = published["checkpoint_hash"]
        self.assertEqual(published, {"published": True, "checkpoint_hash": digest})
        self.assertEqual(self.call("sync.status")["base_checkpoint"], digest)
        there = self.root / "there"
        shutil.copytree(self.root / "sync", there / "sync")
        self.session.state.stores = self.open(there)
        error = self.error("sync.pump")
        self.assertEqual(error["data"], {"code": "frontier_truncated"})
        self.assertIn("FrontierTruncated", error["message"])
        self.assertEqual(self.call("sync.rebase"), {"rebased": True, "base_checkpoint": digest})
        self.assertEqual(self.call("sync.pump")["folded"], 0)

    def test_relay_unavailable(self) -> None:
        """A relay that cannot be used is told, without its path; recording goes on."""
        self.append()
        (self.root / "sync").write_bytes(b"in the way")
        for name in ("sync.pump", "sync.checkpoint"):
            error = self.error(name)
            self.assertEqual(error["data"], {"code": "relay"}, name)
            self.assertNotIn(str(self.root), error["message"])
        self.append()

    def test_wrong_params(self) -> None:
        """Params of other types are refused, and named."""
        self.assertWrongParams("sync.append", FACT)
        self.assertWrongParams("sync.knowledge", {"pump": True})
        self.assertWrongParams(
            "sync.record_turn", {**TURN, "tool_calls": [{}], "timestamp": "2026-01-01T00:00:00Z"}
        )
        self.assertWrongParams("sync.record_intent", INTENT)
        self.assertWrongParams("sync.transcript", {"conversation_id": "c1"})
        self.assertWrongParams("sync.resume", {"conversation_id": "c1"})
        fenced = {"agent_id": "mender", "run_id": "run-1", "epoch": 1}
        self.assertWrongParams("sync.fence_check", fenced)


class MissingTests(StoresCase):
    """sync.* without a store."""

    def test_store_missing(self) -> None:
        """Every method says so."""
        nothing = ("status", "knowledge", "pump", "checkpoint", "rebase", "transcript", "resume")
        self.assertStoreMissing(
            *((f"sync.{name}", {}) for name in nothing),
            ("sync.append", FACT),
            ("sync.record_turn", TURN),
            ("sync.record_intent", INTENT),
            ("sync.fence_check", {"agent_id": "mender", "run_id": "run-1", "epoch": 1}),
        )
