"""Clearances: the words by which a text says who may read it, and what a run of them does.

Compiled for this project from ordinary English.  Where in a text such a run has to stand is left
to ``markers``, and what rank it asks to ``authority``.
"""

import re
from functools import lru_cache
from itertools import pairwise

from car.memgine.clearance_words import (
    BOUNDING_WORDS,
    DENYING_WORDS,
    DRAWING_WORDS,
    GROUP_WORDS,
    INFORMATION_WORDS,
    LIMITING_WORDS,
    MEMBER_WORDS,
    OUTSIDER_WORDS,
    SECRET_WORDS,
    SMALL_WORDS,
    TOPIC_WORDS,
)
from car.memgine.titles import DEPARTMENTS, OFFICES
from car.memgine.tokens import Tokeniser

stem = lru_cache(maxsize=4_096)(Tokeniser().term)
"""Kept, as a marker's words are few and asked for often."""


def stems(words: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words.split())


LIMITING = stems(LIMITING_WORDS)
SECRET = stems(SECRET_WORDS)
DENYING = stems(DENYING_WORDS)
INFORMATION = stems(INFORMATION_WORDS)
SMALL = LIMITING | stems(BOUNDING_WORDS) | SECRET | DENYING | INFORMATION | stems(SMALL_WORDS)
_EYES = stems("eyes only")
_GRADES = stems("clearance classification sensitivity secrecy confidentiality security access")
_HIGH = stems("high highest top strict maximum red")

_DRAWING = frozenset(DRAWING_WORDS.split())
_KNOWING = stems("""
    slip see know read hear tell told share show shown disclose disclosure view visible visibility
    access accessible audience information info material intel eyes ears circulate circulation
    distribution leak reveal pass mention confidential secret privy cleared clearance barred
    further tell outside
""")
_MEANT = frozenset({"restricted", "limited", "reserved", "confined", "meant", "intended"})
_PLACING = frozenset({"to", "for", "by", "within", "with", "inside", "among"})
"""What speaks of knowing only with the group after it: "limited to HR", not "to $5"."""

_TOLD = frozenset({"told", "knew", "saw", "heard", "read", "said", "kept"})
_BEING = frozenset({"be", "is", "are", "being", "may", "can", "must", "should", "to"})
_MATTER_WORDS = "data info information intel details figures material news numbers"
MATTERS = frozenset(_MATTER_WORDS.split())
"""What can only be known."""

_TOPICS = frozenset(TOPIC_WORDS.split())
"""Departments that are called by what they deal with: a group only as "the data team"."""

_MEMBERS = frozenset(MEMBER_WORDS.split())
OUTSIDERS = frozenset(OUTSIDER_WORDS.split())
"""Groups that a text is kept from, never for."""

IT = "i.t."
"""The department, as it has to be written large to be told from the pronoun."""

_GROUPS = (OFFICES | DEPARTMENTS | OUTSIDERS | frozenset(GROUP_WORDS.split()) | {IT}) - {"it"}
_OTHERS = "need level rank for role readers cleared just scope closed"
_GATE_WORDS = " ".join((LIMITING_WORDS, BOUNDING_WORDS, SECRET_WORDS, DENYING_WORDS, _OTHERS))
_PREFIX = 5
"""Letters by which a longer word is told in all its forms."""


def _told_by(word: str) -> str:
    return word.rstrip("s")[:_PREFIX].rstrip("e")


_GATE = frozenset(map(_told_by, _GATE_WORDS.replace("-", " ").split()))
_GATE_WORD = re.compile(r"(?:and|or|&) up\b|\w\+|[a-z]+(?:['’]t|\+)?|[\U0001F510\U0001F512]")


def may_be_marked(text: str) -> bool:
    """The cheap question, asked of every fact: wrong only in saying yes."""
    for word in _GATE_WORD.findall(text.casefold()):
        if _told_by(word) in _GATE or not word[-1].isalpha() or word.endswith(" up"):
            return True
    return "//" in text or "||" in text


def is_group(word: str) -> bool:
    """Whether *word*, in lower case, calls a group by rank or department."""
    bare = word.rstrip("+")
    return bare in _GROUPS or (bare.endswith("s") and bare[:-1] in _GROUPS)


def groups(words: list[str]) -> list[list[str]]:
    """The groups that *words* call: runs of words for them, "of" between ("head of HR")."""
    found: list[list[str]] = []
    run: list[str] = []
    for word, following in zip(words, (*words[1:], "")[: len(words)], strict=True):
        if is_group(word) and (word, following) != ("heads", "up"):
            run.append(word.rstrip("+"))
            continue
        if word == "of" and run and is_group(following):
            continue
        if run and (word in _MEMBERS or not _TOPICS.issuperset(run)):
            found.append(run)
        run = []
    if run and not _TOPICS.issuperset(run):
        found.append(run)
    return found


@lru_cache(maxsize=4_096)
def may_mark(word: str) -> bool:
    """Whether *word*, in lower case, may stand in a marker."""
    if stem(word) in SMALL or word in _AUTHORISED:
        return True
    return is_group(word) or _LEVEL.fullmatch(word) is not None


_AUTHORISED = frozenset({"authorised", "authorized", "unauthorised", "unauthorized"})
"""Not by their stem, which is that of "authority" and "author" as well."""


_LEVEL = re.compile(r"[ls]?\d\d?\+?")


def is_secret(words: list[str]) -> bool:
    """Whether *words* call what follows secret, whoever may read it."""
    found = {stem(word) for word in words}
    if not SECRET.isdisjoint(found) or found >= _EYES or _is_need_to_know(words):
        return True
    graded = not _HIGH.isdisjoint(found) or any(_LEVEL.fullmatch(word) for word in words)
    return graded and not _GRADES.isdisjoint(found)


def _is_need_to_know(words: list[str]) -> bool:
    """Whether *words* speak of "need to know" as a rule: "HR needs to know" is none."""
    for at in range(len(words) - 2):
        if words[at : at + 3] == ["need", "to", "know"]:
            return at == 0 or words[at - 1] in _KNOWERS
    return False


_KNOWERS = frozenset({"who", "a", "the", "strict", "strictly", "on", "basis", "is"})


def limits(words: list[str]) -> bool:
    """Whether *words* draw a line, other than by denying something."""
    found = {stem(word) for word in words}
    if is_secret(words) or not LIMITING.isdisjoint(found) or _has_plus(words):
        return True
    if "closed" in words or _bounds(words) or _authorises(words):
        return True
    if words[0] in _FOR and "for" in words and (is_group(words[-1]) or words[-1] in _MEMBERS):
        return True
    if words[-2:] in (["and", "up"], ["or", "up"]) or {"from", "on"} <= found:
        return True
    return any(not (one.isdisjoint(found) or other.isdisjoint(found)) for one, other in _PAIRS)


def _authorises(words: list[str]) -> bool:
    """Whether *words* say for whom something is, by whom that is authorised."""
    following = pairwise(words)
    return any(word in _AUTHORISED and after in _AUTHORISED_FOR for word, after in following)


_AUTHORISED_FOR_WORDS = "for only readers reader personnel persons people staff access"
_AUTHORISED_FOR = frozenset(_AUTHORISED_FOR_WORDS.split())


def _bounds(words: list[str]) -> bool:
    """Whether *words* draw a line at a group: "below VP", "within HR", "VP and above"."""
    bounds = [at for at, word in enumerate(words) if word in _BOUNDING]
    return any(groups(words[at + 1 :]) or words[at - 1] in ("and", "or") for at in bounds)


_BOUNDING = frozenset(BOUNDING_WORDS.split())
_FOR = frozenset({"for", "just", "purely"})


_PAIRS = tuple(
    (stems(one), stems(other))
    for one, other in (
        ("but except save besides", "anybody anyone everyone everybody nobody no-one none all"),
        ("nobody no-one none one", "else"),
        ("not isn't aren't unless", "you"),
        ("not never don't mustn't", "out"),
        ("required requires must need", "role rank clearance grade"),
        ("need must have has", "see read hear access"),
    )
)
"""Words that only together draw a line: "nobody else", "all but"."""


def denies(words: list[str]) -> bool:
    """Whether *words* deny something."""
    return not DENYING.isdisjoint(map(stem, words))


def asks(words: list[str]) -> bool:
    """Whether *words*, all of them a marker's, ask something of who reads."""
    if is_secret(words):
        return True
    if insiders(words):
        return limits(words) or denies(words)
    return bool(groups(words)) and denies(words)


def insiders(words: list[str]) -> list[list[str]]:
    """The groups in *words* that a text may be for."""
    return [group for group in groups(words) if OUTSIDERS.isdisjoint(map(_single, group))]


def _single(word: str) -> str:
    return word.removesuffix("s")


def speaks_of_information(words: list[str]) -> bool:
    """Whether *words* are about knowing or passing on, or name a rank with a plus."""
    if _has_plus(words) or "closed" in words:
        return True
    return not (INFORMATION | SECRET).isdisjoint(map(stem, words))


def draws(words: list[str]) -> bool:
    """Whether *words* draw a line by a word that does nothing else ("only", "below")."""
    if _has_plus(words) or _bounds(words):
        return True
    return limits(words[-2:]) or not _DRAWING.isdisjoint(words)


def reserves(words: list[str]) -> bool:
    """Whether *words*, in brackets, put what they speak of in a group's hands: "stays with HR"."""
    for at, (word, after) in enumerate(pairwise(words)):
        if word in _LEFT and after in _PLACING and insiders(words[at + 1 :]):
            return True
    last = words[-1] in _ALONE or words[0] in _ALONE or {"is", "for"} <= set(words)
    return last and bool(insiders(words))


_ALONE = frozenset({"only", "alone", "solely", "exclusively", "strictly"})
_LEFT_WORDS = """
    stay stays staying keep keeps kept belong belongs open available accessible shared visible shown
    held closed remain remains known disclosed released circulated restricted limited reserved
"""
_LEFT = frozenset(_LEFT_WORDS.split()) | _MEANT


def narrates(words: list[str]) -> bool:
    """Whether *words* say what was told or kept, rather than what is to be."""
    return not _TOLD.isdisjoint(words) and _BEING.isdisjoint(words)


def tells(words: list[str]) -> bool:
    """Whether *words* are plainly about who may know, whatever stands around them."""
    if not groups(words) or not draws(words):
        return False
    if narrates(words):
        return False
    if _has_plus(words) or not _KNOWING.isdisjoint(map(stem, words)):
        return True
    if not MATTERS.isdisjoint(words) and reserves(words):
        return True
    placed = pairwise(words)
    meant = (at for at, (word, after) in enumerate(placed) if word in _MEANT and after in _PLACING)
    return bool(groups(words[next(meant, len(words)) :]))


def _has_plus(words: list[str]) -> bool:
    return any(word.endswith("+") for word in words)
