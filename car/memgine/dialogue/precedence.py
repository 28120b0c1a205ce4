"""Who is speaking, and who decides: the source a text names, and the rank that goes with it.

``[VP] Vince (VP HR): …``, ``[L2 Support (Senior Support)]: …``, ``Dana (CFO): …``, ``Per the
CEO, …``, ``[Manager] …``.  What a higher rank does to a lower one's word is left to
``corrections``.
"""

import re

import msgspec

from car.memgine.authority import PEER, authority_rank, title_rank


class Source(msgspec.Struct, frozen=True):
    """Who a text speaks for: *holder* is a name in lower case, *rank* an authority."""

    holder: str
    rank: int


_NAME = r"[A-Z][\w.'’&-]*(?:\s+(?:of\s+)?[\w.'’&-]+){0,4}"
_SAYS = (
    r"(?:(?:\s+has|\s+have)?\s+(?:said|says|say|wrote|writes|adds?|added|told \w+|noted?|notes"
    r"|reports?|reported|states?|stated|announce[ds]?|replie[ds]|answer(?:s|ed)|decide[ds]"
    r"|speaking))?\s*(?::|—|–|-)\s+"
)
_BY = r"(?:(?:from|by|quoting|says|message from|word from|note from)\s+(?-i:(?=[A-Z])))?"
_HEADS = (
    re.compile(rf"^\W*\[(?P<holder>{_NAME})\s*\((?P<title>[^)\]]{{2,60}})\)\]\s*:?\s*"),
    re.compile(
        rf"^\W*[\[({{<]+(?P<holder>{_NAME})\s*[,|/;–—-]\s*(?P<title>[^)\]}}>]{{2,60}})[\])}}>]+\s*:?\s*"
    ),
    re.compile(
        rf"^\W*(?:\[(?P<tag>[A-Za-z_ -]{{2,24}})\]\s*)?(?i:{_BY})(?P<holder>{_NAME})\s*"
        rf"[(\[](?P<title>[^)\]]{{2,60}})[)\]],?{_SAYS}"
    ),
    re.compile(rf"^\W*(?i:{_BY})(?P<holder>{_NAME}),\s+(?P<title>[A-Z][\w &/-]{{1,40}}?),?{_SAYS}"),
    re.compile(r"^\W*[\[(](?P<title>[A-Za-z_][\w &/-]{1,30})[\])]\s*:?\s+"),
    re.compile(
        r"^\W*(?i:from |the |our )*(?P<title>(?:[A-Z][\w-]*\s+){0,2}(?:CEO|CFO|CTO|COO|CIO|CHRO"
        r"|CISO|[SE]?VP|[Bb]oard|[Pp]resident|[Dd]irector|[Mm]anager|[Cc]hief|[Hh]ead"
        rf"|[Ll]eadership|[Mm]anagement)(?:\s+(?:of\s+)?[A-Z]\w*){{0,2}}){_SAYS}"
    ),
)
_SPOKEN_FOR = re.compile(
    r"\b(?:per|according to|as per|by order of|on orders (?:of|from)|directive from"
    r"|instruction from|word from|mandate from|decision by|approved by)\s+(?:the |our )?"
    r"(?P<title>[A-Za-z][\w-]*(?: [A-Z]\w*)?)"
    r"|^\W*(?:the |our )?(?P<subject>CEO|CFO|CTO|COO|CIO|CHRO|board|president|VPs?|director"
    r"|leadership|management|legal|team|manager|chief \w+ officer|head of \w+)\b",
    re.I,
)
_TITLE_WORDS = re.compile(
    r"\b(?:ceo|cfo|cto|coo|cio|chro|ciso|chief|president|[se]?vp|director|head|manager|lead"
    r"|leader|leadership|management|legal|senior|engineer|analyst|rep|agent|support|counsel"
    r"|contractor|consultant|architect|officer|board|executive|specialist|developer|customer"
    r"|external|individual|c_level|peer|subordinate|policy|team|owner|intern)\b",
    re.I,
)


_MAY_HEAD = re.compile(r"[:\[({<>|—–=]")
_HEAD = re.compile(
    r"^\W{0,4}(?P<head>[^:\n>|]{2,90}?)(?:\s*(?:[\]>|]+|:)|\s+(?:[—–-]+|=)>?|(?<=[)\]]),)\s+"
)
_TITLED = re.compile(r"[(\[/|<]|,\s|\s-\s|\b(?:as|the|our|in the role of|of)\b", re.I)
_SPEAKING_WORDS = """
    the our from by of as at for in on here is was it this comes word words message note statement
    line said says say wrote writes write adds added reports reported states stated speaks speaking
    speaker voice quoth according per role position capacity who acting and to has have put puts
    told tells informs it this way let lets us me you know has says following here's desk speaks up
"""
_SPEAKING = frozenset(_SPEAKING_WORDS.split())


def _headed(text: str) -> tuple[Source, int] | None:
    """The source in a head of another form: names and a title, and words for speaking only."""
    match = _HEAD.match(text)
    if match is None:
        return None
    head = match["head"]
    words = re.findall(r"[^\W_][\w'’&./-]*", head)
    names = [word for word in words if word[0].isupper() and word.casefold() not in _SPEAKING]
    lower = [word.casefold() for word in words if word[0].islower()]
    titled = _TITLE_WORDS.findall(head)
    if not titled or not _TITLED.search(head) or not _SPEAKING.issuperset(lower):
        return None
    holders = [word for word in names if not _TITLE_WORDS.fullmatch(word)]
    if not holders or len(names) > MOST_NAMES:
        return None
    return Source(holders[0].casefold(), title_rank(head)), match.end()


_SIGNED = re.compile(
    r"(?:[—–-]|,? (?:says|said|writes|wrote|so says|per|according to))\s*(?P<holder>[A-Z][\w'’]*)"
    r"\s*\((?P<title>[^()]{2,40})\)\W*$"
    r"|[(\[](?P<signer>[A-Z][\w'’]*),\s*(?P<office>[^()\[\]]{2,40})[)\]]\W*$"
)
"""A name and title that sign a text."""

MOST_NAMES = 8
"""Words written large that a head with a name and a title has at most."""


def source_of(text: str) -> tuple[Source | None, str]:
    """The source that heads *text*, and what it says after that head."""
    if not text or _MAY_HEAD.search(text, 0, 140) is None:
        return None, text
    for pattern in _HEADS:
        match = pattern.match(text)
        if match is None:
            continue
        named = match.groupdict()
        title, tag, holder = named["title"], named.get("tag"), named.get("holder")
        if not _TITLE_WORDS.search(f"{title} {tag} {holder}"):
            continue
        if holder and not _TITLE_WORDS.search(title):
            holder, title = title, holder
        return Source((holder or title).casefold(), _rank(title, tag, holder)), text[match.end() :]
    headed = _headed(text)
    if headed is not None:
        return headed[0], text[headed[1] :]
    signed = _SIGNED.search(text, max(0, len(text) - 80))
    if signed is not None:
        holder, title = signed["holder"] or signed["signer"], signed["title"] or signed["office"]
        if _TITLE_WORDS.search(title):
            return Source(holder.casefold(), title_rank(title)), text
    return None, text


def spoken_for(clause: str) -> Source | None:
    """The authority in whose name *clause* speaks ("per the CEO", "the board decided")."""
    match = _SPOKEN_FOR.search(clause)
    if match is None:
        return None
    title = match["title"] or match["subject"]
    if not _TITLE_WORDS.search(title):
        return None
    return Source(title.casefold(), authority_rank(title))


def speaks_for(text: str) -> bool:
    """Whether *text* names somebody who decides over others, other than as a list of people."""
    return _DECIDING.search(text) is not None


_DECIDING = re.compile(
    r"\b(?:C[EFTOI]O|CHRO|[Bb]oard|[Pp]resident|[SE]?VP|[Dd]irectors?|[Ll]eadership|[Mm]anagement"
    r"|[Hh]eadquarters|[Ff]ounders?|[Oo]wners?|[Bb]oss)\b"
)


def _rank(title: str, tag: str | None, holder: str | None) -> int:
    """A tag in front ("[VP]") is a rank already; a title that says more counts more."""
    if holder is None:
        return authority_rank(title)
    if tag is None:
        return title_rank(title)
    told = title_rank(title)
    return max(told, authority_rank(tag)) if told > PEER else authority_rank(tag)
