"""InferenceEngine: choosing, gating, falling back, noting, with back ends that a test plays."""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.inference.engine import InferenceEngine
from car.inference.errors import (
    ContentRefused,
    InferenceError,
    InvalidRequest,
    NoModel,
    ProviderError,
    UnsupportedMode,
)
from car.inference.models import Delegated, Foreign, Local, ModelSchema, RemoteApi
from car.inference.records import Completion, GenerateRequest, TextDelta
from car.inference.router import Route
from car.inference.runner import DelegatedRunner, RunnerError

HERE = ModelSchema(id="local/small:q4", name="small", source=Local("small.gguf"))
THERE = ModelSchema(id="acme/large:1", name="large", source=RemoteApi("https://acme.test"))
HOST = ModelSchema(id="host/own:1", name="own", source=Delegated())


class Gate:
    """A gate that lets *permits* through at a time."""

    def __init__(self, permits: int) -> None:
        self.free = permits
        self.waiting: list[Deferred[Any]] = []

    def __call__(self) -> "Deferred[Any]":
        """A permit in its turn."""
        waiter: Deferred[Any] = Deferred(self.waiting.remove)
        self.waiting.append(waiter)
        self._grant()
        return waiter

    def release(self) -> None:
        """One is back."""
        self.free += 1
        self._grant()

    def _grant(self) -> None:
        while self.free and self.waiting:
            self.free -= 1
            self.waiting.pop(0).callback(self)


class Generator:
    """A back end: what it was asked, and Deferreds for a test to fire."""

    def __init__(self) -> None:
        self.calls: list[tuple[ModelSchema, GenerateRequest, Any, Deferred[Completion]]] = []

    def generate(self, model: ModelSchema, request: GenerateRequest, sink: Any) -> Any:
        """Keep the call."""
        answer: Deferred[Completion] = Deferred()
        self.calls.append((model, request, sink, answer))
        return answer


class Models:
    """Chooses what a test says, and keeps what was observed."""

    def __init__(self, *models: ModelSchema) -> None:
        self.models = list(models)
        self.observations: list[tuple[str, bool]] = []

    def choose(self, request: GenerateRequest) -> "Deferred[Route]":
        """The first model, the others after it."""
        if not self.models:
            return fail(NoModel("no usable model"))
        return succeed(
            Route(
                self.models[0],
                self.models[1:],
                "chat",
                "simple",
                "",
                "schema_based",
                0.5,
                False,
                [],
            )
        )

    def choose_for(self, capability: str, model: str | None) -> "Deferred[ModelSchema]":
        """The first model that names *capability*."""
        for one in self.models:
            if capability in one.capabilities:
                return succeed(one)
        return fail(NoModel(f"no model can {capability}"))

    def observed(self, model: ModelSchema, task: str, ok: bool, *rest: object) -> None:
        """Keep how it went."""
        self.observations.append((model.name, ok))


class Texts:
    """Local text models that count letters."""

    def embed(self, model: ModelSchema, texts: Sequence[str]) -> Any:
        """A vector by whether there is an ``a``."""
        return succeed([[1.0, 0.0] if "a" in text else [0.0, 1.0] for text in texts])

    def rerank(self, model: ModelSchema, query: str, documents: Sequence[str], hint: Any) -> Any:
        """Longer is better."""
        return succeed([float(len(document)) for document in documents])

    def tokenize(self, model: ModelSchema, text: str) -> Any:
        """One token a letter."""
        return succeed([ord(letter) for letter in text])

    def detokenize(self, model: ModelSchema, tokens: Sequence[int]) -> Any:
        """And back."""
        return succeed("".join(map(chr, tokens)))

    def classify(self, model: ModelSchema, text: str, labels: Sequence[str]) -> Any:
        """The later the label the better."""
        return succeed([number / len(labels) for number in range(len(labels))])


class EngineCase(SynchronousTestCase):
    """An engine whose parts a test plays."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.local, self.remote = Generator(), Generator()
        self.local_gate, self.remote_gate = Gate(1), Gate(2)
        self.runner = DelegatedRunner(self.clock)

    def engine(self, *models: ModelSchema) -> InferenceEngine:
        """An engine with those models."""
        self.models = Models(*models)
        return InferenceEngine(
            self.models,
            local=self.local,  # type: ignore[arg-type]  # the interfaces are zope's
            remote=self.remote,  # type: ignore[arg-type]
            runner=self.runner,
            texts=Texts(),  # type: ignore[arg-type]
            embed_remote=lambda model, texts: succeed([[0.5, 0.5] for _ in texts]),
            local_gate=self.local_gate,
            remote_gate=self.remote_gate,
            clock=self.clock,
            now=lambda: 1_700_000_000.0 + self.clock.seconds(),
        )

    def begin(self, engine: InferenceEngine, sink: Any = None, **request: Any) -> "Deferred[Any]":
        """A generation under way."""
        wanted = GenerateRequest(**{"prompt": "hi", **request})
        return Deferred.fromCoroutine(engine.generate(wanted, sink))


class GenerateTests(EngineCase):
    """From a request to its answer."""

    def test_answer(self) -> None:
        """The answer has the text, a trace id, its latency and the time to its first part."""
        answer = self.begin(self.engine(THERE))
        _, _, sink, call = self.remote.calls[0]
        self.clock.advance(0.25)
        sink(TextDelta("he"))
        self.clock.advance(0.75)
        call.callback(Completion("hello"))
        got = self.successResultOf(answer)
        self.assertEqual((got.completion.text, got.trace_id), ("hello", "t-1700000000-1"))
        self.assertEqual((got.latency_ms, got.time_to_first_token_ms), (1000, 250))
        self.assertEqual(self.models.observations, [("large", True)])

    def test_falls_back(self) -> None:
        """One that fails before its first part gives way to the next; both are noted."""
        answer = self.begin(self.engine(THERE, HERE))
        self.remote.calls[0][3].errback(ProviderError("overloaded", status=529))
        self.local.calls[0][3].callback(Completion("ok"))
        self.assertEqual(self.successResultOf(answer).model, HERE)
        self.assertEqual(self.models.observations, [("large", False), ("small", True)])

    def test_no_fallback_once_begun(self) -> None:
        """After the first part there is no other model: the parts cannot be taken back."""
        heard: list[Any] = []
        answer = self.begin(self.engine(THERE, HERE), heard.append)
        _, _, sink, call = self.remote.calls[0]
        sink(TextDelta("he"))
        call.errback(ProviderError("connection lost"))
        self.failureResultOf(answer, ProviderError)
        self.assertEqual((heard, self.local.calls), ([TextDelta("he")], []))

    def test_pinned(self) -> None:
        """A model that the request names is the only one tried."""
        answer = self.begin(self.engine(THERE, HERE), model="large")
        self.remote.calls[0][3].errback(ProviderError("no"))
        self.failureResultOf(answer, ProviderError)
        self.assertEqual(self.local.calls, [])

    def test_last_problem_is_told(self) -> None:
        """Where all fail, the last one's reason is the answer."""
        answer = self.begin(self.engine(THERE, HOST))
        self.remote.calls[0][3].errback(ProviderError("no"))
        self.assertIn("no runner", str(self.failureResultOf(answer, RunnerError).value))

    def test_not_the_models_fault(self) -> None:
        """Refused content, an impossible mode and a caller's cancel are not held against it."""
        for problem in (ContentRefused("no"), UnsupportedMode("no")):
            answer = self.begin(self.engine(THERE, HERE))
            self.remote.calls.pop()[3].errback(problem)
            self.failureResultOf(answer, type(problem))
            self.assertEqual((self.models.observations, self.local.calls), ([], []))
        answer = self.begin(self.engine(THERE))
        answer.cancel()
        self.failureResultOf(answer, CancelledError)
        self.assertEqual((self.models.observations, self.remote_gate.free), ([], 2))

    def test_gate(self) -> None:
        """Local calls run one at a time, in order; one that is given up leaves the queue."""
        engine = self.engine(HERE)
        answers = [self.begin(engine, client_ref=str(number)) for number in range(4)]
        self.assertEqual(len(self.local.calls), 1)
        answers[1].cancel()
        self.failureResultOf(answers[1], CancelledError)
        self.local.calls[0][3].callback(Completion("0"))
        self.local.calls[1][3].errback(ProviderError("no"))
        self.local.calls[2][3].callback(Completion("3"))
        self.assertEqual([call[1].client_ref for call in self.local.calls], ["0", "2", "3"])
        self.assertEqual(self.successResultOf(answers[3]).completion.text, "3")
        self.failureResultOf(answers[2], ProviderError)
        self.assertEqual((self.local_gate.free, self.remote_gate.free), (1, 2))

    def test_refused_at_once(self) -> None:
        """Nothing to answer, too much of it, no model, or one that cannot run here."""
        foreign = ModelSchema(id="x/y:1", name="y", source=Foreign())
        for answer, error in (
            (self.begin(self.engine(THERE), prompt=None), InvalidRequest),
            (self.begin(self.engine(THERE), prompt="x" * (8 << 20 | 1)), InvalidRequest),
            (self.begin(self.engine()), NoModel),
            (self.begin(self.engine(foreign)), UnsupportedMode),
        ):
            self.failureResultOf(answer, error)
        self.assertEqual(self.remote.calls, [])


class TextTests(EngineCase):
    """Vectors, ranking, labels, tokens."""

    def able(self, model: ModelSchema, *capabilities: str) -> ModelSchema:
        """*model* with those capabilities."""
        return ModelSchema(
            id=model.id, name=model.name, source=model.source, capabilities=list(capabilities)
        )

    def result(self, coroutine: Any) -> Any:
        """What a coroutine comes to at once."""
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def test_embed(self) -> None:
        """Here or there, one vector a text; none for none; not more than 4,096."""
        engine = self.engine(self.able(HERE, "embed"))
        self.assertEqual(self.result(engine.embed(["a", "b"], None)), [[1.0, 0.0], [0.0, 1.0]])
        self.assertEqual(self.result(engine.embed([], None)), [])
        there = self.engine(self.able(THERE, "embed"))
        self.assertEqual(self.result(there.embed(["a"], None)), [[0.5, 0.5]])
        too_many = Deferred.fromCoroutine(engine.embed(["a"] * 4_097, None))
        self.failureResultOf(too_many, InvalidRequest)

    def test_rerank(self) -> None:
        """By a cross-encoder where there is one, else by vectors, which is told."""
        ranked = self.result(
            self.engine(self.able(HERE, "rerank")).rerank("a", ["x", "long", "mid"], None, None)
        )
        self.assertEqual((ranked.order[0], ranked.model_used), ((1, 4.0), HERE.id))
        ranked = self.result(
            self.engine(self.able(HERE, "embed")).rerank("a", ["x", "bad", "y"], None, None)
        )
        self.assertEqual(ranked.order, [(1, 1.0), (0, 0.0), (2, 0.0)])
        self.assertEqual(ranked.model_used, f"bi-encoder:{HERE.id}")

    def test_classify(self) -> None:
        """Labels with scores, best first."""
        engine = self.engine(self.able(HERE, "classify"))
        self.assertEqual(
            self.result(engine.classify("x", ["good", "bad"], None)), [("bad", 0.5), ("good", 0.0)]
        )

    def test_tokens(self) -> None:
        """There and back; a remote model has no tokenizer here."""
        engine = self.engine(self.able(HERE, "tokenize"))
        self.assertEqual(self.result(engine.tokenize("ab", "small")), [97, 98])
        self.assertEqual(self.result(engine.detokenize([97, 98], "small")), "ab")
        remote = self.engine(self.able(THERE, "tokenize"))
        failed = Deferred.fromCoroutine(remote.tokenize("ab", "large"))
        self.assertIn(
            "tokenize is not available for remote model 'large'; use a local model",
            str(self.failureResultOf(failed, InferenceError).value),
        )
