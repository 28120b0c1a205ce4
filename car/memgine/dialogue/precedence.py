"""Who is speaking, and who decides: the source a text names, and the rank that goes with it.

``[VP] Vince (VP HR): …``, ``[L2 Support (Senior Support)]: …``, ``Dana (CFO): …``, ``Per the
CEO, …``, ``[Manager] …``.  What a higher rank does to a lower one's word is left to
``corrections``.
"""

import re

import msgspec

from car.memgine.authority import HIRED, title_rank
from car.memgine.dialogue.agents import agent_at
from car.memgine.dialogue.sources import MAY_TITLE, Attribution, attribution
from car.memgine.titles import OFFICES


class Source(msgspec.Struct, frozen=True):
    """Who a text speaks for: *holder* is a name in lower case, *rank* an authority."""

    holder: str
    rank: int


def is_office(source: Source) -> bool:
    """Whether only the office is known ("the CEO"), of which there is one in a talk."""
    return OFFICES.issuperset(source.holder.split())


def source_of(text: str) -> tuple[Source | None, str]:
    """The source that heads or signs *text*, and what it says besides."""
    found = attributed(text)
    if found is None:
        return None, text
    return Source(found.holder, found.rank), text[found.start : found.end]


def attributed(text: str) -> Attribution | None:
    """The source at the head or foot of *text*, unless what is at its foot is one of two views."""
    found = attribution(text)
    if found is None or found.end == len(text):
        return found
    other = _BETWEEN.search(text, found.start, found.end)
    if other is None:
        return found
    first = text[found.start : other.start()]
    return None if spoken_for(first) or _in_brackets(first) else found


def spoken_for(clause: str) -> Source | None:
    """Whose will *clause* reports: its subject ("the board decided", "Ida, our CFO, wants") or
    its agent ("per the CEO", "approved by Ida (VP)"); None where no titled person is either.
    """
    if MAY_TITLE.search(clause) is None:
        return _described(clause)
    for match in _AGENT.finditer(clause):
        found = agent_at(clause, match.end(), whole=False)
        if found is not None:
            return Source(*found)
    starts = [0, *(match.end() for match in _TURNING.finditer(clause))]
    reported = _REPORTED.match(clause)
    if reported is not None:
        starts.append(reported.end())
    for start in starts:
        lead = _LEADING.match(clause, start)
        found = agent_at(clause, lead.end() if lead else start, whole=True)
        if found is not None:
            break
    if found is None:
        titles = MAY_TITLE.finditer(clause)
        named = (
            agent_at(clause, start, whole=True, named=True)
            for start in (_begin(clause, match.start()) for match in titles)
            if not _OBJECT.search(clause, 0, start)
        )
        found = next((one for one in named if one is not None), None)
    return _described(clause) if found is None else Source(*found)


def _described(clause: str) -> Source | None:
    """Whose will *clause* reports where a name is only told to be somebody of some rank.

    "Ida, who works for us as a contractor, wants …", "Ida (on contract) would take …".
    """
    for match in _DESCRIBED.finditer(clause):
        if _OBJECT.search(clause, 0, match.start()) or not _DOES.match(clause, match.end()):
            continue
        told = match["told"]
        if MAY_TITLE.search(told) or HIRED.search(told):
            return Source(match["name"].casefold(), title_rank(told))
    return None


_DESCRIBED = re.compile(
    r"\b(?P<name>[A-Z][\w-]+)(?:,\s+|\s+\(|\s+[—–-]\s+)"
    r"(?P<told>(?:who(?:m|se)?\b|that\b|as\b|an?\b|on\b|our\b"
    r"|the\b|here\b|hired\b|working\b|currently\b|with us\b|brought\b|engaged\b)[^,;:()]{2,60}?)"
    r"(?:,|\)|\s+[—–-]\s)"
)
_DOES = re.compile(r"\s*[a-z]+")
"""What a name so told of does: the clause goes on in small letters."""


def _begin(clause: str, title: int) -> int:
    """Where who has the title at *title* is called: "Ida, the engineer", "Ida (VP)"."""
    name = _NAMED_BEFORE.search(clause, 0, title)
    return title if name is None else name.start("name")


_NAMED_BEFORE = re.compile(
    r"\b(?P<name>[A-Z][\w-]+)(?:,\s*|\s*\(|\s+-\s+|\s+)"
    r"(?:(?:the|our|a|an|as|who['’]s|who is|my|is)\s+)*(?:(?:\w+ing|[A-Z][a-z]+|HR|IT)\s+)?$"
)


def views(sentence: str) -> list[tuple[Source, str]]:
    """What each of several titled people wants, where *sentence* tells of more than one.

    Cut at "although", "whereas", "vs", ", and" and semicolons; empty where fewer than two parts
    name somebody.
    """
    if MAY_TITLE.search(sentence) is None:
        return []
    conceding = _CONCEDING.search(sentence) or _ABSOLUTE.match(sentence)
    if conceding is None:
        return _told_by(sentence, list(_BETWEEN.finditer(sentence)))
    rest = sentence[conceding.end() :].strip() if conceding.end() else sentence
    told = (_told_by(rest, [comma]) for comma in _COMMA.finditer(rest))
    return next((parts for parts in told if parts), [])


def _told_by(sentence: str, cuts: list[re.Match[str]]) -> list[tuple[Source, str]]:
    """The parts of *sentence* between *cuts* that name somebody, two at least; else none."""
    parts: list[tuple[Source, str]] = []
    begin = 0
    for match in (*cuts, None):
        part = sentence[begin : None if match is None else match.start()].strip()
        source = spoken_for(part) or _in_brackets(part)
        if source is not None:
            parts.append((source, part))
        begin = len(sentence) if match is None else match.end()
    return parts if len(parts) > 1 else []


def _in_brackets(part: str) -> Source | None:
    """Whose *part* is where a bracket says so: "$2M (the CEO's wish)"."""
    for match in _BRACKETED.finditer(part):
        found = agent_at(match["inside"], 0, whole=True)
        if found is not None:
            return Source(*found)
    return None


_BRACKETED = re.compile(r"\((?:the |our )?(?P<inside>[^()]{2,60})\)")
_BETWEEN = re.compile(
    r"[,;:–—]?\s+(?:vs\.?|versus|against|(?:even )?though|although|albeit|while|whilst|whereas|but"
    r"|however|yet|meanwhile|notwithstanding|despite|in spite of|on the other hand"
    r"|(?:in|by) contrast(?: to)?|as (?:opposed|against) to|only that|except that)\s+"
    r"|,\s+(?:and|so)\s+(?:then\s+)?|;\s+(?:and\s+)?",
    re.I,
)
_CONCEDING = re.compile(
    r"(?:^|:)\W*(?:while|whilst|whereas|although|(?:even )?though|despite|notwithstanding)\b", re.I
)
_ABSOLUTE = re.compile(
    r"(?=\W*(?:with\s+)?(?:the\s+|our\s+)?[A-Z][^,;:]{2,40}?\s(?:having|wanting|asking"
    r"|estimating|hoping|wishing"
    r"|preferring|favou?ring|proposing|suggesting|recommending|insisting|demanding|requesting)\b)"
)
"""A view beside the main clause, without a verb of its own: "Ida having asked for $5, …"."""

_COMMA = re.compile(r",\s+")
"""What parts what is conceded at the head of a sentence from what counts."""

_OBJECT = re.compile(
    r"\b(?:to|for|with|of|at|about|upon|on|in|let|lets|asked?|told) (?:the |our )?$"
)
"""What stands before somebody who does not speak but is spoken to or about."""

_AGENT = re.compile(
    r"\b(?:per|according to|by|from|on orders of|by order of|in the name of|on behalf of"
    r"|says|said|quoth|owner|owned by|author|authored by|source"
    r"|(?:wish|desire|idea|intention|intent|decision|ruling|order|request|proposal|suggestion"
    r"|view|opinion"
    r"|estimate|initiative|behest|hope|preference|recommendation|advice|delegation) of)\s+"
    r"(?:the |our |their |its |a )?",
    re.I,
)
_REPORTED = re.compile(
    r"\W*(?:and\s+)?(?:(?:it|the (?:meeting|group|team|room|minutes|notes?|chair|assembly"
    r"|committee))\b"
    r"[^,;:]{2,40}?\b)?that\s+",
    re.I,
)
"""What only tells that something was said: "the meeting heard that …", "it was noted that …"."""

_TURNING = re.compile(r"[,;:–—]\s+(?:and|but|while|whereas|although|though|so)\s+|[;:]\s+")
_LEADING = re.compile(
    r"\W*(?:(?:and|but|so|then|now|later|afterwards|after that|since then|however|well|okay|ok|yes"
    r"|right|meanwhile|also|although|though|while|whereas|for background|ctx|context|fyi|psa|the"
    r"|our|their|a|an|here|at first|first|initially|originally|subsequently|comes"
    r"|there['’]s)\b\W*)*",
    re.I,
)


def speaks_for(text: str) -> bool:
    """Whether *text* names somebody who decides over others, other than as a list of people."""
    return _DECIDING.search(text) is not None


_DECIDING = re.compile(
    r"\b(?:C[EFTOI]O|CHRO|[Bb]oard|[Pp]resident|[SE]?VP|[Dd]irectors?|[Ll]eadership|[Mm]anagement"
    r"|[Hh]eadquarters|[Ff]ounders?|[Oo]wners?|[Bb]oss)\b"
)
