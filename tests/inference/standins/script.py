"""What a stand-in's model says, whatever its provider's format, and how its answer goes wrong.

The name of the model asked for carries the faults: ``lab+split+crlf``.
"""

from typing import Any

from msgspec import Struct

KEY = "sk-stand-in-0123456789"
"""The one key that the stand-ins accept."""

SECOND_KEY = "sk-stand-in-9876543210"
"""And another, for pools; it is never over its limit."""

GREETING = ("Grüße ", "aus Zürich", " – naïve ", "café ☕ ", "漢字 🦉")
FORECAST = ("In Zürich ", "21 °C ☀️")
LOOKING = ("Ich schaue nach. ",)
JSON_TEXT = ('{"city": "Zür', 'ich", "degrees": 21}')
THOUGHT = ("Erst ", "nachdenken …")
REFUSAL = "Dabei kann ich nicht helfen."

CALLS = ({"city": "Zürich"}, {"city": "Ōtsu 大津"})
"""The arguments of the two calls, of the first tool offered."""

INPUT_TOKENS = 12
OUTPUT_TOKENS = 34
CACHED_TOKENS = 5

FAULTS = frozenset(
    {"split", "crlf", "comments", "drop", "slow", "pause", "limit", "refuse", "broken", "vanish"}
)


class Asked(Struct):
    """What a request says, as far as it decides the answer."""

    model: str
    tools: list[str]
    has_results: bool = False
    images: int = 0
    wants_json: bool = False
    thinks: bool = False

    @property
    def faults(self) -> set[str]:
        """The faults that the model's name carries."""
        return set(self.model.split("+")[1:]) & FAULTS


class Script(Struct):
    """What the model says: thought, then text in pieces, then calls, each an (id, name, args)."""

    thought: tuple[str, ...]
    text: tuple[str, ...]
    calls: list[tuple[str, str, dict[str, Any]]]

    @property
    def all_text(self) -> str:
        """The text in one piece."""
        return "".join(self.text)


def write_script(asked: Asked) -> Script:
    """What the model says to what was *asked*."""
    thought = THOUGHT if asked.thinks else ()
    if asked.tools and not asked.has_results:
        name = asked.tools[0]
        calls = [(f"call_{number}", name, dict(args)) for number, args in enumerate(CALLS)]
        return Script(thought, LOOKING, calls)
    if asked.has_results:
        return Script(thought, FORECAST, [])
    if asked.wants_json:
        return Script(thought, JSON_TEXT, [])
    if asked.images:
        return Script(thought, (f"Bilder: {asked.images}",), [])
    return Script(thought, GREETING, [])


def cut(text: str, size: int = 5) -> list[str]:
    """*text* in pieces, as models give the arguments of calls."""
    return [text[start : start + size] for start in range(0, len(text), size)]
