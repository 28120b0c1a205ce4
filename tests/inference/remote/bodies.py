"""One request that uses all that requests can say, for whoever builds or judges bodies."""

import json
from typing import Any

from car.inference.models import Protocol
from car.inference.records import GenerateParams, GenerateRequest
from car.inference.remote.conversation import read_request
from car.inference.remote.exchange import Ask
from car.inference.remote.targets import find_target
from car.ir.json import JsonObject
from tests.inference.remote.case import KEY_NAME, WEATHER, remote_model

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}

MESSAGES: list[JsonObject] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "Where is it warm?"}]},
    {
        "role": "assistant",
        "content": "I'll look.",
        "tool_calls": [
            {"id": "call_0", "name": "get_weather", "arguments": {"city": "Zürich"}},
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
            },
        ],
    },
    {"role": "tool", "tool_call_id": "call_0", "content": "21"},
    {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "9"}]},
    {"role": "user", "content": "And here?"},
]

IMAGES: list[JsonObject] = [
    {"type": "image_base64", "data": "iVBORw0KGgo=", "media_type": "image/png"},
    {"type": "image_url", "url": "https://example.org/a.jpg", "detail": "low"},
]


def full_request(**params: Any) -> GenerateRequest:
    """Everything at once."""
    return GenerateRequest(
        messages=MESSAGES,
        system="You know the weather.",
        context="Today is Monday.",
        tools=[WEATHER],
        images=IMAGES,
        response_format={"type": "json_schema", "schema": SCHEMA, "name": "place"},
        cache_control=True,
        params=GenerateParams(
            **{
                "max_tokens": 500,
                "thinking": "low",
                "tool_choice": "auto",
                "parallel_tool_calls": False,
                **params,
            }
        ),
    )


def build(
    protocol: Protocol, request: GenerateRequest, streaming: bool = True, **members: Any
) -> tuple[str, dict[str, str], JsonObject]:
    """The URL, headers and body that *request* is put to a model of *protocol* with."""
    model = remote_model(protocol=protocol, **members)
    target = find_target(model)
    ask = Ask(
        model=model,
        endpoint=target.endpoint,
        model_name=target.model_name,
        conversation=read_request(request),
        params=request.params,
        streaming=streaming,
        api_version=target.api_version,
        cache_control=request.cache_control,
    )
    built = target.format.build_request(ask, KEY_NAME)
    return built.url, built.headers, json.loads(built.body)


def full_body(protocol: Protocol) -> JsonObject:
    """The body of everything at once, of a model that reasons."""
    return build(protocol, full_request(), capabilities=["generate", "reasoning"])[2]
