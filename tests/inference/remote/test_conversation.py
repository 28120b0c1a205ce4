"""Reading requests, in every way that clients write them."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from car.inference.errors import InvalidRequest, UnsupportedMode
from car.inference.records import GenerateParams, GenerateRequest
from car.inference.remote.conversation import (
    Call,
    Format,
    Image,
    Item,
    Part,
    Result,
    Text,
    Tool,
    ToolChoice,
    Turn,
    read_request,
    read_tool,
)
from car.ir.json import JsonObject


def parts_of(*blocks: JsonObject) -> list[Part]:
    """The parts that *blocks* of a message of the user are read as."""
    messages = [{"role": "user", "content": list(blocks)}]
    return read_request(GenerateRequest(messages=messages)).turns[0].parts


class MessageTests(SynchronousTestCase):
    """Prompts and messages."""

    def test_prompt(self) -> None:
        """A prompt is a turn of the user; images go with it."""
        image = {"type": "image_url", "url": "https://a/b.png", "detail": "low"}
        read = read_request(GenerateRequest(prompt="Hi", images=[image]))
        parts: list[Part] = [Text("Hi"), Image(url="https://a/b.png", detail="low")]
        self.assertEqual(read.turns, [Turn("user", parts)])

    def test_system(self) -> None:
        """What stays comes first, the context last; system messages stay."""
        messages = [{"role": "system", "content": "Also."}, {"role": "user", "content": "Hi"}]
        read = read_request(
            GenerateRequest(
                messages=messages, system="You.", context="Now.", context_stable_prefix="Ever."
            )
        )
        self.assertEqual((read.stable, read.varying), (["You.", "Ever.", "Also."], ["Now."]))
        self.assertEqual(read.system, "You.\n\nEver.\n\nAlso.\n\nNow.")

    def test_tool_turns(self) -> None:
        """Results are the user's, carry the tool's name, and neighbours become one turn."""
        messages: list[JsonObject] = [
            {"role": "user", "content": "Hi"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "a", "function": {"name": "f", "arguments": '{"x": 1}'}},
                    {"id": "b", "name": "g", "arguments": {}},
                ],
            },
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "tool", "tool_call_id": "b", "content": {"y": 2}},
            {"role": "user", "content": "Well?"},
        ]
        turns = read_request(GenerateRequest(messages=messages)).turns
        self.assertEqual(
            turns[1:],
            [
                Turn("assistant", [Call("a", "f", {"x": 1}), Call("b", "g", {})]),
                Turn("user", [Result("a", "f", "1"), Result("b", "g", '{"y":2}'), Text("Well?")]),
            ],
        )

    def test_blocks(self) -> None:
        """Blocks of ours, of OpenAI and of Anthropic."""
        png = Image(media_type="image/png", data="QQ==")
        url = "data:image/png;base64,QQ=="
        cases: list[tuple[JsonObject, Part]] = [
            ({"type": "text", "text": "x"}, Text("x")),
            ({"type": "image_base64", "data": "QQ==", "media_type": "image/png"}, png),
            ({"type": "image_url", "url": url}, png),
            ({"type": "image_url", "image_url": {"url": "https://x"}}, Image(url="https://x")),
            (
                {"type": "image", "source": {"type": "url", "url": "https://x"}},
                Image(url="https://x"),
            ),
            (
                {"type": "image", "source": {"media_type": "image/png", "data": "QQ=="}},
                png,
            ),
            (
                {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
                Call("a", "f", {"x": 1}),
            ),
            (
                {"type": "tool_result", "tool_use_id": "a", "content": "1", "is_error": True},
                Result("a", "", "1", True),
            ),
            ({"type": "provider_output_item", "item": {"id": 1}}, Item({"id": 1})),
            ({"type": "thinking", "thinking": "…"}, Item({"type": "thinking", "thinking": "…"})),
        ]
        for block, part in cases:
            self.assertEqual(parts_of(block), [part], block)

    def test_wrong(self) -> None:
        """What cannot be read is named."""
        cases: list[tuple[dict[str, Any], str]] = [
            ({}, "prompt or messages must say something"),
            ({"messages": [{"role": "bot", "content": "x"}]}, "role is 'bot'; it must be"),
            ({"messages": [{"role": "user", "content": 5}]}, "content must be text or a list"),
            ({"messages": [{"role": "user", "content": ["x"]}]}, "must be an object with a type"),
            ({"messages": [{"role": "tool", "content": "x"}]}, "tool_call_id must be a text"),
            ({"prompt": "x", "images": [{"type": "image_url", "url": "data:,x"}]}, "base64"),
            ({"prompt": "x", "tools": [{"name": "f", "parameters": [1]}]}, "tools: parameters"),
            ({"prompt": "x", "tools": [{}]}, "name must be a text"),
            ({"prompt": "x", "response_format": {"type": "xml"}}, "response_format.type"),
            ({"prompt": "x", "response_format": {"type": "json_schema"}}, "response_format.schema"),
            ({"prompt": "x", "params": GenerateParams(tool_choice=5)}, "params.tool_choice must"),
            (
                {
                    "messages": [
                        {"role": "assistant", "tool_calls": [{"name": "f", "arguments": "["}]}
                    ]
                },
                "arguments of a tool call must be a JSON object",
            ),
        ]
        for members, message in cases:
            with self.assertRaises(InvalidRequest) as raised:
                read_request(GenerateRequest(**members))
            self.assertIn(message, str(raised.exception))

    def test_unsupported_block(self) -> None:
        """Sound, video and files cannot be sent."""
        with self.assertRaises(UnsupportedMode) as raised:
            parts_of({"type": "input_audio"})
        self.assertIn(
            "UnsupportedMode: content blocks of type 'input_audio'", str(raised.exception)
        )


class ToolTests(SynchronousTestCase):
    """Tools, the choice of one, and the form of answers."""

    def test_tools(self) -> None:
        """Nested, flat, and Anthropic's; without parameters there are none."""
        schema = {"type": "object", "properties": {"x": {}}}
        told = {"name": "f", "description": "F."}
        for tool in (
            {"type": "function", "function": {**told, "parameters": schema}},
            {"type": "function", **told, "parameters": schema},
            {**told, "input_schema": schema},
        ):
            self.assertEqual(read_tool(tool), Tool("f", "F.", schema), tool)
        self.assertEqual(read_tool({"name": "f"}).parameters["properties"], {})

    def test_choice(self) -> None:
        """Words and objects of all providers."""
        cases: list[tuple[Any, ToolChoice | None]] = [
            (None, None),
            ("auto", ToolChoice("auto")),
            ("any", ToolChoice("required")),
            ({"type": "any"}, ToolChoice("required")),
            ({"type": "function", "function": {"name": "f"}}, ToolChoice("tool", "f")),
            ({"type": "tool", "name": "f"}, ToolChoice("tool", "f")),
        ]
        for choice, expected in cases:
            params = GenerateParams(tool_choice=choice)
            read = read_request(GenerateRequest(prompt="x", params=params))
            self.assertEqual(read.choice, expected)

    def test_format(self) -> None:
        """Ours and OpenAI's."""
        schema = {"type": "object"}
        cases: list[tuple[JsonObject, Format | None]] = [
            ({"type": "text"}, None),
            ({"type": "json_object"}, Format()),
            ({"type": "json_schema", "schema": schema}, Format(schema)),
            (
                {"type": "json_schema", "json_schema": {"schema": schema, "strict": False}},
                Format(schema, strict=False),
            ),
        ]
        for wanted, expected in cases:
            read = read_request(GenerateRequest(prompt="x", response_format=wanted))
            self.assertEqual(read.format, expected)
