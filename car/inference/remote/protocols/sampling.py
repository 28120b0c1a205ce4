"""Which of a request's parameters are sent, and how much to think: what the formats share."""

from typing import Any, Literal

from car.inference.records import GenerateParams
from car.inference.remote.exchange import Ask
from car.ir.json import JsonObject

Effort = Literal["none", "low", "medium", "high"]

EFFORT_TOKENS: dict[Effort, int] = {"none": 0, "low": 1_024, "medium": 8_192, "high": 24_576}
"""Tokens of thought, for providers that count them; Google's own table for Gemini 2.5."""

_DEFAULTS = GenerateParams()

_EFFORTS: dict[object, Effort] = {
    False: "none",
    True: "medium",
    "off": "none",
    "none": "none",
    "disabled": "none",
    "minimal": "low",
    "low": "low",
    "on": "medium",
    "enabled": "medium",
    "medium": "medium",
    "high": "high",
    "max": "high",
}


def chosen(ask: Ask, **names: str) -> JsonObject:
    """The sampling parameters to send, each under the provider's own name.

    A parameter at its default was probably not chosen, and newer models refuse what they do
    not know: it is sent only where the model's ``supported_params`` list it.  Where they list
    anything, nothing else is sent.
    """
    supported = ask.model.supported_params
    told: JsonObject = {}
    for name, theirs in names.items():
        value: Any = getattr(ask.params, name)
        is_chosen = value != getattr(_DEFAULTS, name)
        if name in supported:
            is_sent = is_chosen or bool(value)  # top_k 0 and seed None say nothing
        else:
            is_sent = is_chosen and not supported
        if is_sent:
            told[theirs] = value
    return told


def effort(ask: Ask) -> Effort | None:
    """How much to think; None leaves it to the model, as for all that cannot be told."""
    if not ask.reasons:
        return None
    thinking = ask.params.thinking
    if (said := _EFFORTS.get(thinking)) is not None:
        return said
    budget = ask.params.budget_tokens
    if budget <= 0:
        return None
    return "low" if budget < 4_096 else "medium" if budget < 16_384 else "high"
