"""``inference.*``: a host's connection that runs models, from request to answer."""

from typing import Any

from car.inference.models import Delegated, ModelSchema
from car.inference.runner import IDLE_SECONDS
from car.ir.json import JsonObject
from car.server.methods.infer import PROGRESS_SECONDS
from tests.inference.doubles import make_models
from tests.server.doubles import TOKEN, Peer, ServerCase

EVENT = "inference.stream.event"
INVOKE = "inference.runner.invoke"

MODEL = ModelSchema(
    id="lab/host:1",
    name="host",
    capabilities=["generate"],
    context_length=4_096,
    source=Delegated(),
)


class RunnerCase(ServerCase):
    """A host whose connection runs the only model, and a client."""

    def setUp(self) -> None:
        super().setUp()
        self.state.inference.models = make_models(
            clock=self.clock, packaged=[MODEL], runner_connected=lambda: True
        )
        self.host, self.client = self.peer(), self.peer()
        answer = self.host.call("inference.register_runner")
        self.assertEqual(answer, {"registered": True})

    def tearDown(self) -> None:
        """All connections go, so that nothing is left that waits."""
        for session in list(self.state.sessions.values()):
            session.connection_lost("the test is over")

    def ask(self, method: str = "infer", **params: Any) -> str:
        """Begin a call; the id under which the host is invoked."""
        self.client.send(method, {"prompt": "hi", **params})
        self.later()
        call_id: str = self.invoked(self.host)["call_id"]
        return call_id

    def invoked(self, host: Peer) -> JsonObject:
        """The params of the invocation that came."""
        [frame] = [frame for frame in host.new() if frame.get("method") == INVOKE]
        params: JsonObject = frame["params"]
        return params

    def say(self, call_id: str, **event: Any) -> None:
        """The host tells an event of the stream."""
        answer = self.host.call("inference.runner.event", {"call_id": call_id, "event": event})
        self.assertEqual(answer, {"emitted": True})
        self.later()

    def complete(self, call_id: str, **result: Any) -> None:
        """The host ends the call."""
        params: JsonObject = {"call_id": call_id, "result": {"text": "", **result}}
        self.assertEqual(self.host.call("inference.runner.complete", params), {"completed": True})
        self.later()

    def answer(self) -> JsonObject:
        """The one frame that the client was sent."""
        [frame] = self.client.new()
        return frame


class CallTests(RunnerCase):
    """From the client to the host and back."""

    def test_invoke(self) -> None:
        """The host is sent the request as it came, with the model's id and the client's mark."""
        self.client.send("infer", {"prompt": "hi", "client_ref": "r-77", "max_tokens": 5})
        self.later()
        request = self.invoked(self.host)["request"]
        self.assertEqual((request["prompt"], request["client_ref"]), ("hi", "r-77"))
        self.assertEqual((request["model"], request["params"]["max_tokens"]), (MODEL.id, 5))

    def test_complete(self) -> None:
        """The result alone is enough; no usage was told, so none is."""
        calls: list[JsonObject] = [{"id": "c1", "name": "look", "arguments": {"at": 1}}]
        self.complete(self.ask(), text="hello", tool_calls=calls)
        result = self.answer()["result"]
        self.assertEqual((result["text"], result["tool_calls"]), ("hello", calls))
        self.assertEqual((result["model_used"], result["usage"]), ("host", None))

    def test_events(self) -> None:
        """Events reach a streaming client as they come, and are what counts in the end."""
        call_id = self.ask("infer_stream")
        self.say(call_id, type="text", data="hel")
        told = {"request_id": 1, "event": {"type": "text", "data": "hel"}}
        self.assertEqual(self.answer()["params"], told)
        self.say(call_id, type="text", data="lo")
        self.say(call_id, type="usage", input_tokens=3, output_tokens=2)
        self.say(call_id, type="stop_reason", data="length")
        self.say(call_id, type="done", text="other", tool_calls=[])
        self.client.new()
        self.complete(call_id, text="something else")
        result = self.answer()["result"]
        self.assertEqual((result["text"], result["stop_reason"]), ("hello", "length"))
        self.assertEqual(result["usage"]["total_tokens"], 5)
        self.assertEqual(result["usage"]["context_window"], 4_096)

    def test_events_of_a_plain_call(self) -> None:
        """A client that did not ask for a stream gets no events, and the same text."""
        call_id = self.ask()
        self.say(call_id, type="text", data="hello")
        self.assertEqual(self.client.new(), [])
        self.complete(call_id)
        self.assertEqual(self.answer()["result"]["text"], "hello")

    def test_strange_event(self) -> None:
        """An event of another shape is refused, and the call goes on."""
        call_id = self.ask()
        for event in ({"type": "dance"}, {"type": "text"}, {}):
            params: JsonObject = {"call_id": call_id, "event": event}
            error = self.host.error("inference.runner.event", params)
            self.assertEqual(error["message"], "unrecognised runner event shape")
        self.complete(call_id, text="hello")
        self.assertEqual(self.answer()["result"]["text"], "hello")

    def test_fail(self) -> None:
        """The client gets the host's own words, after a stream began by an event as well."""
        call_id = self.ask("infer_stream")
        self.say(call_id, type="text", data="hel")
        self.client.new()
        params: JsonObject = {"call_id": call_id, "error": "out of coffee"}
        self.assertEqual(self.host.call("inference.runner.fail", params), {"failed": True})
        self.later()
        event, answer = self.client.new()
        self.assertEqual(event["params"]["event"], {"type": "error", "message": "out of coffee"})
        self.assertEqual(answer["error"], {"code": -32603, "message": "out of coffee"})

    def test_unknown_call(self) -> None:
        """What is not under way, any more or for this connection, is an error."""
        call_id = self.ask()
        for sender, wrong in ((self.host, "r-99"), (self.client, call_id)):
            for method, rest in (
                ("event", {"event": {"type": "text", "data": "x"}}),
                ("complete", {"result": {"text": "x"}}),
                ("fail", {"error": "x"}),
            ):
                error = sender.error(f"inference.runner.{method}", {"call_id": wrong, **rest})
                self.assertEqual(error["code"], -32603)
                self.assertIn(f"no call '{wrong}' of this runner", error["message"])
        self.complete(call_id)
        self.assertIn("result", self.answer())
        error = self.host.error("inference.runner.fail", {"call_id": call_id, "error": "x"})
        self.assertEqual(error["code"], -32603)

    def test_wrong_params(self) -> None:
        """Members that are wrong or missing are named."""
        for method, params, member in (
            ("event", {"call_id": "r-1"}, "event"),
            ("event", {"call_id": 1, "event": {}}, "call_id"),
            ("complete", {"call_id": "r-1", "result": {"text": 1}}, "result.text"),
            ("fail", {"call_id": "r-1"}, "error"),
        ):
            error = self.host.error(f"inference.runner.{method}", params)
            self.assertEqual(error["code"], -32602, method)
            self.assertIn(member, error["message"])


class EndTests(RunnerCase):
    """Runners and clients that go or stay silent."""

    def test_nobody_registered(self) -> None:
        """Without a runner its models say how to get one."""
        self.host.lose()
        self.client.send("infer", {"prompt": "hi", "model": MODEL.id})
        self.later()
        self.assertEqual(
            self.answer()["error"]["message"],
            f"model '{MODEL.id}' is delegated but no runner is registered; "
            "call inference.register_runner from the host",
        )

    def test_runner_lost(self) -> None:
        """Its calls fail when its connection goes."""
        self.ask()
        self.host.lose()
        self.later()
        error = self.answer()["error"]
        self.assertEqual(
            (error["code"], error["message"]), (-32603, "inference runner disconnected")
        )

    def test_last_wins(self) -> None:
        """A second runner takes over what comes; the first one's going changes nothing."""
        other = self.peer()
        other.call("inference.register_runner")
        self.host.lose()
        self.client.send("infer", {"prompt": "hi"})
        self.later()
        call_id = self.invoked(other)["call_id"]
        params: JsonObject = {"call_id": call_id, "result": {"text": "mine"}}
        other.call("inference.runner.complete", params)
        self.later()
        self.assertEqual(self.answer()["result"]["text"], "mine")

    def test_silence(self) -> None:
        """A call is given up after two silent minutes; until then the client hears of it."""
        call_id = self.ask()
        self.clock.advance(IDLE_SECONDS - 1)
        self.say(call_id, type="text", data="still here")
        self.clock.pump([PROGRESS_SECONDS] * int(IDLE_SECONDS / PROGRESS_SECONDS))
        *beats, answer = self.client.new()
        self.assertEqual({frame["method"] for frame in beats}, {"infer.progress"})
        self.assertEqual(
            answer["error"]["message"], f"the inference runner was silent for {IDLE_SECONDS:.0f} s"
        )

    def test_client_lost(self) -> None:
        """Nobody waits for a client that has gone: its call is forgotten."""
        call_id = self.ask()
        self.client.lose()
        params: JsonObject = {"call_id": call_id, "result": {"text": "late"}}
        error = self.host.error("inference.runner.complete", params)
        self.assertIn("no call", error["message"])

    def test_no_permit(self) -> None:
        """Delegated calls take no permit of the local models."""
        self.ask()
        status: Any = self.client.call("admission.status")
        self.assertEqual(status["permits_in_use"], 0)


class HostTests(ServerCase):
    """Who may register."""

    def test_host_only(self) -> None:
        """Where there are tokens, it takes the host's."""
        self.serve(auth=True)
        assert self.credentials is not None
        client, host = self.peer(), self.peer()
        client.call("session.auth", {"token": TOKEN})
        error = client.error("inference.register_runner")
        self.assertIn("inference.register_runner is for the host", error["message"])
        host.call("session.auth", {"host_token": self.credentials.host_token.reveal()})
        self.assertEqual(host.call("inference.register_runner"), {"registered": True})
