"""Drives the official client against a daemon; runs in the client's own environment.

``drive_client.py SCENARIO`` writes one JSON object to the standard output: the outcome of
each step by name, ``{"value": …}``, ``{"raised": type, "text": …}`` or ``{"absent": true}``
where this version has no such call.  What is right is left to whoever started it.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import car_runtime  # type: ignore[import-not-found]

SLEEP_SECONDS = 0.6
"""How long the slow tool takes; its action allows a third of that."""

PAUSE_SECONDS = 0.1
"""How long a tool takes that only has to be under way when another proposal comes."""

SLOW_BUDGET_MS = 200

CANCEL_SECONDS = 5.0
"""How long to wait for the notification that the slow tool was given up."""

SCHEMA = {
    "name": "typed",
    "description": "Takes one number.",
    "parameters": {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
    },
}

Outcomes = dict[str, Any]


class Steps:
    """Calls the client, and writes down what came of each call."""

    def __init__(self, target: Any, outcomes: Outcomes) -> None:
        self._target = target
        self._outcomes = outcomes

    def call(self, step: str, name: str, *args: Any, **named: Any) -> None:
        """Call the target's *name* as *step*."""
        function = getattr(self._target, name, None)
        if function is None:
            self._outcomes[step] = {"absent": True}
            return
        try:
            self._outcomes[step] = {"value": function(*args, **named)}
        except Exception as problem:
            outcome = {"raised": type(problem).__name__, "text": str(problem)}
            if hasattr(problem, "code"):
                outcome["code"] = problem.code
            self._outcomes[step] = outcome


def action(id: str, tool: str | None = None, **members: Any) -> dict[str, Any]:
    """A tool call that is skipped when it fails, and tried once, unless *members* differ."""
    plain = {"type": "tool_call", "failure_behavior": "skip", "max_retries": 0}
    if tool is not None:
        plain["tool"] = tool
    return {"id": id, **plain, **members}


def proposal(id: str, *actions: dict[str, Any]) -> str:
    """A proposal's JSON text."""
    return json.dumps({"id": id, "source": "interop", "actions": actions})


def tagged(tag: str, tool: str) -> Iterator[dict[str, Any]]:
    """Two calls of *tool* whose parameters tell them from all others."""
    for number in range(2):
        id = f"{tag}-{tool}-{number}"
        yield action(id, tool, parameters={"from": id})


def run_session(outcomes: Outcomes) -> None:
    """All that needs no tool to be run; the key that is absent comes last."""
    steps = Steps(car_runtime.CarRuntime(), outcomes)
    steps.call("state_set", "state_set", "k1", '{"n":1}')
    steps.call("state_get", "state_get", "k1")
    steps.call("state_exists", "state_exists", "k1")
    steps.call("state_exists_not", "state_exists", "absent")
    steps.call("state_keys", "state_keys")
    steps.call("state_snapshot", "state_snapshot")
    steps.call("register_tool", "register_tool", "echo")
    steps.call("register_second_tool", "register_tool", "deploy")
    steps.call("register_tool_schema", "register_tool_schema", json.dumps(SCHEMA))
    steps.call("list_tools", "list_tools")
    steps.call("unregister_tool", "unregister_tool", "deploy")
    steps.call("unregister_tool_again", "unregister_tool", "deploy")
    rule = {"target": "echo", "key": "cmd", "pattern": "rm"}
    steps.call("register_policy", "register_policy", "no-rm", "deny_tool_param", **rule)
    steps.call(
        "register_state_policy", "register_policy", "k1", "require_state", key="k1",
        value_json='{"n":1}',
    )  # fmt: skip
    steps.call("register_bad_policy", "register_policy", "bad", "deny_tool")
    steps.call("list_policies", "list_policies")
    steps.call("unregister_policy", "unregister_policy", "no-rm")
    steps.call("unregister_policy_again", "unregister_policy", "no-rm")
    steps.call("register_agent_basics", "register_agent_basics")
    steps.call("set_replan_config", "set_replan_config", 2, 100)
    steps.call("unset_replan_config", "set_replan_config", 0)
    good = action("a1", "echo", parameters={"msg": "hi"})
    steps.call("verify", "verify_proposal", proposal("good", good))
    steps.call("verify_bad", "verify_proposal", proposal("bad", good, action("a2", "nobody")))
    steps.call("verify_nonsense", "verify_proposal", '{"actions":[{"type":"nonsense"}]}')
    steps.call("event_count", "event_count")
    steps.call("event_query", "event_query", '{"limit":5}')
    steps.call("enable_chain", "enable_event_log_hash_chaining")
    steps.call("verify_chain", "verify_event_log_chain")
    steps.call("memory.add_fact", "add_fact", "owl", "flies at night", "pattern")
    steps.call("memory.fact_count", "fact_count")
    steps.call("models.list", "list_models")
    steps.call("infer", "infer", "hello", "nobody")
    steps.call("server.limits", "daemon_call", "server.limits", "{}")
    steps.call("unknown_method", "daemon_call", "no.such.method", "{}")
    steps.call("submit_unasked", "submit_proposal", proposal("s", good))
    steps.call("execute_plain", "execute_proposal", proposal("e", good), lambda *args: "{}")
    steps.call("kept", "state_get", "k1")
    steps.call("state_get_absent", "state_get", "absent")
    steps.call("kept_after_absent", "state_get", "k1")


SKILL = {
    "name": "login-form",
    "code": "fill(#u); click(#go)",
    "platform": "web",
    "persona": "shopper",
    "url_pattern": "https://shop.test/*",
    "task_keywords": ["log", "in"],
    "description": "sign in",
}

DISTILLED = {
    "name": "pay",
    "code": "click(#pay)",
    "description": "pay the basket",
    "when_to_apply": "the basket is full",
    "scope": "global",
    "trigger": {"persona": "shopper", "url_pattern": "", "task_keywords": ["pay"]},
    "source": "distilled",
    "source_event_ids": [],
}


def run_memory(outcomes: Outcomes) -> None:
    """Facts, queries, contexts, files and skills; what the daemon lacks is found out too."""
    steps = Steps(car_runtime.CarRuntime(), outcomes)
    steps.call("first", "add_fact", "ci", "runs on pushes to main", "pattern")
    steps.call("second", "add_fact", "no friday deploys", "ship before Thursday", "constraint")
    steps.call("again", "add_fact", "ci", "runs on pushes to main", "pattern")
    steps.call("count", "fact_count")
    steps.call("query", "query_facts", "when does ci run?", 5)
    steps.call("query_nothing", "query_facts", "xylophone", 5)
    steps.call("context", "build_context", "deploy ci")
    steps.call("context_again", "build_context", "deploy ci")
    steps.call("context_fast", "build_context_fast", "deploy ci")
    steps.call("persist", "persist_memory", "interop.json")
    steps.call("third", "add_fact", "cd", "deploys on tags", "pattern")
    steps.call("load", "load_memory", "interop.json")
    steps.call("count_after_load", "fact_count")
    steps.call("persist_outside", "persist_memory", "/etc/interop.json")
    steps.call("consolidate", "consolidate")
    steps.call("ingest_skill", "ingest_skill", *SKILL.values())
    steps.call("find_skill", "find_skill", "shopper", "https://shop.test/a", "log in", 1)
    steps.call("find_no_skill", "find_skill", "pilot", "https://x.test/", "fly", 1)
    for attempt in range(3):
        steps.call(f"report_{attempt}", "report_outcome", "login-form", "fail")
    steps.call("report_unknown", "report_outcome", "nobody", "fail")
    steps.call("list_skills", "list_skills")
    steps.call("distil_nothing", "distill_skills", "[]")
    steps.call("ingest_distilled", "ingest_distilled_skills", json.dumps([DISTILLED]))
    steps.call("domains", "domains_needing_evolution", 0.6)
    steps.call("repair", "repair_skill", "login-form")
    steps.call("skill_meta", "skill_meta", "pay")
    steps.call("export", "export_skill", "pay")
    exported = outcomes["export"].get("value")
    if exported is not None:
        steps.call("import", "import_skill", exported)
    steps.call("gate", "gate_skill_candidates")
    steps.call("set_utility", "set_utility_retrieval", 0.25, 9.0)
    steps.call("utility", "utility_retrieval")
    steps.call("state_after", "state_set", "alive", "1")


GENERATOR = "smollm2-135m-instruct"
"""The model of a package that daemons with local models have."""

KEYLESS = {
    "id": "lab/keyless:1",
    "name": "keyless",
    "provider": "lab",
    "family": "lab",
    "version": "1",
    "capabilities": ["generate"],
    "context_length": 4096,
    "param_count": "1B",
    "quantization": None,
    "performance": {},
    "cost": {},
    "source": {
        "type": "remote_api",
        "endpoint": "https://lab.invalid/v1",
        "api_key_env": "INTEROP_NO_SUCH_KEY",
        "api_key_envs": [],
        "api_version": None,
        "protocol": "open_ai_compat",
    },
    "tags": [],
    "supported_params": [],
    "public_benchmarks": [],
    "available": False,
}
"""A remote model whose key nobody has, with all members that 0.6 wants to see."""


def run_inference(outcomes: Outcomes) -> None:
    """Models, tokens and vectors; what cannot work comes first, as it needs no model."""
    runtime = car_runtime.CarRuntime()
    steps = Steps(runtime, outcomes)
    steps.call("state_set", "state_set", "k1", "1")
    steps.call("list", "list_models")
    steps.call("stats_before", "model_stats")
    steps.call("register", "register_model", json.dumps(KEYLESS))
    steps.call("list_unified", "list_models_unified")
    steps.call("unknown_model", "infer", "hello", "nobody", 1)
    steps.call("unknown_model_tracked", "infer_tracked", "hello", "nobody", 1)
    steps.call("no_key", "infer", "hello", KEYLESS["id"], 1)
    steps.call("no_key_tracked", "infer_tracked", "hello", KEYLESS["name"], 1)
    intent = json.dumps({"require": ["video_understanding"]})
    steps.call("no_model", "infer", "hello", None, 1, intent_json=intent)
    steps.call("tokenize_remote", "tokenize", KEYLESS["id"], "hello")
    steps.call("embed_unknown", "embed", ["owl"], "nobody")

    steps.call("route", "route_model", "Name a colour.")
    steps.call("infer", "infer", "Name a colour.", None, 4)
    steps.call("tracked", "infer_tracked", "Name a colour.", GENERATOR, 4)
    said = json.dumps([{"role": "user", "content": "Name a colour."}])
    steps.call("messages", "infer_tracked", "", GENERATOR, 4, messages_json=said)
    steps.call("add_fact", "add_fact", "ci", "runs on pushes to main", "pattern")
    asked = "When does ci run?"
    steps.call("with_context", "infer_with_context", asked, GENERATOR, 1)
    steps.call("without_context", "infer_tracked", asked, GENERATOR, 1, context="-")
    steps.call("with_context_tracked", "infer_with_context_tracked", asked, GENERATOR, 1)
    request = {"prompt": "Name a colour.", "model": GENERATOR, "params": {"max_tokens": 4}}
    steps.call("with_request", "infer_tracked_with_request", json.dumps(request))
    steps.call("stream_refused", "infer_stream", "Count.", print, GENERATOR, 4)
    run_stream(runtime, steps, outcomes)
    texts = ["The cat sleeps on the sofa.", "Shares fell today.", "A kitten naps on the couch."]
    steps.call("embed", "embed", texts)
    steps.call("rerank", "rerank", "Where is the kitten?", texts[:2], None, 1)
    text = "The striker scored two goals in the final."
    steps.call("classify", "classify", text, ["politics", "sports", "cooking"])
    steps.call("tokenize", "tokenize", GENERATOR, "Größe owl")
    tokens = outcomes["tokenize"].get("value")
    if tokens is not None:
        steps.call("detokenize", "detokenize", GENERATOR, json.loads(tokens))
    steps.call("stats", "model_stats")
    steps.call("alive", "state_get", "k1")


def run_stream(runtime: Any, steps: Steps, outcomes: Outcomes) -> None:
    """A stream by the generic call, where this version has one and passes notifications on."""
    if not hasattr(runtime, "register_daemon_notification_handler"):
        return
    heard: list[Any] = []
    ended = threading.Event()

    def event_received(text: str) -> None:
        heard.append(json.loads(text))
        if heard[-1]["event"]["type"] == "usage":
            ended.set()

    runtime.register_daemon_notification_handler("inference.stream.event", event_received)
    request = {"prompt": "Count to ten.", "model": GENERATOR, "max_tokens": 6}
    steps.call("stream", "daemon_call", "infer_stream", json.dumps(request))
    if "value" in outcomes["stream"]:
        ended.wait(CANCEL_SECONDS)
    outcomes["stream_heard"] = heard


class Tools:
    """The tools of the proposals, by name; ``calls`` are the texts they were given."""

    def __init__(self, runtime: Any) -> None:
        self.calls: list[dict[str, Any]] = []
        self.cancelled: list[str] = []
        self.cancel_heard = threading.Event()
        self.paused = threading.Event()
        self._runtime = runtime
        self._attempts = 0

    def run(self, text: str) -> Any:
        """Run one call."""
        call = json.loads(text)
        self.calls.append(call)
        return getattr(self, "_" + call["tool"])(call)

    def cancel(self, request_id: str) -> None:
        """A call was given up."""
        self.cancelled.append(request_id)
        self.cancel_heard.set()

    def _echo(self, call: dict[str, Any]) -> str:
        return json.dumps({"echo": call["params"]})

    def _null(self, call: dict[str, Any]) -> str:
        return "null"

    def _refuse(self, call: dict[str, Any]) -> str:
        raise ValueError("bad thing")

    def _nothing(self, call: dict[str, Any]) -> None:
        return None

    def _garbled(self, call: dict[str, Any]) -> str:
        return "not JSON"

    def _flaky(self, call: dict[str, Any]) -> str:
        self._attempts += 1
        if self._attempts == 1:
            raise ValueError("not yet")
        return json.dumps(self._attempts)

    def _slow(self, call: dict[str, Any]) -> str:
        time.sleep(SLEEP_SECONDS)
        return "{}"

    def _pause(self, call: dict[str, Any]) -> str:
        self.paused.set()
        time.sleep(PAUSE_SECONDS)
        return self._echo(call)

    def _calls_back(self, call: dict[str, Any]) -> str:
        self._runtime.state_set("from_tool", "7")
        return str(self._runtime.state_get("from_tool"))


def run_proposals(outcomes: Outcomes) -> None:
    """Plans run by the daemon with tools of ours, one at a time and two at once."""
    runtime = car_runtime.CarRuntime()
    tools = Tools(runtime)
    steps = Steps(runtime, outcomes)
    for name in (
        "echo",
        "null",
        "refuse",
        "nothing",
        "garbled",
        "flaky",
        "slow",
        "pause",
        "denied",
    ):
        runtime.register_tool(name)
    runtime.register_policy("no-denied", "deny_tool", target="denied")
    car_runtime.register_tool_handler(tools.run)
    if hasattr(car_runtime, "register_tool_cancel_handler"):
        car_runtime.register_tool_cancel_handler(tools.cancel)

    mixed = proposal(
        "mixed",
        action("ok", "echo", parameters={"msg": "hi"}, expected_effects={"greeted": True}),
        action("null", "null"),
        action("raises", "refuse"),
        action("nothing", "nothing"),
        action("garbled", "garbled"),
        action("retried", "flaky", failure_behavior="retry", max_retries=2),
        action("unknown", "nobody"),
        action("denied", "denied"),
        {**action("write"), "type": "state_write", "parameters": {"key": "stage", "value": "b"}},
        action("after", "echo", parameters={"got": "$ok.output.echo.msg"}, dependencies=["ok"]),
        action("orphan", "echo", dependencies=["raises"]),
    )
    steps.call("submit_mixed", "submit_proposal", mixed)
    steps.call("effect", "state_get", "greeted")
    steps.call("written", "state_get", "stage")
    steps.call("state_keys_after", "state_keys")

    slow = action("slow", "slow", timeout_ms=SLOW_BUDGET_MS)
    steps.call("submit_slow", "submit_proposal", proposal("slow", slow))
    if hasattr(car_runtime, "register_tool_cancel_handler"):
        tools.cancel_heard.wait(CANCEL_SECONDS)
    time.sleep(SLEEP_SECONDS)  # the late answer goes out; it must not harm

    # A client that two threads enter at the same instant can block itself for good (seen with
    # 0.12.0 and 0.58.0), so the second proposal comes when the first waits for its tool.
    left = proposal("left", *tagged("left", "pause"), *tagged("left", "echo"))
    thread = threading.Thread(target=steps.call, args=("submit_left", "submit_proposal", left))
    thread.start()
    tools.paused.wait(CANCEL_SECONDS)
    steps.call("submit_right", "submit_proposal", proposal("right", *tagged("right", "echo")))
    thread.join()

    steps.call("submit_nonsense", "submit_proposal", '{"actions":[{"type":"nonsense"}]}')
    if hasattr(runtime, "daemon_call"):
        runtime.register_tool("calls_back")
        steps.call("submit_nested", "submit_proposal", proposal("n", action("n", "calls_back")))
    handled = len(tools.calls)
    steps.call("execute", "execute_proposal", proposal("x", action("x", "echo")), tools.run)
    steps.call("event_count_after", "event_count")
    steps.call("event_query_after", "event_query", '{"kinds":["action_failed"]}')
    outcomes["calls"] = tools.calls[:handled]
    outcomes["cancelled"] = tools.cancelled


def run_host(outcomes: Outcomes) -> None:
    """The host's methods, on our own connection and with the host token."""
    runtime = car_runtime.CarRuntime()
    steps = Steps(runtime, outcomes)
    heard: list[Any] = []
    told = threading.Event()

    def event_received(text: str) -> None:
        heard.append(json.loads(text))
        told.set()

    runtime.register_daemon_notification_handler("host.event", event_received)
    steps.call("host_subscribe", "host_subscribe", "{}")
    agent = {"id": "worker", "name": "Worker", "kind": "custom"}
    steps.call("host_register_agent", "host_register_agent", json.dumps(agent))
    status = {"agent_id": "worker", "status": "running", "current_task": "tests"}
    steps.call("host_set_status", "host_set_status", json.dumps(status))
    steps.call("host_agents", "host_agents")
    question = {"action": "deploy", "details": {"to": "production"}, "agent_id": "worker"}
    steps.call("host_request_approval", "host_request_approval", json.dumps(question))
    raised = outcomes["host_request_approval"]
    if "value" in raised:
        answer = {"approval_id": json.loads(raised["value"])["id"], "resolution": "approve"}
        steps.call("host_approvals", "host_approvals")
        steps.call("host_resolve_approval", "host_resolve_approval", json.dumps(answer))
    steps.call("host_notify", "host_notify", '{"kind":"host.notification","message":"hello"}')
    steps.call("host_events", "host_events", 50)
    host = Steps(car_runtime.HostClient(runtime), outcomes)
    host.call("as_host", "daemon_call_host_management", "auth.status", "{}")
    host.call("set_tier", "permission_set_tier", '{"tier":"read_only"}')
    steps.call("host_unregister_agent", "host_unregister_agent", '{"agent_id":"worker"}')
    told.wait(CANCEL_SECONDS)
    outcomes["heard"] = heard


def run_files(outcomes: Outcomes) -> None:
    """The engine in the client itself: read a memory file of ours, and write one."""
    directory = os.environ["INTEROP_DIRECTORY"]
    steps = Steps(car_runtime.CarRuntime(), outcomes)
    steps.call("load", "load_memory", os.path.join(directory, "ours.json"))
    steps.call("count", "fact_count")
    steps.call("query", "query_facts", "where is the fair", 5)
    steps.call("context", "build_context", "where is the fair")
    steps.call("add", "add_fact", "crane", "lifts forty tons", "pattern")
    steps.call("constrain", "add_fact", "gate", "must be shut at night", "constraint")
    steps.call("persist", "persist_memory", os.path.join(directory, "theirs.json"))


def run_twice(outcomes: Outcomes) -> None:
    """Two calls: whether this client is let in at all."""
    steps = Steps(car_runtime.CarRuntime(), outcomes)
    steps.call("first", "state_set", "k1", "1")
    steps.call("second", "state_set", "k1", "2")


def run_browser(outcomes: Outcomes) -> None:
    """The daemon's browser; ``browser_run`` is of no use here, as it drives one of its own."""
    steps = Steps(car_runtime.CarRuntime(), outcomes)

    def run(step: str, script: Any) -> None:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        params = json.dumps({"script": script, "extra_args": flags})
        steps.call(step, "daemon_call", "browser.run", params)

    run("as_object", {"operations": [{"op": "navigate", "url": "about:blank"}]})
    run("as_text", json.dumps([{"op": "observe"}, {"op": "wait", "condition": "load"}]))
    run("bad_script", [{"op": "navigate"}])
    steps.call("close", "daemon_call", "browser.close", "{}")
    steps.call("close_again", "daemon_call", "browser.close", "{}")


def run_death(outcomes: Outcomes) -> None:
    """Go in the middle of a proposal, as a process does that is killed."""

    def die(text: str) -> str:
        os._exit(0)

    json.dump(outcomes, sys.stdout)
    sys.stdout.flush()
    runtime = car_runtime.CarRuntime()
    runtime.register_tool("deadly")
    car_runtime.register_tool_handler(die)
    runtime.submit_proposal(proposal("last", action("a1", "deadly"), action("a2", "deadly")))


SCENARIOS = {
    "session": run_session,
    "memory": run_memory,
    "inference": run_inference,
    "proposals": run_proposals,
    "host": run_host,
    "files": run_files,
    "twice": run_twice,
    "browser": run_browser,
    "death": run_death,
}


def main() -> None:
    """Run the scenario named on the command line."""
    outcomes: Outcomes = {}
    SCENARIOS[sys.argv[1]](outcomes)
    json.dump(outcomes, sys.stdout)
    sys.stdout.flush()
    # The client's own threads do not always survive the end of the interpreter.
    os._exit(0)


if __name__ == "__main__":
    main()
