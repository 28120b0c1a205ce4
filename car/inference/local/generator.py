"""Generation by local GGUF models.

llama.cpp speaks OpenAI's chat completions, so requests are built and answers read as for a
provider of those; the worker passes chunks on.
"""

from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure
from zope.interface import implementer

from car.inference.errors import CallTimeout, InferenceError, UnsupportedMode
from car.inference.interfaces import EventSink, IGenerator
from car.inference.local.locate import backend_of, local_source
from car.inference.local.workers import LocalWorkers
from car.inference.models import ModelSchema
from car.inference.records import Completion, GenerateRequest, StopReason, TextDelta
from car.inference.remote.answers import Assembly
from car.inference.remote.conversation import Image, read_request
from car.inference.remote.exchange import Ask
from car.inference.remote.protocols.openai_chat import ChatAnswer, OpenAIChat
from car.inference.remote.sse import ServerSentEvent
from car.ir.json import JsonObject, JsonValue
from car.worker.process import CALL_SECONDS

DECODE_TIMEOUT = "local_decode_timeout"
"""The stop reason of an answer that was cut off as it took too long."""


@implementer(IGenerator)
class LocalGenerator:
    """Runs GGUF models in *workers*; an answer may take *seconds*, loading included."""

    def __init__(self, workers: LocalWorkers, *, seconds: float = CALL_SECONDS) -> None:
        self._workers = workers
        self._seconds = seconds

    def generate(
        self, model: ModelSchema, request: GenerateRequest, sink: EventSink | None
    ) -> "Deferred[Completion]":
        """Run *request* on *model*; fires with the whole answer.

        What took too long fires with the text so far and the stop reason
        ``local_decode_timeout``.  Fails with InferenceError.  Cancelling stops the model at
        its next token.
        """
        try:
            body = chat_body(model, request)
            answer = _Answer(sink)
            ended = self._workers.call(
                model, "chat", {"body": body}, answer.chunk_received, seconds=self._seconds
            )
        except InferenceError as problem:
            return fail(problem)
        return ended.addCallbacks(answer.completion, answer.cut_off)


def chat_body(model: ModelSchema, request: GenerateRequest) -> JsonObject:
    """The chat completion that *request* asks of *model*.

    Raises InvalidRequest, or UnsupportedMode for what a local model cannot do.
    """
    if backend_of(local_source(model)) == "onnx":
        raise UnsupportedMode(f"UnsupportedMode: model '{model.id}' does not generate text.")
    conversation = read_request(request)
    if any(isinstance(part, Image) for turn in conversation.turns for part in turn.parts):
        raise UnsupportedMode(f"UnsupportedMode: model '{model.id}' cannot look at images.")
    params = request.params
    body = OpenAIChat().body(Ask(model, "", model.name, conversation, params, streaming=True))
    body |= {"temperature": params.temperature, "top_p": params.top_p}
    if params.top_k > 0:
        body["top_k"] = params.top_k
    if params.seed is not None:
        body["seed"] = params.seed
    if params.stop:
        body["stop"] = params.stop
    effort = body.pop("reasoning_effort", None)
    if effort is not None:
        body["chat_template_kwargs"] = {"enable_thinking": effort != "none"}
    return body


class _Answer:
    """Reads the chunks of one answer; tells its events to *sink*."""

    def __init__(self, sink: EventSink | None) -> None:
        self._sink = sink
        self._reader = ChatAnswer()
        self._assembly = Assembly()
        self._has_text = False
        self._problem: InferenceError | None = None

    def chunk_received(self, chunk: JsonValue) -> None:
        """Take the JSON text of one chunk."""
        try:
            for event in self._reader.read_event(ServerSentEvent("", chunk)):
                self._assembly.add(event)
                self._has_text |= isinstance(event, TextDelta)
                if self._sink is not None:
                    self._sink(event)
        except InferenceError as problem:
            self._problem = problem

    def completion(self, timings: JsonValue) -> Completion:
        """The whole answer; raises InferenceError where a chunk could not be read."""
        if self._problem is not None:
            raise self._problem
        whole = self._assembly.completion()
        return Completion(whole.text, whole.tool_calls, whole.usage, whole.stop_reason, timings)

    def cut_off(self, failure: Failure) -> "Completion | Failure":
        """The answer so far, if time ran out and there is any; else the failure."""
        if not (failure.check(CallTimeout) and self._has_text):
            return failure
        end = StopReason(DECODE_TIMEOUT)
        self._assembly.add(end)
        if self._sink is not None:
            self._sink(end)
        return self.completion(None)
