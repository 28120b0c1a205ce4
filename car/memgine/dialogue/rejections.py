"""Rejections: what a statement names only to give it up.

"Drop A, take B", "A is out, B is in", "swap A for B", "B rather than A", "from A to B".  Here the
rejected words are found, and what is left of the statement without them; whether anybody had
said those words, and what falls with them, is left to ``undoings``.
"""

import re
from collections.abc import Iterator

import msgspec

from car.memgine.dialogue.vocabulary import terms

_OLD = (
    r"(?:the |our |that |this |my |your |any |having |using |doing )?"
    r"(?P<old>\S*[^\s,;:.!?](?:\s+\S*[^\s,;:.!?]){0,5}?)"
)
_NEW = r"(?P<new>[^.;!?]+?)"
_SOFT = r"(?:\s+(?:idea|plan|option|choice|thing|approach|route|proposal|suggestion|one))?"
_END = r"\s*[.!;]*\s*$"
_MARK = r"(?:\s*[,;:.!]+|\s+[—–-]+|\s+(?:and|but|so)\b,?)"
_GIVING_UP = (
    r"drop(?:s|ped|ping)?|ditch(?:e[sd]|ing)?|scrap(?:s|ped|ping)?|abandon(?:s|ed|ing)?"
    r"|forget(?:s|ting)?(?: about)?|forgot|lose|discard(?:s|ed|ing)?|dump(?:s|ed|ing)?"
    r"|bin(?:s|ned|ning)?|ax(?:e[sd]?|ing)|nix(?:e[sd]|ing)?|kill(?:s|ed|ing)?|chuck(?:s|ed|ing)?"
    r"|junk(?:s|ed|ing)?|shelv(?:e[sd]?|ing)|reject(?:s|ed|ing)?|dismiss(?:e[sd]|ing)?"
    r"|remov(?:e[sd]?|ing)|strik(?:e[sd]?|ing)|struck|scratch(?:e[sd]|ing)?"
    r"|cancel(?:s|l?ed|l?ing)?|delet(?:e[sd]?|ing)|undo(?:es|ing|ne)?|revok(?:e[sd]?|ing)"
    r"|rescind(?:s|ed|ing)?|withdr(?:aw|ew)(?:s|n|ing)?|ignor(?:e[sd]?|ing)"
    r"|disregard(?:s|ed|ing)?|never\s?mind|eras(?:e[sd]?|ing)|cut(?:ting)?(?: out)?"
    r"|get(?:ting)? rid of|do(?:ing|ne)? away with|rul(?:e[sd]?|ing) out"
    r"|thr[oe]w(?:ing|n)? (?:out|away)|toss(?:ed|ing)? (?:out|away)?|cross(?:ed|ing)? (?:out|off)"
    r"|mov(?:e[sd]?|ing) (?:away |on )?from|back(?:ed|ing)? (?:out of|away from|off from)"
    r"|turn(?:ed|ing)? (?:down|away from)|pass(?:ed|ing)? (?:on|over|up)"
    r"|g[ia]v(?:e|ing)n? up(?: on)?|enough of|out with|away with|goodbye|bye|so long"
    r"|depart(?:ed|ing)? from|no(?: more)?|not(?! (?:only|just|yet|sure|that|the \w+['’]s)\b)"
    r"|no longer|retir(?:e[sd]?|ing)"
    r"|repeal(?:ed|ing)?|overturn(?:ed|ing)?|veto(?:ed|ing)?|declin(?:e[sd]?|ing)"
    r"|steer(?:ed|ing)? (?:clear|away) (?:of|from)|walk(?:ed|ing)? away from"
    r"|pull(?:ed|ing)? out of|tak(?:e|en|ing) (?:out|off|away)|took (?:out|off|away)"
)
_TRADING = (
    r"swap(?:s|ped|ping)?(?: out)?|switch(?:e[sd]|ing)?(?: out)?|exchang(?:e[sd]?|ing)"
    r"|trad(?:e[sd]?|ing)(?: in| out)?|replac(?:e[sd]?|ing)|chang(?:e[sd]?|ing)|turn(?:ed|ing)?"
    r"|convert(?:ed|ing)?|amend(?:ed|ing)?|alter(?:ed|ing)?|revis(?:e[sd]?|ing)"
    r"|updat(?:e[sd]?|ing)|correct(?:ed|ing)?"
)
_GONE = (
    r"(?:is|are|was|were|has been|have been|had been|gets?|got|goes|went|['’]s|must be|should be"
    r"|can be|will be)\s+(?:now |just |simply |clearly |therefore |officially |all |a |an |the )*"
    r"(?:out|off|gone|dead|over|history|dropped|ditched|scrapped|abandoned|discarded|rejected"
    r"|cancell?ed|withdrawn|binned|shelved|ruled out|thrown out|turned down|axed|vetoed|removed"
    r"|struck|mistake|error|typo|slip|misprint|wrong\w*|incorrect|mistaken|outdated|obsolete"
    r"|no longer \w+|no good|no go|no option|no use|not (?:it|right|to be|what|an option|working"
    r"|going to|happening|possible)|off the (?:table|list|menu)|out of the question"
    r"|replaced|superseded|supplanted|displaced|ousted|beaten)"
    r"|(?:did|does|do|will|would|could|can)(?:n['’]t| not) (?:work|do|fly|fit|suit|convince|hold"
    r"|happen|win|make it|cut it|appeal)\w*(?: out| us| me| for us)?|has (?:had its day|to go)"
    r"|won['’]t (?:work|do|fly|fit|suit|happen|win|hold)(?: out| us| me)?|can['’]t stand"
    r"|f[ea]ll?s? (?:through|away|out)|no (?:more|longer)"
)
_YIELDING = (
    r"makes? (?:way|room) for|made (?:way|room) for|g[ia]ves? (?:way|place) to"
    r"|(?:is|are|was|were|has been|have been|gets?|got|['’]s)\s+(?:now |being |to be )?"
    r"(?:replaced|superseded|supplanted|displaced|followed|succeeded|ousted|beaten) (?:by|with)"
)
_INSTEAD = (
    r"(?:rather|sooner) than|instead of|in (?:the )?(?:place|lieu|stead) of|as opposed to|over"
    r"|not(?! (?:only|just|yet|sure|that|the \w+['’]s)\b)"
    r"|and not|but not|supersedes?|superseded|replac(?:es|ed|ing)|supplants?|supplanted|ousts?"
    r"|takes? over from|takes? the place of|beats?|trumps?|outdoes|overrides?|defeats?"
    r"|wins? (?:out )?(?:over|against)|(?:is|are) (?:to be )?preferr(?:ed|able) to|in exchange for"
    r"|(?:is |are )?(?:much |far )?(?:better|nicer|safer|cheaper|simpler|preferable) (?:than|to)"
    r"|to replace|as (?:a |the )?(?:replacement|substitute) (?:for|of)|away from"
)
_AGENT = (
    r"(?:^\W*|[,;:—–-]\s+|\b(?:we|i|let['’]?s|please|to|and|so|but|just|now|then|have|has|had"
    r"|['’]ve|['’]ll"
    r"|['’]re|['’]m|are|am|is|be|been|will|shall|would|can|could|should|must|may|by|well|ok|okay"
    r"|it['’]s|actually|no)\b\W*)"
)
"""What stands before a verb whose doer is who speaks."""

_PATTERNS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"\b(?:{_TRADING})\s+{_OLD}\s+(?:for|with|by|to|into)\s+{_NEW}{_END}",
        rf"\b(?:substitut|swap|switch|put|bring|slot)\w*\s+(?:in\s+)?{_NEW}\s+(?:in\s+)?(?:for"
        rf"|in place of|instead of)\s+{_OLD}{_END}",
        rf"(?:^|[:,]\s+)\W*{_NEW},?\s+(?:{_INSTEAD})\s+{_OLD}{_END}",
        rf"{_AGENT}(?P<verb>{_GIVING_UP})\s+{_OLD}{_SOFT}(?:\s+(?:any\s?more|any longer"
        rf"|after all))?"
        rf"\s+(?:for|in favou?r of|to make (?:way|room) for)\s+{_NEW}{_END}",
        rf"{_AGENT}(?P<verb>{_GIVING_UP})\s+{_OLD}{_SOFT}(?:\s+(?:any\s?more|any longer|after all"
        rf"|please|then))?"
        rf"(?:{_MARK}\s*{_NEW})?{_END}",
        rf"(?:^|[,;:]\s+|\b(?:so|and|but|well|ok|okay|as)\s+)\W*{_OLD}{_SOFT}\s*(?:{_GONE})"
        rf"(?:{_MARK}\s*{_NEW})?{_END}",
        rf"^\W*{_OLD}{_SOFT}\s+(?:{_YIELDING})\s+{_NEW}{_END}",
        rf"^\W*(?:please\s+)?from\s+{_OLD}\s+(?:on\s)?(?:to|into|over to)\s+{_NEW}{_END}",
        rf"^\W*{_OLD}\s*(?:->|=>|→|⇒|>>)\s*{_NEW}{_END}",
    )
)
_SPARED = re.compile(
    r"(?:\b(?:not|never|cannot|nobody|no one|unless|if|until|before|why|hardly)|n['’]t)\s+"
    r"(?:\w+\s+){0,2}$",
    re.I,
)
"""What stands before a giving up that is none: "don't drop A"."""

_LEAD = re.compile(
    r"^\W*(?:(?:and|but|so|then|it['’]s|it is|that['’]s|we['’]?(?:ll| will| are|re)?|i['’]?(?:ll"
    r"| will)?"
    r"|let['’]s|please|go(?:ing)?|take|tak(?:e|ing)|use|using|have|having|do|doing|make|making|pick"
    r"|try|choose|with|for|to|by|it|be|want|need|instead|now|put|read|say|in)\b\W*)*",
    re.I,
)
"""What may stand before what is taken in the place of the rejected."""

LONGEST = 160
"""Characters of a statement that gives something up."""


class Rejection(msgspec.Struct, frozen=True):
    """*words*, with the terms *old*, are given up.

    *text* is what is left, *fresh* that without its verb; both are empty where nothing is.
    """

    old: tuple[str, ...]
    words: str
    fresh: str
    text: str


def rejections(text: str) -> Iterator[Rejection]:
    """What *text* may give up, each with what is left of it without that."""
    if len(text) > LONGEST:
        return
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            old = tuple(terms(match["old"]))
            begin = match.start("verb" if "verb" in pattern.groupindex else 0)
            if not old or _SPARED.search(text, 0, begin):
                continue
            new = (match["new"] or "").strip(" ,;:—–-")
            lead = _LEAD.match(new)
            yield Rejection(old, match["old"], new[lead.end() :] if lead else new, new)
