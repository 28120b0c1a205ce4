"""Names in a text, as far as capital letters tell: people, places, works, all one kind.

Right for languages that write only names with capitals; in German every noun is one.
"""

import re

from msgspec import Struct

from car.nlp.languages import identify_language
from car.nlp.words import FUNCTION_WORDS

_CAPITAL = f"[{''.join(filter(str.isupper, map(chr, range(0x2000))))}]"
"""Of any alphabet that has them; a class of all such letters, as ``re`` has no name for it."""

_CAPITALISED = rf"{_CAPITAL}[^\W_]*(?:['’\-](?!s\b)[^\W_]+)*"

_JOINING = r"(?:of|the|de|del|della|di|da|do|dos|du|la|le|van|von|der|den|zu|bin|al)"

_NAME = re.compile(
    rf"\b{_CAPITALISED}(?:[ ](?:{_JOINING}[ ]){{0,2}}{_CAPITALISED}){{0,9}}(?:[ ]\d{{1,4}}\b)?"
)

_FIRST_WORD = re.compile(r"[^ ]+")

_NEXT_CAPITAL = re.compile(rf" (?={_CAPITAL})")

_SENTENCE_ENDS = '.!?:;\n"“”„»«*#(['


class Entity(Struct, frozen=True):
    """A name; ``byte_range`` is where it begins and ends in the text's UTF-8."""

    text: str
    byte_range: tuple[int, int]
    kind: str = "entity"


def extract_entities(text: str) -> list[Entity]:
    """The names in *text*, in order, each as often as it is there.

    A single word that begins a sentence counts only if it stands elsewhere within one.
    """
    common = FUNCTION_WORDS.get(identify_language(text) or "", frozenset())
    found = (_trimmed(text, *match.span(), common) for match in _NAME.finditer(text))
    spans = [span for span in found if span is not None]
    within = {text[start:end] for start, end in spans if not _begins_sentence(text, start)}
    entities = []
    octets = at = 0
    for start, end in spans:
        name = text[start:end]
        alone = " " not in name
        if alone and (len(name) == 1 or (name not in within and not _is_acronym(name))):
            continue
        octets += len(text[at:start].encode())
        size = len(name.encode())
        entities.append(Entity(name, (octets, octets + size)))
        octets += size
        at = end
    return entities


def _trimmed(text: str, start: int, end: int, common: frozenset[str]) -> tuple[int, int] | None:
    """The span without *common* words at its beginning, None if that is all."""
    while True:
        first = _FIRST_WORD.match(text, start, end)
        if first is None or first[0].lower() not in common or _is_acronym(first[0]):
            return start, end
        following = _NEXT_CAPITAL.search(text, first.end(), end)
        if following is None:
            return None
        start = following.end()


def _begins_sentence(text: str, start: int) -> bool:
    before = text[max(0, start - 8) : start].rstrip(" \t'‘’")
    return not before or before[-1] in _SENTENCE_ENDS


def _is_acronym(name: str) -> bool:
    return len(name) > 1 and name.isupper()
