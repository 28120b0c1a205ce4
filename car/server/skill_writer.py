"""A model that the operator names, at work on skills.

It puts distilled skills in words: what one does is settled by rule before, the model may only
say it better.  And it mends broken skills of which no earlier version is known to work.  Where it
fails, or says nothing of use, everything stays as it was.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct
from twisted.logger import Logger

from car.errors import CarError
from car.inference.engine import InferenceEngine
from car.inference.records import GenerateParams, GenerateRequest
from car.ir.json import JsonObject
from car.memgine.skills.records import DistilledSkill, SkillMeta

_log = Logger()

MOST_SKILLS = 8
"""How many skills of one call get a model's words."""

LONGEST_CODE = 4_000
LONGEST_WORDS = 300
"""Characters of a skill's code that are shown to the model, and of words that it may answer."""

MOST_WORD_TOKENS = 200
MOST_CODE_TOKENS = 2_500
"""Tokens that the model may write: for words, and for code of LONGEST_CODE characters."""

_DESCRIBE = (
    "You document automation skills. Answer with one JSON object: description, one sentence "
    "that says what the skill does; when_to_apply, one sentence that says when it helps."
)
_MEND = (
    "You mend automation skills that have stopped working. Keep to the language and the "
    "conventions of the code, and change no more than is needed. Answer with one JSON object: "
    "code, the whole mended code, or an empty string where nothing can be mended."
)


class Words(Struct, frozen=True):
    """What a model says of a skill."""

    description: str
    when_to_apply: str


class Mended(Struct, frozen=True):
    """What a model makes of a skill's code; empty for nothing."""

    code: str


_Answer = TypeVar("_Answer", Words, Mended)


class SkillWriter:
    """Asks *model* of *engine*, which is looked up at each use."""

    def __init__(self, engine: Callable[[], InferenceEngine], model: str) -> None:
        self._engine = engine
        self._model = model

    async def describe(self, skills: Sequence[DistilledSkill]) -> list[DistilledSkill]:
        """*skills* with a model's words, as far as it has any."""
        described = [await self._describe(skill) for skill in skills[:MOST_SKILLS]]
        return [*described, *skills[MOST_SKILLS:]]

    async def _describe(self, skill: DistilledSkill) -> DistilledSkill:
        prompt = f"Skill {skill.name}:\n{skill.code[:LONGEST_CODE]}"
        words = await self._ask(Words, _DESCRIBE, prompt, MOST_WORD_TOKENS)
        if words is None:
            return skill
        return msgspec.structs.replace(
            skill,
            description=words.description.strip()[:LONGEST_WORDS] or skill.description,
            when_to_apply=words.when_to_apply.strip()[:LONGEST_WORDS] or skill.when_to_apply,
        )

    async def mend(self, skill: SkillMeta) -> str | None:
        """New code for a broken *skill*, or None; nobody has tried it.

        Code beyond LONGEST_CODE is left alone: a model that sees half of it cannot mend it.
        """
        if len(skill.code) > LONGEST_CODE:
            return None
        stats = skill.stats
        prompt = (
            f"Skill {skill.name}, for {skill.platform or 'any platform'}: {skill.description}\n"
            f"It failed {stats.fail_count} times of {stats.trials}.\n{skill.code}"
        )
        mended = await self._ask(Mended, _MEND, prompt, MOST_CODE_TOKENS)
        if mended is None or mended.code.strip() in ("", skill.code.strip()):
            return None
        return mended.code

    async def _ask(
        self, answer: type[_Answer], system: str, prompt: str, max_tokens: int
    ) -> _Answer | None:
        """What the model answers; None where it fails or answers something else."""
        request = GenerateRequest(
            system=system,
            prompt=prompt,
            model=self._model,
            response_format={"type": "json_schema", "schema": _schema(answer), "name": "answer"},
            params=GenerateParams(temperature=0.0, max_tokens=max_tokens),
        )
        try:
            text = (await self._engine().generate(request)).completion.text
            return msgspec.json.decode(text, type=answer)
        except (CarError, msgspec.DecodeError) as problem:
            _log.warn("the skill writer has no answer: {problem}", problem=problem)
            return None


def _schema(answer: type[Struct]) -> JsonObject:
    """The JSON schema of a record of strings that must all be there."""
    names = answer.__struct_fields__
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(names),
        "additionalProperties": False,
    }
