"""Tests of events.*."""

from car.ir.json import JsonObject
from car.server.limits import Limits
from tests.server.doubles import Peer, ServerCase, state_write, submission


class EventsTests(ServerCase):
    """events.count, query and the chain."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.peer()

    def submit(self, client: Peer, id: str = "p1") -> None:
        params: JsonObject = submission(state_write("a", "k", id))
        params["proposal"]["id"] = id
        client.call("proposal.submit", params)

    def query(self, **params: object) -> JsonObject:
        answer: JsonObject = self.result_of(self.client, "events.query", params)
        return answer

    def test_count(self) -> None:
        """Events are counted, records are not: 1 received, 3 and 1 for the write."""
        self.client.call("state.set", {"key": "x", "value": 1})
        self.client.call("tools.register", [{"name": "lint"}])
        self.assertEqual(self.client.call("events.count"), 0)
        self.submit(self.client)
        self.assertEqual(self.client.call("events.count"), 5)
        self.assertEqual(self.peer().call("events.count"), 0)

    def test_query(self) -> None:
        """Events come newest first, with the members of a journal line."""
        self.submit(self.client)
        answer = self.query()
        self.assertEqual(answer["count"], 5)
        self.assertEqual(
            [event["kind"] for event in answer["events"]],
            [
                "state_changed",
                "action_succeeded",
                "action_executing",
                "action_validated",
                "proposal_received",
            ],
        )
        event = answer["events"][0]
        self.assertEqual((event["action_id"], event["proposal_id"]), ("a", "p1"))
        self.assertEqual(event["data"], {"changes": {"k": "p1"}})

    def test_filters(self) -> None:
        """Kinds, action, proposal, times, data and number select."""
        self.submit(self.client, "p1")
        self.later(10)
        self.submit(self.client, "p2")
        self.assertEqual(self.query(kinds=["state_changed", "nope"])["count"], 2)
        self.assertEqual(self.query(proposal_id="p2")["count"], 5)
        self.assertEqual(self.query(action_id="a")["count"], 8)
        self.assertEqual(self.query(limit=3)["count"], 3)
        self.assertEqual(self.query(limit=0)["count"], 10)
        newest = self.query(limit=1)["events"][0]
        self.assertEqual(self.query(since=newest["timestamp"])["count"], 5)
        self.assertEqual(self.query(until=newest["timestamp"])["count"], 5)
        self.assertEqual(self.query(data_matches={"none": "x"})["count"], 0)

    def test_wrong_time(self) -> None:
        """A time that is none is -32602 and named."""
        for member in ("since", "until"):
            for text in ("yesterday", "", "2026-13-01T00:00:00Z", "2026-01-01"):
                error = self.client.error("events.query", {member: text})
                self.assertEqual(error["code"], -32602)
                self.assertIn(member, error["message"])

    def test_chain(self) -> None:
        """Enabling it chains what follows; repeating it changes nothing."""
        self.submit(self.client)
        for _ in range(2):
            self.assertEqual(self.client.call("events.chain.enable"), {"ok": True})
        self.submit(self.client, "p2")
        verdict = self.result_of(self.client, "events.chain.verify")
        self.assertGreaterEqual(verdict["verified"], 5)
        chained = [event for event in self.query()["events"] if "hash" in event]
        self.assertEqual(len(chained), 5)

    def test_chain_off(self) -> None:
        """Without a chain nothing is proved."""
        self.submit(self.client)
        self.assertEqual(self.result_of(self.client, "events.chain.verify"), {"verified": 0})

    def test_from_the_journal(self) -> None:
        """Events no longer in memory are read from the journal."""
        self.serve_journaled(limits=Limits(events_in_memory=3))
        self.client = self.peer()
        for n in range(4):
            self.submit(self.client, f"p{n}")
        self.assertEqual(self.client.call("events.count"), 20)
        self.assertEqual(self.query()["count"], 20)
        self.assertEqual(self.query(proposal_id="p0")["count"], 5)
