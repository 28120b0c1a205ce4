"""What each format makes of requests and answers, beyond what all have in common."""

from car.inference.errors import ContentRefused, InvalidRequest, ProviderError, UnsupportedMode
from car.inference.models import Protocol, RemoteApi
from car.inference.records import (
    GenerateParams,
    GenerateRequest,
    ProviderItem,
    StreamEvent,
    ToolCall,
    ToolDelta,
    ToolStart,
)
from car.ir.json import JsonObject
from tests.inference.remote.bodies import MESSAGES, SCHEMA, build, full_body, full_request
from tests.inference.remote.case import (
    ENDPOINT,
    KEY_NAME,
    PROTOCOLS,
    WEATHER,
    RemoteCase,
    remote_model,
)
from tests.inference.standins.anthropic import SIGNATURE
from tests.inference.standins.google import SIGNATURE as GOOGLE_SIGNATURE
from tests.inference.standins.script import CALLS, FORECAST, JSON_TEXT, LOOKING, THOUGHT

ASKED = GenerateRequest(prompt="Where is it warm?", tools=[WEATHER])
REASONS = ["generate", "reasoning"]


def with_params(**params: object) -> GenerateRequest:
    """A prompt with *params*."""
    return GenerateRequest(prompt="Hi", params=GenerateParams(**params))  # type: ignore[arg-type]


class AnswerTests(RemoteCase):
    """Tool calls, items and structured answers, by every provider."""

    def items(self) -> list[JsonObject]:
        """The provider's own items that were heard."""
        return [event.item for event in self.heard if isinstance(event, ProviderItem)]

    def test_calls(self) -> None:
        """Parallel calls come whole and in pieces, numbered, with ids."""
        for protocol in PROTOCOLS:
            for streaming in (True, False):
                self.heard.clear()
                answer = self.complete(remote_model(protocol=protocol), ASKED, streaming)
                self.assertEqual(answer.text, "".join(LOOKING), protocol)
                made = [(call.name, call.arguments) for call in answer.tool_calls]
                self.assertEqual(made, [("get_weather", each) for each in CALLS], protocol)
                self.assertEqual(len({call.id for call in answer.tool_calls}), 2, protocol)
            self.heard.clear()
            self.complete(remote_model(protocol=protocol), ASKED)
            starts = [event for event in self.heard if isinstance(event, ToolStart)]
            self.assertEqual([start.index for start in starts], [0, 1], protocol)
            self.assertTrue(any(isinstance(event, ToolDelta) for event in self.heard))

    def test_second_turn(self) -> None:
        """Calls go back with their results, and with what the provider signed."""
        for protocol in PROTOCOLS:
            self.heard.clear()
            answer = self.complete(remote_model(protocol=protocol), ASKED)
            messages = self.talk(answer.tool_calls)
            request = GenerateRequest(messages=messages, tools=[WEATHER])
            self.assertEqual(
                self.complete(remote_model(protocol=protocol), request).text,
                "".join(FORECAST),
                protocol,
            )

    def talk(self, calls: list[ToolCall]) -> list[JsonObject]:
        """The conversation so far, with the results of *calls*, as a client keeps it."""
        items = [{"type": "provider_output_item", "item": item} for item in self.items()]
        said: JsonObject = {
            "role": "assistant",
            "content": [*items, {"type": "text", "text": "".join(LOOKING)}],
            "tool_calls": [
                {"id": call.id, "name": call.name, "arguments": call.arguments} for call in calls
            ],
        }
        results = [{"role": "tool", "tool_call_id": call.id, "content": "21"} for call in calls]
        return [{"role": "user", "content": "Where?"}, said, *results]

    def test_signed_call(self) -> None:
        """Google's signed call is told as an item, with the id that we gave it."""
        answer = self.complete(remote_model(protocol="google"), ASKED)
        [item] = self.items()
        self.assertEqual(item["thoughtSignature"], GOOGLE_SIGNATURE)
        self.assertEqual(item["functionCall"]["id"], answer.tool_calls[0].id)

    def test_thinking(self) -> None:
        """Thought is told as one item, streamed or whole, and is no part of the text."""
        thought = "".join(THOUGHT)
        expected: dict[Protocol, JsonObject] = {
            "open_ai_compat": {"type": "reasoning", "text": thought},
            "azure_open_ai": {"type": "reasoning", "text": thought},
            "anthropic": {"type": "thinking", "thinking": thought, "signature": SIGNATURE},
            "google": {"text": thought, "thought": True},
            "open_ai_responses": {
                "id": "rs_1",
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": thought}],
                "encrypted_content": "gAAAAA-stand-in",
            },
        }
        for protocol in PROTOCOLS:
            self.heard.clear()
            model = remote_model(protocol=protocol, capabilities=REASONS)
            answer = self.complete(model, with_params(thinking="low"))
            self.assertNotIn("Erst", answer.text)
            self.assertEqual(self.items(), [expected[protocol]], protocol)
            whole = self.complete(model, with_params(thinking="low"), streaming=False)
            self.assertEqual(whole, answer, protocol)

    def test_thinking_goes_back(self) -> None:
        """Anthropic gets its thinking back with its signature."""
        model = remote_model(protocol="anthropic", capabilities=REASONS)
        request = GenerateRequest(
            prompt="Where?", tools=[WEATHER], params=GenerateParams(thinking="low")
        )
        calls = self.complete(model, request).tool_calls
        self.complete(model, GenerateRequest(messages=self.talk(calls), tools=[WEATHER]))
        blocks = self.provider("anthropic").requests[-1][2]["messages"][1]["content"]
        kinds = [block["type"] for block in blocks]
        self.assertEqual(kinds, ["thinking", "text", "tool_use", "tool_use"])

    def test_structured(self) -> None:
        """An answer by a schema; JSON of any form where the provider has that."""
        for kind in ("json_schema", "json_object"):
            wanted: JsonObject = {"type": kind, "schema": SCHEMA}
            request = GenerateRequest(prompt="Hi", response_format=wanted)
            for protocol in PROTOCOLS:
                if (kind, protocol) == ("json_object", "anthropic"):
                    error = self.failed(remote_model(protocol=protocol), request)
                    self.assertIsInstance(error, UnsupportedMode)
                    self.assertTrue(str(error).startswith("UnsupportedMode"))
                else:
                    answer = self.complete(remote_model(protocol=protocol), request)
                    self.assertEqual(answer.text, "".join(JSON_TEXT), protocol)

    def test_everything(self) -> None:
        """A request with all that there is is taken by every provider."""
        for protocol in PROTOCOLS:
            model = remote_model(protocol=protocol, capabilities=REASONS)
            self.assertEqual(self.complete(model, full_request()).text, "".join(FORECAST), protocol)


class ReaderTests(RemoteCase):
    """Answers that the stand-ins do not give of themselves."""

    def answer(self, protocol: Protocol, *events: str) -> list[StreamEvent]:
        """What is heard when the provider sends *events*."""
        self.heard.clear()
        self.provider(protocol).nonsense = "".join(f"data: {e}\n\n" for e in events).encode()
        self.complete(remote_model(protocol=protocol))
        return self.heard

    def test_unnumbered_calls(self) -> None:
        """Servers that number none of their calls, or all of them 0, are understood."""
        for index in ("", '"index": 0, '):
            calls = [
                f'{{{index}"id": "{name}", "function": {{"name": "{name}", "arguments": "{{}}"}}}}'
                for name in ("a", "b")
            ]
            heard = self.answer(
                "open_ai_compat",
                *(f'{{"choices": [{{"delta": {{"tool_calls": [{call}]}}}}]}}' for call in calls),
                '{"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}',
            )
            starts = [event for event in heard if isinstance(event, ToolStart)]
            expected = [ToolStart("a", 0, "a"), ToolStart("b", 1, "b")]
            self.assertEqual(starts, expected, index)

    def test_errors_amid(self) -> None:
        """An error in a stream is told in the provider's words."""
        cases: list[tuple[Protocol, str]] = [
            ("open_ai_compat", '{"error": {"message": "oh no"}}'),
            ("open_ai_responses", '{"type": "error", "message": "oh no"}'),
            (
                "open_ai_responses",
                '{"type": "response.failed", "response": {"error": {"message": "oh no"}}}',
            ),
            ("anthropic", '{"type": "error", "error": {"message": "oh no"}}'),
            ("google", '{"error": {"message": "oh no"}}'),
        ]
        for protocol, text in cases:
            self.provider(protocol).nonsense = f"data: {text}\n\n".encode()
            error = self.failed(remote_model(protocol=protocol), kind=ProviderError)
            self.assertEqual(str(error), "The provider stopped with an error: oh no")

    def test_filtered_amid(self) -> None:
        """So is a content filter that stops an answer, as a refusal."""
        cases: list[tuple[Protocol, str]] = [
            ("open_ai_compat", '{"choices": [{"finish_reason": "content_filter"}]}'),
            (
                "open_ai_responses",
                '{"type": "response.incomplete", "response": {"status": "incomplete",'
                ' "incomplete_details": {"reason": "content_filter"}}}',
            ),
            ("google", '{"candidates": [{"finishReason": "SAFETY"}]}'),
        ]
        for protocol, text in cases:
            self.provider(protocol).nonsense = f"data: {text}\n\n".encode()
            self.failed(remote_model(protocol=protocol), kind=ContentRefused)

    def test_cut_arguments(self) -> None:
        """Arguments that were cut off are an error, not a call."""
        self.provider().nonsense = (
            b'data: {"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "a", "function":'
            b' {"name": "f", "arguments": "{"}}]}, "finish_reason": "length"}]}\n\n'
        )
        error = self.failed(remote_model(), kind=ProviderError)
        self.assertEqual(
            str(error),
            "The model's arguments for the tool f are not a JSON object (the answer was cut off).",
        )

    def test_stray_arguments(self) -> None:
        """Nor are arguments of no call taken."""
        cases: list[tuple[Protocol, str]] = [
            (
                "open_ai_responses",
                '{"type": "response.function_call_arguments.delta", "delta": "{"}',
            ),
            (
                "anthropic",
                '{"type": "content_block_delta",'
                ' "delta": {"type": "input_json_delta", "partial_json": "{"}}',
            ),
        ]
        for protocol, text in cases:
            self.provider(protocol).nonsense = f"data: {text}\n\n".encode()
            error = self.failed(remote_model(protocol=protocol), kind=ProviderError)
            self.assertIn("a tool call that has not begun", str(error))


class RequestTests(RemoteCase):
    """Bodies, member by member."""

    def test_sampling(self) -> None:
        """What was not chosen is left to the model, unless the model lists it."""
        body = build("open_ai_compat", with_params())[2]
        self.assertFalse({"temperature", "top_p", "seed", "stop"} & body.keys())
        body = build("open_ai_compat", with_params(temperature=0.2, seed=7, stop=["x"]))[2]
        self.assertEqual((body["temperature"], body["seed"], body["stop"]), (0.2, 7, ["x"]))
        body = build("open_ai_compat", with_params(seed=7), supported_params=["temperature"])[2]
        self.assertEqual(body["temperature"], 0.7)
        self.assertNotIn("seed", body)
        config = build("google", with_params(top_k=5, top_p=0.5, stop=["x"]))[2]["generationConfig"]
        self.assertEqual((config["topK"], config["topP"], config["stopSequences"]), (5, 0.5, ["x"]))

    def test_anthropic_versions(self) -> None:
        """Sampling needs the older version; a newer one that is asked for goes without."""
        _, headers, body = build("anthropic", with_params(stop=["x"]))
        self.assertEqual(headers["anthropic-version"], "2026-10-21")
        self.assertEqual(body["stop_sequences"], ["x"])
        _, headers, body = build("anthropic", with_params(temperature=0.2, top_p=0.5, top_k=3))
        self.assertEqual(headers["anthropic-version"], "2023-06-01")
        self.assertEqual((body["temperature"], body["top_k"]), (0.2, 3))
        self.assertNotIn("top_p", body)
        source = RemoteApi(ENDPOINT, KEY_NAME, api_version="2026-10-21", protocol="anthropic")
        _, headers, body = build("anthropic", with_params(temperature=0.2), source=source)
        self.assertEqual(headers["anthropic-version"], "2026-10-21")
        self.assertNotIn("temperature", body)

    def test_max_tokens(self) -> None:
        """Never more than the model can; under the name that the server knows."""
        self.assertEqual(
            build("anthropic", with_params(), max_output_tokens=100)[2]["max_tokens"], 100
        )
        source = RemoteApi("https://api.openai.com/v1", KEY_NAME)
        body = build("open_ai_compat", with_params(), source=source)[2]
        self.assertEqual(body["max_completion_tokens"], 4096)
        self.assertNotIn("max_tokens", body)
        self.assertEqual(
            build("open_ai_responses", with_params(max_tokens=1))[2]["max_output_tokens"], 16
        )

    def test_thinking(self) -> None:
        """How much to think, for models that do; others are not told."""
        self.assertNotIn("thinking", build("anthropic", with_params(thinking="high"))[2])
        body = build("anthropic", with_params(thinking="high"), capabilities=REASONS)[2]
        self.assertEqual(body["thinking"], {"type": "adaptive"})
        self.assertEqual(body["output_config"], {"effort": "high"})
        body = build("anthropic", with_params(thinking=False), capabilities=REASONS)[2]
        self.assertEqual(body["thinking"], {"type": "disabled"})
        body = build(
            "anthropic",
            with_params(budget_tokens=2000, max_tokens=100, temperature=0.1),
            capabilities=REASONS,
            supported_params=["budget_tokens", "temperature"],
        )[2]
        self.assertEqual(body["thinking"], {"type": "enabled", "budget_tokens": 2000})
        self.assertEqual(body["max_tokens"], 2100)
        self.assertNotIn("temperature", body)
        for thinking, budget in ((True, 8192), ("off", 0), ("high", 24576)):
            request = with_params(thinking=thinking)
            config = build("google", request, capabilities=REASONS)[2]["generationConfig"]
            told = {"thinkingBudget": budget, "includeThoughts": budget > 0}
            self.assertEqual(config["thinkingConfig"], told)
        for budget, effort in ((1000, "low"), (5000, "medium"), (20000, "high")):
            request = with_params(budget_tokens=budget)
            body = build("open_ai_compat", request, capabilities=REASONS)[2]
            self.assertEqual(body["reasoning_effort"], effort)
        body = build("open_ai_responses", with_params(thinking="low"), capabilities=REASONS)[2]
        self.assertEqual(body["reasoning"], {"effort": "low"})
        self.assertEqual((body["store"], body["include"]), (False, ["reasoning.encrypted_content"]))

    def test_caching(self) -> None:
        """Anthropic is told where the stable prefix ends, and where the conversation does."""
        request = GenerateRequest(
            prompt="Hi",
            system="Long.",
            context="Now.",
            cache_control=True,
            params=GenerateParams(cache_ttl="one_hour"),
        )
        mark = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
        body = build("anthropic", request)[2]
        long, now = {"type": "text", "text": "Long."}, {"type": "text", "text": "Now."}
        self.assertEqual(body["system"], [long | mark, now])
        self.assertEqual(body["messages"][-1]["content"], [{"type": "text", "text": "Hi"} | mark])
        self.assertIn("cache_control", repr(full_body("anthropic")))
        self.assertNotIn("cache_control", repr(build("anthropic", with_params())[2]))

    def test_tool_choice(self) -> None:
        """Each provider's words for it."""
        expected: dict[Protocol, list[object]] = {
            "open_ai_compat": ["required", {"type": "function", "function": {"name": "f"}}],
            "open_ai_responses": ["required", {"type": "function", "name": "f"}],
            "anthropic": [{"type": "any"}, {"type": "tool", "name": "f"}],
        }
        choices = ["required", {"type": "function", "function": {"name": "f"}}]
        for number, choice in enumerate(choices):
            request = GenerateRequest(
                prompt="x", tools=[WEATHER], params=GenerateParams(tool_choice=choice)
            )
            for protocol, told in expected.items():
                self.assertEqual(build(protocol, request)[2]["tool_choice"], told[number])
            config = build("google", request)[2]["toolConfig"]["functionCallingConfig"]
            names = {"allowedFunctionNames": ["f"]} if number else {}
            self.assertEqual(config, {"mode": "ANY"} | names)
        request = GenerateRequest(
            prompt="x", tools=[WEATHER], params=GenerateParams(parallel_tool_calls=False)
        )
        alone = {"type": "auto", "disable_parallel_tool_use": True}
        self.assertEqual(build("anthropic", request)[2]["tool_choice"], alone)

    def test_images(self) -> None:
        """By URL, or their octets."""
        parts = full_body("google")["contents"][-1]["parts"]
        uri = {"mimeType": "image/jpeg", "fileUri": "https://example.org/a.jpg"}
        self.assertEqual(parts[-1], {"fileData": uri})
        self.assertEqual(parts[-2]["inlineData"]["mimeType"], "image/png")
        blocks = full_body("open_ai_compat")["messages"][-1]["content"]
        self.assertEqual(blocks[-1]["image_url"]["detail"], "low")
        self.assertTrue(blocks[-2]["image_url"]["url"].startswith("data:image/png;base64,iVBOR"))

    def test_unsigned_calls(self) -> None:
        """Calls that another model made go to Google with the signature that stands for none."""
        parts = build("google", GenerateRequest(messages=MESSAGES))[2]["contents"][1]["parts"]
        signatures = [part.get("thoughtSignature") for part in parts]
        self.assertEqual(signatures, [None, "skip_thought_signature_validator", None])

    def test_azure_urls(self) -> None:
        """A resource, a deployment, or the newer ``/openai/v1``."""
        version = "?api-version=2024-10-21"
        chat = "chat/completions"
        cases = {
            "https://r": f"https://r/openai/deployments/lab/{chat}{version}",
            "https://r/openai": f"https://r/openai/deployments/lab/{chat}{version}",
            "https://r/openai/deployments/d": f"https://r/openai/deployments/d/{chat}{version}",
            f"https://r/openai/deployments/d/{chat}?api-version=x": (
                f"https://r/openai/deployments/d/{chat}?api-version=x"
            ),
            "https://r/openai/v1/": f"https://r/openai/v1/{chat}",
        }
        for endpoint, url in cases.items():
            source = RemoteApi(endpoint, KEY_NAME, protocol="azure_open_ai")
            self.assertEqual(build("azure_open_ai", with_params(), source=source)[0], url)

    def test_unsupported(self) -> None:
        """What a provider cannot do is refused before it is asked."""
        with self.assertRaises(UnsupportedMode):
            build("open_ai_responses", with_params(stop=["x"]))
        with self.assertRaises(InvalidRequest) as raised:
            build("google", GenerateRequest(messages=[MESSAGES[1], MESSAGES[3]]))
        self.assertIn("tool_call_id 'call_0' is of no call", str(raised.exception))
