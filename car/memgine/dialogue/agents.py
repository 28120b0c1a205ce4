"""Agents: the titled person whom a clause's words call by name and office.

"the CEO", "VP Ida", "Ida, our CFO", "Ida (VP HR)": as subject or after "by", "per" and "from".
Where in a clause to look for one is left to ``precedence``.
"""

import re

from car.memgine.dialogue.sources import MOST_NAMES, Region, folded_word
from car.memgine.dialogue.speaking_words import SPEAKING
from car.memgine.segments import Segment, segments
from car.memgine.titles import DEPARTMENTS, TITLES
from car.memgine.wordlists import STOP_WORDS

_WILL_WORDS = """
    say say-so word words wish wishes order orders ruling rule rules policy decision decisions view
    views opinion plan plans idea proposal request instruction instructions directive mandate cap
    limit suggestion recommendation estimate figure number offer approval call verdict stance
    position delegation preference guidance advice insistence initiative veto permission consent
    demand demands decree intention intent announcement statement message note choice pick thinking
"""
_PAST_WORDS = """
    drew laid held kept left meant met paid sold thought understood won ran read felt found got
    heard knew led lost saw stood began drove fell grew rose threw sought bought brought built bound
    broke dealt lent spent stuck stood struck swore taught wore withdrew
"""
_WILL = re.compile(rf"\s+(?:\w+\s+)?(?:{'|'.join(_WILL_WORDS.split())})\b", re.I)
"""What may be whose will it is: "the VP's ruling"; "the VP's car" is in nobody's name."""

_DOING = re.compile(
    rf"(?:\W*$|\s+(?:{'|'.join(_PAST_WORDS.split())})\b"
    r"|\s*[,;:)(=–—-]|\s+(?:-|(?:[a-z]+(?:s|ed)|am|are|be|did|do|had|have|may|might|can"
    r"|could|will|would|shall|should|must|then|also|first|later|initially|since|subsequently|now|just"
    r"|never|already|here|set|put|cut|let|made|gave|told|took|said|froze|chose|went|came|won['’]t"
    r"|wrote|spoke|and|or|as|in|on|for|at|to|but|because|with|trying|pushing|wanting|asking)\b))"
)
"""What stands after a subject or an agent: a verb, a preposition, a mark; never another noun."""


def agent_at(text: str, at: int, *, whole: bool, named: bool = False) -> tuple[str, int] | None:
    """The holder and rank of the titled person whom ``text[at:]`` begins with.

    "the CEO", "VP Ida", "Ida, our CFO", "Ida (VP HR)"; not what a title only qualifies ("VP
    approval", "board meeting").  *whole*: a mere role needs a name beside it; *named*: any title.
    """
    found = segments(text, at, at + 80)[:3]
    region = Region(small=text.islower())
    end = at
    for segment in found:
        taken = _leading_words(segment, region)
        if taken is None:
            break
        end = taken
        if end < segment.end or segment.after.strip() not in (",", "("):
            break
    if not region.titles:
        return None
    if text[end - 2 : end] in ("'s", "’s"):
        told = _WILL.match(text, end) is not None
    else:
        told = bool(region.names) or _DOING.match(text, end) is not None
    if not told:
        return None
    if not region.names and (
        named or region.titles[0] in _QUALIFYING or (whole and not region.offices)
    ):
        return None
    got = region.attribution(at, end)
    return got.holder, got.rank


def _leading_words(segment: Segment, region: Region) -> int | None:
    """Where the words that *segment* begins with end that call somebody by name and title."""
    size = 0
    words = segment.words
    while size < len(words) and size < MOST_NAMES:
        folded = folded_word(words[size])
        known = folded in TITLES or folded in DEPARTMENTS or folded in _ARTICLES
        named = words[size][0].isupper() or (region.small and size and words[size - 1] in TITLES)
        if not known and (not named or folded in STOP_WORDS or folded in SPEAKING):
            break
        size += 1
    while size and words[size - 1].casefold() in _ARTICLES:
        size -= 1
    if not size:
        return None
    end = segment.end
    if size < len(words):
        end = segment.start + len(_first_words(segment, size))
    before = len(region.titles), len(region.names)
    region.take(Segment(words[:size], segment.start, end, segment.before, ""))
    return end if (len(region.titles), len(region.names)) != before else None


_QUALIFYING_WORDS = "executive exec principal managing vice chief"
_QUALIFYING = frozenset(_QUALIFYING_WORDS.split())
"""Titles that without a name are adjectives."""

_ARTICLES_WORDS = "the our a an of their this who's who that's is same"
_ARTICLES = frozenset(_ARTICLES_WORDS.split())


def _first_words(segment: Segment, size: int) -> str:
    return " ".join(segment.words[:size])
