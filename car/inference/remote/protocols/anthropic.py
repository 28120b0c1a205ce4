"""Anthropic's messages: blocks of content, thinking, caching by breakpoints."""

from collections.abc import Iterator

from msgspec import Raw, Struct, field
from msgspec.json import Decoder

from car.inference.errors import ContentRefused, ProviderError, UnsupportedMode
from car.inference.records import (
    ProviderItem,
    StreamEvent,
    TextDelta,
    ToolDelta,
    ToolStart,
    UsageEvent,
)
from car.inference.remote.answers import ToolIndex, read, stop_events
from car.inference.remote.conversation import (
    Call,
    Image,
    Item,
    Part,
    Result,
    Text,
    Tool,
    ToolChoice,
)
from car.inference.remote.exchange import Ask, HttpRequest
from car.inference.remote.protocols.sampling import chosen, effort
from car.inference.remote.sse import ServerSentEvent
from car.inference.remote.urls import operation_url
from car.ir.json import JsonObject, decode, encode

API_VERSION = "2026-10-21"
"""The version of the API (Anthropic's reference, Versions)."""

SAMPLING_VERSION = "2023-06-01"
"""The last version that takes temperature, top_p and top_k; asked for only with one of them."""

MIN_BUDGET_TOKENS = 1_024
"""The least thought that can be asked for (Anthropic's reference, extended thinking)."""


class Anthropic:
    """The wire format ``anthropic``."""

    refusals: frozenset[str] = frozenset()

    def build_request(self, ask: Ask, key: str | None) -> HttpRequest:
        """A POST of ``messages``."""
        sampling = _sampling(ask)
        version = ask.api_version or (SAMPLING_VERSION if sampling else API_VERSION)
        headers = {"anthropic-version": version}
        if key is not None:
            headers["x-api-key"] = key
        url = operation_url(ask.endpoint, "messages", "v1")
        return HttpRequest(url, headers, encode(_body(ask) | sampling))

    def open_answer(self) -> "MessageAnswer":
        """A reader for one answer."""
        return MessageAnswer()


def _body(ask: Ask) -> JsonObject:
    conversation = ask.conversation
    breakpoint = _breakpoint(ask)
    body: JsonObject = {
        "model": ask.model_name,
        "max_tokens": ask.max_tokens,
        "messages": [
            {"role": turn.role, "content": [_block(part) for part in turn.parts]}
            for turn in conversation.turns
        ],
    }
    stable: list[JsonObject] = [{"type": "text", "text": text} for text in conversation.stable]
    tools = [_tool(tool) for tool in conversation.tools]
    if breakpoint:
        # The prefix up to each breakpoint is cached: tools, then system, then messages.
        for blocks in (stable or tools, body["messages"][-1]["content"]):
            if blocks:
                blocks[-1] = blocks[-1] | breakpoint
    system = stable + [{"type": "text", "text": text} for text in conversation.varying]
    if system:
        body["system"] = system
    if tools:
        body["tools"] = tools
        if (choice := _choice(conversation.choice, ask.params.parallel_tool_calls)) is not None:
            body["tool_choice"] = choice
    if ask.streaming:
        body["stream"] = True
    if ask.params.stop:
        body["stop_sequences"] = ask.params.stop
    return body | _output(ask)


def _breakpoint(ask: Ask) -> JsonObject:
    """What marks the end of a prefix to cache; empty where none is to be."""
    if not ask.cache_control:
        return {}
    control = {"type": "ephemeral"}
    if ask.params.cache_ttl == "one_hour":
        control["ttl"] = "1h"
    return {"cache_control": control}


def _block(part: Part) -> JsonObject:
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Image(url="", media_type=media_type, data=data):
            source = {"type": "base64", "media_type": media_type, "data": data}
            return {"type": "image", "source": source}
        case Image(url=url):
            return {"type": "image", "source": {"type": "url", "url": url}}
        case Call():
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": part.arguments}
        case Result():
            block: JsonObject = {
                "type": "tool_result",
                "tool_use_id": part.call_id,
                "content": part.text,
            }
            return block | {"is_error": True} if part.is_error else block
        case Item():
            return part.item


def _tool(tool: Tool) -> JsonObject:
    told: JsonObject = {
        "name": tool.name,
        "description": tool.description,
        "input_schema": tool.parameters,
    }
    return told if tool.strict is None else told | {"strict": tool.strict}


def _choice(choice: ToolChoice | None, parallel: bool | None) -> JsonObject | None:
    if choice is None and parallel is not False:
        return None
    mode = choice.mode if choice is not None else "auto"
    told: JsonObject = {"type": "any" if mode == "required" else mode}
    if choice is not None and mode == "tool":
        told["name"] = choice.name
    if parallel is False and mode != "none":
        told["disable_parallel_tool_use"] = True
    return told


def _sampling(ask: Ask) -> JsonObject:
    """What was chosen of temperature, top_p and top_k, as far as the API takes it.

    None of them while the model thinks, and never the first two together.
    """
    if effort(ask) not in (None, "none") or (ask.api_version or "") > SAMPLING_VERSION:
        return {}
    told = chosen(ask, temperature="temperature", top_p="top_p", top_k="top_k")
    if "temperature" in told:
        told.pop("top_p", None)
    return told


def _output(ask: Ask) -> JsonObject:
    """Thinking and the form of the answer.

    Newer models are told an effort; a budget of tokens goes to those that list the parameter.
    """
    told: JsonObject = {}
    config: JsonObject = {}
    how_much = effort(ask)
    budget = ask.params.budget_tokens
    if how_much == "none":
        told["thinking"] = {"type": "disabled"}
    elif how_much is not None and budget > 0 and "budget_tokens" in ask.model.supported_params:
        budget = max(budget, MIN_BUDGET_TOKENS)
        told["thinking"] = {"type": "enabled", "budget_tokens": budget}
        told["max_tokens"] = ask.max_tokens + budget  # which counts the thought as well
    elif how_much is not None:
        told["thinking"] = {"type": "adaptive"}
        config["effort"] = how_much
    wanted = ask.conversation.format
    if wanted is not None:
        if wanted.schema is None:
            raise UnsupportedMode(
                "UnsupportedMode: Anthropic cannot enforce response_format json_object; "
                "use json_schema."
            )
        config["format"] = {"type": "json_schema", "schema": wanted.schema}
    return told | {"output_config": config} if config else told


class _Block(Struct):
    """What is read of a content block, and of what is new in one."""

    type: str = ""
    text: str = ""
    id: str | None = None
    name: str = ""
    input: Raw = Raw(b"{}")
    partial_json: str = ""
    thinking: str = ""
    signature: str = ""


class _Usage(Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None


class _StopDetails(Struct):
    explanation: str | None = None


class _Message(Struct):
    """A message, or what is new of one."""

    content: list[Raw] = field(default_factory=list)
    stop_reason: str | None = None
    stop_details: _StopDetails | None = None
    usage: _Usage | None = None


class _Problem(Struct):
    type: str = ""
    message: str = ""


class _Event(Struct):
    type: str = ""
    index: int = 0
    message: _Message | None = None
    content_block: Raw = Raw(b"{}")
    delta: Raw = Raw(b"{}")
    usage: _Usage | None = None
    error: _Problem | None = None


_event_decoder = Decoder(_Event)
_message_decoder = Decoder(_Message)
_block_decoder = Decoder(_Block)

_THINKING = "thinking"


class MessageAnswer:
    """Reads one message; thinking and blocks of other kinds are told whole, as items."""

    def __init__(self) -> None:
        self.is_complete = False
        self._tools = ToolIndex()
        self._items: dict[int, JsonObject] = {}
        self._usage = UsageEvent(0, 0)
        self._stop: _Message | None = None

    def read_event(self, event: ServerSentEvent) -> Iterator[StreamEvent]:
        """What one event of a stream says."""
        told = read(_event_decoder, event.data)
        match told.type:
            case "message_start":
                self._count(told.message.usage if told.message is not None else None)
            case "content_block_start":
                yield from self._block_start(told.index, told.content_block)
            case "content_block_delta":
                yield from self._block_delta(told.index, read(_block_decoder, told.delta))
            case "content_block_stop":
                item = self._items.pop(told.index, None)
                if item is not None:
                    yield ProviderItem(item)
            case "message_delta":
                self._count(told.usage)
                self._stop = read(_message_decoder, told.delta)
            case "message_stop":
                yield from self._end(self._stop or _Message())
            case "error":
                problem = told.error or _Problem()
                raise ProviderError(f"The provider stopped with an error: {problem.message}")

    def read_whole(self, body: bytes) -> Iterator[StreamEvent]:
        """What a message says."""
        message = read(_message_decoder, body)
        for number, raw in enumerate(message.content):
            block = read(_block_decoder, raw)
            yield from self._block_start(number, raw)
            if block.type == "tool_use":
                yield ToolDelta(self._tool(number), bytes(block.input).decode())
            item = self._items.pop(number, None)
            if item is not None:
                yield ProviderItem(item)
        self._count(message.usage)
        yield from self._end(message)

    def _block_start(self, number: int, raw: Raw) -> Iterator[StreamEvent]:
        block = read(_block_decoder, raw)
        if block.type == "tool_use":
            yield ToolStart(block.name, self._tools.start(number), block.id)
        elif block.type != "text":
            self._items[number] = decode(bytes(raw))
        elif block.text:
            yield TextDelta(block.text)

    def _block_delta(self, number: int, delta: _Block) -> Iterator[StreamEvent]:
        match delta.type:
            case "text_delta":
                yield TextDelta(delta.text)
            case "input_json_delta" if delta.partial_json:
                if number in self._items:  # a tool that the provider runs itself
                    return
                yield ToolDelta(self._tool(number), delta.partial_json)
            case "thinking_delta" | "signature_delta":
                item = self._items.setdefault(number, {"type": _THINKING})
                item[_THINKING] = item.get(_THINKING, "") + delta.thinking
                item["signature"] = item.get("signature", "") + delta.signature

    def _tool(self, number: int) -> int:
        index = self._tools.find(number)
        if index is None:
            raise ProviderError("The provider sent arguments of a tool call that has not begun.")
        return index

    def _count(self, usage: _Usage | None) -> None:
        """Counts are of all so far; what is not told has not changed."""
        if usage is None:
            return
        known = self._usage
        self._usage = UsageEvent(
            *(
                was if now is None else now
                for now, was in (
                    (usage.input_tokens, known.input_tokens),
                    (usage.output_tokens, known.output_tokens),
                    (usage.cache_read_input_tokens, known.cache_read_input_tokens),
                    (usage.cache_creation_input_tokens, known.cache_creation_input_tokens),
                )
            )
        )

    def _end(self, message: _Message) -> Iterator[StreamEvent]:
        if message.stop_reason == "refusal":
            details = message.stop_details or _StopDetails()
            raise ContentRefused(details.explanation or "The model refuses to answer this.")
        self.is_complete = True
        yield from stop_events(self._usage, message.stop_reason)
