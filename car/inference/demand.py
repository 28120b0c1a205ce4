"""What a request asks of a model: its task, how hard it is, what it needs, how long it is."""

import re
from typing import Any, Literal

from msgspec import Struct

from car.inference.records import GenerateRequest, IntentHint

Complexity = Literal["simple", "medium", "code", "complex"]

OCTETS_PER_TOKEN = 4
"""What a token is taken for before anybody has counted: the usual rule for English."""

TOKENS_PER_IMAGE = 1_000
"""What a picture is taken for [ours]; providers count some hundred to some thousand."""

SIMPLE_CHARACTERS = 100
"""A prompt shorter than this is simple (0.7 engine: 40 is, 120 is not)."""

COMPLEX_CHARACTERS = 1_200
"""A prompt longer than this is complex (0.7 engine: 1,400 is, 600 is not)."""

_LOOKED_AT = 2_000
"""Characters at either end of a prompt that are searched for markers [ours]."""

_CODE = re.compile(
    r"```|\b(?:def|class) \w{1,40}[^\n:]{0,80}:|#include\b|\b(?:const|let|var) \w{1,40} ="
    r"|;[ \t]*$|=> ?\{|\(\);"
    r"|\b(?:refactor|debug|traceback|stack trace|unit tests?|compiler?|bugs?|regex|segfault"
    r"|source code|pull request|(?:write|fix|implement) [\w ]{0,40}"
    r"(?:function|method|class|script|query|program))\b",
    re.IGNORECASE | re.MULTILINE,
)

_HARD = re.compile(
    r"\b(?:analy[sz]e|compare|evaluate|explain why|prove that|derive|step by step"
    r"|trade-?offs?|pros and cons|architecture|design an?|think through)\b",
    re.IGNORECASE,
)


class Demand(Struct, frozen=True):
    """What is asked; ``tokens_in`` is an estimate, ``tokens_out`` the most there may be.

    ``needs`` are capabilities that a model must have.
    """

    task: str
    complexity: Complexity
    needs: frozenset[str]
    tokens_in: int
    tokens_out: int
    intent: IntentHint
    workload: str = "interactive"


def demand_of(request: GenerateRequest) -> Demand:
    """What *request* asks for; its intent has the last word on the task."""
    intent = request.intent or IntentHint()
    texts, images = _parts(request)
    last = texts[-1] if texts else ""
    complexity = complexity_of(last)
    needs = {"generate", *intent.require}
    if request.tools:
        needs.add("tool_use")
    if images or request.images:
        needs.add("vision")
    octets = sum(_octets(text) for text in texts)
    pictures = images + len(request.images or ())
    return Demand(
        task=intent.task or _TASKS.get(complexity, "generate"),
        complexity=complexity,
        needs=frozenset(needs),
        tokens_in=int(octets / OCTETS_PER_TOKEN) + pictures * TOKENS_PER_IMAGE,
        tokens_out=request.params.max_tokens,
        intent=intent,
        workload=request.params.workload,
    )


def _octets(text: str) -> float:
    """About how long *text* is in UTF-8, judged by its beginning: a prompt may have 8 MiB."""
    if text.isascii():
        return len(text)
    beginning = text[:_LOOKED_AT]
    return len(text) * len(beginning.encode("utf-8", "replace")) / len(beginning)


_TASKS = {"code": "code", "complex": "reasoning"}
"""The task that a complexity stands for where nobody names one (0.7 engine)."""


def complexity_of(prompt: str) -> Complexity:
    """How hard a prompt looks, by its length and by what it is made of."""
    ends = prompt[:_LOOKED_AT]
    if len(prompt) > _LOOKED_AT:
        ends += "\n" + prompt[-_LOOKED_AT:]
    if _CODE.search(ends):
        return "code"
    if len(prompt) > COMPLEX_CHARACTERS or _HARD.search(ends):
        return "complex"
    return "simple" if len(prompt) < SIMPLE_CHARACTERS else "medium"


def _parts(request: GenerateRequest) -> tuple[list[str], int]:
    """The request's texts, the one that is answered last, and how many images are inside."""
    texts = [text for text in (request.system, request.context) if text]
    images = 0
    for message in request.messages or ():
        text, pictures = _content(message.get("content"))
        texts.append(text)
        images += pictures
    if request.prompt:
        texts.append(request.prompt)
    return texts, images


def _content(content: Any) -> tuple[str, int]:
    """The text of a message's content, and how many of its blocks are images."""
    if isinstance(content, str):
        return content, 0
    blocks = [block for block in content if isinstance(block, dict)] if content else []
    text = "\n".join(str(block["text"]) for block in blocks if "text" in block)
    return text, sum("image" in str(block.get("type")) for block in blocks)
