"""A skill as a markdown document that people can read, pass on and take in elsewhere.

TOML front matter between lines of ``+++`` holds everything but the code, which is the one
fenced block of the body.  ``sha256`` covers all of it, so that a document which was changed
on its way is refused.  Outcomes and versions are not exported: what a skill did elsewhere is
no evidence here, and versions are counted where they stand.
"""

import hashlib
import tomllib
from collections.abc import Iterator

import msgspec

from car.ir.json import JsonObject, JsonValue, RecordError, canonical, convert, encode
from car.memgine.skills.errors import BrokenSkillFile
from car.memgine.skills.records import Skill

_FRONT = "+++\n"
_EXPORTED = ("name", "description", "platform", "scope", "when_to_apply", "trigger")


def export_skill(skill: Skill) -> str:
    """The document for *skill*."""
    lines = ["+++", f'sha256 = "{_digest(skill)}"', *_toml(_front(skill)), "+++"]
    fence = _fence(skill.code)
    return "\n".join([*lines, "", fence, skill.code, fence, ""])


def read_skill(markdown: str) -> Skill:
    """The skill in a document; raises BrokenSkillFile where it is none, or was changed."""
    parts = markdown.split(_FRONT, 2)
    if len(parts) != 3 or parts[0]:
        raise BrokenSkillFile("markdown: expected TOML front matter between two lines of '+++'")
    try:
        front = tomllib.loads(parts[1])
    except tomllib.TOMLDecodeError as problem:
        raise BrokenSkillFile(f"markdown: the front matter is not TOML: {problem}") from None
    described = {name: front[name] for name in _EXPORTED if name in front}
    try:
        skill = convert({**described, "code": _code(parts[2])}, Skill)
    except RecordError as problem:
        raise BrokenSkillFile(f"markdown: the front matter is no skill: {problem}") from None
    if front.get("sha256") != _digest(skill):
        raise BrokenSkillFile(
            "markdown: sha256 is not that of the skill, which was changed after its export"
        )
    return skill


def _front(skill: Skill) -> JsonObject:
    record = msgspec.to_builtins(skill)
    return {name: record[name] for name in _EXPORTED}


def _digest(skill: Skill) -> str:
    return hashlib.sha256(canonical({**_front(skill), "code": skill.code})).hexdigest()


def _fence(code: str) -> str:
    """A row of backticks that is no line of *code*."""
    length = 3
    for line in code.split("\n"):
        if line and not line.strip("`"):
            length = max(length, len(line) + 1)
    return "`" * length


def _code(body: str) -> str:
    """What the first fenced block of *body* holds."""
    lines = body.split("\n")
    for number, line in enumerate(lines):
        if line.startswith("```"):
            fence = "`" * (len(line) - len(line.lstrip("`")))
            if fence in lines[number + 1 :]:
                return "\n".join(lines[number + 1 : lines.index(fence, number + 1)])
            break
    raise BrokenSkillFile("markdown: expected the code in a fenced block after the front matter")


def _toml(table: JsonObject) -> Iterator[str]:
    """The lines of a TOML document: plain members first, then one table for each object."""
    nested = {name: value for name, value in table.items() if isinstance(value, dict)}
    for name, value in table.items():
        if name not in nested:
            yield f"{name} = {_value(value)}"
    for name, value in nested.items():
        yield f"[{name}]"
        yield from _toml(value)


def _value(value: JsonValue) -> str:
    """Text, numbers and lists of text are written alike in both, but for one character."""
    return encode(value).decode().replace("\x7f", "\\u007f")
