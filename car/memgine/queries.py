"""What kind of question a query is; it decides how the context is shared out (memgine §4)."""

import re
from typing import Literal

QueryClass = Literal["lookup", "constraint_check", "aggregation", "repair"]

SHARES: dict[QueryClass, dict[str, float]] = {
    "lookup": {"facts": 0.50, "conversation": 0.30, "environment": 0.15},
    "constraint_check": {"facts": 0.60, "conversation": 0.20, "environment": 0.15},
    "aggregation": {"facts": 0.65, "conversation": 0.20, "environment": 0.10},
    "repair": {"facts": 0.55, "conversation": 0.35, "environment": 0.05},
}
"""Each section's share of what identity and constraints leave (memgine §4, by class)."""

_CLASSES: tuple[tuple[QueryClass, re.Pattern[str]], ...] = (
    (
        "repair",
        re.compile(
            r"\b(?:recalculat|correct(?:ed|ion)|still (?:hold|stand|valid)|after (?:the|this|that) "
            r"(?:change|correction)|why did .* change|went wrong|root cause)",
            re.IGNORECASE,
        ),
    ),
    (
        "constraint_check",
        re.compile(
            r"\b(?:can|may|could|should|must|shall) (?:i|we|you|they|he|she|it)\b|\ballowed\b|"
            r"\bpermitted\b|\bwithin (?:the )?(?:budget|limit|policy)\b|\bcomply\b|\bviolat",
            re.IGNORECASE,
        ),
    ),
    (
        "aggregation",
        re.compile(
            r"\b(?:how many|how much (?:in total|altogether)|total|sum|all (?:the|of)|list|every|"
            r"each|summar|overview|compare)",
            re.IGNORECASE,
        ),
    ),
)


def classify(query: str) -> QueryClass:
    """The class of *query*: the first whose cues it has, else a simple look-up."""
    for name, cues in _CLASSES:
        if cues.search(query) is not None:
            return name
    return "lookup"
