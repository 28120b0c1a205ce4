"""Tests of state.*."""

from tests.server.doubles import ServerCase, state_write, submission


class StateTests(ServerCase):
    """state.get, set, exists, keys and snapshot."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.peer()

    def test_set_and_get(self) -> None:
        """A value comes back as it went; an absent key is null."""
        self.assertEqual(self.client.call("state.set", {"key": "k", "value": {"a": [1]}}), "ok")
        self.assertEqual(self.client.call("state.get", {"key": "k"}), {"a": [1]})
        self.assertIsNone(self.client.call("state.get", {"key": "l"}))

    def test_null_value(self) -> None:
        """An absent value sets null; the key is there then."""
        self.client.call("state.set", {"key": "k"})
        self.assertIsNone(self.client.call("state.get", {"key": "k"}))
        self.assertTrue(self.client.call("state.exists", {"key": "k"}))
        self.assertFalse(self.client.call("state.exists", {"key": "l"}))

    def test_keys(self) -> None:
        """Keys are sorted; the snapshot has them all."""
        for key in ("b", "", "a"):
            self.client.call("state.set", {"key": key, "value": key})
        self.assertEqual(self.client.call("state.keys"), ["", "a", "b"])
        self.assertEqual(self.client.call("state.snapshot"), {"b": "b", "": "", "a": "a"})

    def test_tenants(self) -> None:
        """A tenant sees its own keys and nobody sees a tenant's; the empty one is nobody."""
        self.client.call("state.set", {"key": "k", "value": 1})
        self.client.call("state.set", {"key": "k", "value": 2, "tenant_id": "acme"})
        self.client.call("state.set", {"key": "e", "value": 3, "tenant_id": ""})
        acme = {"tenant_id": "acme"}
        self.assertEqual(self.client.call("state.snapshot", acme), {"k": 2})
        self.assertEqual(self.client.call("state.keys", acme), ["k"])
        self.assertEqual(self.client.call("state.keys", {"tenant_id": "other"}), [])
        self.assertEqual(self.client.call("state.snapshot"), {"k": 1, "e": 3})
        self.assertFalse(self.client.call("state.exists", {"key": "e", **acme}))

    def test_tenant_of_a_proposal(self) -> None:
        """A proposal with a tenant writes into the tenant's namespace."""
        scope = {"scope": {"tenantId": "acme"}}
        self.client.call("proposal.submit", submission(state_write("a", "k", 1), **scope))
        self.assertEqual(self.client.call("state.get", {"key": "k", "tenant_id": "acme"}), 1)
        self.assertEqual(self.client.call("state.keys"), [])

    def test_not_shared(self) -> None:
        """Each connection has a state of its own."""
        self.client.call("state.set", {"key": "k", "value": 1})
        self.assertEqual(self.peer().call("state.keys"), [])

    def test_no_events(self) -> None:
        """What a client sets is no event (engine.md §7)."""
        self.client.call("state.set", {"key": "k", "value": 1})
        self.assertEqual(self.client.call("events.count"), 0)
