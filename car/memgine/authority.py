"""Authority as a number: of a source, of a title, and what a marked text asks of its reader.

Ranks are compared, never printed.  A step of ten leaves room between two words; the order is
that of memgine §2 (policy and board, executive, manager, peer, subordinate) with the usual
steps of an organisation in between.
"""

import re
from itertools import groupby

from car.memgine.clearances import (
    GATE,
    denies,
    ends_marker,
    is_group,
    is_secret,
    limits,
    may_mark,
    speaks_of_information,
)
from car.memgine.segments import Segment, segments
from car.memgine.titles import DEPARTMENTS

SUBORDINATE = 10
PEER = 20
LEAD = 25
MANAGER = 30
DIRECTOR = 40
EXECUTIVE = 50
C_LEVEL = 60
BOARD = 70

DEPARTMENT_ONLY = DIRECTOR
"""What "restricted to HR" asks: nobody below a director is cleared for another department."""

UNNAMED = DIRECTOR
"""What a marker asks that names nobody ("confidential", "need to know")."""

_WORDS: dict[str, int] = {
    **dict.fromkeys(("subordinate", "contractor", "intern", "external", "assistant"), SUBORDINATE),
    **dict.fromkeys(("trainee", "junior", "consultant", "guest", "vendor"), SUBORDINATE),
    **dict.fromkeys(("peer", "user", "individual", "member", "team", "environment"), PEER),
    **dict.fromkeys(("lead", "senior", "principal", "staff", "supervisor", "foreman"), LEAD),
    **dict.fromkeys(("manager", "mgr", "owner", "management"), MANAGER),
    **dict.fromkeys(("director", "head", "general counsel", "counsel", "legal"), DIRECTOR),
    **dict.fromkeys(("executive", "exec", "vp", "svp", "evp", "vice president"), EXECUTIVE),
    **dict.fromkeys(("leadership", "senior management"), DIRECTOR),
    **dict.fromkeys(("c_level", "c-level", "c-suite", "c suite", "chief", "president"), C_LEVEL),
    **dict.fromkeys(("founder", "chairman", "chair", "managing director"), C_LEVEL),
    **dict.fromkeys(("board", "policy", "system", "regulator", "law", "compliance"), BOARD),
}
_CHIEF = re.compile(r"\bc(?:[efotpmidrlsca]|hr|is|ms|cs|iso)o\b", re.I)
"""CEO, CFO, CTO, CHRO, CISO and their like."""

_TITLE_PARTS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"\bboard\b|\bregulator|\bsupervisory board", re.I), BOARD),
    (
        re.compile(r"\bvice[- ]president\b|\b[se]?vps?\b|\bexecutive (?:vice|director)", re.I),
        EXECUTIVE,
    ),
    (_CHIEF, C_LEVEL),
    (
        re.compile(
            r"\bchiefs?\b|\bpresident\b|\bfounder\b|\bc-?(?:suite|level)\b|\bc suite\b"
            r"|\bmanaging (?:director|partner)\b|\bchair(?:man|woman|person)?\b",
            re.I,
        ),
        C_LEVEL,
    ),
    (re.compile(r"\baccount executive\b|\bexecutive assistant\b", re.I), PEER),
    (re.compile(r"\bexec(?:utive)?s?\b", re.I), EXECUTIVE),
    (
        re.compile(r"\bdir(?:ectors?)?\b|\bhead of\b|\bgeneral counsel\b|\bleadership\b", re.I),
        DIRECTOR,
    ),
    (
        re.compile(r"\bcontract(?:or|ing)\b|\bconsult|\bintern\b|\bexternal\b|\btrainee\b", re.I),
        SUBORDINATE,
    ),
    (re.compile(r"\b(?:account|customer success|product) manager\b", re.I), MANAGER),
    (re.compile(r"\bmanagers?\b|\bmgr\b|\bmanagement\b", re.I), MANAGER),
    (
        re.compile(r"\blead(?:er)?s?\b|\bsupervisor\b|\bprincipal\b|\bsenior\b|\bstaff\b", re.I),
        LEAD,
    ),
)


def authority_rank(word: str) -> int:
    """The rank of an authority word (``peer``, ``executive``, …) or title; else a peer's."""
    known = _WORDS.get(word.strip().casefold())
    return title_rank(word) if known is None else known


def title_rank(title: str) -> int:
    """The rank of a job title (``VP Sales``, ``HR Manager``, ``CFO``); unknown ones are peers."""
    for pattern, rank in _TITLE_PARTS:
        if pattern.search(title):
            return rank
    return PEER


# ---- what a marker asks of the reader ------------------------------------------------------

READ = 240
"""Characters of a text's head, and of its foot, in which a marker is looked for."""

LABEL = 8
"""Words that may stand beside a marker to say what it is about."""


def required_rank(text: str) -> int:
    """The rank that a marker at the head or foot of *text* asks of who reads it; 0 without one.

    A marker is a run of segments made of nothing but a group (``VP+``, ``HR``, ``the
    directors``), words that limit and small words; or of a word such as "confidential".
    """
    foot = max(0, len(text) - READ)
    if GATE.search(text, 0, READ) is None and GATE.search(text, foot) is None:
        return 0
    found = segments(text, 0, READ)
    if len(found) < 2:
        return 0
    asked = _asked_at_head(found)
    if foot:
        found = segments(text, foot)
    return asked or _asked_at_foot(found)


def _asked_at_head(found: list[Segment]) -> int:
    """What the longest marker in the label that *found* begins with asks.

    Something has to follow it; beside it the label may say what it is about.
    """
    asked, size, labelled, words = 0, 0, False, list[str]()
    for number, segment in enumerate(found[:-1]):
        size += len(segment.words)
        told = _marking(segment)
        if size > 2 * LABEL:
            break
        if told is not None:
            words += told
            rank = _rank_asked(words)
            strong = not labelled or (limits(words) and speaks_of_information(words))
            if rank and strong and _is_set_off(words, number, found):
                asked = rank
            continue
        runs = _runs(segment) if is_secret(words) else _edge(segment)
        asked = max((_rank_asked(run) for run in runs), default=0) or asked
        labelled, words = True, []
        if segment.closed != "pause" and not segment.after.endswith("("):
            break
    return asked


def _is_set_off(words: list[str], number: int, found: list[Segment]) -> bool:
    """Whether a marker that ends with ``found[number]`` is one; a few words may follow it."""
    if found[0].before.strip()[-1:] not in _OPENING and not _draws_line(words):
        return False
    size = 0
    for at in range(number, len(found) - 1):
        size += len(found[at].words) * (at > number)
        if size > LABEL:
            return False
        if found[at].closed == "firm":
            return True
        if found[at].closed == "stop":
            return speaks_of_information(words) and (at == number or limits(words))
    return False


def _asked_at_foot(found: list[Segment]) -> int:
    """What a marker at the foot asks; only a few words may follow it."""
    follow = 0
    run: list[str] = []
    for segment in reversed(found[1:]):
        told = _marking(segment)
        if told is None:
            follow += len(run) + len(segment.words)
            run = []
        else:
            run = told + run
        if follow > LABEL:
            break
        if told and _is_marker(run, segment):
            return _rank_asked(run)
    return 0


def _is_marker(run: list[str], first: Segment) -> bool:
    """Whether *run*, which *first* begins, asks something, and is set off or speaks of knowing."""
    if not _rank_asked(run):
        return False
    if first.before.strip()[-1:] in _OPENING:
        return _draws_line(run)
    ends = ends_marker(run[-1])
    return speaks_of_information(run) and (first.opened == "firm" or (ends and len(run) > LEAST))


_OPENING = frozenset("[({<#*")
LEAST = 3
"""Words that a marker at the foot, set off by a comma or stop alone, has more than."""


def _draws_line(words: list[str]) -> bool:
    return limits(words) or speaks_of_information(words)


def _folded(segment: Segment) -> list[str]:
    """The words of *segment* as a marker's are looked up: ``HR-only`` is two."""
    words: list[str] = []
    for word in segment.words:
        folded = word.casefold().replace("’", "'")
        folded = folded.removesuffix("'s") if is_group(folded.removesuffix("'s")) else folded
        front, joined, last = folded.rpartition("-")
        if not joined or may_mark(folded):
            words.append(folded)
        else:
            words += [front, last] if is_group(front) else folded.split("-")
    return words


def _runs(segment: Segment) -> list[list[str]]:
    """The runs of words in *segment* that may stand in a marker."""
    marked = groupby(_folded(segment), may_mark)
    return [list(words) for may, words in marked if may]


def _edge(segment: Segment) -> list[list[str]]:
    """The run of a marker that *segment*, a label, ends with: "prices, for VP+ eyes"."""
    runs = _runs(segment)
    if segment.closed != "firm" or len(segment.words) > LABEL or not runs:
        return []
    last = runs[-1]
    ends = _folded(segment)[-1] == last[-1] and ends_marker(last[-1])
    return [last] if ends and limits(last) and speaks_of_information(last) else []


def _marking(segment: Segment) -> list[str] | None:
    """The words of *segment* if they may all stand in a marker.

    A word written large before a group's is of its name ("CS leadership").
    """
    words = _folded(segment)
    large = {word.casefold() for word in segment.words if word[0].isupper()}
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if may_mark(word):
            continue
        if word not in large or not is_group(following):
            return None
    return words


def _rank_asked(words: list[str]) -> int:
    """What *words*, all of them a marker's, ask."""
    group = [word for word in words if is_group(word)]
    if group and (limits(words) or denies(words)):
        return _group_rank(" ".join(word.rstrip("+") for word in group))
    return UNNAMED if is_secret(words) else 0


def _group_rank(group: str) -> int:
    rank = title_rank(group)
    if rank < MANAGER and not DEPARTMENTS.isdisjoint(group.split()):
        return DEPARTMENT_ONLY
    return max(rank, LEAD)
