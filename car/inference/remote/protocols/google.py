"""Google's Gemini: generateContent and streamGenerateContent."""

from collections.abc import Iterator
from mimetypes import guess_type
from urllib.parse import quote
from uuid import uuid4

from msgspec import Raw, Struct, field
from msgspec.json import Decoder

from car.inference.errors import ContentRefused, InvalidRequest, ProviderError
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
    Image,
    Item,
    Part,
    Result,
    Text,
    ToolChoice,
    Turn,
)
from car.inference.remote.exchange import Ask, HttpRequest
from car.inference.remote.protocols.sampling import EFFORT_TOKENS, chosen, effort
from car.inference.remote.sse import ServerSentEvent
from car.inference.remote.urls import operation_url, with_query
from car.ir.json import JsonObject, decode, encode

API_VERSION = "v1"
"""The stable version (Gemini API reference, API versions), where the endpoint names none."""

UNSIGNED = "skip_thought_signature_validator"
"""Stands for the signature of calls that another model has made (Gemini API, Thought
signatures): newer models refuse a turn whose first call has none."""

_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY", "tool": "ANY"}

_REFUSED = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
    }
)
"""The finish reasons that stand for a refusal (Gemini API reference, FinishReason)."""


class Google:
    """The wire format ``google``."""

    refusals: frozenset[str] = frozenset()

    def build_request(self, ask: Ask, key: str | None) -> HttpRequest:
        """A POST to the model's operation; the key goes in a header, never in the URL."""
        verb = "streamGenerateContent" if ask.streaming else "generateContent"
        name = quote(ask.model_name.removeprefix("models/"), safe="")
        version = ask.api_version or API_VERSION
        url = operation_url(ask.endpoint, f"models/{name}:{verb}", version)
        if ask.streaming:
            url = with_query(url, "alt=sse")
        headers = {} if key is None else {"x-goog-api-key": key}
        return HttpRequest(url, headers, encode(_body(ask)))

    def open_answer(self) -> "ContentAnswer":
        """A reader for one answer."""
        return ContentAnswer()


def _body(ask: Ask) -> JsonObject:
    conversation = ask.conversation
    body: JsonObject = {
        "contents": [_content(turn) for turn in conversation.turns],
        "generationConfig": _generation(ask),
    }
    if conversation.system:
        texts = conversation.stable + conversation.varying
        body["systemInstruction"] = {"parts": [{"text": text} for text in texts]}
    if conversation.tools:
        declarations = [
            {
                "name": tool.name,
                "description": tool.description,
                "parametersJsonSchema": tool.parameters,
            }
            for tool in conversation.tools
        ]
        body["tools"] = [{"functionDeclarations": declarations}]
        if conversation.choice is not None:
            body["toolConfig"] = {"functionCallingConfig": _choice(conversation.choice)}
    return body


def _generation(ask: Ask) -> JsonObject:
    config: JsonObject = {
        "maxOutputTokens": ask.max_tokens,
        **chosen(ask, temperature="temperature", top_p="topP", top_k="topK", seed="seed"),
    }
    if ask.params.stop:
        config["stopSequences"] = ask.params.stop
    config |= _format(ask.conversation)
    how_much = effort(ask)
    if how_much is not None:
        budget = ask.params.budget_tokens if ask.params.budget_tokens > 0 else None
        tokens = EFFORT_TOKENS[how_much] if budget is None or how_much == "none" else budget
        config["thinkingConfig"] = {"thinkingBudget": tokens, "includeThoughts": tokens > 0}
    return config


def _format(conversation: Conversation) -> JsonObject:
    if conversation.format is None:
        return {}
    told: JsonObject = {"responseMimeType": "application/json"}
    if conversation.format.schema is not None:
        told["responseJsonSchema"] = conversation.format.schema
    return told


def _choice(choice: ToolChoice) -> JsonObject:
    told: JsonObject = {"mode": _MODES[choice.mode]}
    if choice.mode == "tool":
        told["allowedFunctionNames"] = [choice.name]
    return told


def _content(turn: Turn) -> JsonObject:
    """A turn; a call that came as a signed part goes back as that part."""
    items = [part.item for part in turn.parts if isinstance(part, Item)]
    signed = {item["functionCall"].get("id") for item in items if "functionCall" in item}
    parts = [
        _part(part) for part in turn.parts if not (isinstance(part, Call) and part.id in signed)
    ]
    calls = [part for part in parts if "functionCall" in part]
    if calls and not any("thoughtSignature" in call for call in calls):
        calls[0]["thoughtSignature"] = UNSIGNED
    return {"role": "model" if turn.role == "assistant" else "user", "parts": parts}


def _part(part: Part) -> JsonObject:
    match part:
        case Text():
            return {"text": part.text}
        case Image(url=""):
            return {"inlineData": {"mimeType": part.media_type, "data": part.data}}
        case Image():
            media_type = guess_type(part.url)[0] or "image/jpeg"
            return {"fileData": {"mimeType": media_type, "fileUri": part.url}}
        case Call():
            return {"functionCall": {"id": part.id, "name": part.name, "args": part.arguments}}
        case Result():
            if not part.name:
                raise InvalidRequest(
                    f"messages: tool_call_id {part.call_id!r} is of no call before it, and Google "
                    "needs the tool's name; add name."
                )
            key = "error" if part.is_error else "output"
            answer = {"id": part.call_id, "name": part.name, "response": {key: part.text}}
            return {"functionResponse": answer}
        case Item():
            return part.item


class _FunctionCall(Struct):
    name: str
    args: Raw = Raw(b"{}")
    id: str | None = None


class _Part(Struct, rename="camel"):
    text: str | None = None
    thought: bool = False
    thought_signature: str | None = None
    function_call: _FunctionCall | None = None


class _Content(Struct):
    parts: list[Raw] = field(default_factory=list)


class _Candidate(Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | None = None
    finish_message: str | None = None


class _Feedback(Struct, rename="camel"):
    block_reason: str | None = None
    block_reason_message: str | None = None


class _Usage(Struct, rename="camel"):
    prompt_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0
    cached_content_token_count: int = 0


class _Problem(Struct):
    message: str = ""


class _Answer(Struct, rename="camel"):
    """A response, or a part of one: the same form."""

    candidates: list[_Candidate] = field(default_factory=list)
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Usage | None = None
    error: _Problem | None = None


_decoder = Decoder(_Answer)
_part_decoder = Decoder(_Part)


class ContentAnswer:
    """Reads one answer.

    A call without an id gets one.  Thoughts are told as one item; so is a signed call, which
    must go back as it came.
    """

    def __init__(self) -> None:
        self.is_complete = False
        self._tools = ToolIndex()
        self._thoughts: list[str] = []

    def read_event(self, event: ServerSentEvent) -> Iterator[StreamEvent]:
        """What one event of a stream says."""
        return self._read(read(_decoder, event.data))

    def read_whole(self, body: bytes) -> Iterator[StreamEvent]:
        """What a response says."""
        return self._read(read(_decoder, body))

    def _read(self, answer: _Answer) -> Iterator[StreamEvent]:
        if answer.error is not None:
            raise ProviderError(f"The provider stopped with an error: {answer.error.message}")
        feedback = answer.prompt_feedback
        if feedback is not None and feedback.block_reason is not None:
            why = feedback.block_reason_message or feedback.block_reason
            raise ContentRefused(f"Google refuses the prompt: {why}")
        for candidate in answer.candidates[:1]:
            for raw in candidate.content.parts if candidate.content is not None else []:
                yield from self._read_part(raw)
            if candidate.finish_reason is not None:
                yield from self._end(candidate, answer.usage_metadata)

    def _read_part(self, raw: Raw) -> Iterator[StreamEvent]:
        part = read(_part_decoder, raw)
        call = part.function_call
        if part.thought:
            self._thoughts.append(part.text or "")
            return
        yield from self._told_thoughts()
        if call is not None:
            call_id = call.id or f"call_{uuid4().hex}"
            index = self._tools.start()
            yield ToolStart(call.name, index, call_id)
            yield ToolDelta(index, bytes(call.args).decode())
            if part.thought_signature is not None:
                item = decode(bytes(raw))
                item["functionCall"]["id"] = call_id
                yield ProviderItem(item)
        elif part.text:
            yield TextDelta(part.text)
        elif part.text is None:
            yield ProviderItem(decode(bytes(raw)))

    def _told_thoughts(self) -> Iterator[StreamEvent]:
        if self._thoughts:
            yield ProviderItem({"text": "".join(self._thoughts), "thought": True})
            self._thoughts.clear()

    def _end(self, candidate: _Candidate, usage: _Usage | None) -> Iterator[StreamEvent]:
        reason = candidate.finish_reason
        if reason in _REFUSED:
            why = candidate.finish_message or reason
            raise ContentRefused(f"Google stopped the answer: {why}")
        yield from self._told_thoughts()
        self.is_complete = True
        yield from stop_events(_usage_event(usage), reason)


def _usage_event(usage: _Usage | None) -> UsageEvent | None:
    if usage is None:
        return None
    return UsageEvent(
        usage.prompt_token_count,
        usage.candidates_token_count + usage.thoughts_token_count,
        usage.cached_content_token_count,
    )
