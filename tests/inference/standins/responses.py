"""OpenAI's responses (API reference, Responses and its streaming events)."""

import json
from typing import Any

from twisted.web.server import Request

from tests.inference.standins.openai import OpenAIChat
from tests.inference.standins.provider import Body, check, check_members, event
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
    "input",
    "instructions",
    "max_output_tokens",
    "temperature",
    "top_p",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "reasoning",
    "include",
    "store",
    "stream",
    "metadata",
    "user",
    "truncation",
    "previous_response_id",
]

_INPUTS = ("message", "function_call", "function_call_output", "reasoning")


class OpenAIResponses(OpenAIChat):
    """``/v1/responses``."""

    def answer(self, request: Request, body: Body) -> tuple[Asked, Body | list[bytes]]:
        """A response, or its events."""
        check_members(body, ("model", "input"), _KNOWN)
        asked = _read(body)
        items = _items(asked, write_script(asked))
        if body.get("stream"):
            return asked, _Stream(asked, body).events(items, write_script(asked))
        return asked, _response(asked, body, items)


def _read(body: Body) -> Asked:
    asked = Asked(str(body["model"]), [])
    calls: set[str] = set()
    items = body["input"] if isinstance(body["input"], list) else []
    for item in items:
        kind = item.get("type", "message")
        check(kind in _INPUTS, "input: type is not known.")
        if kind == "function_call":
            check(isinstance(json.loads(item["arguments"]), dict), "arguments")
            calls.add(item["call_id"])
        elif kind == "function_call_output":
            check(item["call_id"] in calls, "No tool call found for function call output.")
            asked.has_results = True
        elif kind == "message" and isinstance(item["content"], list):
            for part in item["content"]:
                check(part["type"] in ("input_text", "input_image"), "content")
                asked.images += part["type"] == "input_image"
    for tool in body.get("tools") or []:
        check(tool["type"] == "function" and "strict" in tool, "tools")
        asked.tools.append(tool["name"])
    wanted = (body.get("text") or {}).get("format", {"type": "text"})
    check(wanted["type"] in ("text", "json_object", "json_schema"), "text.format")
    if wanted["type"] == "json_schema":
        check(wanted["name"] and wanted["schema"], "text.format")
    asked.wants_json = wanted["type"] != "text"
    asked.thinks = (body.get("reasoning") or {}).get("effort") not in (None, "none")
    return asked


def _items(asked: Asked, script: Script) -> list[Body]:
    """The output, finished."""
    items: list[Body] = []
    if script.thought:
        summary = [{"type": "summary_text", "text": "".join(script.thought)}]
        sealed = "gAAAAA-stand-in"
        items.append(
            {"id": "rs_1", "type": "reasoning", "summary": summary, "encrypted_content": sealed}
        )
    content: Body = {
        "type": "output_text",
        "text": script.all_text,
        "annotations": [],
        "logprobs": [],
    }
    if "refuse" in asked.faults:
        content = {"type": "refusal", "refusal": REFUSAL}
    items.append(
        {
            "id": "msg_1",
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [content],
        }
    )
    for call_id, name, args in script.calls:
        items.append(
            {
                "id": f"fc_{call_id}",
                "type": "function_call",
                "status": "completed",
                "call_id": call_id,
                "name": name,
                "arguments": json.dumps(args),
            }
        )
    return items


def _response(asked: Asked, body: Body, items: list[Body], status: str = "completed") -> Body:
    usage = {
        "input_tokens": INPUT_TOKENS,
        "input_tokens_details": {"cached_tokens": CACHED_TOKENS, "cache_write_tokens": 0},
        "output_tokens": OUTPUT_TOKENS,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
    }
    return {
        "id": "resp_stand_in",
        "object": "response",
        "created_at": 1_750_000_000,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "metadata": {},
        "model": asked.model,
        "output": items,
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": body.get("store", True),
        "temperature": 1.0,
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": body.get("tools") or [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage if status == "completed" else None,
    }


class _Stream:
    """The events of one response, numbered."""

    def __init__(self, asked: Asked, body: Body) -> None:
        self._asked = asked
        self._body = body
        self._events: list[bytes] = []

    def events(self, items: list[Body], script: Script) -> list[bytes]:
        """All events."""
        begun = _response(self._asked, self._body, [], "in_progress")
        self._add("response.created", response=begun)
        self._add("response.in_progress", response=begun)
        for number, item in enumerate(items):
            if item["type"] == "message":
                self._message(number, item, script)
            elif item["type"] == "function_call":
                self._call(number, item)
            else:
                self._whole(number, item, item | {"summary": []})
        whole = _response(self._asked, self._body, items)
        self._add("response.completed", response=whole)
        return self._events

    def _add(self, kind: str, **members: Any) -> None:
        number = {"sequence_number": len(self._events)}
        self._events.append(event({"type": kind} | number | members, kind))

    def _whole(self, number: int, item: Body, begun: Body) -> None:
        self._add("response.output_item.added", output_index=number, item=begun)
        self._add("response.output_item.done", output_index=number, item=item)

    def _message(self, number: int, item: Body, script: Script) -> None:
        begun = item | {"status": "in_progress", "content": []}
        self._add("response.output_item.added", output_index=number, item=begun)
        place = {"item_id": item["id"], "output_index": number, "content_index": 0}
        part = item["content"][0]
        is_text = part["type"] == "output_text"
        empty = part | ({"text": ""} if is_text else {"refusal": ""})
        self._add("response.content_part.added", **place, part=empty)
        if is_text:
            for text in script.text:
                self._add("response.output_text.delta", **place, delta=text, logprobs=[])
            self._add("response.output_text.done", **place, text=part["text"], logprobs=[])
        else:
            for text in cut(REFUSAL):
                self._add("response.refusal.delta", **place, delta=text)
            self._add("response.refusal.done", **place, refusal=REFUSAL)
        self._add("response.content_part.done", **place, part=part)
        self._add("response.output_item.done", output_index=number, item=item)

    def _call(self, number: int, item: Body) -> None:
        begun = item | {"status": "in_progress", "arguments": ""}
        self._add("response.output_item.added", output_index=number, item=begun)
        place = {"item_id": item["id"], "output_index": number}
        kind = "response.function_call_arguments"
        for text in cut(item["arguments"]):
            self._add(f"{kind}.delta", **place, delta=text)
        self._add(f"{kind}.done", **place, name=item["name"], arguments=item["arguments"])
        self._add("response.output_item.done", output_index=number, item=item)
