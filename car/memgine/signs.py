"""Signs: what a turn is beside its words and dates, as terms of the index, and who asks for it.

The terms start with a sign that no word starts with.  English wording.
"""

import re

ASKING = "@asks"
"""The term of a short turn that mostly asks."""

PLACED = "@where"
"""The term of a turn that speaks of a place."""

SHORT = 12
"""Words up to which a turn with a question in it tells little else."""

_SENTENCE = re.compile(r"[^.!?]+[.!?]*")
_PLACE = re.compile(
    r"\b(?:[Aa]t|[Ii]n|[Ff]rom|[Nn]ear|[Oo]ver at|[Nn]ext (?:door )?to|[Bb]ehind|[Oo]utside|"
    r"[Ii]nside|[Aa]cross) (?:the|an?|my|our|their|his|her|some|[A-Z])"
)
_ASKS_WHERE = re.compile(
    r"\bwhere\b|\b(?:what|which) (?:city|town|country|place|state)\b", re.IGNORECASE
)
_ASKS_OF_SELF = re.compile(r"\b(?:I|[Mm]y|[Mm]e|[Mm]ine|[Mm]yself)\b")


def turn_signs(text: str) -> list[str]:
    """The signs of a turn that says *text*."""
    signs = [PLACED] if _PLACE.search(text) else []
    if "?" in text and _asks(text):
        signs.append(ASKING)
    return signs


def asks_where(question: str) -> bool:
    """Whether *question* asks for a place."""
    return _ASKS_WHERE.search(question) is not None


def asks_of_self(question: str) -> bool:
    """Whether who puts *question* speaks of themselves in it."""
    return _ASKS_OF_SELF.search(question) is not None


def _asks(text: str) -> bool:
    words = len(text.split())
    if words > SHORT:
        return False
    asked = [one for one in _SENTENCE.findall(text) if one.endswith("?")]
    return 2 * sum(len(one.split()) for one in asked) >= words
