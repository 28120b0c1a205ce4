"""Authority as a number: of a source, of a title, and what a marked text asks of its reader.

Ranks are compared, never printed.  A step of ten leaves room between two words; the order is
that of memgine §2 (policy and board, executive, manager, peer, subordinate) with the usual
steps of an organisation in between.
"""

import re

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
            r"\bchief\b|\bpresident\b|\bfounder\b|\bc-?(?:suite|level)\b|\bc suite\b"
            r"|\bmanaging (?:director|partner)\b|\bchair(?:man|woman|person)?\b",
            re.I,
        ),
        C_LEVEL,
    ),
    (re.compile(r"\baccount executive\b|\bexecutive assistant\b", re.I), PEER),
    (re.compile(r"\bexec(?:utive)?s?\b", re.I), EXECUTIVE),
    (re.compile(r"\bdirectors?\b|\bhead of\b|\bgeneral counsel\b|\bleadership\b", re.I), DIRECTOR),
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

_GATE_WORDS = """
    restrict reserved limited visible confidential classified secret eyes clearance know
    privileged sensitive only below + above up higher embargo distribution circulation
    internal within among circle access audience nobody outside under meant hush closed kept stay
    share alone from rank belong entitled cleared
"""
_GATE = tuple(_GATE_WORDS.split())
"""Without one of these no text is marked: the cheap question, asked of every fact."""

_GROUP = (
    r"(?:[\w&/.'-]+\s+){0,4}?(?:c-?suite|c-?level|[se]?vps?|vice[- ]presidents?|directors?"
    r"|managers?|management|leadership|leads?|executives?|execs?|board(?: members)?|chiefs?"
    r"|c[efoth]+os?|hr|human resources|finance|legal|payroll|compliance|security|audit"
    r"|procurement|it|accounting|counsel|people ops|partners?|investors?)\b"
)
_MARKER = re.compile(
    r"restricted|reserved|limited to|confidential|classified|secret|privileged|need[- ]to[- ]know"
    r"|eyes[- ]only|clearance required|not for (?:general )?(?:distribution|circulation)"
    r"|strictly internal|sensitive|embargoed",
    re.I,
)
_MARKED_SENTENCE = re.compile(rf"\W*(?:strictly |top )?(?:{_MARKER.pattern})\b", re.I)
_SHORT_SENTENCE = re.compile(r"\W*(?:[\w'’&-]+[ :]+){0,9}[\w'’&-]+[.!]\s+\S")
_BRACKETED = re.compile(r"\s*(?:⚠️|🔒)?\s*[\[({<*](?P<inside>[^\])}>*]{3,200})[\])}>*]")
_LABEL = re.compile(r"\s*(?:⚠️|🔒)?\s*(?P<inside>[^:—–\n]{3,160}?)\s*(?::\s|[—–]\s|\s-\s)")
_SENTENCE = re.compile(r"\s*(?P<inside>[^.!?\n]{3,160})[.!]\s+\S")
_CLOSING = re.compile(r"[\[(](?P<inside>[^\])]{3,160})[\])]\s*\.?\s*$")

_ABOVE = re.compile(
    rf"(?P<who>{_GROUP})\s*(?:\+|(?:level\s+)?(?:and|or) (?:above|up|upwards|higher|more senior))",
    re.I,
)
_BELOW = re.compile(rf"\b(?:below|under|beneath|lower than)\s+(?:the\s+)?(?P<who>{_GROUP})", re.I)
_ONLY = re.compile(
    rf"(?P<who>{_GROUP})[\s-]*(?:eyes\s+)?only\b(?=\W*$|\s*[,;)\]])"
    rf"|(?:(?:^\W*|only |reserved |restricted |limited |confidential |cleared |information )for"
    rf"|limited to|restricted to|visible to|available only to|accessible to|eyes of)"
    rf"\s+(?:the\s+)?(?P<whom>{_GROUP})",
    re.I,
)
_DEPARTMENT = re.compile(
    r"\b(?:hr|human resources|finance|legal|payroll|compliance|security|audit|accounting|it"
    r"|people ops|procurement)\b",
    re.I,
)


READ = 1_000
"""Characters of a text, of its beginning and its end, that a marker is looked for in."""


def required_rank(text: str) -> int:
    """The rank that a marker at the head of *text* asks of whoever reads it; 0 without one.

    Read are a bracketed head (``[Restricted: … VP+]``), a label before a colon or dash
    (``Confidential, directors only: …``) and a closing remark in brackets.
    """
    if len(text) > READ:
        text = f"{text[: READ // 2]} {text[-READ // 2 :]}"
    folded = text.casefold()
    if not any(word in folded for word in _GATE):
        return 0
    for inside in _markers(text):
        rank = _asked(inside)
        if rank:
            return rank
    return 0


def _markers(text: str) -> list[str]:
    heads = [_BRACKETED.match(text), _LABEL.match(text)]
    if _MARKED_SENTENCE.match(text) or _SHORT_SENTENCE.match(text):
        heads.insert(0, _SENTENCE.match(text))
    heads.append(_CLOSING.search(text))
    return [match["inside"] for match in heads if match is not None]


def _asked(inside: str) -> int:
    for pattern in (_ABOVE, _BELOW, _ONLY):
        match = pattern.search(inside)
        if match:
            named = match.groupdict()
            return _group_rank(named.get("whom") or named["who"] or "")
    limited = _limited(inside)
    if limited:
        return limited
    marked = _MARKER.search(inside)
    if marked is None:
        return 0
    group = re.search(_GROUP, inside[marked.end() :], re.I)
    return _group_rank(group.group()) if group else UNNAMED


_CORE = re.compile(
    r"\b(?:c-?suite|c-?level|[se]?vps?|vice[- ]presidents?|directors?|managers?|management"
    r"|leadership|leads?|executives?|execs?|board(?: members?)?|chiefs?|c[efoth]+os?|hr"
    r"|human resources|finance|legal|payroll|compliance|security|audit|procurement|it|accounting"
    r"|counsel|people ops|partners?|investors?)\b",
    re.I,
)
_LIMITING_WORDS = """
    only alone internal internally within among between circle eyes eye clearance access audience
    nobody none no not never outside below under beneath level rank upwards upward up higher above
    restricted limited reserved closed confidential exclusively exclusive solely strictly private
    kept keep stays stay hush cleared belongs meant intended entitled share secret hidden
"""
_SMALL_WORDS = """
    for the to of a an and or one be is are was this that it these those else other others on in
    at by with from as must may can shall should will do does please than who may's read seen see
    shown show given known pass passed told open visible available addressed inside left
    department team staff members member people persons anybody anyone everybody group matter
    material information info note item topic grade rung most least lock seal
"""
_LIMITING = frozenset(_LIMITING_WORDS.split())
_SMALL = _LIMITING | frozenset(_SMALL_WORDS.split())


def _limited(inside: str) -> int:
    """The rank asked by a marker made of a group, a word that limits, and small words only."""
    group = _CORE.search(inside)
    if group is None:
        return 0
    words = re.findall(r"[a-z']+", _CORE.sub(" ", inside.casefold()))
    if not _SMALL.issuperset(words) or _LIMITING.isdisjoint(words):
        return 0
    return _group_rank(group.group())


def _group_rank(group: str) -> int:
    rank = title_rank(group)
    if rank < MANAGER and _DEPARTMENT.search(group):
        return DEPARTMENT_ONLY
    return max(rank, LEAD)
