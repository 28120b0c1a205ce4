"""Drives one provider's own SDK against the stand-ins, in a process of its own.

``drive_sdk.py <openai|anthropic|google> <port> <key>`` writes the outcome of each step as one
JSON object.  The input is a JSON object of requests that our back end would send, which are
held against the SDK's types.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

PROMPT = "Guten Tag"
PNG = "iVBORw0KGgo="
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "degrees": {"type": "integer"}},
    "required": ["city", "degrees"],
    "additionalProperties": False,
}
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
FAULTS = ("split", "crlf", "comments", "split+crlf+comments", "limit")


def main() -> None:
    """Take every step of the SDK that the arguments name."""
    name, port, key = sys.argv[1:]
    steps, check = SDKS[name](f"http://127.0.0.1:{port}", key)
    outcomes = {step: _outcome(take) for step, take in steps.items()}
    for step, body in json.load(sys.stdin).items():
        outcomes[f"our {step}"] = _outcome(partial(check, step, body))
    print(json.dumps(outcomes))


def _outcome(take: Callable[[], Any]) -> Any:
    """What the step gives; the name of what it raises, with its status."""
    try:
        return take()
    except Exception as problem:  # whatever the SDK raises is the outcome
        status = getattr(problem, "status_code", getattr(problem, "code", None))
        return {"raised": type(problem).__name__, "status": status, "text": str(problem)[:500]}


def _check_type(kind: Any, body: Any) -> None:
    """Hold *body* against *kind*, a TypedDict, with no member that it does not have."""
    kind.__pydantic_config__ = {"extra": "forbid"}
    adapter = import_module("pydantic").TypeAdapter(kind)
    _read_through(adapter.validate_python(body))


def _read_through(value: Any) -> None:
    """Read all of *value*: parts of it are validated only then."""
    if isinstance(value, Mapping):
        value = value.values()
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for each in value:
            _read_through(each)


def openai(base: str, key: str) -> Any:
    """The ``openai`` package: chat, responses, embeddings, Azure."""
    sdk: Any = import_module("openai")
    types = "openai.types"
    chat_types: Any = import_module(f"{types}.chat.completion_create_params")
    response_types: Any = import_module(f"{types}.responses.response_create_params")
    client = sdk.OpenAI(base_url=f"{base}/v1", api_key=key, max_retries=1)
    azure = sdk.AzureOpenAI(
        azure_endpoint=base, api_key=key, api_version="2024-10-21", max_retries=0
    )
    chat_tool = {"type": "function", "function": {"name": "get_weather", "parameters": PARAMETERS}}
    tool = {"type": "function", "name": "get_weather", "parameters": PARAMETERS, "strict": False}
    said: Any = [{"role": "user", "content": PROMPT}]

    def chat(model: str = "lab", client: Any = client, **more: Any) -> Any:
        with client.chat.completions.stream(
            model=model, messages=said, stream_options={"include_usage": True}, **more
        ) as stream:
            for _ in stream:
                pass
            return _completion(stream.get_final_completion())

    def chat_whole(model: str = "lab", client: Any = client, **more: Any) -> Any:
        more.setdefault("messages", said)
        return _completion(client.chat.completions.create(model=model, **more))

    def chat_results() -> Any:
        first = client.chat.completions.create(model="lab", messages=said, tools=[chat_tool])
        message = first.choices[0].message
        results = [
            {"role": "tool", "tool_call_id": call.id, "content": "21"}
            for call in message.tool_calls
        ]
        return chat_whole(messages=[*said, message, *results], tools=[chat_tool])

    def respond(model: str = "lab", **more: Any) -> Any:
        with client.responses.stream(model=model, input=PROMPT, **more) as stream:
            for _ in stream:
                pass
            return _response(stream.get_final_response())

    def respond_whole(model: str = "lab", **more: Any) -> Any:
        return _response(client.responses.create(model=model, input=PROMPT, **more))

    def embed() -> Any:
        answer = client.embeddings.create(model="lab", input=["a", "b"], encoding_format="float")
        return [len(row.embedding) for row in answer.data]

    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    schema = {"name": "answer", "schema": SCHEMA, "strict": True}
    form = {"type": "json_schema", "json_schema": schema}
    steps: dict[str, Callable[[], Any]] = {
        "chat": chat,
        "chat whole": chat_whole,
        "chat tools": lambda: chat(tools=[chat_tool]),
        "chat tools whole": lambda: chat_whole(tools=[chat_tool]),
        "chat results": chat_results,
        "chat image": lambda: chat_whole(messages=[{"role": "user", "content": [image]}]),
        "chat json": lambda: chat_whole(response_format=form),
        "chat refuse": lambda: chat(model="lab+refuse"),
        "chat refuse whole": lambda: chat_whole("lab+refuse"),
        "chat drop": lambda: chat("lab+drop"),
        "chat key": lambda: chat_whole(client=client.with_options(api_key="sk-wrong")),
        "chat broken": lambda: chat_whole("lab+broken"),
        "azure": lambda: chat(client=azure),
        "azure whole": lambda: chat_whole(client=azure),
        "azure refuse": lambda: chat_whole("lab+refuse", azure),
        "azure key": lambda: chat_whole(client=azure.with_options(api_key="sk-wrong")),
        "responses": respond,
        "responses whole": respond_whole,
        "responses tools": lambda: respond(tools=[tool]),
        "responses reasoning": lambda: respond(reasoning={"effort": "low"}),
        "responses refuse": lambda: respond("lab+refuse"),
        "responses key": lambda: client.with_options(api_key="sk-wrong").responses.create(
            model="lab", input=PROMPT
        ),
        "embeddings": embed,
    }
    for fault in FAULTS:
        steps[f"chat {fault}"] = partial(chat, f"lab+{fault}")
        steps[f"responses {fault}"] = partial(respond, f"lab+{fault}")
    kinds: dict[str, Any] = {
        "open_ai_compat": chat_types.CompletionCreateParamsStreaming,
        "azure_open_ai": chat_types.CompletionCreateParamsStreaming,
        "open_ai_responses": response_types.ResponseCreateParamsStreaming,
    }
    return steps, lambda step, body: _check_type(kinds[step], body)


def _completion(answer: Any) -> Any:
    [choice] = answer.choices
    message = choice.message
    calls = [
        [call.function.name, json.loads(call.function.arguments)]
        for call in message.tool_calls or []
    ]
    usage = answer.usage
    counts = usage and [usage.prompt_tokens, usage.completion_tokens]
    return {
        "text": message.content,
        "calls": calls,
        "stop": choice.finish_reason,
        "refusal": message.refusal,
        "usage": counts,
    }


def _response(answer: Any) -> Any:
    calls = [
        [item.name, json.loads(item.arguments)]
        for item in answer.output
        if item.type == "function_call"
    ]
    refusals = [
        part.refusal
        for item in answer.output
        if item.type == "message"
        for part in item.content
        if part.type == "refusal"
    ]
    return {
        "text": answer.output_text,
        "calls": calls,
        "stop": answer.status,
        "refusal": "".join(refusals) or None,
        "usage": [answer.usage.input_tokens, answer.usage.output_tokens],
        "kinds": [item.type for item in answer.output],
    }


def anthropic(base: str, key: str) -> Any:
    """The ``anthropic`` package."""
    sdk: Any = import_module("anthropic")
    types: Any = import_module("anthropic.types.message_create_params")
    client = sdk.Anthropic(base_url=base, api_key=key, max_retries=1)
    tool = {"name": "get_weather", "input_schema": PARAMETERS}
    said: Any = [{"role": "user", "content": PROMPT}]

    def ask(model: str = "lab", max_tokens: int = 4096, **more: Any) -> Any:
        more.setdefault("messages", said)
        with client.messages.stream(model=model, max_tokens=max_tokens, **more) as stream:
            for _ in stream:
                pass
            return _message(stream.get_final_message())

    def whole(model: str = "lab", client: Any = client, **more: Any) -> Any:
        more.setdefault("messages", said)
        return _message(client.messages.create(model=model, max_tokens=4096, **more))

    def results() -> Any:
        first = client.messages.create(model="lab", max_tokens=64, messages=said, tools=[tool])
        blocks = [
            {"type": "tool_result", "tool_use_id": block.id, "content": "21"}
            for block in first.content
            if block.type == "tool_use"
        ]
        more = [{"role": "assistant", "content": first.content}]
        more.append({"role": "user", "content": blocks})
        return whole(messages=said + more, tools=[tool])

    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    image = [{"role": "user", "content": [{"type": "image", "source": source}]}]
    form = {"format": {"type": "json_schema", "schema": SCHEMA}}
    thinking = {"type": "enabled", "budget_tokens": 1024}
    steps: dict[str, Callable[[], Any]] = {
        "messages": ask,
        "messages whole": whole,
        "messages tools": lambda: ask(tools=[tool]),
        "messages tools whole": lambda: whole(tools=[tool]),
        "messages results": results,
        "messages image": lambda: whole(messages=image),
        "messages json": lambda: whole(output_config=form),
        "messages thinking": lambda: ask(thinking=thinking),
        "messages refuse": lambda: ask("lab+refuse"),
        "messages refuse whole": lambda: whole("lab+refuse"),
        "messages drop": lambda: ask("lab+drop"),
        "messages key": lambda: whole(client=client.with_options(api_key="sk-wrong")),
        "messages broken": lambda: whole("lab+broken"),
    }
    for fault in FAULTS:
        steps[f"messages {fault}"] = partial(ask, f"lab+{fault}")
    return steps, lambda step, body: _check_type(types.MessageCreateParamsStreaming, body)


def _message(answer: Any) -> Any:
    blocks = answer.content
    usage = answer.usage
    return {
        "text": "".join(block.text for block in blocks if block.type == "text"),
        "calls": [[block.name, block.input] for block in blocks if block.type == "tool_use"],
        "thought": "".join(block.thinking for block in blocks if block.type == "thinking"),
        "stop": answer.stop_reason,
        "usage": [usage.input_tokens, usage.output_tokens],
    }


def google(base: str, key: str) -> Any:
    """The ``google-genai`` package."""
    genai: Any = import_module("google.genai")
    types: Any = import_module("google.genai.types")

    def open_client(key: str) -> Any:
        options = types.HttpOptions(
            base_url=base, retry_options=types.HttpRetryOptions(attempts=2, initial_delay=0.1)
        )
        return genai.Client(api_key=key, http_options=options)

    client = open_client(key)
    declaration = {"name": "get_weather", "parameters_json_schema": PARAMETERS}
    tools: Any = {"tools": [{"function_declarations": [declaration]}]}

    def ask(model: str = "lab", **config: Any) -> Any:
        answers = list(
            client.models.generate_content_stream(
                model=model, contents=PROMPT, config=config or None
            )
        )
        return _contents(answers)

    def whole(
        model: str = "lab", client: Any = client, contents: Any = PROMPT, **config: Any
    ) -> Any:
        answer = client.models.generate_content(
            model=model, contents=contents, config=config or None
        )
        return _contents([answer])

    def results() -> Any:
        first = client.models.generate_content(
            model="lab", contents=PROMPT, config={**tools, "automatic_function_calling": OFF}
        )
        answers = [
            types.Part.from_function_response(name=call.name, response={"output": "21"})
            for call in first.function_calls
        ]
        question = types.Content(role="user", parts=[types.Part(text=PROMPT)])
        talk = [question, first.candidates[0].content, types.Content(role="user", parts=answers)]
        return whole(contents=talk, **tools)

    image = types.Part.from_bytes(data=b"\x89PNG", mime_type="image/png")
    form: Any = {"response_mime_type": "application/json", "response_json_schema": SCHEMA}
    steps: dict[str, Callable[[], Any]] = {
        "content": ask,
        "content whole": whole,
        "content tools": lambda: ask(**tools),
        "content tools whole": lambda: whole(**tools),
        "content results": results,
        "content image": lambda: whole(contents=[image]),
        "content json": lambda: whole(**form),
        "content thinking": lambda: ask(
            thinking_config={"thinking_budget": 1024, "include_thoughts": True}
        ),
        "content refuse": lambda: ask("lab+refuse"),
        "content drop": lambda: ask("lab+drop"),
        "content key": lambda: whole(client=open_client("sk-wrong")),
        "content broken": lambda: whole("lab+broken"),
    }
    for fault in ("split", "crlf", "limit"):  # of comments this SDK knows nothing
        steps[f"content {fault}"] = partial(ask, f"lab+{fault}")

    def check(step: str, body: Any) -> Any:
        for content in [*body["contents"], body["systemInstruction"]]:
            types.Content.model_validate(content)
        for tool in body["tools"]:
            types.Tool.model_validate(tool)
        types.ToolConfig.model_validate(body["toolConfig"])
        types.GenerationConfig.model_validate(body["generationConfig"])

    return steps, check


OFF = {"disable": True}


def _contents(answers: list[Any]) -> Any:
    parts = [
        part
        for answer in answers
        for candidate in answer.candidates or []
        for part in (candidate.content.parts or [])
    ]
    last = answers[-1]
    feedback = last.prompt_feedback
    usage = last.usage_metadata
    return {
        "text": "".join(part.text for part in parts if part.text and not part.thought),
        "calls": [
            [part.function_call.name, part.function_call.args]
            for part in parts
            if part.function_call
        ],
        "thought": "".join(part.text for part in parts if part.text and part.thought),
        "stop": last.candidates[0].finish_reason.name if last.candidates else None,
        "refusal": feedback.block_reason.name if feedback else None,
        "usage": [
            usage.prompt_token_count,
            usage.candidates_token_count + (usage.thoughts_token_count or 0),
        ],
    }


SDKS = {"openai": openai, "anthropic": anthropic, "google": google}

if __name__ == "__main__":
    main()
