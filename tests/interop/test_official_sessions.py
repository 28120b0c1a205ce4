"""The official client: state, tools, policies, verification, events and the host's methods."""

import json

from car.server.registry import load_methods
from tests.interop.clients import ClientTestCase, make_classes


class SessionTests(ClientTestCase):
    """State, tools, policies, verification and events."""

    scenario = "session"

    def test_daemon(self) -> None:
        """The daemon takes it all in good order."""
        self.assert_daemon_well()

    def test_state(self) -> None:
        """What was set is read back."""
        self.assertIsNone(self.value("state_set"))
        self.assertEqual(self.json("state_get"), {"n": 1})

    def test_tools_registered(self) -> None:
        """A tool is registered by its name alone, and with a schema."""
        for step in ("register_tool", "register_second_tool", "register_tool_schema"):
            self.assertIsNone(self.value(step), step)

    def test_policies_registered(self) -> None:
        """Policies are registered; one that lacks a target is refused by name."""
        self.assertIsNone(self.value("register_policy"))
        self.assertIsNone(self.value("register_state_policy"))
        self.assertEqual(self.code("register_bad_policy"), -32602)
        self.assert_raised("register_bad_policy", "'bad'", "target")

    def test_settings(self) -> None:
        """The built-in tools and replanning are accepted (null would break 0.6)."""
        for step in ("register_agent_basics", "set_replan_config", "unset_replan_config"):
            self.assertIsNone(self.value(step), step)

    def test_verify(self) -> None:
        """A proposal is verified against the session's tools; nonsense is -32602."""
        self.assertIs(self.json("verify")["valid"], True)
        bad = self.json("verify_bad")
        self.assertIs(bad["valid"], False)
        self.assertIn("nobody", json.dumps(bad["issues"]))
        self.assertEqual(self.code("verify_nonsense"), -32602)
        self.assert_raised("verify_nonsense", "actions[0].type")

    def test_events_counted(self) -> None:
        """The count of events is an integer."""
        self.assertEqual(self.value("event_count"), 0)

    def test_methods_not_built(self) -> None:
        """A method that the daemon lacks is -32601, and that alone; the client lives on."""
        registered = load_methods()
        for method in ("memory.add_fact", "memory.fact_count", "models.list", "infer"):
            found = self.code(method) == -32601
            self.assertEqual(found, method not in registered, self.outcome(method))

    def test_execution(self) -> None:
        """Versions that do not execute say so themselves; the others run the tool given."""
        if self.sends("execute_proposal"):
            self.assertEqual(self.results("execute_plain")["a1"]["status"], "succeeded")
        else:
            self.assert_raised("execute_plain")
        if self.sends("submit_proposal"):
            self.assert_raised("submit_unasked", "no tool handler registered")
        else:
            self.assertEqual(self.outcome("submit_unasked"), {"absent": True})

    def test_one_connection(self) -> None:
        """No call made the client reconnect, which would have lost the session's state."""
        self.assertEqual(self.json("kept"), {"n": 1})

    def test_absent_key(self) -> None:
        """An absent key is null; 0.6 and 0.7 take that for a broken daemon and reconnect."""
        self.assertIsNone(self.json("state_get_absent"))
        after = {"n": 1} if self.can.survives_null else None
        self.assertEqual(self.json("kept_after_absent"), after)


class StateListingTests(ClientTestCase):
    """What is in the state, from 0.8.2 on."""

    scenario = "session"
    needs = "state_keys"

    def test_state_listed(self) -> None:
        """Keys, snapshot and presence tell what was set."""
        self.assertIs(self.value("state_exists"), True)
        self.assertIs(self.value("state_exists_not"), False)
        self.assertEqual(self.value("state_keys"), ["k1"])
        self.assertEqual(self.json("state_snapshot"), {"k1": {"n": 1}})


class ToolListingTests(ClientTestCase):
    """Looking at tools, and taking them back."""

    scenario = "session"
    needs = "list_tools"

    def test_tools_listed(self) -> None:
        """Tools are listed with their schemas, sorted, and go when unregistered."""
        tools = self.json("list_tools")
        self.assertEqual([tool["name"] for tool in tools], ["deploy", "echo", "typed"])
        self.assertEqual(tools[2]["parameters"]["required"], ["n"])
        self.assertEqual(self.value("unregister_tool"), 1)
        self.assertEqual(self.value("unregister_tool_again"), 0)


class PolicyListingTests(ClientTestCase):
    """Looking at policies, and taking them back."""

    scenario = "session"
    needs = "list_policies"

    def test_policies_listed(self) -> None:
        """Policies are listed in order and go when unregistered."""
        policies = self.json("list_policies")
        self.assertEqual([policy["name"] for policy in policies], ["no-rm", "k1"])
        self.assertEqual(self.value("unregister_policy"), 1)
        self.assertEqual(self.value("unregister_policy_again"), 0)


class EventQueryTests(ClientTestCase):
    """Asking for events."""

    scenario = "session"
    needs = "event_query"

    def test_events_queried(self) -> None:
        """Events can be queried and chained."""
        self.assertEqual(self.json("event_query"), {"count": 0, "events": []})
        self.assertIsNone(self.value("enable_chain"))
        self.assertIn("verified", self.json("verify_chain"))


class CallByNameTests(ClientTestCase):
    """Methods called by their wire names."""

    scenario = "session"
    needs = "daemon_call"

    def test_called_by_name(self) -> None:
        """Any method can be called by name; an unknown one raises a typed error."""
        self.assertIn("limits", self.json("server.limits"))
        self.assertEqual(self.outcome("unknown_method")["raised"], "DaemonRpcError")
        self.assertEqual(self.code("unknown_method"), -32601)


class HostTests(ClientTestCase):
    """The host's methods, with and without the host token."""

    scenario = "host"
    needs = "host_agents"

    def test_daemon(self) -> None:
        """The daemon takes it all in good order."""
        self.assert_daemon_well()

    def test_agents(self) -> None:
        """An agent is registered, reports and goes."""
        self.assertEqual(self.json("host_register_agent")["status"], "idle")
        self.assertEqual(self.json("host_set_status")["status"], "running")
        [agent] = self.json("host_agents")
        self.assertEqual((agent["id"], agent["current_task"]), ("worker", "tests"))
        self.assertEqual(self.json("host_unregister_agent"), {"ok": True})

    def test_approvals(self) -> None:
        """An approval is raised, listed and resolved on one connection."""
        raised = self.json("host_request_approval")
        self.assertEqual((raised["status"], raised["action"]), ("pending", "deploy"))
        self.assertEqual(self.json("host_approvals")["approvals"], [raised])
        resolved = self.json("host_resolve_approval")
        self.assertEqual((resolved["id"], resolved["status"]), (raised["id"], "approved"))

    def test_events(self) -> None:
        """A subscriber hears what happens, in order, from its subscription on."""
        self.assertIs(self.json("host_subscribe")["subscribed"], True)
        self.assertEqual(self.json("host_notify")["message"], "hello")
        kinds = [event["kind"] for event in self.json("host_events")["events"]]
        self.assertEqual(kinds[0], "agent.registered")
        self.assertEqual(kinds[-1], "host.notification")
        heard = [event["kind"] for event in self.outcome("heard")]
        self.assertEqual(heard[: len(kinds)], kinds)

    def test_host_token(self) -> None:
        """Calls with the host token come through on connections of their own."""
        registered = load_methods()
        for step, method in (("as_host", "auth.status"), ("set_tier", "permission.set_tier")):
            found = self.code(step) == -32601
            self.assertEqual(found, method not in registered, self.outcome(step))


make_classes(
    [
        SessionTests,
        StateListingTests,
        ToolListingTests,
        PolicyListingTests,
        EventQueryTests,
        CallByNameTests,
        HostTests,
    ],
    globals(),
)
