"""Who is speaking, and who decides: the source a text names, and the rank that goes with it.

``[VP] Vince (VP HR): …``, ``[L2 Support (Senior Support)]: …``, ``Dana (CFO): …``, ``Per the
CEO, …``, ``[Manager] …``.  What a higher rank does to a lower one's word is left to
``corrections``.
"""

import re

import msgspec

from car.memgine.authority import authority_rank, title_rank


class Source(msgspec.Struct, frozen=True):
    """Who a text speaks for: *holder* is a name in lower case, *rank* an authority."""

    holder: str
    rank: int


_NAME = r"[A-Z][\w.'’&-]*(?:\s+(?:of\s+)?[\w.'’&-]+){0,4}"
_HEADS = (
    re.compile(rf"^\W*\[(?P<holder>{_NAME})\s*\((?P<title>[^)\]]{{2,60}})\)\]\s*:?\s*"),
    re.compile(
        rf"^\W*(?:\[(?P<tag>[A-Za-z_ -]{{2,24}})\]\s*)?(?P<holder>{_NAME})\s*"
        r"\((?P<title>[^)]{2,60})\)\s*(?::|—|–|-|says:?|wrote:?)\s+"
    ),
    re.compile(rf"^\W*(?P<holder>{_NAME}),\s+(?P<title>[A-Z][\w &/-]{{1,40}}):\s+"),
    re.compile(r"^\W*[\[(](?P<title>[A-Za-z_][\w &/-]{1,30})[\])]\s*:?\s+"),
)
_SPOKEN_FOR = re.compile(
    r"\b(?:per|according to|as per|by order of|on orders (?:of|from)|directive from"
    r"|instruction from"
    r"|word from|mandate from|decision by|approved by)\s+(?:the "
    r"|our )?(?P<title>[A-Za-z][\w-]*(?: [A-Z][\w]*)?)"
    r"|^\W*(?:the |our )?(?P<subject>CEO|CFO|CTO|COO|CIO|CHRO|board|president|VPs?|director"
    r"|leadership"
    r"|management|legal|team|manager|chief \w+ officer|head of \w+)\b",
    re.I,
)
_TITLE_WORDS = re.compile(
    r"\b(?:ceo|cfo|cto|coo|cio|chro|ciso|chief|president|[se]?vp|director|head|manager|lead"
    r"|leader|senior"
    r"|engineer|analyst|rep|agent|support|counsel|contractor|consultant|architect|officer|board"
    r"|executive"
    r"|specialist|developer|customer|external|individual|c_level|peer|subordinate|policy|team"
    r"|owner|intern)\b",
    re.I,
)


def source_of(text: str) -> tuple[Source | None, str]:
    """The source that heads *text*, and what it says after that head."""
    if not text or (text.find(":", 0, 140) < 0 and text[0] not in "[("):
        return None, text
    for pattern in _HEADS:
        match = pattern.match(text)
        if match is None:
            continue
        groups = match.groupdict()
        title, tag = groups.get("title") or "", groups.get("tag") or ""
        if not _TITLE_WORDS.search(f"{title} {tag} {groups.get('holder') or ''}".replace("_", "_")):
            continue
        rank = title_rank(title)
        if tag:
            rank = max(rank, authority_rank(tag)) if rank > 20 else authority_rank(tag)
        elif groups.get("holder") is None:
            rank = authority_rank(title)
        holder = (groups.get("holder") or title).casefold()
        return Source(holder, rank), text[match.end() :]
    return None, text


def spoken_for(clause: str) -> Source | None:
    """The authority in whose name *clause* speaks ("per the CEO", "the board decided")."""
    match = _SPOKEN_FOR.search(clause)
    if match is None:
        return None
    title = match["title"] or match["subject"]
    if not _TITLE_WORDS.search(title) and title.casefold() not in (
        "leadership",
        "management",
        "legal",
    ):
        return None
    return Source(title.casefold(), authority_rank(title))
