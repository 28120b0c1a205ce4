"""Tests of car.inference.local.generator, with workers that are fakes."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from car.inference.errors import (
    CallTimeout,
    InvalidRequest,
    ProviderError,
    UnsupportedMode,
    WorkerFailed,
)
from car.inference.interfaces import IGenerator
from car.inference.local.generator import LocalGenerator, chat_body
from car.inference.models import ModelSchema, Ollama
from car.inference.records import (
    Completion,
    GenerateParams,
    GenerateRequest,
    StopReason,
    StreamEvent,
    TextDelta,
    ToolCall,
    Usage,
    UsageEvent,
)
from car.ir.json import JsonObject, encode
from tests.inference.local.doubles import GGUF_MODEL, ONNX_MODEL, FakeWorkers


class ChatBodyTests(SynchronousTestCase):
    """chat_body: what the worker is asked."""

    def test_prompt(self) -> None:
        """A prompt is the user's turn; the parameters go along, a top_k of 0 does not."""
        body = chat_body(GGUF_MODEL, GenerateRequest(prompt="Hello", system="Be brief."))
        self.assertEqual(
            body["messages"],
            [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Hello"},
            ],
        )
        self.assertEqual(
            (body["temperature"], body["top_p"], body["max_tokens"]), (0.7, 0.9, 4_096)
        )
        self.assertEqual({"top_k", "seed", "stop"} & body.keys(), set())
        self.assertEqual(body["stream_options"], {"include_usage": True})

    def test_parameters(self) -> None:
        """Whatever was chosen reaches the model."""
        params = GenerateParams(
            temperature=0.0, top_p=0.5, top_k=7, seed=3, stop=["\n"], max_tokens=9
        )
        body = chat_body(GGUF_MODEL, GenerateRequest(prompt="Hello", params=params))
        chosen = {"temperature": 0.0, "top_p": 0.5, "top_k": 7, "seed": 3, "stop": ["\n"]}
        self.assertEqual({**body, **chosen, "max_tokens": 9}, body)

    def test_schema(self) -> None:
        """A schema goes along for the grammar that is made of it."""
        wanted = {"type": "json_schema", "schema": {"type": "object"}}
        body = chat_body(GGUF_MODEL, GenerateRequest(prompt="Hello", response_format=wanted))
        self.assertEqual(body["response_format"]["json_schema"]["schema"], {"type": "object"})

    def test_thinking(self) -> None:
        """A model that reasons is told in its template whether to."""
        thinker = ModelSchema(
            id="lab/thinker:1", name="thinker", capabilities=["reasoning"], source=GGUF_MODEL.source
        )
        for thinking, told in (("off", False), ("high", True)):
            request = GenerateRequest(prompt="Hello", params=GenerateParams(thinking=thinking))
            body = chat_body(thinker, request)
            self.assertEqual(body["chat_template_kwargs"], {"enable_thinking": told})
            self.assertNotIn("reasoning_effort", body)

    def test_impossible(self) -> None:
        """Images, and models of another kind, are refused by name."""
        image = {"type": "image_base64", "data": "AA==", "media_type": "image/png"}
        with self.assertRaisesRegex(UnsupportedMode, "'lab/owl:1' cannot look at images"):
            chat_body(GGUF_MODEL, GenerateRequest(prompt="What is it?", images=[image]))
        with self.assertRaisesRegex(UnsupportedMode, "'lab/near:1' does not generate"):
            chat_body(ONNX_MODEL, GenerateRequest(prompt="Hello"))
        elsewhere = ModelSchema(id="ollama/owl:1", name="owl", source=Ollama())
        with self.assertRaisesRegex(InvalidRequest, "not a local model"):
            chat_body(elsewhere, GenerateRequest(prompt="Hello"))


class LocalGeneratorTests(SynchronousTestCase):
    """LocalGenerator.generate: chunks to events, and every end."""

    def setUp(self) -> None:
        self.ended: Deferred[Any] = Deferred()
        self.workers = FakeWorkers(lambda op, arguments: self.ended)
        self.events: list[StreamEvent] = []

    def generate(self) -> "Deferred[Completion]":
        """Ask for an answer, with a sink."""
        generator = LocalGenerator(self.workers)
        return generator.generate(GGUF_MODEL, GenerateRequest(prompt="Hello"), self.events.append)

    def chunk(self, **members: Any) -> None:
        """The worker passes a chunk on."""
        assert self.workers.on_part is not None
        self.workers.on_part(encode(members).decode())

    def say(self, delta: JsonObject, finish_reason: str | None = None) -> None:
        """The model says *delta*."""
        self.chunk(choices=[{"index": 0, "delta": delta, "finish_reason": finish_reason}])

    def test_interface(self) -> None:
        """It is a generator as the engine wants it."""
        verifyObject(IGenerator, LocalGenerator(self.workers))

    def test_answer(self) -> None:
        """Events come as the chunks do; the whole has text, usage, reason and timings."""
        answer = self.generate()
        self.assertEqual(self.workers.calls[0][0], "chat")
        self.say({"role": "assistant", "content": None})
        self.say({"content": "To"})
        self.assertEqual(self.events, [TextDelta("To")])
        self.say({"content": "whit"})
        self.say({}, "stop")
        self.chunk(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 2})
        self.assertNoResult(answer)
        self.ended.callback({"predicted_per_second": 50.0})
        self.assertEqual(
            self.successResultOf(answer),
            Completion("Towhit", [], Usage(3, 2), "stop", {"predicted_per_second": 50.0}),
        )
        self.assertEqual(self.events[2:], [StopReason("stop"), UsageEvent(3, 2)])

    def test_tool_call(self) -> None:
        """A tool call is put together from its pieces."""
        answer = self.generate()
        function = {"name": "look", "arguments": '{"at"'}
        self.say({"tool_calls": [{"index": 0, "id": "c1", "function": function}]})
        self.say({"tool_calls": [{"index": 0, "function": {"arguments": ': "owl"}'}}]})
        self.say({}, "tool_calls")
        self.ended.callback({})
        calls = self.successResultOf(answer).tool_calls
        self.assertEqual(calls, [ToolCall("look", {"at": "owl"}, "c1")])

    def test_bad_chunk(self) -> None:
        """A chunk that cannot be read fails the answer."""
        answer = self.generate()
        self.chunk(choices=7)
        self.ended.callback({})
        self.failureResultOf(answer, ProviderError)

    def test_out_of_time(self) -> None:
        """What took too long gives what there is, and says why it ends."""
        answer = self.generate()
        self.say({"content": "To"})
        self.ended.errback(CallTimeout("too long"))
        self.assertEqual(
            self.successResultOf(answer), Completion("To", stop_reason="local_decode_timeout")
        )
        self.assertEqual(self.events[-1], StopReason("local_decode_timeout"))

    def test_out_of_time_with_nothing(self) -> None:
        """Where nothing came in time there is nothing to give."""
        answer = self.generate()
        self.ended.errback(CallTimeout("too long"))
        self.failureResultOf(answer, CallTimeout)

    def test_failures(self) -> None:
        """A worker's end is the answer's, with or without text; so is a wrong request."""
        answer = self.generate()
        self.say({"content": "To"})
        self.ended.errback(Failure(WorkerFailed("gone")))
        self.failureResultOf(answer, WorkerFailed)
        wrong = LocalGenerator(self.workers).generate(GGUF_MODEL, GenerateRequest(), None)
        self.failureResultOf(wrong, InvalidRequest)

    def test_cancel(self) -> None:
        """Cancelling reaches the worker's call."""
        answer = self.generate()
        answer.cancel()
        self.failureResultOf(answer, CancelledError)
        self.assertTrue(self.ended.called)
