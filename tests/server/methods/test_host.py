"""Tests of host.* as far as the wire goes; what host state does is tested beside it."""

from car.ir.json import JsonObject
from tests.server.doubles import Peer, ServerCase


class HostTests(ServerCase):
    """host.*: owners, subscribers, approvals."""

    def setUp(self) -> None:
        super().setUp()
        self.owner, self.other = self.peer(), self.peer()

    def register(self) -> JsonObject:
        agent: JsonObject = self.owner.call(
            "host.register_agent", {"id": "mender", "name": "Mender", "kind": "coder"}
        )
        return agent

    def events(self, peer: Peer) -> list[str]:
        return [f["params"]["kind"] for f in peer.new() if f.get("method") == "host.event"]

    def test_subscribe(self) -> None:
        """A subscriber gets the state as it is, then every event, its own too."""
        self.register()
        answer = self.other.call("host.subscribe")
        self.assertTrue(answer["subscribed"])
        self.assertEqual([agent["id"] for agent in answer["agents"]], ["mender"])
        for member in ("approvals", "events", "devices", "identity", "event_sequence"):
            self.assertIn(member, answer)
        self.assertIn("version", answer["identity"])
        self.owner.call("host.notify", {"kind": "note", "message": "hello"})
        self.later()
        self.assertEqual(self.events(self.other), ["note"])
        self.other.lose()
        self.owner.call("host.notify", {"kind": "note"})
        self.later()

    def test_ownership(self) -> None:
        """An agent belongs to the session that registered it; reads are for all."""
        self.register()
        for method, params in (
            ("host.set_status", {"agent_id": "mender", "status": "idle"}),
            ("host.unregister_agent", {"agent_id": "mender"}),
            ("host.register_agent", {"id": "mender", "name": "M", "kind": "k"}),
        ):
            error = self.other.error(method, params)
            self.assertEqual(error["code"], -32603)
            self.assertIn("owned by another session", error["message"])
        self.assertEqual([a["id"] for a in self.other.call("host.agents")], ["mender"])

    def test_agent(self) -> None:
        """An agent says what it does, and goes."""
        self.assertEqual(self.register()["id"], "mender")
        params = {"agent_id": "mender", "status": "running", "current_task": "fix"}
        self.assertEqual(self.owner.call("host.set_status", params)["current_task"], "fix")
        wrong = {"agent_id": "mender", "status": "asleep"}
        self.assertEqual(self.owner.error("host.set_status", wrong)["code"], -32602)
        gone = {"agent_id": "mender"}
        self.assertEqual(self.owner.call("host.unregister_agent", gone), {"ok": True})
        self.assertEqual(self.owner.call("host.unregister_agent", gone), {"ok": False})

    def test_gone_with_its_session(self) -> None:
        """What a session owned ends with it: its approvals expire (T10)."""
        asked = self.owner.call("host.request_approval", {"action": "deploy", "details": {}})
        self.owner.lose()
        (approval,) = self.other.call("host.approvals")["approvals"]
        self.assertEqual((approval["id"], approval["status"]), (asked["id"], "expired"))

    def test_approval(self) -> None:
        """An approval is answered once, by its own session, in either vocabulary."""
        for answer in ({"resolution": "approve"}, {"approved": True}):
            asked = self.owner.call("host.request_approval", {"title": "t", "context": {}})
            params = {"approval_id": asked["id"], **answer}
            self.assertEqual(self.other.error("host.resolve_approval", params)["code"], -32603)
            self.owner.call("host.resolve_approval", params)
            self.assertEqual(self.owner.error("host.resolve_approval", params)["code"], -32603)

    def test_approval_without_answer(self) -> None:
        """An answer must be one."""
        asked = self.owner.call("host.request_approval", {"action": "deploy"})
        error = self.owner.error("host.resolve_approval", {"approval_id": asked["id"]})
        self.assertEqual(error["code"], -32602)
        self.assertIn("resolution", error["message"])

    def test_events(self) -> None:
        """The newest events, oldest first; any number asked for is brought into range."""
        for n in range(3):
            self.owner.call("host.notify", {"kind": f"k{n}"})
        kinds = [e["kind"] for e in self.owner.call("host.events", {"limit": 2})["events"]]
        self.assertEqual(kinds, ["k1", "k2"])
        for limit in (-5, 0, 10**9):
            self.owner.call("host.events", {"limit": limit})
