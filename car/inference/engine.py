"""InferenceEngine: from a request to its answer, whichever model runs where.

Choose, pass the gate, run, try the next where one fails before it said anything, note how it
went.  Models, back ends and gates are handed in; the wire is left to the server.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from car.inference.errors import (
    InferenceError,
    InvalidRequest,
    MissingComponent,
    MissingKey,
    NoModel,
    NotEnoughMemory,
    ProviderError,
    UnsupportedMode,
    WorkerFailed,
)
from car.inference.interfaces import EventSink, IGenerator, ITextModels
from car.inference.local.texts import reranker_name
from car.inference.models import AppleFoundationModels, Delegated, Foreign, Local, Mlx, ModelSchema
from car.inference.records import Completion, GenerateRequest, StreamEvent
from car.inference.router import Route
from car.inference.runner import DelegatedRunner, RunnerError

_T = TypeVar("_T")

MOST_TEXTS = 4_096
MOST_DOCUMENTS = 1_000
MOST_PROMPT = 8 * 1024 * 1024
"""Texts of one embed call, documents of one rerank, characters of a prompt [ours]."""

_MODELS_FAULT = (ProviderError, WorkerFailed, RunnerError)
_NEXT_MAY_DO = (*_MODELS_FAULT, MissingKey, MissingComponent, NotEnoughMemory)
"""Failures that are held against a model, and those after which another one is tried."""

_NOT_HERE = (Foreign, Mlx, AppleFoundationModels)


Gate = Callable[[], "Deferred[Any]"]
"""Fires in its turn with a permit, which has ``release()``; fails when too many wait."""


class Answer(Struct, frozen=True):
    """A completion, who made it and how long it took; times in milliseconds."""

    completion: Completion
    model: ModelSchema
    trace_id: str
    latency_ms: float
    time_to_first_token_ms: float | None


class Ranked(Struct, frozen=True):
    """Documents by their places, best first, with their scores; and what ranked them."""

    order: list[tuple[int, float]]
    model_used: str


class Chooser(Protocol):
    """What an engine asks of the models."""

    def choose(self, request: GenerateRequest) -> "Deferred[Route]":
        """Fires with the model to use and those to try after it; fails with NoModel."""

    def choose_for(self, capability: str, model: str | None) -> "Deferred[ModelSchema]":
        """Fires with a local or remote model that has *capability*; fails with NoModel."""

    def observed(
        self,
        model: ModelSchema,
        task: str,
        ok: bool,
        latency_ms: float,
        completion: Completion | None,
        trace_id: str,
    ) -> None:
        """Note how one call went."""


class _Watch:
    """Passes a stream on and notes when it began."""

    def __init__(self, clock: IReactorTime, sink: EventSink | None) -> None:
        self._clock = clock
        self._sink = sink
        self.first: float | None = None

    def take(self, event: StreamEvent) -> None:
        if self.first is None:
            self.first = self._clock.seconds()
        if self._sink is not None:
            self._sink(event)


class InferenceEngine:
    """Runs requests on *models*.

    *local* and *remote* generate here and elsewhere, *texts* are the local models for
    vectors and tokens, *embed_remote* those of providers.  *local_gate* and *remote_gate* let
    so many through at a time (decision 11).  *now* gives seconds since the epoch.
    """

    def __init__(
        self,
        models: Chooser,
        *,
        local: IGenerator,
        remote: IGenerator,
        runner: DelegatedRunner,
        texts: ITextModels,
        embed_remote: "Callable[[ModelSchema, Sequence[str]], Deferred[list[list[float]]]]",
        local_gate: Gate,
        remote_gate: Gate,
        clock: IReactorTime,
        now: Callable[[], float],
    ) -> None:
        self._models = models
        self._local = local
        self._remote = remote
        self.runner = runner
        self._texts = texts
        self._embed_remote = embed_remote
        self._local_gate = local_gate
        self._remote_gate = remote_gate
        self._clock = clock
        self._now = now
        self._traces = 0

    def session_closed(self, client_id: str) -> None:
        """A connection has gone; if it was the runner's, its calls fail."""
        self.runner.session_closed(client_id)

    # ---- generation --------------------------------------------------------------------------

    async def generate(self, request: GenerateRequest, sink: EventSink | None = None) -> Answer:
        """Run *request*; parts go to *sink* as they come, if there is one.

        A model that fails before its first part gives way to the next, unless the request
        names it.  Fails with InferenceError; ContentRefused at once.
        """
        _check_prompt(request)
        route = await self._models.choose(request)
        trace_id = self._new_trace()
        problem: InferenceError | None = None
        for model in [route.model, *route.fallbacks]:
            watch = _Watch(self._clock, sink)
            try:
                return await self._run(model, request, watch, route.task, trace_id)
            except _NEXT_MAY_DO as failed:
                if watch.first is not None or request.model:
                    raise
                problem = failed
        raise problem or NoModel("no model was left to try")

    async def _run(
        self,
        model: ModelSchema,
        request: GenerateRequest,
        watch: _Watch,
        task: str,
        trace_id: str,
    ) -> Answer:
        generator, gate = self._back_end(model)
        permit = await gate()
        began = self._clock.seconds()
        try:
            completion = await generator.generate(model, request, watch.take)
        except _MODELS_FAULT:
            self._note(model, task, began, None, trace_id)
            raise
        finally:
            permit.release()
        latency = self._note(model, task, began, completion, trace_id)
        first = None if watch.first is None else (watch.first - began) * 1e3
        return Answer(completion, model, trace_id, latency, first)

    def _note(
        self,
        model: ModelSchema,
        task: str,
        began: float,
        completion: Completion | None,
        trace_id: str,
    ) -> float:
        latency = (self._clock.seconds() - began) * 1e3
        self._models.observed(model, task, completion is not None, latency, completion, trace_id)
        return latency

    def _back_end(self, model: ModelSchema) -> tuple[IGenerator, Gate]:
        if isinstance(model.source, _NOT_HERE):
            raise UnsupportedMode(f"UnsupportedMode: '{model.id}' cannot run in this daemon")
        if isinstance(model.source, Delegated):
            return self.runner, self._remote_gate
        if isinstance(model.source, Local):
            return self._local, self._local_gate
        return self._remote, self._remote_gate

    def _new_trace(self) -> str:
        self._traces += 1
        return f"t-{int(self._now())}-{self._traces}"

    # ---- texts -------------------------------------------------------------------------------

    async def embed(self, texts: Sequence[str], model: str | None) -> list[list[float]]:
        """A vector of unit length for each text; fails with InferenceError."""
        if len(texts) > MOST_TEXTS:
            raise InvalidRequest(f"texts: {len(texts)} are more than {MOST_TEXTS} at once")
        chosen = await self._models.choose_for("embed", model)
        if not texts:
            return []
        return await self._embed(chosen, texts)

    async def _embed(self, model: ModelSchema, texts: Sequence[str]) -> list[list[float]]:
        if isinstance(model.source, Local):
            return await self._gated(self._local_gate, self._texts.embed, model, texts)
        return await self._gated(self._remote_gate, self._embed_remote, model, texts)

    async def rerank(
        self, query: str, documents: Sequence[str], model: str | None, instruction: str | None
    ) -> Ranked:
        """*documents* by how well they answer *query*; fails with InferenceError.

        By a cross-encoder where there is one, else by the vectors of a bi-encoder.
        """
        if len(documents) > MOST_DOCUMENTS:
            raise InvalidRequest(
                f"documents: {len(documents)} are more than {MOST_DOCUMENTS} at once"
            )
        try:
            chosen = await self._models.choose_for("rerank", model)
        except NoModel:
            return await self._rank_by_vectors(query, documents, model)
        scores = await self._gated(
            self._local_gate, self._texts.rerank, chosen, query, documents, instruction
        )
        return Ranked(_ordered(scores), reranker_name(chosen))

    async def _rank_by_vectors(
        self, query: str, documents: Sequence[str], model: str | None
    ) -> Ranked:
        chosen = await self._models.choose_for("embed", model)
        if not documents:
            return Ranked([], f"bi-encoder:{chosen.id}")
        asked, *vectors = await self._embed(chosen, [query, *documents])
        scores = [sum(a * b for a, b in zip(asked, one, strict=True)) for one in vectors]
        return Ranked(_ordered(scores), f"bi-encoder:{chosen.id}")

    async def classify(
        self, text: str, labels: Sequence[str], model: str | None
    ) -> list[tuple[str, float]]:
        """*labels* with their scores, which sum to 1, best first; fails with InferenceError."""
        chosen = await self._models.choose_for("classify", model)
        scores = await self._gated(self._local_gate, self._texts.classify, chosen, text, labels)
        return sorted(zip(labels, scores, strict=True), key=lambda pair: -pair[1])

    async def tokenize(self, text: str, model: str) -> list[int]:
        """Raw ids; fails with UnsupportedMode for a model that is not local."""
        chosen = await self._local_model(model, "tokenize")
        return await self._texts.tokenize(chosen, text)

    async def detokenize(self, tokens: Sequence[int], model: str) -> str:
        """The text of raw ids; fails with UnsupportedMode for a model that is not local."""
        chosen = await self._local_model(model, "detokenize")
        return await self._texts.detokenize(chosen, tokens)

    async def _local_model(self, model: str, what: str) -> ModelSchema:
        chosen = await self._models.choose_for("tokenize", model)
        if not isinstance(chosen.source, Local):
            raise UnsupportedMode(
                f"UnsupportedMode: {what} is not available for remote model '{model}'; "
                "use a local model"
            )
        return chosen

    async def _gated(self, gate: Gate, function: "Callable[..., Deferred[_T]]", *args: Any) -> _T:
        permit = await gate()
        try:
            return await function(*args)
        finally:
            permit.release()


def _ordered(scores: Sequence[float]) -> list[tuple[int, float]]:
    return sorted(enumerate(scores), key=lambda pair: (-pair[1], pair[0]))


def _check_prompt(request: GenerateRequest) -> None:
    if not request.prompt and not request.messages:
        raise InvalidRequest("prompt: expected a prompt or messages")
    size = len(request.prompt or "") + len(request.context or "")
    if size > MOST_PROMPT:
        raise InvalidRequest(f"prompt: {size} characters are more than {MOST_PROMPT}")
