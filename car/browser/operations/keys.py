"""Keys and modifiers: what Chromium has to be told for each."""

from collections.abc import Sequence
from typing import NamedTuple

from car.browser.errors import StepError


class Key(NamedTuple):
    """A key: its DOM ``key`` and ``code``, its Windows virtual key code, the text it makes."""

    key: str
    code: str
    number: int
    text: str = ""

    @property
    def is_letter(self) -> bool:
        """Whether it does no more than write a character, unless held with another."""
        return len(self.key) == 1 and not self.key.isspace()


_NAMED = {
    key.key.lower(): key
    for key in (
        Key("Enter", "Enter", 13, "\r"),
        Key("Tab", "Tab", 9),
        Key("Backspace", "Backspace", 8),
        Key("Delete", "Delete", 46),
        Key("Escape", "Escape", 27),
        Key("ArrowLeft", "ArrowLeft", 37),
        Key("ArrowUp", "ArrowUp", 38),
        Key("ArrowRight", "ArrowRight", 39),
        Key("ArrowDown", "ArrowDown", 40),
        Key("Home", "Home", 36),
        Key("End", "End", 35),
        Key("PageUp", "PageUp", 33),
        Key("PageDown", "PageDown", 34),
        Key("Insert", "Insert", 45),
        Key("Shift", "ShiftLeft", 16),
        Key("Control", "ControlLeft", 17),
        Key("Alt", "AltLeft", 18),
        Key("Meta", "MetaLeft", 91),
        Key("ContextMenu", "ContextMenu", 93),
        *(Key(f"F{number}", f"F{number}", 111 + number) for number in range(1, 13)),
    )
}

_OTHER_NAMES = {
    "return": "enter",
    "esc": "escape",
    "del": "delete",
    "left": "arrowleft",
    "up": "arrowup",
    "right": "arrowright",
    "down": "arrowdown",
    "ctrl": "control",
    "cmd": "meta",
    "command": "meta",
}

_BITS = {"alt": 1, "control": 2, "meta": 4, "shift": 8}
"""What ``modifiers`` of ``Input.dispatch…Event`` is made of."""

_PUNCTUATION = {
    ";": ("Semicolon", 186),
    "=": ("Equal", 187),
    ",": ("Comma", 188),
    "-": ("Minus", 189),
    ".": ("Period", 190),
    "/": ("Slash", 191),
    "`": ("Backquote", 192),
    "[": ("BracketLeft", 219),
    "\\": ("Backslash", 220),
    "]": ("BracketRight", 221),
    "'": ("Quote", 222),
}
"""Codes and numbers of the keys of a US keyboard that are no letters or digits."""

_COMMANDS = {
    "a": "selectAll",
    "c": "copy",
    "x": "cut",
    "v": "paste",
    "z": "undo",
    "y": "redo",
}
"""What Control with a letter edits: the browser asks its window system, which is not there."""


def find_key(name: str) -> Key:
    """The key that *name* means: a character, or a name in any case; raises StepError."""
    lowered = name.lower()
    named = _NAMED.get(_OTHER_NAMES.get(lowered, lowered))
    if named is not None:
        return named
    if name == " " or lowered == "space":
        return Key(" ", "Space", 32, " ")
    if len(name) != 1 or not name.isprintable():
        raise StepError(
            f"key: unknown key '{name:.40}'; expected a character or one of"
            f" {', '.join(key.key for key in _NAMED.values())}, Space"
        )
    if name.isascii() and name.isalpha():
        return Key(name, f"Key{name.upper()}", ord(name.upper()), name)
    if name.isascii() and name.isdigit():
        return Key(name, f"Digit{name}", ord(name), name)
    code, number = _PUNCTUATION.get(name, ("", 0))
    return Key(name, code, number, name)


def modifier_bits(modifiers: Sequence[str]) -> int:
    """The bits of modifiers by name (``Shift``, ``ctrl`` …); raises StepError."""
    bits = 0
    for name in modifiers:
        lowered = name.lower()
        bit = _BITS.get(_OTHER_NAMES.get(lowered, lowered))
        if bit is None:
            raise StepError(
                f"modifiers: unknown modifier '{name:.40}'; expected Alt, Control, Meta or Shift"
            )
        bits |= bit
    return bits


def editing_command(key: Key, bits: int) -> str | None:
    """The editing command of a key held with Control or Meta alone, where it has one."""
    return _COMMANDS.get(key.key.lower()) if bits in (_BITS["control"], _BITS["meta"]) else None
