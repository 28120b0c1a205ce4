"""OpenAI's chat completions and embeddings, and Azure's form of them (API reference, Chat)."""

import json
from typing import Any

from twisted.web.server import Request

from tests.inference.standins.provider import (
    Body,
    Complaint,
    Provider,
    check,
    check_members,
    event,
    path_of,
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
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "stop",
    "seed",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "reasoning_effort",
    "stream",
    "stream_options",
    "n",
    "user",
    "metadata",
    "store",
    "logprobs",
    "top_logprobs",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
]

_ROLES = ("system", "developer", "user", "assistant", "tool")


class OpenAIChat(Provider):
    """``/v1/chat/completions``."""

    def key_of(self, request: Request) -> str | None:
        """The bearer token."""
        scheme, _, key = (request.getHeader("authorization") or "").partition(" ")
        return key if scheme == "Bearer" else None

    def complaint(self, problem: Complaint) -> Body:
        """As OpenAI tells errors."""
        kind = "invalid_request_error" if problem.status < 429 else "requests"
        inner = {"message": str(problem), "type": kind, "param": None, "code": problem.code}
        return {"error": inner}

    def model_of(self, request: Request, body: Body) -> str:
        """The model that is asked for."""
        return str(body["model"])

    def answer(self, request: Request, body: Body) -> tuple[Asked, Body | list[bytes]]:
        """A completion, or its chunks."""
        check_members(body, ("messages",), _KNOWN)
        model = self.model_of(request, body)
        asked = _read(body, model)
        script = write_script(asked)
        if body.get("stream"):
            with_usage = (body.get("stream_options") or {}).get("include_usage")
            return asked, _chunks(asked, script, bool(with_usage))
        return asked, _completion(asked, script)


class AzureChat(OpenAIChat):
    """``/openai/deployments/<deployment>/chat/completions`` of Azure."""

    def key_of(self, request: Request) -> str | None:
        """The header of Azure."""
        return request.getHeader("api-key")

    def complaint(self, problem: Complaint) -> Body:
        """As Azure tells errors, and what its content filter refused."""
        if problem.code != "content_filter":
            return {"error": {"code": str(problem.status), "message": str(problem)}}
        inner = {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {"hate": {"filtered": True, "severity": "high"}},
        }
        told = {"message": str(problem), "type": None, "param": "prompt", "status": 400}
        return {"error": told | {"code": problem.code, "innererror": inner}}

    def model_of(self, request: Request, body: Body) -> str:
        """The deployment in the path."""
        check(b"api-version" in request.args, "api-version is missing.")
        return path_of(request)[1]

    def answer(self, request: Request, body: Body) -> tuple[Asked, Body | list[bytes]]:
        """As OpenAI; a refusal is an error with the result of the content filter."""
        asked, answer = super().answer(request, body)
        if "refuse" in asked.faults:
            raise Complaint(400, "content_filter", REFUSAL)
        return asked, answer


class OpenAIEmbeddings(OpenAIChat):
    """``/v1/embeddings``: vectors of four numbers, in the order asked for or, with the model
    ``shuffled``, in another."""

    def answer(self, request: Request, body: Body) -> tuple[Asked, Body | list[bytes]]:
        """A list of embeddings."""
        check_members(body, ("input", "model"), ("input", "model", "encoding_format", "user"))
        check(body.get("encoding_format", "float") == "float", "only float is spoken here.")
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        rows = [
            {"object": "embedding", "index": index, "embedding": [3.0, 4.0, float(index), 0.0]}
            for index, _ in enumerate(texts)
        ]
        model = str(body["model"])
        if model.startswith("shuffled"):
            rows.reverse()
        if model.startswith("short"):
            rows.pop()
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        told = {"object": "list", "data": rows, "model": model, "usage": usage}
        return Asked(model, []), told


def _read(body: Body, model: str) -> Asked:
    """What *body* asks for; Complaint where it is not as the reference has it."""
    known_calls: set[str] = set()
    asked = Asked(model, [])
    for message in body["messages"]:
        check(message.get("role") in _ROLES, "messages: role is not known.")
        content = message.get("content")
        for call in message.get("tool_calls") or []:
            check(call["type"] == "function", "tool_calls: type must be function.")
            check(isinstance(json.loads(call["function"]["arguments"]), dict), "arguments")
            known_calls.add(call["id"])
        if message["role"] == "tool":
            check(message.get("tool_call_id") in known_calls, "tool_call_id is of no call.")
            asked.has_results = True
        if message["role"] != "assistant":
            check(isinstance(content, str | list), "messages: content must be text or parts.")
        for part in content if isinstance(content, list) else []:
            check(part["type"] in ("text", "image_url"), "content: type is not known.")
            if part["type"] == "image_url":
                check(part["image_url"]["url"].startswith(("https:", "data:image/")), "url")
                asked.images += 1
    for tool in body.get("tools") or []:
        check(tool["type"] == "function", "tools: type must be function.")
        asked.tools.append(tool["function"]["name"])
    wanted = body.get("response_format")
    if wanted is not None:
        check(wanted["type"] in ("json_object", "json_schema"), "response_format")
        if wanted["type"] == "json_schema":
            check(wanted["json_schema"]["name"] and wanted["json_schema"]["schema"], "json_schema")
        asked.wants_json = True
    asked.thinks = body.get("reasoning_effort") not in (None, "none")
    return asked


def _usage() -> Body:
    return {
        "prompt_tokens": INPUT_TOKENS,
        "completion_tokens": OUTPUT_TOKENS,
        "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
        "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _head(asked: Asked, kind: str) -> Body:
    return {
        "id": "chatcmpl-stand-in",
        "object": kind,
        "created": 1_750_000_000,
        "model": asked.model,
        "service_tier": "default",
        "system_fingerprint": "fp_stand_in",
    }


def _completion(asked: Asked, script: Script) -> Body:
    message: Body = {
        "role": "assistant",
        "content": script.all_text or None,
        "refusal": None,
        "annotations": [],
    }
    if script.thought:
        message["reasoning_content"] = "".join(script.thought)
    reason = "stop"
    if script.calls:
        reason = "tool_calls"
        message["tool_calls"] = [
            {
                "id": call_id,
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(args)},
            }
            for call_id, name, args in script.calls
        ]
    if "refuse" in asked.faults:
        message |= {"content": None, "refusal": REFUSAL}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    return _head(asked, "chat.completion") | {"choices": [choice], "usage": _usage()}


def _chunks(asked: Asked, script: Script, with_usage: bool) -> list[bytes]:
    head = _head(asked, "chat.completion.chunk")
    none = {"usage": None} if with_usage else {}

    def chunk(delta: Body, reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return event(head | {"choices": [choice]} | none)

    events = [chunk({"role": "assistant", "content": "", "refusal": None})]
    events += [chunk({"reasoning_content": text}) for text in script.thought]
    if "refuse" in asked.faults:
        events += [chunk({"refusal": text}) for text in cut(REFUSAL)]
    else:
        events += [chunk({"content": text}) for text in script.text]
    for index, (call_id, name, args) in enumerate(script.calls):
        function: dict[str, Any] = {"name": name, "arguments": ""}
        call = {"index": index, "id": call_id, "type": "function", "function": function}
        events.append(chunk({"tool_calls": [call]}))
        for text in cut(json.dumps(args)):
            more = {"index": index, "function": {"arguments": text}}
            events.append(chunk({"tool_calls": [more]}))
    events.append(chunk({}, "tool_calls" if script.calls else "stop"))
    if with_usage:
        events.append(event(head | {"choices": [], "usage": _usage()}))
    return [*events, b"data: [DONE]\n\n"]
