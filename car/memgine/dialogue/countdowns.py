"""Countdowns: spans of time that tell how much is left, and so name an instant to come.

"In 30 days", "two weeks to go", "we have another week", "Friday (5 days)": counted from when it
was said.  "For 30 days" is only a span.
"""

import re
from datetime import UTC, datetime, timedelta

_SECONDS = {"sec": 1, "min": 60, "hou": 3_600, "hr": 3_600, "day": 86_400, "wee": 604_800}
_SECONDS |= {"mon": 2_592_000, "yea": 31_536_000}

BEFORE = 32
"""Characters before a span that are looked at."""

_FROM_NOW = re.compile(
    r"\b(?:in|within|another|remaining|t[- ]?minus)\s+(?:just |only |about |exactly "
    r"|under |less than )*$"
    r"|\bt-$",
    re.I,
)
_HAVING = re.compile(
    r"\b(?:leav(?:es?|ing)|giv(?:es|ing)|have|has|having|(?<!long as )(?<!if )it(?:['’]s| is)"
    r"|got|only|just|down to|so|i\.e\.|that is|that['’]s|buys?|buying"
    r"|remain(?:s|ing)?(?:\s*:|\s+are|\s+is)?|there(?:['’]s| is| are))\s+"
    r"(?:(?:us|you|me|them|him|her|it|we|with|only|just|about|exactly|a|full|still|now)\s+)*$"
    r"|(?:^|[:,;.!—–])\W*$",
    re.I,
)
"""What says that somebody has so much time, where nothing else is said of the span."""

_TO_GO = re.compile(
    r"\W{0,3}(?:(?:still|yet|or so|now|are|is) )?(?:away|left|to go(?! (?:through|via|to|by"
    r"|with|into|past|over"
    r"|ahead|live|back|before)\b)|to spare|remain\w*|from (?:now|today)|hence|until|till?"
    r"|before|ahead|prior to|short of|off(?! (?:work|the|on|for|each|per))|out(?=\s*[,.;:!)]|\s*$"
    r"|\s+from)|['’]? time\b)",
    re.I,
)
_CLOSED = re.compile(
    r"\s*(?:$|[.,;:!?)—–]|(?:to|for|or|and|before|until|till?|more|now|at (?:most|best))\b)"
)
_LEADING = re.compile(r"\s*to\b")
"""What follows a span that begins a clause: "two days to launch"."""


def is_left(text: str, start: int, end: int, *, dated: bool) -> bool:
    """Whether the span ``text[start:end]`` is what is left; *dated*: a date stands before it."""
    before = text[max(0, start - BEFORE) : start]
    if _FROM_NOW.search(before) or _TO_GO.match(text, end):
        return True
    if dated and before.rstrip()[-1:] in ("(", "[") and text[end:].lstrip()[:1] in (")", "]"):
        return True
    having = _HAVING.search(before)
    if having is None:
        return False
    return (_CLOSED if having.group().strip(" :,;.!—–-\"'") else _LEADING).match(
        text, end
    ) is not None


def instant(number: str, unit: str, at: float) -> tuple[str, str] | None:
    """The normal form and unit of the instant *number* times *unit* after *at*; None for no span.

    A day as ``12-05``, below a day the time as ``14:30``.
    """
    seconds = _SECONDS.get(unit)
    if seconds is None or not number.isdigit():
        return None
    moment = datetime.fromtimestamp(at, UTC) + timedelta(seconds=int(number) * seconds)
    return (f"{moment:%H:%M}", "time") if seconds < 86_400 else (f"{moment:%m-%d}", "day")
