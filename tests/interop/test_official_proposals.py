"""The official client: plans that the daemon runs with the client's tools."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.interop.clients import CAPABILITIES, VERSIONS, ClientTestCase, client, make_classes
from tests.interop.daemon import running_daemon
from tests.interop.official import drive


class ProposalTests(ClientTestCase):
    """Plans that the daemon runs with the client's tools."""

    scenario = "proposals"
    needs = "submit_proposal"

    def calls(self, *tools: str) -> list[dict[str, Any]]:
        """What the handler was given for *tools*, all if none is named."""
        calls = self.outcome("calls")
        return [call for call in calls if not tools or call["tool"] in tools]

    def assert_failed(self, action_id: str, *texts: str) -> None:
        """The action of the mixed proposal was skipped with an error that has *texts*."""
        result = self.results("submit_mixed")[action_id]
        self.assertEqual(result["status"], "skipped", result)
        for text in texts:
            self.assertIn(text, result["error"])

    def assert_rejected(self, action_id: str, text: str) -> None:
        """The action of the mixed proposal was rejected with *text*."""
        result = self.results("submit_mixed")[action_id]
        self.assertEqual(result["status"], "rejected", result)
        self.assertIn(text, result["error"])

    def test_daemon(self) -> None:
        """The daemon takes it all in good order."""
        self.assert_daemon_well()

    def test_results(self) -> None:
        """There is a result for each action, in their order."""
        order = "ok null raises nothing garbled retried unknown denied write after orphan"
        self.assertEqual([*self.results("submit_mixed")], order.split())
        self.assertEqual(self.json("submit_mixed")["proposal_id"], "mixed")

    def test_outputs(self) -> None:
        """A tool's JSON is the output, null included; a reference takes part of it."""
        results = self.results("submit_mixed")
        self.assertEqual(results["ok"]["output"], {"echo": {"msg": "hi"}})
        self.assertEqual(
            (results["null"]["status"], results["null"]["output"]), ("succeeded", None)
        )
        self.assertEqual(results["after"]["output"], {"echo": {"got": "hi"}})

    def test_failures(self) -> None:
        """A handler that raises, or returns what is no JSON text, fails its action only."""
        self.assert_failed("raises", "Python tool callback raised: ValueError: bad thing")
        self.assert_failed("nothing", "must return str")
        self.assert_failed("garbled", "invalid tool result JSON")

    def test_rejections(self) -> None:
        """An unknown tool, a denied one, and the dependent of a failure never run."""
        self.assert_rejected("unknown", "nobody")
        self.assert_rejected("denied", "no-denied")
        self.assert_rejected("orphan", "raises")
        self.assertEqual(self.calls("denied", "nobody"), [])

    def test_retry(self) -> None:
        """An action that may be retried is."""
        self.assertEqual(self.results("submit_mixed")["retried"]["output"], 2)
        self.assertEqual(self.json("submit_mixed")["cost"]["retries"], 1)

    def test_state(self) -> None:
        """Effects and writes of actions that succeeded are in the state, and only they."""
        self.assertIs(self.json("effect"), True)
        self.assertEqual(self.json("written"), "b")
        self.assertEqual(self.value("state_keys_after"), ["greeted", "stage"])

    def test_timeout(self) -> None:
        """A tool over its budget fails its action with the budget in the text."""
        result = self.results("submit_slow")["slow"]
        self.assertEqual(result["status"], "skipped")
        self.assertIn("timed out (200 ms)", result["error"])

    def test_cancel(self) -> None:
        """Who can hear it is told which call was given up."""
        if not self.can.hears_cancel:
            self.assertEqual(self.outcome("cancelled"), [])
            return
        [slow] = self.calls("slow")
        self.assertEqual(self.outcome("cancelled"), [slow["request_id"]])

    def test_two_at_once(self) -> None:
        """Two proposals at once on one connection each get the answers of their own tools."""
        tools = {"left": {"pause", "echo"}, "right": {"echo"}}
        for side in tools:
            results = self.results(f"submit_{side}")
            self.assertEqual({id.split("-")[1] for id in results}, tools[side])
            for id, result in results.items():
                self.assertEqual(result.get("output"), {"echo": {"from": id}})

    def test_malformed(self) -> None:
        """A proposal that cannot be read is -32602, naming the field."""
        self.assertEqual(self.code("submit_nonsense"), -32602)
        self.assert_raised("submit_nonsense", "proposal.actions[0].type")

    def test_calls(self) -> None:
        """The handler gets all that its version reads of a call, and each id once."""
        [first] = [call for call in self.calls("echo") if call["params"] == {"msg": "hi"}]
        self.assertLessEqual({"tool", "params"}, {*first})
        if "request_id" in first:
            ids = [call["request_id"] for call in self.calls()]
            self.assertEqual(len({*ids}), len(ids))
            self.assertEqual(first["action_id"], "ok")
            self.assertEqual({*ids}, {f"cb-{n + 1}" for n in range(len(ids))})
        if "attempt" in first:
            self.assertEqual([call["attempt"] for call in self.calls("flaky")], [1, 2])
            self.assertEqual(
                [call["timeout_ms"] for call in self.calls("slow", "flaky")], [None, None, 200]
            )
            self.assertEqual(len({call["session_id"] for call in self.calls()}), 1)

    def test_execute(self) -> None:
        """The call that brings its own tool function runs a plan as well, where there is one."""
        if self.sends("execute_proposal"):
            self.assertEqual(self.results("execute")["x"]["status"], "succeeded")
        else:
            self.assert_raised("execute")

    def test_events(self) -> None:
        """What happened was counted, and can be asked for."""
        self.assertGreater(self.value("event_count_after"), 20)
        if self.sends("event_query"):
            [event] = self.json("event_query_after")["events"]
            self.assertEqual((event["kind"], event["action_id"]), ("action_failed", "retried"))


class CallBackTests(ClientTestCase):
    """Tools that call the daemon."""

    scenario = "proposals"
    needs = "daemon_call"

    def test_call_back(self) -> None:
        """A tool may itself call the daemon while its proposal runs."""
        self.assertEqual(self.results("submit_nested")["n"]["output"], 7)


class DeathTests(SynchronousTestCase):
    """Clients that are killed while the daemon runs a plan for them."""

    def test_death(self) -> None:
        """The session ends with its journal closed, and the daemon goes on to the next."""
        versions = [v for v in VERSIONS if "submit_proposal" in CAPABILITIES[v].calls]
        with running_daemon() as daemon:
            for version in versions:
                drive(client(version), "death", daemon.environment)
            daemon.stop()
            self.assertNotIn("Traceback", daemon.logged)
            journals = daemon.journals
        self.assertEqual(len(journals), len(versions))
        for lines in journals:
            kinds = [line["kind"] for line in lines]
            self.assertIn("action_executing", kinds)
            self.assertEqual(kinds[-1], "record_closed")
            self.assertNotIn("action_succeeded", kinds)


make_classes([ProposalTests, CallBackTests], globals())
