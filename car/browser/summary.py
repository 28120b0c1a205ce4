"""The listing of a page that a model reads: visible text, then what can be acted on.

Pure text: what is listed was found by ``observing``.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

MOST_ELEMENTS = 200
MOST_CHARS = 20_000
"""A summary is no longer (``subsystem-browser.md``, Script)."""

_MOST_NAME = 200
_MOST_LINE = 1_000
_MOST_FRAME = 300  # the headings and the last words
_NOTHING = "\n(none)"


class Line(NamedTuple):
    """Words that are shown, and what they belong to."""

    role: str
    words: str


class Listed(NamedTuple):
    """An element with its id, and its states as they are told: ``checked``, ``value "x"``."""

    id: str
    role: str
    name: str
    states: tuple[str, ...]


def short_name(words: str) -> str:
    """*words* in one line, at most so long."""
    return _cut(" ".join(words.split()), _MOST_NAME)


def summarize(
    lines: Sequence[Line], listed: Sequence[Listed], *, elements_left_out: int, is_part: bool
) -> str:
    """The listing; *is_part* where there was more text than *lines* hold.

    Half of the room is kept for text, where there is as much.
    """
    texts = [f"\n({line.role}) {_cut(line.words, _MOST_LINE)}" for line in lines]
    elements = [_listing(each) for each in listed]
    room = MOST_CHARS - _MOST_FRAME
    told_elements = _fitting(elements, max(room // 2, room - sum(map(len, texts))))
    told = _fitting(texts, room - sum(map(len, told_elements)))
    elements_left_out += len(elements) - len(told_elements)
    summary = (
        f"Visible Text:{''.join(told) or _NOTHING}\n\n"
        f"Interactive Elements:{''.join(told_elements) or _NOTHING}"
    )
    left_out = []
    if elements_left_out:
        left_out.append(f"{elements_left_out} more elements")
    if is_part or len(told) < len(texts):
        left_out.append("more text")
    if left_out:
        summary += f"\n\nLeft out: {' and '.join(left_out)}; scroll and observe again for them."
    return summary


def _listing(element: Listed) -> str:
    states = f" ({', '.join(element.states)})" if element.states else ""
    return f'\n[{element.id}] {element.role} "{element.name}"{states}'


def _fitting(texts: list[str], room: int) -> list[str]:
    """As many of *texts*, from the first, as have room together."""
    ends = accumulate(map(len, texts))
    return [text for text, end in zip(texts, ends, strict=True) if end <= room]


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"
