"""What the protocols and the transport say to each other: requests, and readers of answers."""

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from car.inference.models import ModelSchema
from car.inference.records import GenerateParams, StreamEvent
from car.inference.remote.conversation import Conversation
from car.inference.remote.sse import ServerSentEvent


class HttpRequest(Struct, frozen=True):
    """A POST of JSON.  Header values may hold a key: neither they nor *url* are told."""

    url: str
    headers: dict[str, str]
    body: bytes


class Ask(Struct, frozen=True):
    """A conversation and whom to put it to: the model, where, and by what name."""

    model: ModelSchema
    endpoint: str
    model_name: str
    conversation: Conversation
    params: GenerateParams
    streaming: bool
    api_version: str | None = None
    cache_control: bool = False

    @property
    def max_tokens(self) -> int:
        """How much may be generated: what was asked for, or what the model can."""
        return min(self.params.max_tokens, self.model.max_output_tokens or self.params.max_tokens)

    @property
    def reasons(self) -> bool:
        """Whether the model can be told how much to think."""
        return "reasoning" in self.model.capabilities


class IAnswerReader(Protocol):
    """Reads one answer, in pieces or whole, into events.

    ``is_complete`` once the provider has said that this is all.  Both methods raise
    ContentRefused, or ProviderError where the provider reports an error or speaks nonsense.
    """

    is_complete: bool

    def read_event(self, event: ServerSentEvent) -> Iterable[StreamEvent]:
        """What one event of a stream means."""

    def read_whole(self, body: bytes) -> Iterable[StreamEvent]:
        """What an answer that came in one piece means."""


class IWireFormat(Protocol):
    """One provider's way of asking and answering.

    ``refusals`` are the provider's words (error codes and types) for a refused content.
    """

    refusals: frozenset[str]

    def build_request(self, ask: Ask, key: str | None) -> HttpRequest:
        """The request for *ask*.  Raises UnsupportedMode."""

    def open_answer(self) -> IAnswerReader:
        """A reader for one answer."""
