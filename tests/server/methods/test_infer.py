"""``infer`` and its relatives over a session, with back ends that a test plays."""

from typing import Any

from twisted.internet.defer import Deferred, succeed

from car.inference.engine import InferenceEngine
from car.inference.errors import (
    ContentRefused,
    InferenceError,
    MissingComponent,
    MissingKey,
    NoModel,
    ProviderError,
    WorkerFailed,
)
from car.inference.models import ModelSchema
from car.inference.records import (
    Completion,
    GenerateRequest,
    ProviderItem,
    StopReason,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolDelta,
    ToolStart,
    Usage,
    UsageEvent,
)
from car.inference.runner import DelegatedRunner
from car.ir.json import JsonObject, JsonValue, encode
from car.server.admission import AdmissionGate
from car.server.limits import Limits
from tests.inference.test_engine import HERE, THERE, Generator, Models, Texts
from tests.interop.frames import read_recordings
from tests.server.doubles import Peer, ServerCase

EVENT = "inference.stream.event"
PROGRESS = "infer.progress"

ASKED: JsonObject = {"prompt": "Name a colour"}

BOTH_VOCABULARIES: JsonObject = {
    "input_tokens": 4,
    "output_tokens": 2,
    "prompt_tokens": 4,
    "completion_tokens": 2,
    "total_tokens": 6,
    "cache_read_input_tokens": 1,
    "cache_creation_input_tokens": 0,
}


def able(model: ModelSchema, *capabilities: str) -> ModelSchema:
    """*model* with those capabilities."""
    return ModelSchema(
        id=model.id, name=model.name, source=model.source, capabilities=list(capabilities)
    )


class InferCase(ServerCase):
    """A client of a daemon whose local model does what a test says."""

    def setUp(self) -> None:
        super().setUp()
        self.have(HERE)
        self.client = self.peer()

    def tearDown(self) -> None:
        """All connections go, so that nothing is left that waits."""
        for session in list(self.state.sessions.values()):
            session.connection_lost("the test is over")

    def have(self, *models: ModelSchema) -> None:
        """Give the server those models, the first of them to be chosen."""
        self.models, self.local, self.remote = Models(*models), Generator(), Generator()
        self.state.inference.engine = InferenceEngine(
            self.models,
            local=self.local,  # type: ignore[arg-type]  # the interfaces are zope's
            remote=self.remote,  # type: ignore[arg-type]
            runner=DelegatedRunner(self.clock),
            texts=Texts(),  # type: ignore[arg-type]
            embed_remote=lambda model, texts: succeed([[0.5, 0.5] for _ in texts]),
            local_gate=self.state.admission.acquire,
            remote_gate=AdmissionGate(permits=2, most_waiting=2).acquire,
            clock=self.clock,
            now=self.state.now,
        )

    @property
    def request(self) -> GenerateRequest:
        """What the model was asked last."""
        return self.local.calls[-1][1]

    def hear(self, *events: StreamEvent) -> None:
        """The model says *events*."""
        for event in events:
            self.local.calls[-1][2](event)
        self.later()

    def end(self, outcome: Completion | InferenceError | None = None) -> None:
        """The model ends."""
        answer = self.local.calls[-1][3]
        if isinstance(outcome, InferenceError):
            answer.errback(outcome)
        else:
            answer.callback(outcome or Completion("Teal"))
        self.later()

    def run_whole(self, outcome: Completion | InferenceError, **params: Any) -> JsonObject:
        """The answer to ``infer`` where the model ends with *outcome*."""
        self.client.send("infer", {**ASKED, **params})
        self.end(outcome)
        [answer] = self.client.new()
        return answer

    def asked_with(self, **params: Any) -> GenerateRequest:
        """What the model is asked where ``infer`` has *params*."""
        self.run_whole(Completion("Teal"), **params)
        return self.request

    def frames(self, client: Peer, method: str) -> list[JsonValue]:
        """The params of the new notifications *method*."""
        return [frame["params"] for frame in client.new() if frame.get("method") == method]


class ResultTests(InferCase):
    """What ``infer`` answers."""

    def test_result(self) -> None:
        """All members, usage in both vocabularies, times in whole milliseconds."""
        id = self.client.send("infer", ASKED)
        self.clock.advance(0.01)
        self.hear(TextDelta("Te"))
        self.clock.advance(0.0214)
        self.end(Completion("Teal", usage=Usage(4, 2, 1), stop_reason="stop"))
        expected = {
            "text": "Teal",
            "tool_calls": [],
            "usage": BOTH_VOCABULARIES,
            "model_used": "small",
            "trace_id": "t-1772600000-1",
            "latency_ms": 31,
            "time_to_first_token_ms": 10,
            "stop_reason": "stop",
        }
        self.assertEqual(self.client.new(), [{"jsonrpc": "2.0", "id": id, "result": expected}])

    def test_unknown(self) -> None:
        """What is not known is null, never zero; a known context length is told."""
        result = self.run_whole(Completion("Teal"))["result"]
        self.assertEqual(
            (result["usage"], result["time_to_first_token_ms"], result["stop_reason"]),
            (None, None, None),
        )
        self.have(ModelSchema(id="a/b:1", name="b", source=HERE.source, context_length=2_048))
        result = self.run_whole(Completion("Teal", usage=Usage(4, 2, 1)))["result"]
        self.assertEqual(result["usage"], {**BOTH_VOCABULARIES, "context_window": 2_048})

    def test_tool_calls(self) -> None:
        """Calls have arguments even where there are none, and an id where the model gave one."""
        calls = [ToolCall("look", {"at": [1]}, "c1"), ToolCall("wait")]
        result = self.run_whole(Completion("", calls))["result"]
        self.assertEqual(
            result["tool_calls"],
            [
                {"name": "look", "arguments": {"at": [1]}, "id": "c1"},
                {"name": "wait", "arguments": {}},
            ],
        )

    def test_failures(self) -> None:
        """Refused content has a code of its own, the others a word that programs can read."""
        for problem, code, word in (
            (ContentRefused("not this"), -32007, None),
            (ProviderError("overloaded", status=529), -32603, "provider"),
            (MissingKey("no API keys"), -32603, "missing_key"),
            (MissingComponent("pip install it"), -32603, "missing_component"),
            (WorkerFailed("gguf worker exited"), -32603, "worker"),
            (NoModel("model not found: x"), -32603, None),
        ):
            error = self.run_whole(problem)["error"]
            self.assertEqual((error["code"], error["message"]), (code, str(problem)))
            self.assertEqual(error.get("data"), word and {"code": word})

    def test_busy(self) -> None:
        """Who finds the queue full is told so at once."""
        self.serve(limits=Limits(inference_waiting=1))
        self.have(HERE)
        self.client = self.peer()
        for _ in range(2):
            self.client.send("infer", ASKED)
        self.assertEqual(self.client.new(), [])
        error = self.client.error("infer", ASKED)
        self.assertEqual((error["code"], error["data"]), (-32603, {"code": "busy"}))

    def test_notification(self) -> None:
        """Without an id the model runs, and nobody is told anything."""
        self.client.turn(encode({"jsonrpc": "2.0", "method": "infer", "params": ASKED}))
        self.clock.advance(25)
        self.end()
        self.assertEqual(self.client.new(), [])
        self.assertEqual(self.models.observations, [("small", True)])


class RequestTests(InferCase):
    """What the model is asked."""

    def test_outside_of_params(self) -> None:
        """``max_tokens`` and ``temperature`` may stand at the top, where they win."""
        params = self.asked_with(max_tokens=3, params={"max_tokens": 5, "top_k": 7}).params
        self.assertEqual((params.max_tokens, params.temperature, params.top_k), (3, 0.7, 7))
        self.assertEqual(self.asked_with(temperature=0).params.temperature, 0.0)
        self.assertEqual(self.asked_with().params.max_tokens, 4_096)

    def test_recorded(self) -> None:
        """Whatever official clients have been seen to send is understood."""
        seen = 0
        for version, recording in read_recordings().items():
            for call in recording.calls:
                params = call.params
                if call.method == "infer" and isinstance(params, dict) and "prompt" in params:
                    result = self.run_whole(Completion("Teal"), **params)
                    self.assertIn("result", result, (version, params))
                    self.assertEqual(self.request.model, params["model"])
                    self.assertEqual(self.request.params.max_tokens, params["params"]["max_tokens"])
                    seen += 1
        self.assertGreater(seen, 50)

    def test_null_is_absent(self) -> None:
        """A member that is null is one that is absent."""
        absent = dict.fromkeys(("params", "intent", "cache_control", "messages", "max_tokens"))
        self.assertEqual(self.asked_with(**absent), self.asked_with())

    def test_context_query(self) -> None:
        """What memory has on the query follows the context given; nothing adds nothing."""
        self.assertIsNone(self.asked_with(context_query="when does ci run").context)
        fact = {"subject": "ci", "body": "runs on pushes to main"}
        self.client.call("memory.add_fact", fact)
        context = self.asked_with(context="Be brief.", context_query="when does ci run").context
        assert context is not None
        self.assertTrue(context.startswith("Be brief.\n\n"), context)
        self.assertIn("runs on pushes to main", context)

    def test_memory_intervention(self) -> None:
        """Memory's reminder is added where it is asked for and has something to say."""
        fact = {"subject": "deploys", "body": "never deploy on a friday", "kind": "constraint"}
        self.client.call("memory.add_fact", fact)
        asked = {"query": "deploy on a friday?", "force": True}
        context = self.asked_with(memory_intervention=asked).context
        assert context is not None
        self.assertIn("never deploy on a friday", context)
        for off in (False, None):
            self.assertIsNone(self.asked_with(memory_intervention=off).context)
        self.assertIsNone(self.asked_with(memory_intervention=True).context)

    def test_wrong(self) -> None:
        """A member that is wrong is named, and no model is asked."""
        for params, member in (
            ({"prompt": 3}, "prompt"),
            ({}, "prompt"),
            ({**ASKED, "params": {"max_tokens": "many"}}, "max_tokens"),
            ({**ASKED, "intent": {"task": "sing"}}, "task"),
            ({**ASKED, "memory_intervention": {"query": 3}}, "memory_intervention.query"),
            ({**ASKED, "memory_intervention": {"trigger": 3}}, "object"),
        ):
            for method in ("infer", "infer_stream"):
                error = self.client.error(method, params)
                self.assertEqual(error["code"], -32602, params)
                self.assertIn(member, error["message"])
        self.assertEqual(self.local.calls, [])


class ProgressTests(InferCase):
    """``infer.progress``, every ten seconds."""

    def test_beat(self) -> None:
        """It comes in the queue as well as at work, under the request's own id, and ends."""
        talker = self.peer()
        talker.send("infer", ASKED)
        self.client.send("infer", ASKED, id="mine")
        self.clock.advance(9.9)
        self.assertEqual(self.frames(self.client, PROGRESS), [])
        self.clock.pump([0.1, 10.0])
        self.assertEqual(self.frames(self.client, PROGRESS), [{"id": "mine"}] * 2)
        self.assertEqual(self.frames(talker, PROGRESS), [{"id": 1}] * 2)
        self.end()
        self.clock.advance(10)
        self.assertEqual(self.frames(self.client, PROGRESS), [{"id": "mine"}])
        self.end()
        self.assertEqual([frame["id"] for frame in self.client.new()], ["mine"])
        self.clock.advance(30)
        self.assertEqual((self.client.new(), self.frames(talker, PROGRESS)), ([], []))

    def test_failure_ends_it(self) -> None:
        """So does a failure, and a stream has it too."""
        self.client.send("infer_stream", ASKED)
        self.clock.advance(10)
        self.assertEqual(self.frames(self.client, PROGRESS), [{"id": 1}])
        self.end(WorkerFailed("gone"))
        self.client.new()
        self.clock.advance(30)
        self.assertEqual(self.client.new(), [])


class StreamTests(InferCase):
    """``infer_stream`` and its events."""

    def told(self) -> list[JsonObject]:
        """The params of the new stream events."""
        return self.frames(self.client, EVENT)

    def test_events(self) -> None:
        """Each event as it comes, under the request's id, a number or a text; then the reply."""
        events: list[StreamEvent] = [
            TextDelta("Te"),
            TextDelta("al"),
            ToolStart("look", 0, "c1"),
            ToolStart("wait", 1),
            ToolDelta(0, '{"at":1}'),
            ProviderItem({"type": "reasoning", "summary": []}),
            StopReason("tool_use"),
            UsageEvent(4, 2, 1),
        ]
        expected = [
            {"type": "text", "data": "Te"},
            {"type": "text", "data": "al"},
            {"type": "tool_start", "name": "look", "index": 0, "id": "c1"},
            {"type": "tool_start", "name": "wait", "index": 1},
            {"type": "tool_delta", "index": 0, "data": '{"at":1}'},
            {"type": "provider_output_item", "item": {"type": "reasoning", "summary": []}},
            {"type": "stop_reason", "data": "tool_use"},
            {"type": "usage", "input_tokens": 4, "output_tokens": 2,
             "cache_read_input_tokens": 1, "cache_creation_input_tokens": 0},
        ]  # fmt: skip
        for id, method in ((7, "infer_stream"), ("seven", "infer.stream")):
            self.client.send(method, ASKED, id=id)
            for event, wire in zip(events, expected, strict=True):
                self.hear(event)
                self.assertEqual(self.told(), [{"request_id": id, "event": wire}])
            self.end(Completion("Teal", [ToolCall("look", {"at": 1}, "c1")], Usage(4, 2, 1)))
            [answer] = self.client.new()
            self.assertEqual(answer["id"], id)
            self.assertEqual(
                sorted(answer["result"]),
                ["model_used", "stop_reason", "text", "tool_calls", "trace_id", "usage"],
            )
            self.assertEqual(answer["result"]["text"], "Teal")
            self.assertEqual(answer["result"]["usage"], BOTH_VOCABULARIES)

    def test_failure_after_the_beginning(self) -> None:
        """Once something was said, a failure is an event too, before the error."""
        for problem, code in (
            (ProviderError("connection lost"), -32603),
            (ContentRefused("no"), -32007),
        ):
            id = self.client.send("infer_stream", ASKED)
            self.hear(TextDelta("Te"))
            self.client.new()
            self.end(problem)
            event, answer = self.client.new()
            told = {"type": "error", "message": str(problem)}
            self.assertEqual(event["params"], {"request_id": id, "event": told})
            self.assertEqual((answer["id"], answer["error"]["code"]), (id, code))

    def test_failure_before_the_beginning(self) -> None:
        """Before that another model is tried, and the last one's failure is only the error."""
        self.have(HERE, THERE)
        self.client.send("infer_stream", ASKED)
        self.end(WorkerFailed("gone"))
        self.assertEqual(self.client.new(), [])
        self.remote.calls[0][3].errback(ProviderError("overloaded"))
        self.later()
        [answer] = self.client.new()
        self.assertEqual(answer["error"]["message"], "overloaded")

    def test_two_at_once(self) -> None:
        """Streams of one connection are told apart by their requests' ids."""
        self.have(THERE)
        for id in ("a", "b"):
            self.client.send("infer_stream", ASKED, id=id)
        for call, text in ((1, "one"), (0, "two"), (1, "three")):
            self.remote.calls[call][2](TextDelta(text))
        self.later()
        told = [(params["request_id"], params["event"]["data"]) for params in self.told()]
        self.assertEqual(told, [("b", "one"), ("a", "two"), ("b", "three")])

    def test_notification(self) -> None:
        """Without an id the events come without one, and there is no reply."""
        self.client.turn(encode({"jsonrpc": "2.0", "method": "infer_stream", "params": ASKED}))
        self.hear(TextDelta("Te"))
        self.clock.advance(10)
        self.end()
        [frame] = self.client.new()
        self.assertEqual(
            frame["params"], {"request_id": None, "event": {"type": "text", "data": "Te"}}
        )


class DisconnectTests(InferCase):
    """A client that goes."""

    def permits(self) -> int:
        """How many permits are free."""
        status: Any = self.client.call("admission.status")
        free: int = status["permits_available"]
        return free

    def test_at_work(self) -> None:
        """Its generation is cancelled and the next one's begins; the model is not to blame."""
        talker = self.peer()
        talker.send("infer_stream", ASKED)
        self.hear(TextDelta("Te"))
        self.client.send("infer", {"prompt": "next"})
        self.assertEqual((len(self.local.calls), self.permits()), (1, 0))
        talker.lose()
        self.assertTrue(self.local.calls[0][3].called)
        self.assertEqual(self.request.prompt, "next")
        self.local.calls[0][2](TextDelta("al"))  # a word that was on its way harms nobody
        self.end()
        [answer] = self.client.new()
        self.assertEqual(answer["result"]["text"], "Teal")
        self.assertEqual(self.permits(), 1)
        self.assertEqual(self.models.observations, [("small", True)])

    def test_in_the_queue(self) -> None:
        """Who waits leaves the queue, the order of the others stays."""
        self.client.send("infer", {"prompt": "0"})
        waiting = [self.peer() for _ in range(4)]
        for number, peer in enumerate(waiting, 1):
            peer.send("infer", {"prompt": str(number)})
        for peer in waiting[::2]:
            peer.lose()
        for _ in range(3):
            self.end()
        self.assertEqual([call[1].prompt for call in self.local.calls], ["0", "2", "4"])
        self.client.new()
        self.assertEqual(self.permits(), 1)

    def test_no_timer_is_left(self) -> None:
        """Nothing beats for one that has gone."""
        before = len(self.clock.getDelayedCalls())
        peer = self.peer()
        peer.send("infer", ASKED)
        self.assertGreater(len(self.clock.getDelayedCalls()), before)
        peer.lose()
        self.assertEqual(len(self.clock.getDelayedCalls()), before)


class TextTests(InferCase):
    """Vectors, ranking, labels, tokens."""

    def setUp(self) -> None:
        super().setUp()
        self.have(able(HERE, "embed", "rerank", "classify", "tokenize"))

    def test_embed(self) -> None:
        """One vector a text, in their order; none for none."""
        vectors = self.client.call("embed", {"texts": ["a", "b"], "model": None})
        self.assertEqual(vectors, {"embeddings": [[1.0, 0.0], [0.0, 1.0]]})
        self.assertEqual(self.client.call("embed", {"texts": []}), {"embeddings": []})

    def test_classify(self) -> None:
        """Labels with their scores, best first."""
        rows = self.client.call("classify", {"text": "x", "labels": ["a", "b"]})
        self.assertEqual(
            rows,
            {"classifications": [{"label": "b", "score": 0.5}, {"label": "a", "score": 0.0}]},
        )

    def test_rerank(self) -> None:
        """Documents with their places, best first, as many as wanted."""
        asked: JsonObject = {"query": "q", "documents": ["bb", "cccc", "a"], "top_n": 2}
        rows = [
            {"index": 1, "score": 4.0, "document": "cccc"},
            {"index": 0, "score": 2.0, "document": "bb"},
        ]
        ranked: Any = self.client.call("rerank", asked)
        self.assertEqual(ranked["ranked"], rows)
        self.assertEqual(ranked["model_used"], f"bi-encoder:{HERE.id}")
        self.have(able(HERE, "rerank"))
        crossed: Any = self.client.call("rerank", {**asked, "top_n": None, "instruction": "x"})
        self.assertEqual((len(crossed["ranked"]), crossed["model_used"]), (3, HERE.id))

    def test_tokens(self) -> None:
        """A local model's ids, and the text they were."""
        asked: JsonObject = {"model": "small", "text": "owl"}
        self.assertEqual(self.client.call("tokenize", asked), {"tokens": [111, 119, 108]})
        asked = {"model": "small", "tokens": [111, 119, 108]}
        self.assertEqual(self.client.call("detokenize", asked), {"text": "owl"})

    def test_remote_tokens(self) -> None:
        """A remote model's are not to be had."""
        self.have(able(THERE, "tokenize"))
        for method, told in (("tokenize", {"text": "x"}), ("detokenize", {"tokens": [1]})):
            error = self.client.error(method, {"model": THERE.id, **told})
            self.assertEqual((error["code"], error["data"]["code"]), (-32603, "unsupported_mode"))
            self.assertEqual(
                error["message"],
                f"UnsupportedMode: {method} is not available for remote model '{THERE.id}'; "
                "use a local model",
            )

    def test_no_model(self) -> None:
        """Without a model for it, that is said."""
        self.have(HERE)
        for method, params in (
            ("embed", {"texts": ["a"]}),
            ("classify", {"text": "x", "labels": ["a"]}),
            ("rerank", {"query": "q", "documents": ["a"]}),
        ):
            error = self.client.error(method, params)
            self.assertEqual(error["code"], -32603)
            self.assertIn("no model can ", error["message"])

    def test_wrong(self) -> None:
        """What is wrong or too much is named."""
        for method, params, member in (
            ("embed", {"texts": "a"}, "texts"),
            ("embed", {"texts": ["a"] * 4_097}, "texts"),
            ("classify", {"text": "x", "labels": []}, "labels"),
            ("rerank", {"query": "q", "documents": ["a"], "top_n": 0}, "top_n"),
            ("rerank", {"query": "q", "documents": ["a"] * 1_001}, "documents"),
            ("tokenize", {"text": "x"}, "model"),
            ("detokenize", {"model": "small", "tokens": ["x"]}, "tokens"),
        ):
            error = self.client.error(method, params)
            self.assertEqual(error["code"], -32602, (method, error))
            self.assertIn(member, error["message"])

    def test_gated(self) -> None:
        """Vectors wait for a permit too, and give it back."""
        talker = self.peer()
        talker.send("infer", ASKED)
        self.client.send("embed", {"texts": ["a"]})
        self.assertEqual(self.client.new(), [])
        talker.lose()
        self.later()
        [answer] = self.client.new()
        self.assertEqual(answer["result"], {"embeddings": [[1.0, 0.0]]})
        status: Any = self.client.call("admission.status")
        self.assertEqual(status["permits_available"], 1)


class EmbeddedTests(ServerCase):
    """An engine of an embedder's own."""

    def test_embedded(self) -> None:
        """It takes the place of ours, and hears of connections that go."""
        engine = EmbeddedEngine()
        self.serve(inference=engine)
        client = self.peer()
        self.assertEqual(client.call("embed", {"texts": ["a", "b"]}), {"embeddings": [[2.0]]})
        client.lose()
        self.assertEqual(engine.closed, [client.session.client_id])


class EmbeddedEngine:
    """Counts texts."""

    def __init__(self) -> None:
        self.closed: list[str] = []

    def embed(self, texts: list[str], model: str | None) -> "Deferred[list[list[float]]]":
        """Their number."""
        return succeed([[float(len(texts))]])

    def session_closed(self, client_id: str) -> None:
        """Note it."""
        self.closed.append(client_id)
