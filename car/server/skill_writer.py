"""Words for distilled skills, from a model that the operator names.

What a skill does is settled by rule before; a model may only say it better.  Where it fails, or
says nothing of use, the words that were there stay.
"""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct
from twisted.logger import Logger

from car.errors import CarError
from car.inference.engine import InferenceEngine
from car.inference.records import GenerateParams, GenerateRequest
from car.ir.json import JsonObject
from car.memgine.skills.records import DistilledSkill

_log = Logger()

MOST_SKILLS = 8
"""How many skills of one call get a model's words."""

LONGEST_CODE = 4_000
LONGEST_WORDS = 300
"""Characters of a skill's code that are shown to the model, and that it may answer."""

_SYSTEM = (
    "You document automation skills. Answer with one JSON object: description, one sentence "
    "that says what the skill does; when_to_apply, one sentence that says when it helps."
)
_SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"description": {"type": "string"}, "when_to_apply": {"type": "string"}},
    "required": ["description", "when_to_apply"],
    "additionalProperties": False,
}


class Words(Struct, frozen=True):
    """What a model says of a skill."""

    description: str
    when_to_apply: str


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
        request = GenerateRequest(
            system=_SYSTEM,
            prompt=f"Skill {skill.name}:\n{skill.code[:LONGEST_CODE]}",
            model=self._model,
            response_format={"type": "json_schema", "schema": _SCHEMA, "name": "words"},
            params=GenerateParams(temperature=0.0, max_tokens=200),
        )
        try:
            answer = await self._engine().generate(request)
            words = msgspec.json.decode(answer.completion.text, type=Words)
        except (CarError, msgspec.DecodeError) as problem:
            _log.warn("a skill keeps its plain words: {problem}", problem=problem)
            return skill
        return msgspec.structs.replace(
            skill,
            description=words.description.strip()[:LONGEST_WORDS] or skill.description,
            when_to_apply=words.when_to_apply.strip()[:LONGEST_WORDS] or skill.when_to_apply,
        )
