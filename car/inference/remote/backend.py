"""Models behind HTTP APIs, as a back end of the engine.

Which model, how many at once and what its answers are worth is decided above; here one
request is put to one model.
"""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from zope.interface import implementer

from car.inference.errors import ProviderError
from car.inference.interfaces import EventSink, IGenerator, IKeySource
from car.inference.models import ModelSchema
from car.inference.records import Completion, GenerateRequest, StreamEvent
from car.inference.remote.answers import Assembly
from car.inference.remote.calls import Caller
from car.inference.remote.conversation import read_request
from car.inference.remote.embeddings import embed_texts
from car.inference.remote.exchange import Ask, HttpRequest, IAnswerReader
from car.inference.remote.keys import KeyPools
from car.inference.remote.sse import EventReader
from car.inference.remote.targets import Target, find_target
from car.inference.remote.transport import HttpTransport
from car.inference.remote.urls import told


@implementer(IGenerator)
class RemoteGenerator:
    """Runs models whose source is RemoteApi, Ollama or VllmMlx.

    *reactor* provides time and TCP.  *pools* is shared by all who use the same keys;
    *transport* takes the place of one made with the defaults.  *now* is the time in seconds
    since the epoch, *chance* gives numbers from 0 to 1 for the jitter of waits.
    """

    def __init__(
        self,
        reactor: Any,
        keys: IKeySource,
        pools: KeyPools,
        *,
        transport: HttpTransport | None = None,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._transport = transport or HttpTransport(reactor)
        self._caller = Caller(reactor, self._transport, keys, pools, now, chance)

    def generate(
        self, model: ModelSchema, request: GenerateRequest, sink: EventSink | None
    ) -> Deferred[Completion]:
        """As IGenerator has it.

        A stream where there is a *sink*, else an answer in one piece.  Tried up to three
        times, as long as no octet of an answer has come.  Fails with MissingKey,
        InvalidRequest, UnsupportedMode, ContentRefused or ProviderError.  Cancelling closes
        the socket.
        """
        return Deferred.fromCoroutine(self._generate(model, request, sink))

    def embed(self, model: ModelSchema, texts: Sequence[str]) -> Deferred[list[list[float]]]:
        """As ITextModels has it, from an OpenAI-compatible endpoint; 32 texts a request.

        Fails with MissingKey, UnsupportedMode or ProviderError.
        """
        return Deferred.fromCoroutine(self._embed(model, texts))

    def close(self) -> Deferred[None]:
        """Close the connections that are kept for later; fires when they are closed."""
        return self._transport.close()

    async def _generate(
        self, model: ModelSchema, request: GenerateRequest, sink: EventSink | None
    ) -> Completion:
        target = find_target(model)
        ask = Ask(
            model=model,
            endpoint=target.endpoint,
            model_name=target.model_name,
            conversation=read_request(request),
            params=request.params,
            streaming=sink is not None,
            api_version=target.api_version,
            cache_control=request.cache_control,
        )

        async def attempt(key: str | None) -> Completion:
            built = target.format.build_request(ask, key)
            answer = _Answer(target.format.open_answer(), sink)
            return await self._answer(target, built, answer, ask.streaming)

        return await self._caller.call(target, attempt)

    async def _answer(
        self, target: Target, request: HttpRequest, answer: "_Answer", streaming: bool
    ) -> Completion:
        if streaming:
            await self._stream(target, request, answer)
        else:
            pieces: list[bytes] = []
            await self._caller.post(target, request, pieces.append, whole=True)
            answer.take_whole(b"".join(pieces))
        if not answer.is_complete:
            raise ProviderError(f"{told(target.endpoint)} ended its answer before it was whole")
        return answer.completion()

    async def _stream(self, target: Target, request: HttpRequest, answer: "_Answer") -> None:
        try:
            await self._caller.post(target, request, answer.take, whole=False)
        except ProviderError:
            # Some servers drop the connection instead of ending it properly.
            if not answer.is_complete:
                raise

    async def _embed(self, model: ModelSchema, texts: Sequence[str]) -> list[list[float]]:
        return await embed_texts(self._caller, find_target(model), texts)


class _Answer:
    """One answer as it comes: read into events, put together, and told to the *sink*."""

    def __init__(self, reader: IAnswerReader, sink: EventSink | None) -> None:
        self._reader = reader
        self._sink = sink
        self._events = EventReader()
        self._assembly = Assembly()

    @property
    def is_complete(self) -> bool:
        """Whether the provider has said that this is all."""
        return self._reader.is_complete

    def completion(self) -> Completion:
        """The whole of it.  Raises ProviderError."""
        return self._assembly.completion()

    def take(self, piece: bytes) -> None:
        """Take a piece of a stream."""
        for event in self._events.feed(piece):
            self._tell(self._reader.read_event(event))

    def take_whole(self, body: bytes) -> None:
        """Take an answer in one piece."""
        self._tell(self._reader.read_whole(body))

    def _tell(self, events: Iterable[StreamEvent]) -> None:
        for event in events:
            self._assembly.add(event)
            if self._sink is not None:
                self._sink(event)
