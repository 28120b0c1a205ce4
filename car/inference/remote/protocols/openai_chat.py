"""OpenAI's chat completions, which most servers of models also speak."""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.json import Decoder

from car.inference.errors import ContentRefused, ProviderError
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
    Result,
    Text,
    Tool,
    ToolChoice,
    Turn,
)
from car.inference.remote.exchange import Ask, HttpRequest
from car.inference.remote.protocols.sampling import chosen, effort
from car.inference.remote.sse import ServerSentEvent
from car.inference.remote.urls import operation_url
from car.ir.json import JsonObject, JsonValue, encode

OPERATION = "chat/completions"
_OPENAI = "api.openai.com"


class OpenAIChat:
    """The wire format ``open_ai_compat``, also of Ollama and vLLM."""

    refusals = frozenset(
        {
            "content_filter",
            "content_policy_violation",
            "ResponsibleAIPolicyViolation",
            "image_content_policy_violation",
            "bio_policy",
            "misalignment_policy_violation",
        }
    )

    def build_request(self, ask: Ask, key: str | None) -> HttpRequest:
        """A POST of ``chat/completions``; a stream is asked to end with its usage."""
        return HttpRequest(
            operation_url(ask.endpoint, OPERATION, "v1"), bearer(key), encode(self.body(ask))
        )

    def open_answer(self) -> "ChatAnswer":
        """A reader for one answer."""
        return ChatAnswer()

    def body(self, ask: Ask) -> JsonObject:
        """The JSON of the request."""
        conversation, params = ask.conversation, ask.params
        body: JsonObject = {
            "model": ask.model_name,
            "messages": list(_messages(conversation)),
            self.max_tokens_name(ask): ask.max_tokens,
            **chosen(ask, temperature="temperature", top_p="top_p", seed="seed"),
        }
        if params.stop:
            body["stop"] = params.stop
        if conversation.tools:
            body["tools"] = [_tool(tool) for tool in conversation.tools]
            if conversation.choice is not None:
                body["tool_choice"] = _choice(conversation.choice)
            if params.parallel_tool_calls is not None:
                body["parallel_tool_calls"] = params.parallel_tool_calls
        if conversation.format is not None:
            body["response_format"] = _format(conversation.format)
        if (how_much := effort(ask)) is not None:
            body["reasoning_effort"] = how_much
        if ask.streaming:
            body["stream"] = True
            body["stream_options"] = {"include_usage": True}
        return body

    def max_tokens_name(self, ask: Ask) -> str:
        """OpenAI's newer models refuse ``max_tokens``, and other servers know nothing else."""
        return "max_completion_tokens" if _OPENAI in ask.endpoint else "max_tokens"


def bearer(key: str | None) -> dict[str, str]:
    """The header for *key*."""
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def _messages(conversation: Conversation) -> Iterator[JsonObject]:
    if conversation.system:
        yield {"role": "system", "content": conversation.system}
    for turn in conversation.turns:
        if turn.role == "assistant":
            yield _assistant(turn)
            continue
        for part in turn.parts:
            if isinstance(part, Result):
                yield {"role": "tool", "tool_call_id": part.call_id, "content": part.text}
        said = [part for part in turn.parts if isinstance(part, Text | Image)]
        if all(isinstance(part, Text) for part in said):
            text = "\n\n".join(part.text for part in said if isinstance(part, Text))
            if text:
                yield {"role": "user", "content": text}
        else:
            yield {"role": "user", "content": [_block(part) for part in said]}


def _assistant(turn: Turn) -> JsonObject:
    texts = [part.text for part in turn.parts if isinstance(part, Text)]
    message: JsonObject = {"role": "assistant", "content": "".join(texts) or None}
    calls = [
        {
            "id": part.id,
            "type": "function",
            "function": {"name": part.name, "arguments": encode(part.arguments).decode()},
        }
        for part in turn.parts
        if isinstance(part, Call)
    ]
    if calls:
        message["tool_calls"] = calls
    elif not texts:
        message["content"] = ""
    return message


def _block(part: Text | Image) -> JsonObject:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    inner: JsonObject = {"url": image_url(part)}
    if part.detail is not None:
        inner["detail"] = part.detail
    return {"type": "image_url", "image_url": inner}


def image_url(image: Image) -> str:
    """The image's URL, or its octets as one."""
    return image.url or f"data:{image.media_type};base64,{image.data}"


def _tool(tool: Tool) -> JsonObject:
    function: JsonObject = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _choice(choice: ToolChoice) -> JsonValue:
    if choice.mode == "tool":
        return {"type": "function", "function": {"name": choice.name}}
    return choice.mode


def _format(wanted: Format) -> JsonObject:
    if wanted.schema is None:
        return {"type": "json_object"}
    inner = {"name": wanted.name, "schema": wanted.schema, "strict": wanted.strict}
    return {"type": "json_schema", "json_schema": inner}


class _Function(Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(Struct):
    function: _Function
    index: int | None = None
    id: str | None = None


class _Said(Struct):
    """A message, or what is new of it; ``reasoning`` is what some servers call it."""

    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(Struct):
    delta: _Said | None = None
    message: _Said | None = None
    finish_reason: str | None = None


class _PromptDetails(Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _Usage(Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _PromptDetails | None = None


class _Answer(Struct):
    """A completion, or a chunk of one."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: JsonValue = None


_decoder = Decoder(_Answer)


class ChatAnswer:
    """Reads one completion; reasoning is told as one item, before what follows it."""

    def __init__(self) -> None:
        self.is_complete = False
        self._tools = ToolIndex()
        self._reasoning: list[str] = []
        self._refusal: list[str] = []

    def read_event(self, event: ServerSentEvent) -> Iterable[StreamEvent]:
        """What one chunk says."""
        return self._read(read(_decoder, event.data))

    def read_whole(self, body: bytes) -> Iterable[StreamEvent]:
        """What a completion says."""
        return self._read(read(_decoder, body))

    def _read(self, answer: _Answer) -> Iterator[StreamEvent]:
        if answer.error is not None:
            inner = answer.error
            said = inner.get("message") if isinstance(inner, dict) else inner
            raise ProviderError(f"The provider stopped with an error: {said}")
        for choice in (answer.choices or [])[:1]:
            said = choice.delta or choice.message
            if said is not None:
                yield from self._read_said(said)
            if choice.finish_reason is not None:
                yield from self._end(choice.finish_reason)
        if answer.usage is not None:
            yield _usage_event(answer.usage)

    def _read_said(self, said: _Said) -> Iterator[StreamEvent]:
        if thought := said.reasoning_content or said.reasoning:
            self._reasoning.append(thought)
        if said.refusal:
            self._refusal.append(said.refusal)
        if said.content or said.tool_calls:
            yield from self._told_reasoning()
        if said.content:
            yield TextDelta(said.content)
        for call in said.tool_calls or []:
            yield from self._read_call(call)

    def _read_call(self, call: _ToolCall) -> Iterator[StreamEvent]:
        # Some servers number none of their calls, others all of them 0, but give each an id.
        key: object = call.index if call.index is not None else call.id
        index = self._tools.find((key, call.id)) if call.id else self._tools.find(key)
        if index is None:
            if not call.function.name:
                raise ProviderError("The provider sent a tool call without a name.")
            index = self._tools.start(key, (key, call.id))
            yield ToolStart(call.function.name, index, call.id)
        if call.function.arguments:
            yield ToolDelta(index, call.function.arguments)

    def _told_reasoning(self) -> Iterator[StreamEvent]:
        if self._reasoning:
            yield ProviderItem({"type": "reasoning", "text": "".join(self._reasoning)})
            self._reasoning.clear()

    def _end(self, reason: str) -> Iterator[StreamEvent]:
        yield from self._told_reasoning()
        if self._refusal or reason == "content_filter":
            raise ContentRefused(
                "".join(self._refusal) or "The provider's content filter stopped the answer."
            )
        self.is_complete = True
        yield from stop_events(None, reason)


def _usage_event(usage: _Usage) -> UsageEvent:
    details = usage.prompt_tokens_details or _PromptDetails()
    return UsageEvent(
        usage.prompt_tokens,
        usage.completion_tokens,
        details.cached_tokens or 0,
        details.cache_write_tokens or 0,
    )
