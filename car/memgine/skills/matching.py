"""Whether a skill answers a request: by persona, by URL, by the words of the task.

A request that has nothing to do with a skill scores 0.  Which skills may be found at all is
the book's to say.
"""

from car.memgine.skills.records import Skill
from car.memgine.tokens import Tokeniser

_terms = Tokeniser().terms

# What each signal is worth alone, and how much of the weaker ones is added to the strongest:
# in keeping with the scores seen of the reference (memgine §6).
PERSONA_SCORE = 0.46
URL_SCORE = 0.40
KEYWORD_SCORE, ALL_KEYWORDS_BONUS = 0.28, 0.11
TEXT_SCORE = 0.28
ADDED_SHARE = 0.28

LEAST_OVERLAP = 0.5
"""The share of words, of the task or of the skill's text, that must meet to count."""

_DECIMALS = 4


class Request:
    """What is to be done, by whom, where; a part that is empty asks nothing."""

    __slots__ = ("persona", "url", "words")

    def __init__(self, persona: str = "", url: str = "", task: str = "") -> None:
        self.persona = _folded(persona)
        self.url = url.strip()
        self.words = frozenset(_terms(task))


class Profile:
    """A skill made ready to be compared with many requests."""

    __slots__ = ("_keywords", "_persona", "_url_pattern", "_words")

    def __init__(self, skill: Skill) -> None:
        trigger = skill.trigger
        self._persona = _folded(trigger.persona)
        self._url_pattern = trigger.url_pattern.strip()
        keywords = (frozenset(_terms(keyword)) for keyword in trigger.task_keywords)
        self._keywords = [words for words in keywords if words]
        self._words = frozenset(_terms(f"{skill.name} {skill.description} {skill.when_to_apply}"))

    def match_score(self, request: Request) -> float:
        """How well the skill answers *request*: 0 not at all, 1 at most."""
        signals = sorted(
            (
                PERSONA_SCORE * (self._persona != "" and self._persona == request.persona),
                URL_SCORE * url_matches(self._url_pattern, request.url),
                self._task_score(request.words),
            )
        )
        return round(signals.pop() + ADDED_SHARE * sum(signals), _DECIMALS)

    def _task_score(self, words: frozenset[str]) -> float:
        """By keywords, each of whose words must be in the task, or by the skill's own text."""
        hits = sum(keyword <= words for keyword in self._keywords)
        if hits:
            return KEYWORD_SCORE + ALL_KEYWORDS_BONUS * hits / len(self._keywords)
        common = len(words & self._words)
        if not common:
            return 0.0
        overlap = common / min(len(words), len(self._words))
        return TEXT_SCORE * overlap if overlap >= LEAST_OVERLAP else 0.0


def url_matches(pattern: str, url: str) -> bool:
    """Whether *url* is of the form *pattern*, in which ``*`` stands for any text or none.

    A pattern without a scheme is compared with the URL without its own.  Every other
    character stands for itself.
    """
    if not pattern or not url:
        return False
    if "://" not in pattern:
        url = url.partition("://")[2] or url
    first, *rest = pattern.split("*")
    if not rest:
        return url == pattern
    *middle, last = rest
    if not url.startswith(first) or len(url) < len(first) + len(last):
        return False
    at, end = len(first), len(url) - len(last)
    for piece in middle:
        found = url.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return url.endswith(last)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
