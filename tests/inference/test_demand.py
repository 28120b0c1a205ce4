"""Tests of what requests are taken to ask for."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from car.inference.demand import complexity_of, demand_of
from car.inference.records import GenerateParams, GenerateRequest, IntentHint
from car.ir.json import JsonObject

IMAGE = {"type": "image_base64", "data": "", "media_type": "image/png"}


class ComplexityTests(SynchronousTestCase):
    """complexity_of: by length and by what a prompt is made of."""

    def test_length(self) -> None:
        """Short prompts are simple, long ones complex (as a 0.7 engine has it)."""
        for words, expected in ((1, "simple"), (20, "simple"), (60, "medium"), (300, "medium")):
            self.assertEqual(complexity_of("x " * words), expected, words)
        self.assertEqual(complexity_of("x " * 700), "complex")

    def test_code(self) -> None:
        """Code, and what is asked about code, is code."""
        for prompt in (
            "def f(): pass",
            "fix this bug",
            "Write a python function to sort a list",
            "```\nx\n```",
            "#include <stdio.h>",
            "const a = 1",
            "x += 1;\n",
        ):
            self.assertEqual(complexity_of(prompt), "code", prompt)
        for prompt in ("a class act", "I define: nothing", "what is 2+2", "function"):
            self.assertEqual(complexity_of(prompt), "simple", prompt)

    def test_hard(self) -> None:
        """Words that ask for thought make a short prompt complex."""
        for prompt in ("compare A and B", "analyze the trade-offs", "explain why"):
            self.assertEqual(complexity_of(prompt), "complex", prompt)

    def test_ends_count(self) -> None:
        """In a long prompt both ends are searched."""
        filler = "word " * 5000
        self.assertEqual(complexity_of("fix this bug " + filler), "code")
        self.assertEqual(complexity_of(filler + " fix this bug"), "code")
        self.assertEqual(complexity_of(filler), "complex")


class DemandTests(SynchronousTestCase):
    """demand_of: task, needs, size."""

    def needs(self, **members: Any) -> set[str]:
        """What a request with these members needs."""
        return set(demand_of(GenerateRequest(**members)).needs)

    def test_needs(self) -> None:
        """Tools, images and what the intent requires are needed, wherever they stand."""
        self.assertEqual(self.needs(prompt="x"), {"generate"})
        self.assertIn("tool_use", self.needs(prompt="x", tools=[{"name": "t"}]))
        self.assertIn("vision", self.needs(prompt="x", images=[IMAGE]))
        in_message: list[JsonObject] = [
            {"role": "user", "content": [{"type": "text", "text": "x"}, IMAGE]}
        ]
        self.assertIn("vision", self.needs(messages=in_message))
        self.assertIn("code", self.needs(prompt="x", intent=IntentHint(require=["code"])))

    def test_task(self) -> None:
        """The intent names the task, else the complexity of what is to be answered does."""
        self.assertEqual(demand_of(GenerateRequest(prompt="hello")).task, "generate")
        self.assertEqual(demand_of(GenerateRequest(prompt="fix this bug")).task, "code")
        messages: list[JsonObject] = [
            {"role": "user", "content": "fix this bug"},
            {"role": "assistant", "content": None, "tool_calls": []},
            {"role": "user", "content": "compare A and B"},
        ]
        self.assertEqual(demand_of(GenerateRequest(messages=messages)).task, "reasoning")
        asked = GenerateRequest(prompt="fix this bug", intent=IntentHint(task="chat"))
        self.assertEqual(demand_of(asked).task, "chat")

    def test_size(self) -> None:
        """All texts count, by their octets, images by a figure, and the answer at its most."""
        asked = GenerateRequest(
            prompt="x" * 400,
            system="y" * 400,
            context="z" * 400,
            images=[IMAGE],
            params=GenerateParams(max_tokens=7),
        )
        demand = demand_of(asked)
        self.assertEqual((demand.tokens_in, demand.tokens_out), (1300, 7))
        self.assertEqual(demand_of(GenerateRequest(prompt="水" * 400)).tokens_in, 300)
        self.assertEqual(demand_of(GenerateRequest()).tokens_in, 0)
