"""OpenAI's responses: items in, items out; nothing is stored at the provider's."""

from collections.abc import Iterable, Iterator

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
    Conversation,
    Format,
    Image,
    Item,
    Result,
    Text,
    Tool,
    ToolChoice,
)
from car.inference.remote.exchange import Ask, HttpRequest
from car.inference.remote.protocols.openai_chat import OpenAIChat, bearer, image_url
from car.inference.remote.protocols.sampling import chosen, effort
from car.inference.remote.sse import ServerSentEvent
from car.inference.remote.urls import operation_url
from car.ir.json import JsonObject, JsonValue, decode, encode

MIN_OUTPUT_TOKENS = 16
"""The provider refuses less (API reference of OpenAI, ``max_output_tokens``)."""


class OpenAIResponses:
    """The wire format ``open_ai_responses``."""

    refusals = OpenAIChat.refusals

    def build_request(self, ask: Ask, key: str | None) -> HttpRequest:
        """A POST of ``responses``."""
        url = operation_url(ask.endpoint, "responses", "v1")
        return HttpRequest(url, bearer(key), encode(_body(ask)))

    def open_answer(self) -> "ResponsesAnswer":
        """A reader for one answer."""
        return ResponsesAnswer()


def _body(ask: Ask) -> JsonObject:
    conversation, params = ask.conversation, ask.params
    if params.stop:
        raise UnsupportedMode(
            "UnsupportedMode: OpenAI's responses have no stop sequences; leave params.stop out."
        )
    body: JsonObject = {
        "model": ask.model_name,
        "input": list(_items(conversation)),
        "max_output_tokens": max(ask.max_tokens, MIN_OUTPUT_TOKENS),
        "store": False,
        **chosen(ask, temperature="temperature", top_p="top_p"),
    }
    if conversation.system:
        body["instructions"] = conversation.system
    if conversation.tools:
        body["tools"] = [_tool(tool) for tool in conversation.tools]
        if conversation.choice is not None:
            body["tool_choice"] = _choice(conversation.choice)
        if params.parallel_tool_calls is not None:
            body["parallel_tool_calls"] = params.parallel_tool_calls
    if conversation.format is not None:
        body["text"] = {"format": _format(conversation.format)}
    if ask.reasons:
        body["include"] = ["reasoning.encrypted_content"]
        if (how_much := effort(ask)) is not None:
            body["reasoning"] = {"effort": how_much}
    if ask.streaming:
        body["stream"] = True
    return body


def _items(conversation: Conversation) -> Iterator[JsonObject]:
    """Each turn as items, in an order that the provider accepts.

    What the user adds follows the results; what the model said follows its reasoning and
    precedes its calls.
    """
    for turn in conversation.turns:
        items = [_item(part) for part in turn.parts if not isinstance(part, Text | Image)]
        said = [part for part in turn.parts if isinstance(part, Text | Image)]
        if turn.role == "user":
            yield from items
            if said:
                content = [_content(part) for part in said]
                yield {"type": "message", "role": "user", "content": content}
            continue
        yield from (item for item in items if item.get("type") != "function_call")
        if text := "".join(part.text for part in said if isinstance(part, Text)):
            yield {"type": "message", "role": "assistant", "content": text}
        yield from (item for item in items if item.get("type") == "function_call")


def _content(part: Text | Image) -> JsonObject:
    if isinstance(part, Text):
        return {"type": "input_text", "text": part.text}
    return {"type": "input_image", "image_url": image_url(part), "detail": part.detail or "auto"}


def _item(part: Call | Result | Item) -> JsonObject:
    match part:
        case Call():
            arguments = encode(part.arguments).decode()
            call = {"type": "function_call", "call_id": part.id, "name": part.name}
            return {**call, "arguments": arguments}
        case Result():
            return {
                "type": "function_call_output",
                "call_id": part.call_id,
                "output": part.text,
            }
        case Item():
            return part.item


def _tool(tool: Tool) -> JsonObject:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": bool(tool.strict),
    }


def _choice(choice: ToolChoice) -> JsonValue:
    if choice.mode == "tool":
        return {"type": "function", "name": choice.name}
    return choice.mode


def _format(wanted: Format) -> JsonObject:
    if wanted.schema is None:
        return {"type": "json_object"}
    return {
        "type": "json_schema",
        "name": wanted.name,
        "schema": wanted.schema,
        "strict": wanted.strict,
    }


class _Content(Struct):
    type: str = ""
    text: str = ""
    refusal: str = ""


class _Item(Struct):
    """What is read of an item; its type says which members it has."""

    type: str = ""
    name: str = ""
    call_id: str | None = None
    arguments: str = ""
    content: list[_Content] | None = None


class _CachedTokens(Struct):
    cached_tokens: int = 0
    cache_write_tokens: int = 0


class _Usage(Struct):
    input_tokens: int = 0
    output_tokens: int = 0
    input_tokens_details: _CachedTokens | None = None


class _Problem(Struct):
    message: str = ""
    code: str | None = None


class _Incomplete(Struct):
    reason: str | None = None


class _Response(Struct):
    status: str | None = None
    output: list[Raw] = field(default_factory=list)
    usage: _Usage | None = None
    error: _Problem | None = None
    incomplete_details: _Incomplete | None = None


class _Event(Struct):
    type: str = ""
    output_index: int = 0
    delta: JsonValue = None
    item: Raw = Raw(b"{}")
    response: _Response | None = None
    message: str = ""
    code: str | None = None


_event_decoder = Decoder(_Event)
_response_decoder = Decoder(_Response)
_item_decoder = Decoder(_Item)

_ENDS = ("response.completed", "response.incomplete", "response.failed")


class ResponsesAnswer:
    """Reads one response; items that are neither text nor calls are passed on as they are."""

    def __init__(self) -> None:
        self.is_complete = False
        self._tools = ToolIndex()
        self._with_arguments: set[int] = set()
        self._refusal: list[str] = []

    def read_event(self, event: ServerSentEvent) -> Iterator[StreamEvent]:
        """What one event of a stream says."""
        told = read(_event_decoder, event.data)
        match told.type:
            case "response.output_text.delta":
                yield TextDelta(str(told.delta))
            case "response.refusal.delta":
                self._refusal.append(str(told.delta))
            case "response.output_item.added":
                item = read(_item_decoder, told.item)
                if item.type == "function_call":
                    yield ToolStart(item.name, self._tools.start(told.output_index), item.call_id)
            case "response.function_call_arguments.delta":
                yield self._arguments(told.output_index, str(told.delta))
            case "response.output_item.done":
                yield from self._item_done(told)
            case "error":
                raise self._failure(_Problem(told.message, told.code))
            case end if end in _ENDS and told.response is not None:
                yield from self._end(told.response)

    def read_whole(self, body: bytes) -> Iterator[StreamEvent]:
        """What a response says."""
        response = read(_response_decoder, body)
        for raw in response.output:
            item = read(_item_decoder, raw)
            if item.type == "message":
                for content in item.content or []:
                    self._refusal += [content.refusal] if content.refusal else []
                    if content.type == "output_text":
                        yield TextDelta(content.text)
            elif item.type == "function_call":
                index = self._tools.start()
                yield ToolStart(item.name, index, item.call_id)
                yield ToolDelta(index, item.arguments)
            else:
                yield ProviderItem(decode(bytes(raw)))
        yield from self._end(response)

    def _arguments(self, output_index: int, text: str) -> ToolDelta:
        index = self._tools.find(output_index)
        if index is None:
            raise ProviderError("The provider sent arguments of a tool call that has not begun.")
        self._with_arguments.add(index)
        return ToolDelta(index, text)

    def _item_done(self, told: _Event) -> Iterator[StreamEvent]:
        item = read(_item_decoder, told.item)
        if item.type == "function_call":
            if self._tools.find(told.output_index) not in self._with_arguments and item.arguments:
                yield self._arguments(told.output_index, item.arguments)
        elif item.type != "message":
            yield ProviderItem(decode(bytes(told.item)))

    def _end(self, response: _Response) -> Iterable[StreamEvent]:
        reason = response.status
        if response.incomplete_details is not None:
            reason = response.incomplete_details.reason or reason
        if response.error is not None:
            raise self._failure(response.error)
        if self._refusal or reason == "content_filter":
            raise ContentRefused(
                "".join(self._refusal) or "The provider's content filter stopped the answer."
            )
        self.is_complete = True
        return stop_events(_usage_event(response.usage), reason)

    def _failure(self, problem: _Problem) -> ProviderError | ContentRefused:
        if problem.code in OpenAIResponses.refusals:
            return ContentRefused(problem.message)
        return ProviderError(f"The provider stopped with an error: {problem.message}")


def _usage_event(usage: _Usage | None) -> UsageEvent | None:
    if usage is None:
        return None
    cached = usage.input_tokens_details or _CachedTokens()
    return UsageEvent(
        usage.input_tokens, usage.output_tokens, cached.cached_tokens, cached.cache_write_tokens
    )
