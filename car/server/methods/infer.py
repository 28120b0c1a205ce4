"""``infer`` and its relatives: generation, vectors, ranking, tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from twisted.internet.task import LoopingCall

from car.errors import CarError
from car.inference.engine import Answer, InferenceEngine
from car.inference.records import GenerateRequest, StreamEvent
from car.ir.json import JsonObject, JsonValue, convert, to_value
from car.memgine.intervention import Inject, Situation, Trigger
from car.memgine.memgine import Memgine
from car.memgine.proactive import ProactiveMemory
from car.server.errors import InvalidParams
from car.server.registry import method
from car.server.session import ClientSession

PROGRESS_SECONDS = 10.0
"""How often a waiting client is told that it is not forgotten (``subsystem-inference.md``)."""


class Infer(GenerateRequest, frozen=True):
    """A request; ``max_tokens`` and ``temperature`` may stand outside of ``params`` too."""

    max_tokens: int | None = None
    temperature: float | None = None


class Embed(Struct, frozen=True):
    """Texts to make vectors of."""

    texts: list[str]
    model: str | None = None


class Classify(Struct, frozen=True):
    """A text, and the labels it may have."""

    text: str
    labels: Annotated[list[str], Meta(min_length=1)]
    model: str | None = None


class Rerank(Struct, frozen=True):
    """Documents to be ordered by a query."""

    query: str
    documents: list[str]
    model: str | None = None
    top_n: Annotated[int, Meta(ge=1)] | None = None
    instruction: str | None = None


class Tokenize(Struct, frozen=True):
    """A text for a local model's tokenizer."""

    model: str
    text: str


class Detokenize(Struct, frozen=True):
    """Ids of a local model's tokenizer."""

    model: str
    tokens: list[int]


def engine_of(session: ClientSession) -> InferenceEngine:
    """What runs the daemon's models."""
    return session.state.inference.engine


@method("infer")
async def infer(session: ClientSession, params: Infer, id: bytes | None) -> JsonObject:
    """Generate an answer to a prompt or to messages.

    ``model`` pins one; otherwise the router chooses, and another is tried where one fails.
    ``context_query`` puts what memory knows into the context.  Result: ``{text, tool_calls,
    usage, model_used, trace_id, latency_ms, time_to_first_token_ms, stop_reason}``, ``usage``
    in both vocabularies or null.  ``infer.progress {id}`` comes every ten seconds meanwhile.
    Errors: -32007 when the content is refused; -32603 with ``data.code`` provider,
    missing_key, missing_component, worker or busy.
    """
    request = await _prepared(session, params)
    with _progress(session, id):
        answer = await engine_of(session).generate(request)
    return {
        **_result(answer),
        "latency_ms": round(answer.latency_ms),
        "time_to_first_token_ms": _rounded(answer.time_to_first_token_ms),
    }


@method("infer_stream", "infer.stream")
async def infer_stream(session: ClientSession, params: Infer, id: bytes | None) -> JsonObject:
    """The same, its parts told as they come by ``inference.stream.event {request_id, event}``.

    Events: text, tool_start, tool_delta, usage, stop_reason, provider_output_item, error.
    Result: ``{text, tool_calls, usage, stop_reason, trace_id, model_used}`` after the last
    event.  Errors: as of ``infer``, told as an error event too once the stream has begun.
    """
    request = await _prepared(session, params)
    request_id = None if id is None else msgspec.json.decode(id)
    begun = False

    def sink(event: StreamEvent) -> None:
        nonlocal begun
        begun = True
        # Droppable, as the reply has the whole.
        told: JsonObject = {"request_id": request_id, "event": to_value(event)}
        session.notify("inference.stream.event", told, droppable=True)

    with _progress(session, id):
        try:
            answer = await engine_of(session).generate(request, sink)
        except CarError as problem:
            if begun:
                end: JsonObject = {"type": "error", "message": str(problem)}
                session.notify("inference.stream.event", {"request_id": request_id, "event": end})
            raise
    return _result(answer)


def _result(answer: Answer) -> JsonObject:
    completion = answer.completion
    window = answer.model.context_length or None
    return {
        "text": completion.text,
        # A call without arguments is told with an empty object: clients read it unasked.
        "tool_calls": [{"arguments": {}, **to_value(call)} for call in completion.tool_calls],
        "usage": None if completion.usage is None else completion.usage.wire(window),
        "model_used": answer.model.name,
        "trace_id": answer.trace_id,
        "stop_reason": completion.stop_reason,
    }


def _rounded(milliseconds: float | None) -> JsonValue:
    return None if milliseconds is None else round(milliseconds)


@contextmanager
def _progress(session: ClientSession, id: bytes | None) -> Iterator[None]:
    """Tell the client every ten seconds that its request is being worked on."""
    if id is None:
        yield
        return
    told: JsonObject = {"id": msgspec.json.decode(id)}
    beat = LoopingCall(session.notify, "infer.progress", told, droppable=True)
    beat.clock = session.state.clock
    beat.start(PROGRESS_SECONDS, now=False)
    try:
        yield
    finally:
        beat.stop()


async def _prepared(session: ClientSession, params: Infer) -> GenerateRequest:
    """The request with its parameters in one place, and what memory adds to the context."""
    outside = {
        name: value
        for name, value in (("max_tokens", params.max_tokens), ("temperature", params.temperature))
        if value is not None
    }
    values = msgspec.structs.asdict(params)
    for name in ("max_tokens", "temperature"):
        del values[name]
    request = GenerateRequest(**values)
    if outside:
        request = msgspec.structs.replace(
            request, params=msgspec.structs.replace(request.params, **outside)
        )
    parts = [request.context] if request.context else []
    if request.context_query is not None:
        parts.append(session.memory.build_context(request.context_query, session.now()))
    reminder = await _reminder(session, request)
    if reminder is not None:
        parts.append(reminder)
    return msgspec.structs.replace(request, context="\n\n".join(filter(None, parts)) or None)


async def _reminder(session: ClientSession, request: GenerateRequest) -> str | None:
    """What proactive memory has to say before the model answers, where it is asked."""
    asked = request.memory_intervention
    if not asked:
        return None
    members = asked if isinstance(asked, dict) else {}
    query = members.get("query", request.prompt or "")
    if not isinstance(query, str):
        raise InvalidParams("memory_intervention.query: expected text")
    situation = Situation(
        query=query,
        trigger=convert(members.get("trigger", {}), Trigger),
        force=members.get("force") is True,
    )
    now = session.now()

    def intervene(memory: Memgine) -> object:
        return ProactiveMemory(memory).intervene(situation, now)

    decision = await session.remember(intervene)
    return decision.reminder if isinstance(decision, Inject) else None


@method("embed")
async def embed(session: ClientSession, params: Embed) -> JsonObject:
    """Vectors of unit length for texts.

    Result: ``{embeddings: number[][]}``, one a text, in their order.  Errors: -32603 with
    the command that installs what is missing; for more than 4,096 texts.
    """
    vectors = await engine_of(session).embed(params.texts, params.model)
    return {"embeddings": to_value(vectors)}


@method("classify")
async def classify(session: ClientSession, params: Classify) -> JsonObject:
    """How well each label fits a text.

    Result: ``{classifications: [{label, score}]}``, best first; scores sum to 1.
    """
    scored = await engine_of(session).classify(params.text, params.labels, params.model)
    return {"classifications": [{"label": label, "score": score} for label, score in scored]}


@method("rerank")
async def rerank(session: ClientSession, params: Rerank) -> JsonObject:
    """Order documents by how well they answer a query.

    Result: ``{ranked: [{index, score, document}], model_used}``, best first, ``top_n`` at
    most; ``model_used`` begins with ``bi-encoder:`` where vectors were compared.
    """
    ranked = await engine_of(session).rerank(
        params.query, params.documents, params.model, params.instruction
    )
    rows: list[JsonValue] = [
        {"index": index, "score": score, "document": params.documents[index]}
        for index, score in ranked.order[: params.top_n]
    ]
    return {"ranked": rows, "model_used": ranked.model_used}


@method("tokenize")
async def tokenize(session: ClientSession, params: Tokenize) -> JsonObject:
    """The token ids of a text for a local model, without special ones.

    Result: ``{tokens: int[]}``.  Errors: -32603 ``UnsupportedMode`` for a remote model.
    """
    return {"tokens": to_value(await engine_of(session).tokenize(params.text, params.model))}


@method("detokenize")
async def detokenize(session: ClientSession, params: Detokenize) -> JsonObject:
    """The text of token ids of a local model.

    Result: ``{text}``.  Errors: -32603 ``UnsupportedMode`` for a remote model.
    """
    return {"text": await engine_of(session).detokenize(params.tokens, params.model)}
