"""Text cut into what is spoken at a time: sentences, and groups of them for one request.

Where sentences end, ``sentencex`` knows (some 300 languages, with their abbreviations; 0.1 ms
for 20,000 characters).  It is imported here, so all this is called in a thread.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from car.components import import_component
from car.voice.errors import MissingComponent

LONGEST_CHARS = 300
"""No piece is longer [ours]: some 20 s of speech, which bounds what a synthesiser holds."""

FIRST_CHARS = 50
"""A first sentence longer than this is spoken up to a comma in it, so that audio comes soon
[ours]: piper needs some 7 ms a character on one of our cores."""

_PAUSE = re.compile(r"[,;:–—،、，；]\s+|[、，；：]")


def load() -> Any:
    """The library.  Raises MissingComponent with the command that installs it."""
    return import_component("sentencex", "tts", "speech", MissingComponent)


def cut(text: str, language: str | None) -> list[str]:
    """The pieces of *text*, in order; each is one line and has something to speak.

    *language* is a BCP 47 tag, English being assumed.  Raises MissingComponent.
    """
    library = load()
    code = (language or "en").partition("-")[0].lower()
    found: list[str] = []
    for sentence in library.segment(code, text):
        line = " ".join(sentence.split())
        pieces = _pieces(line, FIRST_CHARS if not found else LONGEST_CHARS)
        found += [piece for piece in pieces if any(char.isalnum() for char in piece)]
    return found


def grouped(pieces: Iterable[str], chars: int) -> Iterator[str]:
    """*pieces* joined up to *chars* characters each; the first stays alone, to be heard soon."""
    group = ""
    for number, piece in enumerate(pieces):
        if group and (number == 1 or len(group) + 1 + len(piece) > chars):
            yield group
            group = ""
        group = f"{group} {piece}" if group else piece
    if group:
        yield group


def _pieces(line: str, first: int) -> Iterator[str]:
    """*line* cut at a pause within *first* characters if it is longer, and at LONGEST_CHARS."""
    if len(line) > first and (end := _last_pause(line, first)):
        yield line[:end].rstrip()
        line = line[end:].lstrip()
    while len(line) > LONGEST_CHARS:
        blank = line.rfind(" ", 1, LONGEST_CHARS)
        end = _last_pause(line, LONGEST_CHARS) or (blank if blank > 0 else LONGEST_CHARS)
        yield line[:end].rstrip()
        line = line[end:].lstrip()
    yield line


def _last_pause(line: str, within: int) -> int:
    """Where the last pause in the first *within* characters ends; 0 where there is none."""
    return max((pause.end() for pause in _PAUSE.finditer(line, 0, within)), default=0)
