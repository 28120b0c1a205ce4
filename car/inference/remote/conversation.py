"""A request in the one form that all protocols are built from: turns of parts, and tools.

Clients of many versions say the same thing in several ways: tools as OpenAI, Anthropic or the
IR write them, images as blocks of ours or of a provider's.  They are read here, once.  How a
provider wants it said is left to the protocols.
"""

from typing import Literal

from msgspec import Struct

from car.inference.errors import InvalidRequest, UnsupportedMode
from car.inference.records import GenerateRequest
from car.ir.json import JsonError, JsonObject, JsonValue, decode, encode


class Text(Struct, frozen=True):
    """Words."""

    text: str


class Image(Struct, frozen=True):
    """A picture: base64 *data* with its media type, or else the *url* that it is at."""

    media_type: str = ""
    data: str = ""
    url: str = ""
    detail: str | None = None


class Call(Struct, frozen=True):
    """A tool call that the model made earlier."""

    id: str
    name: str
    arguments: JsonObject


class Result(Struct, frozen=True):
    """What came of a call; *name* is the tool's, as far as it is known."""

    call_id: str
    name: str
    text: str
    is_error: bool = False


class Item(Struct, frozen=True):
    """A provider's own item, given back as it was, such as a reasoning block."""

    item: JsonObject


Part = Text | Image | Call | Result | Item


class Turn(Struct, frozen=True):
    """What one side says; tool results are the user's."""

    role: Literal["user", "assistant"]
    parts: list[Part]


class Tool(Struct, frozen=True):
    """A tool that the model may call; *parameters* is a JSON Schema."""

    name: str
    description: str
    parameters: JsonObject
    strict: bool | None = None


class ToolChoice(Struct, frozen=True):
    """Whether to call a tool; *name* stands with the mode ``tool``."""

    mode: Literal["auto", "none", "required", "tool"]
    name: str = ""


class Format(Struct, frozen=True):
    """What the answer must look like; no *schema* stands for any JSON object."""

    schema: JsonObject | None = None
    name: str = "answer"
    strict: bool = True


class Conversation(Struct, frozen=True):
    """A request, read.

    ``stable`` is the part of the system text that stays from call to call, ``varying`` what
    follows it.  Neighbouring turns differ in their role.
    """

    stable: list[str]
    varying: list[str]
    turns: list[Turn]
    tools: list[Tool]
    choice: ToolChoice | None = None
    format: Format | None = None

    @property
    def system(self) -> str:
        """The whole system text."""
        return "\n\n".join(self.stable + self.varying)


def read_request(request: GenerateRequest) -> Conversation:
    """Read *request*: its messages, or its prompt where there are none.

    Images of the request go with the last turn of the user.  Raises InvalidRequest or
    UnsupportedMode.
    """
    stable = [text for text in (request.system, request.context_stable_prefix) if text]
    reader = _Messages(stable)
    if request.messages:
        for message in request.messages:
            reader.read(message)
    elif request.prompt:
        reader.say("user", [Text(request.prompt)])
    images = [part for block in request.images or [] for part in _block_parts(block)]
    if images:
        reader.say("user", images)
    if not reader.turns:
        raise InvalidRequest("prompt or messages must say something.")
    return Conversation(
        stable,
        [request.context] if request.context else [],
        reader.turns,
        [read_tool(tool) for tool in request.tools or []],
        _read_choice(request.params.tool_choice),
        _read_format(request.response_format),
    )


class _Messages:
    """Reads messages one by one: ``turns`` so far, and system texts into *system*."""

    def __init__(self, system: list[str]) -> None:
        self.turns: list[Turn] = []
        self._system = system
        self._names: dict[str, str] = {}

    def read(self, message: JsonObject) -> None:
        """Add one message."""
        role, content = message.get("role"), message.get("content")
        if role == "tool":
            call_id = _text(message, "tool_call_id")
            self.say("user", [self._result(call_id, message.get("name"), content)])
        elif role in ("system", "developer"):
            texts = [part.text for part in _content_parts(content) if isinstance(part, Text)]
            self._system += texts
        elif role == "user" or role == "assistant":
            calls = message.get("tool_calls") or []
            made = (_read_call(call, number) for number, call in enumerate(calls))
            self.say(role, [*_content_parts(content), *made])
        else:
            raise InvalidRequest(
                f"messages: role is {role!r}; it must be system, user, assistant or tool."
            )

    def say(self, role: Literal["user", "assistant"], parts: list[Part]) -> None:
        """Add *parts* to the last turn where it is of the same *role*, else in a new one."""
        self._names.update((part.id, part.name) for part in parts if isinstance(part, Call))
        named: list[Part] = [
            self._result(part.call_id, part.name, part.text, part.is_error)
            if isinstance(part, Result)
            else part
            for part in parts
        ]
        if self.turns and self.turns[-1].role == role:
            named = self.turns.pop().parts + named
        if named:
            self.turns.append(Turn(role, named))

    def _result(
        self, call_id: str, name: str | None, content: JsonValue, is_error: bool = False
    ) -> Result:
        return Result(call_id, name or self._names.get(call_id, ""), _plain(content), is_error)


def _content_parts(content: JsonValue) -> list[Part]:
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [Text(content)]
    if isinstance(content, list):
        return [part for block in content for part in _block_parts(block)]
    raise InvalidRequest("messages: content must be text or a list of blocks.")


def _block_parts(block: JsonValue) -> list[Part]:
    """The parts of one content block: ours, OpenAI's or Anthropic's; none of an empty text."""
    if not isinstance(block, dict):
        raise InvalidRequest("messages: a content block must be an object with a type.")
    match block.get("type"):
        case "text" | "input_text" | "output_text":
            text = _text(block, "text")
            return [Text(text)] if text else []
        case "image_base64":
            media_type = block.get("media_type") or "image/png"
            return [Image(media_type=media_type, data=_text(block, "data"))]
        case "image_url":
            return [_image_at(block)]
        case "image":
            return [_anthropic_image(block.get("source") or {})]
        case "tool_use":
            arguments = block.get("input") or {}
            return [Call(_text(block, "id"), _text(block, "name"), arguments)]
        case "tool_result":
            text = _plain(block.get("content"))
            is_error = bool(block.get("is_error"))
            return [Result(_text(block, "tool_use_id"), "", text, is_error)]
        case "thinking" | "redacted_thinking":
            return [Item(block)]
        case "provider_output_item":
            item = block.get("item")
            if isinstance(item, dict):
                return [Item(item)]
            raise InvalidRequest("messages: item of a provider_output_item must be an object.")
        case other:
            raise UnsupportedMode(
                f"UnsupportedMode: content blocks of type {other!r} cannot be sent to a model; "
                "use text, image_base64 or image_url."
            )


def _image_at(block: JsonObject) -> Image:
    """``{url, detail}``, or OpenAI's ``{image_url: {url, detail}}``; data URLs are opened."""
    inner = block.get("image_url", block)
    inner = inner if isinstance(inner, dict) else {"url": inner}
    url = _text(inner, "url")
    detail = inner.get("detail")
    if url.startswith("data:"):
        head, _, data = url[len("data:") :].partition(",")
        media_type, _, coding = head.partition(";")
        if not data or coding != "base64":
            raise InvalidRequest("images: a data URL must hold base64.")
        return Image(media_type=media_type or "image/png", data=data, detail=detail)
    return Image(url=url, detail=detail)


def _anthropic_image(source: JsonObject) -> Image:
    if source.get("type") == "url":
        return Image(url=_text(source, "url"))
    return Image(media_type=_text(source, "media_type"), data=_text(source, "data"))


def _read_call(call: JsonObject, number: int) -> Call:
    """``{id, name, arguments}`` or OpenAI's ``{id, function: {name, arguments}}``."""
    inner = call.get("function") or call
    arguments = inner.get("arguments") or {}
    if isinstance(arguments, str):
        try:
            arguments = decode(arguments)
        except JsonError:
            arguments = None
    if not isinstance(arguments, dict):
        raise InvalidRequest("messages: arguments of a tool call must be a JSON object.")
    return Call(call.get("id") or f"call_{number}", _text(inner, "name"), arguments)


def read_tool(tool: JsonObject) -> Tool:
    """A tool as OpenAI (nested or flat), Anthropic or the IR writes it.

    Raises InvalidRequest.
    """
    inner = tool.get("function") or tool
    parameters = next(
        (inner[key] for key in ("parameters", "input_schema", "inputSchema") if inner.get(key)),
        {"type": "object", "properties": {}},
    )
    if not isinstance(parameters, dict):
        raise InvalidRequest("tools: parameters must be a JSON Schema, an object.")
    return Tool(
        _text(inner, "name"), inner.get("description") or "", parameters, inner.get("strict")
    )


def _read_choice(choice: JsonValue) -> ToolChoice | None:
    if choice is None:
        return None
    if isinstance(choice, dict):
        name = (choice.get("function") or choice).get("name")
        if name:
            return ToolChoice("tool", name)
        choice = choice.get("type")
    match choice:
        case "auto" | "none" | "required":
            return ToolChoice(choice)
        case "any":
            return ToolChoice("required")
    raise InvalidRequest(
        "params.tool_choice must be auto, none, required or an object with a tool's name."
    )


def _read_format(wanted: JsonObject | None) -> Format | None:
    """``{type: json_schema, schema, strict, name}``, also nested as OpenAI has it."""
    if wanted is None or wanted.get("type") == "text":
        return None
    if wanted.get("type") == "json_object":
        return Format()
    if wanted.get("type") != "json_schema":
        raise InvalidRequest("response_format.type must be json_schema or json_object.")
    inner = wanted.get("json_schema") or wanted
    schema = inner.get("schema")
    if not isinstance(schema, dict):
        raise InvalidRequest("response_format.schema must be a JSON Schema, an object.")
    strict = inner.get("strict")
    return Format(schema, inner.get("name") or "answer", True if strict is None else bool(strict))


def _plain(content: JsonValue) -> str:
    """What a tool gave back, as text: its text blocks joined, anything else as JSON."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, list):
        said = [block.get("text") if isinstance(block, dict) else None for block in content]
        texts = [text for text in said if isinstance(text, str)]
        if len(texts) == len(content):
            return "".join(texts)
    return encode(content).decode()


def _text(block: JsonObject, member: str) -> str:
    value = block.get(member)
    if not isinstance(value, str):
        raise InvalidRequest(f"{member} must be a text, not {type(value).__name__}.")
    return value
