"""The seams of inference: what an engine asks of back ends and of whoever has keys."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred
from zope.interface import Interface

from car.inference.models import ModelSchema
from car.inference.records import Completion, GenerateRequest, StreamEvent

InThread: TypeAlias = Callable[..., "Deferred[Any]"]
"""Calls a function with arguments in a thread; fires with its result."""

EventSink = Callable[[StreamEvent], None]
"""Takes each event of a stream as it comes; must not raise."""


class IGenerator(Interface):
    """Runs one kind of model source."""

    def generate(
        model: ModelSchema, request: GenerateRequest, sink: EventSink | None
    ) -> Deferred[Completion]:
        """Run *request* on *model*; fires with the whole answer.

        With a *sink* its parts go there as they come; without one the provider is asked for
        the whole at once where it makes a difference.  Fails with InferenceError.  Cancelling
        stops the model: a local one within 50 ms, a remote one by closing the socket.
        """


class ITextModels(Interface):
    """Local models for texts: vectors, ranking, tokens."""

    def embed(model: ModelSchema, texts: Sequence[str]) -> Deferred[list[list[float]]]:
        """Fires with a vector of unit length for each text."""

    def rerank(
        model: ModelSchema, query: str, documents: Sequence[str], instruction: str | None
    ) -> Deferred[list[float]]:
        """Fires with a score for each document, greater is better."""

    def tokenize(model: ModelSchema, text: str) -> Deferred[list[int]]:
        """Fires with raw ids, no special tokens."""

    def detokenize(model: ModelSchema, tokens: Sequence[int]) -> Deferred[str]:
        """Fires with the text of raw ids."""

    def classify(model: ModelSchema, text: str, labels: Sequence[str]) -> Deferred[list[float]]:
        """Fires with a score for each label; they sum to 1."""


class IKeySource(Interface):
    """Where API keys come from: the environment, ``<root>/env``, the secret store."""

    def keys(names: Sequence[str]) -> Deferred[list[tuple[str, str]]]:
        """Fires with the (name, key) pairs that are there, in the order of *names*."""
