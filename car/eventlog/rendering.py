"""A journal line as one line of plain text for people (``car journal show``).

What a client wrote never reaches the terminal raw: control characters, line separators
and the marks that turn text around are escaped.
"""

import unicodedata

from car.eventlog.line import Event
from car.eventlog.reading import JournalLine
from car.ir.json import JsonValue, encode

_VALUE_CHARACTERS = 60
"""How much of one value is shown."""

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that are escaped: controls, formats, surrogates, line separators."""

_FIRST = ("tool", "error", "reasons", "output")
"""The members of ``data`` that say most."""


def render_line(line: JournalLine) -> str:
    """One line, broken or not: ``e-52 10:00:02.123456 action_failed p8/a9 tool=…``."""
    if line.event is None:
        return f"broken: {printable(line.fault)} (octet {line.offset} of {line.path.name})"
    return render_event(line.event)


def render_event(event: Event) -> str:
    """Number, time of day in UTC, kind, proposal and action, then what ``data`` holds."""
    clock = event.timestamp.partition("T")[2].removesuffix("Z")
    place = "/".join(id_ for id_ in (event.proposal_id, event.action_id) if id_ is not None)
    first = [name for name in _FIRST if name in event.data]
    names = first + [name for name in event.data if name not in _FIRST]
    members = [f"{name}={_short(event.data[name])}" for name in names]
    words = [event.id, clock, event.kind, place, *members]
    return printable(" ".join(word for word in words if word))


def printable(text: str) -> str:
    """*text* with everything that could steer a terminal escaped as ``\\u{hex}``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"\\u{{{ord(character):x}}}" if unicodedata.category(character) in _UNSAFE else character
        for character in text
    )


def _short(value: JsonValue) -> str:
    """A value's JSON text, cut where it is long; a word stands without quotes."""
    text = encode(value).decode()
    if isinstance(value, str) and value.isidentifier():
        text = value
    if len(text) > _VALUE_CHARACTERS:
        return text[: _VALUE_CHARACTERS - 1] + "…"
    return text
