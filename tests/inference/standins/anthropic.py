"""Anthropic's messages (API reference, Messages and its streaming events)."""

import json

from twisted.web.server import Request

from tests.inference.standins.provider import (
    Body,
    Complaint,
    Provider,
    check,
    check_members,
    event,
)
from tests.inference.standins.script import (
    CACHED_TOKENS,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    REFUSAL,
    Asked,
    Script,
    cut,
    write_script,
)

_KNOWN = [
    "model",
    "max_tokens",
    "messages",
    "system",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "stream",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "metadata",
    "cache_control",
    "service_tier",
]

_BLOCKS = ("text", "image", "tool_use", "tool_result", "thinking", "redacted_thinking")

_KINDS = {401: "authentication_error", 429: "rate_limit_error", 503: "overloaded_error"}

_VERSIONS = ("2023-06-01", "2026-10-21")

_SAMPLING = {"temperature", "top_p", "top_k"}

SIGNATURE = "EqQB-stand-in"


class AnthropicMessages(Provider):
    """``/v1/messages``."""

    def key_of(self, request: Request) -> str | None:
        """The header of Anthropic, or the bearer token that its newer SDKs send."""
        _, _, token = (request.getHeader("authorization") or "").partition(" ")
        return request.getHeader("x-api-key") or token

    def complaint(self, problem: Complaint) -> Body:
        """As Anthropic tells errors."""
        kind = _KINDS.get(problem.status, "invalid_request_error")
        error = {"type": kind, "message": str(problem)}
        return {"type": "error", "error": error, "request_id": "req_stand_in"}

    def answer(self, request: Request, body: Body) -> tuple[Asked, Body | list[bytes]]:
        """A message, or its events."""
        version = request.getHeader("anthropic-version")
        check(version in _VERSIONS, "anthropic-version: header is required")
        for name in _SAMPLING & body.keys():
            check(version == _VERSIONS[0], f"{name}: removed in this version")
        check_members(body, ("model", "max_tokens", "messages"), _KNOWN)
        asked = _read(body)
        message = _message(asked, write_script(asked))
        if body.get("stream"):
            return asked, _events(message, write_script(asked))
        return asked, message


def _read(body: Body) -> Asked:
    asked = Asked(str(body["model"]), [tool["name"] for tool in body.get("tools") or []])
    for tool in body.get("tools") or []:
        check(tool["input_schema"]["type"] == "object", "tools: input_schema")
    known: set[str] = set()
    for number, message in enumerate(body["messages"]):
        check(message["role"] == ("assistant" if number % 2 else "user"), "roles must alternate")
        blocks = message["content"]
        for block in blocks if isinstance(blocks, list) else []:
            check(block["type"] in _BLOCKS, "content: type is not known")
            match block["type"]:
                case "tool_use":
                    check(isinstance(block["input"], dict), "input must be an object")
                    known.add(block["id"])
                case "tool_result":
                    check(block["tool_use_id"] in known, "tool_use_id is of no tool_use")
                    asked.has_results = True
                case "image":
                    check(block["source"]["type"] in ("base64", "url"), "source")
                    asked.images += 1
                case "thinking":
                    check(block["signature"] == SIGNATURE, "Invalid signature")
    thinking = body.get("thinking") or {"type": "disabled"}
    asked.thinks = thinking["type"] != "disabled"
    if thinking["type"] == "enabled":
        check(1_024 <= thinking["budget_tokens"] < body["max_tokens"], "budget_tokens")
    if asked.thinks:
        check("temperature" not in body, "temperature may only be 1 with thinking")
    check(not {"temperature", "top_p"} <= body.keys(), "temperature and top_p cannot both be set")
    wanted = (body.get("output_config") or {}).get("format")
    if wanted is not None:
        check(wanted["type"] == "json_schema" and wanted["schema"], "output_config.format")
        asked.wants_json = True
    return asked


def _message(asked: Asked, script: Script) -> Body:
    content: list[Body] = []
    if script.thought:
        thought = "".join(script.thought)
        content.append({"type": "thinking", "thinking": thought, "signature": SIGNATURE})
    content.append({"type": "text", "text": script.all_text, "citations": None})
    for call_id, name, args in script.calls:
        content.append({"type": "tool_use", "id": call_id, "name": name, "input": args})
    reason = "tool_use" if script.calls else "end_turn"
    details = None
    if "refuse" in asked.faults:
        content, reason = [], "refusal"
        details = {"type": "refusal", "category": None, "explanation": REFUSAL}
    return {
        "id": "msg_stand_in",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "stop_details": details,
        "usage": {
            "input_tokens": INPUT_TOKENS,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": CACHED_TOKENS,
            "output_tokens": OUTPUT_TOKENS,
            "service_tier": "standard",
        },
    }


def _events(message: Body, script: Script) -> list[bytes]:
    begun = message | {"content": [], "stop_reason": None, "stop_details": None}
    begun["usage"] = message["usage"] | {"output_tokens": 1}
    events = [_event("message_start", message=begun), _event("ping")]
    for index, block in enumerate(message["content"]):
        match block["type"]:
            case "thinking":
                empty = {"type": "thinking", "thinking": "", "signature": ""}
                deltas: list[Body] = [
                    {"type": "thinking_delta", "thinking": text} for text in script.thought
                ]
                deltas.append({"type": "signature_delta", "signature": SIGNATURE})
            case "text":
                empty = {"type": "text", "text": ""}
                deltas = [{"type": "text_delta", "text": text} for text in script.text]
            case _:
                empty = block | {"input": {}}
                pieces = ["", *cut(json.dumps(block["input"]))]
                deltas = [{"type": "input_json_delta", "partial_json": text} for text in pieces]
        events.append(_event("content_block_start", index=index, content_block=empty))
        events += [_event("content_block_delta", index=index, delta=delta) for delta in deltas]
        events.append(_event("content_block_stop", index=index))
    names = ("stop_reason", "stop_sequence", "stop_details")
    delta = {name: message[name] for name in names}
    usage = {"output_tokens": OUTPUT_TOKENS}
    events.append(_event("message_delta", delta=delta, usage=usage))
    return [*events, _event("message_stop")]


def _event(kind: str, **members: object) -> bytes:
    return event({"type": kind} | members, kind)
