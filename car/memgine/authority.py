"""Authority as a number: of a source, of a title, and what a marked text asks of its reader.

Ranks are compared, never printed.  A step of ten leaves room between two words; the order is
that of memgine §2 (policy and board, executive, manager, peer, subordinate) with the usual
steps of an organisation in between.
"""

import re

from car.memgine.clearances import denies, groups, insiders, is_secret, limits
from car.memgine.markers import marker
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

HIRED = re.compile(
    r"\bon (?:an? )?(?:\w+ )?contract\b|\bfreelanc\w*|\boutsourc\w*|\b(?:temp|temping)\b"
    r"|\bcontract(?:ed|s) (?:for|to|with) us\b"
    r"|\bhired[- ](?:in|hand)\b|\bnot (?:on )?(?:the )?(?:staff|payroll)\b",
    re.I,
)
"""Words for somebody who is paid for a piece of work and decides nothing."""

_TITLE_PARTS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"\bboard\b|\bregulator|\bsupervisory board", re.I), BOARD),
    (
        re.compile(
            r"\bvice[- ]presidents?\b|\bveeps?\b|\b[se]?vps?\b|\bexecutive (?:vice|director)", re.I
        ),
        EXECUTIVE,
    ),
    (_CHIEF, C_LEVEL),
    (
        re.compile(
            r"\bchiefs?\b|\bpresidents?\b|\bfounders?\b|\bexco\b|\bc-?(?:suite|levels?)\b"
            r"|\bc suite\b|\b(?:top|senior) management\b"
            r"|\bmanaging (?:director|partner)\b|\bchair(?:man|woman|person)?\b",
            re.I,
        ),
        C_LEVEL,
    ),
    (re.compile(r"\baccount executive\b|\bexecutive assistant\b", re.I), PEER),
    (re.compile(r"\bexec(?:utive)?s?\b", re.I), EXECUTIVE),
    (
        re.compile(
            r"\bdir(?:ectors?)?\b|\bheads? of\b|\bdepartment heads?\b|\bgeneral counsel\b"
            r"|\bleadership\b",
            re.I,
        ),
        DIRECTOR,
    ),
    (HIRED, SUBORDINATE),
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


def required_rank(text: str) -> int:
    """The rank that a marker at the head or foot of *text* asks of who reads it; 0 without one."""
    words = marker(text)
    return 0 if words is None else _rank_asked(words)


def _rank_asked(words: list[str]) -> int:
    """What *words*, all of them a marker's, ask: of several groups the lowest is cleared."""
    inside = insiders(words)
    if inside and (limits(words) or denies(words)):
        return min(_group_rank(" ".join(group)) for group in inside)
    if is_secret(words):
        return UNNAMED
    return PEER if groups(words) else 0


def _group_rank(group: str) -> int:
    rank = title_rank(group)
    if rank < MANAGER and not DEPARTMENTS.isdisjoint(group.split()):
        return DEPARTMENT_ONLY
    return max(rank, LEAD)
