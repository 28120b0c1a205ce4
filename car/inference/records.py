"""What is asked of a model and what comes back, with the wire's names (protocol-inference §1).

Requests are read leniently, as many versions of clients send them; results are written with
both vocabularies of usage.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from car.ir.json import JsonObject, JsonValue

Task = Literal["chat", "classify", "summarize", "reasoning", "code", "extract"]

DEFAULT_MAX_TOKENS = 4_096
"""What clients of 0.6 send, and what is taken where nothing is said."""


class GenerateParams(Struct, frozen=True):
    """How to generate; the defaults are those that clients of 0.6 send."""

    temperature: float = 0.7
    max_tokens: int = DEFAULT_MAX_TOKENS
    top_p: float = 0.9
    top_k: int = 0
    stop: list[str] = msgspec.field(default_factory=list)
    thinking: str | bool | None = "auto"
    budget_tokens: int = 0
    workload: str = "interactive"
    tool_choice: JsonValue = None
    parallel_tool_calls: bool | None = None
    strict_model: bool = False
    cache_ttl: Literal["five_minutes", "one_hour"] | None = None
    seed: int | None = None


class IntentHint(Struct, frozen=True):
    """What the caller is after, for the router."""

    task: Task | None = None
    prefer_local: bool = False
    prefer_fast: bool = False
    prefer_quality: bool = False
    high_stakes: bool = False
    require: list[str] = msgspec.field(default_factory=list)
    exclude_models: list[str] = msgspec.field(default_factory=list)
    max_latency_ms: float | None = None
    max_cost_usd: float | None = None


class GenerateRequest(Struct, frozen=True):
    """A prompt or messages, and what goes with them.

    A ``model`` is a hard pin.  Messages are ``{role, content, tool_calls?, tool_call_id?}`` in
    OpenAI's form; ``content`` is text or a list of content blocks.
    """

    prompt: str | None = None
    messages: list[JsonObject] | None = None
    system: str | None = None
    context: str | None = None
    context_query: str | None = None
    model: str | None = None
    tools: list[JsonObject] | None = None
    images: list[JsonObject] | None = None
    intent: IntentHint | None = None
    response_format: JsonObject | None = None
    cache_control: bool = False
    context_stable_prefix: str | None = None
    memory_intervention: bool | JsonObject | None = None
    client_ref: str | None = None
    params: GenerateParams = GenerateParams()


class ToolCall(Struct, frozen=True, omit_defaults=True):
    """A call that the model wants made."""

    name: str
    arguments: JsonObject = msgspec.field(default_factory=dict)
    id: str | None = None


class Usage(Struct, frozen=True):
    """Tokens, as the provider counted them."""

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0

    def wire(self, context_window: int | None = None) -> JsonObject:
        """Both vocabularies."""
        told: JsonObject = {
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "prompt_tokens": self.input_tokens,
            "completion_tokens": self.output_tokens,
            "total_tokens": self.input_tokens + self.output_tokens,
            "cache_read_input_tokens": self.cache_read_input_tokens,
            "cache_creation_input_tokens": self.cache_creation_input_tokens,
        }
        if context_window is not None:
            told["context_window"] = context_window
        return told


class Completion(Struct, frozen=True):
    """What a back end made of a request, whole.

    ``timings`` are a local model's own, such as ``prompt_ms`` and ``predicted_per_second``.
    """

    text: str
    tool_calls: list[ToolCall] = msgspec.field(default_factory=list)
    usage: Usage | None = None
    stop_reason: str | None = None
    timings: dict[str, float] | None = None


class TextDelta(Struct, frozen=True, tag_field="type", tag="text"):
    """More of the text."""

    data: str


class ToolStart(Struct, frozen=True, tag_field="type", tag="tool_start", omit_defaults=True):
    """The model begins a tool call, the *index*-th."""

    name: str
    index: int
    id: str | None = None


class ToolDelta(Struct, frozen=True, tag_field="type", tag="tool_delta"):
    """More of the JSON text of a tool call's arguments."""

    index: int
    data: str


class UsageEvent(Struct, frozen=True, tag_field="type", tag="usage"):
    """What was used."""

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0


class StopReason(Struct, frozen=True, tag_field="type", tag="stop_reason"):
    """Why the model stopped, in the provider's own word."""

    data: str


class ProviderItem(Struct, frozen=True, tag_field="type", tag="provider_output_item"):
    """An item of the provider's own that means nothing to us, such as a reasoning block."""

    item: dict[str, Any]


class StreamError(Struct, frozen=True, tag_field="type", tag="error"):
    """The end of a stream that failed."""

    message: str


StreamEvent = (
    TextDelta | ToolStart | ToolDelta | UsageEvent | StopReason | ProviderItem | StreamError
)
