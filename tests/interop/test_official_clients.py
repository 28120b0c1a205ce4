"""The official Python client, eight released versions, against a real daemon.

Each version runs ``drive_client.py`` in an environment of its own (``official.py``), once a
scenario; the tests look at what came of each step.  A version is one line of ``VERSIONS``:
what it can do is read from its recording.
"""

import json
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from car.server.registry import load_methods
from tests.interop.daemon import running_daemon
from tests.interop.frames import Capabilities, capabilities, read_recordings
from tests.interop.official import DriverFailed, drive, find_client, is_required

VERSIONS = (
    "0.6.0",
    "0.7.0",
    "0.8.2",
    "0.12.0",
    "0.22.0",
    "0.30.0",
    "0.48.0",
    "0.58.0",
)

CAPABILITIES = {
    version: capabilities(recording)
    for version, recording in read_recordings().items()
    if version in VERSIONS
}

READS_TOKEN_VARIABLE = ("0.22.0", "0.30.0", "0.48.0", "0.58.0")
"""Versions that take the token from ``CAR_AUTH_TOKEN`` (0.19.0 and later)."""

_CODE = re.compile(r"-32\d{3}")


def client(version: str) -> Path:
    """The interpreter with *version*; skips the test, or fails it, where there is none."""
    found = find_client(version)
    if isinstance(found, Path):
        return found
    if is_required():
        raise AssertionError(found)
    raise SkipTest(found)


@cache
def driven(version: str, scenario: str) -> dict[str, Any] | DriverFailed:
    """The outcomes of *scenario*, and the daemon's ``log`` under that name."""
    python = client(version)
    flags = () if CAPABILITIES[version].authenticates else ("--no-auth",)
    with running_daemon(*flags) as daemon:
        try:
            outcomes = drive(python, scenario, daemon.environment)
        except DriverFailed as problem:
            return problem
        daemon.stop()
        return {**outcomes, "log": daemon.logged}


class ClientTestCase(SynchronousTestCase):
    """One scenario of one version; the classes with tests are made at the end.

    ``needs`` names a call that a version must have for these tests.
    """

    version: ClassVar[str]
    scenario: ClassVar[str]
    needs: ClassVar[str] = "state_set"

    @property
    def can(self) -> Capabilities:
        """What this version can do."""
        return CAPABILITIES[self.version]

    def sends(self, call: str) -> bool:
        """Whether this version sends something for *call*."""
        return call in self.can.calls

    def outcome(self, step: str) -> Any:
        """What came of *step*."""
        outcomes = driven(self.version, self.scenario)
        if isinstance(outcomes, DriverFailed):
            raise outcomes
        return outcomes[step]

    def value(self, step: str) -> Any:
        """What *step* returned."""
        outcome = self.outcome(step)
        self.assertEqual([*outcome], ["value"], f"{step}: {outcome}")
        return outcome["value"]

    def json(self, step: str) -> Any:
        """The value in the JSON text that *step* returned."""
        return json.loads(self.value(step))

    def assert_raised(self, step: str, *texts: str) -> None:
        """*step* raised an error that contains *texts*."""
        outcome = self.outcome(step)
        self.assertIn("raised", outcome, step)
        for text in texts:
            self.assertIn(text, outcome["text"], step)

    def code(self, step: str) -> int | None:
        """The daemon's error code in what *step* raised; None if it was answered."""
        outcome = self.outcome(step)
        if "code" in outcome:
            return int(outcome["code"])
        found = _CODE.search(outcome.get("text", ""))
        return None if found is None else int(found[0])

    def results(self, step: str) -> dict[str, dict[str, Any]]:
        """The action results of the proposal that *step* ran, by action id."""
        return {result["action_id"]: result for result in self.json(step)["results"]}

    def assert_daemon_well(self) -> None:
        """The daemon logged no traceback and stopped in good order."""
        log = self.outcome("log")
        self.assertNotIn("Traceback", log)
        self.assertIn("Server Shut Down", log)


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


class TokenTests(SynchronousTestCase):
    """Where clients find the token, and what they make of one that is refused."""

    def clients(self) -> dict[str, Path]:
        """The versions that authenticate."""
        return {v: client(v) for v in VERSIONS if CAPABILITIES[v].authenticates}

    def assert_let_in(self, python: Path, environment: dict[str, str]) -> None:
        """Both calls of the client with *environment* succeed."""
        outcomes = drive(python, "twice", environment)
        self.assertEqual(outcomes, {"first": {"value": None}, "second": {"value": None}}, python)

    def test_wrong_token(self) -> None:
        """A wrong token is told to the user as such, at each call."""
        with running_daemon() as daemon, TemporaryDirectory() as directory:
            tokens = Path(directory, "ai.parslee.car")
            tokens.mkdir()
            (tokens / "auth-token").write_text("x" * 43)
            environment = {**daemon.environment, "XDG_RUNTIME_DIR": directory}
            for version, python in self.clients().items():
                for outcome in drive(python, "twice", environment).values():
                    self.assertIn("auth failed: token mismatch", outcome["text"], version)

    def test_no_token(self) -> None:
        """Without a token the first call fails, and so does the next; nothing hangs."""
        with running_daemon() as daemon, TemporaryDirectory() as directory:
            environment = {**daemon.environment, "XDG_RUNTIME_DIR": directory}
            for version in VERSIONS:
                outcomes = drive(client(version), "twice", environment)
                raised = [outcome.get("raised") for outcome in outcomes.values()]
                self.assertEqual(raised, ["RuntimeError"] * 2, version)

    def test_token_variable(self) -> None:
        """Later clients take the token from the environment."""
        with running_daemon() as daemon, TemporaryDirectory() as directory:
            environment = {
                **daemon.environment, "XDG_RUNTIME_DIR": directory, "CAR_AUTH_TOKEN": daemon.token
            }  # fmt: skip
            for version in READS_TOKEN_VARIABLE:
                self.assert_let_in(client(version), environment)

    def test_home(self) -> None:
        """Without a runtime directory the token lies in the home, for all."""
        with running_daemon(place="home") as daemon:
            for python in self.clients().values():
                self.assert_let_in(python, daemon.environment)

    def test_state_root(self) -> None:
        """With a state root of its own the daemon is still found by the latest clients."""
        with running_daemon(place="root") as daemon:
            for version in ("0.48.0", "0.58.0"):
                self.assert_let_in(client(version), daemon.environment)


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


def _make_classes(base: type[ClientTestCase]) -> dict[str, type]:
    """A test case of *base* by name for each version that has what it needs."""
    made = {}
    for version in VERSIONS:
        if base.needs in CAPABILITIES[version].calls:
            name = f"{base.__name__.removesuffix('Tests')}_{version.replace('.', '_')}_Tests"
            members = {"version": version, "__doc__": base.__doc__, "__module__": __name__}
            made[name] = type(name, (base,), members)
    return made


for _base in ClientTestCase.__subclasses__():
    globals().update(_make_classes(_base))
    del globals()[_base.__name__]  # without a version it is no test
del _base
