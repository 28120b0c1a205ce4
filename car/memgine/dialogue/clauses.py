"""Sentences and clauses: where one statement ends and the next begins.

Amounts (``$1,000.50``), abbreviations (``Dr.``, ``e.g.``), clock times and versions stay
whole.  What a clause says is left to ``statements``.
"""

import re

_SHORTENED = """
    dr mr mrs ms prof st vs etc e.g i.e no approx inc ltd co corp dept jr sr fig est u.s a.m p.m
    jan feb mar apr jun jul aug sept sep oct nov dec mon tue tues wed thu thurs fri sat sun
"""
_ABBREVIATIONS = frozenset(_SHORTENED.split())
_STOP = re.compile(r"(?:[.!?…]+[\"'”’)\]]*|\n+)(?=\s|$)|\s*;\s+")
_TURNING = re.compile(
    r"(?:,\s+|\s+[—–-]\s+)(?=(?:but|however|though|yet|then|later|afterwards|and then|and now"
    r"|so now|while|whereas|instead|we then|now it'?s|until|which (?:means|makes|leaves|gives|puts)"
    r"|(?:and )?so (?:it['’]?s (?:no longer|not)|it is (?:no longer|not)|no longer|not"
    r"|instead|rather|in place of|please|replace))\b|not (?:\S+\s+){2,}\S+$)"
    r"|\s+(?=(?:rather than|instead of|as opposed to) (?:[^\s,;:]+\s+){2,}[^\s,;:]+$)",
    re.I,
)
_DENYING = re.compile(
    r"\b(?:not|never|no longer|no more|wrong|incorrect|mistaken|untrue|false)\b|n['’]t\b", re.I
)
_ASSERTING = re.compile(
    r",\s+(?=(?:it|that|this|they|we)(?:['’](?:s|re)| is| are| should| must| will)\b)", re.I
)
"""What follows a denial with what is so instead: "it's not X, it's Y"."""


def sentences(text: str) -> list[str]:
    """The sentences of *text*, each with its closing mark, outer blanks removed."""
    found: list[str] = []
    begin = 0
    for stop in _STOP.finditer(text):
        if stop.group() == "." and _abbreviated(text, stop.start(), stop.end()):
            continue
        piece = text[begin : stop.end()].strip()
        if piece:
            found.append(piece)
        begin = stop.end()
    rest = text[begin:].strip()
    if rest:
        found.append(rest)
    return found


def whole(text: str, limit: int) -> int:
    """Where the first *limit* characters of *text* end with a sentence, or else with a word."""
    if len(text) <= limit:
        return len(text)
    stop = max(text.rfind(mark, 0, limit) for mark in (". ", "! ", "? ", "\n"))
    return stop + 1 if stop > 0 else text.rfind(" ", 0, limit) + 1 or limit


_ASKED = re.compile(
    r",\s+(?=(?:what|which|who|where|when|why|how|do|does|did|is|are|was|were|can|could|would|will"
    r"|should|have|has|want|shall|may|right|okay|isn|aren|don|didn|won|wouldn|ready)\b)",
    re.I,
)
_STATING = re.compile(
    r"^\W*(?:(?:and|but|so|oh|well|ok|okay|also|anyway|yes|yeah|hey)\b[\s,]+)*"
    r"(?:i|we|you|he|she|they|it|my|our|your|his|her|their|the|this|that|there|these|those)\b",
    re.I,
)


_SAYING = re.compile(
    r"\b(?:i|we|you|he|she|they|it|there|that|this|is|are|was|were|am|has|have|had|do|does|did|will"
    r"|would|can|could|shall|should|must|may|might|cannot|\w{3,}ed)\b|['’](?:s|m|re|ve|ll|d|t)\b",
    re.I,
)
"""What shows that something was said before the question, and not only its topic named."""


def clauses(text: str) -> list[str]:
    """The sentences of *text*, cut also where a sentence turns (", but now …")."""
    found: list[str] = []
    for sentence in sentences(text):
        begin = 0
        asked = _ASKED.search(sentence) if sentence.endswith("?") else None
        if asked and _STATING.match(sentence) and _SAYING.search(sentence, 0, asked.start()):
            found += [sentence[: asked.start()], sentence[asked.end() :]]
            continue
        for turn in _turns(sentence):
            if turn.start() - begin < 12:
                continue
            found.append(sentence[begin : turn.start()].strip())
            begin = turn.end()
        found.append(sentence[begin:].strip())
    return found


def _turns(sentence: str) -> list[re.Match[str]]:
    """Where *sentence* turns to something else, in order."""
    found = list(_TURNING.finditer(sentence))
    denial = _DENYING.search(sentence)
    if denial is not None:
        found += list(_ASSERTING.finditer(sentence, denial.end()))
        found.sort(key=lambda turn: turn.start())
    return found


_OPENERS = re.compile(
    r"\s+(?:[\"'“(]*)(?:I|We|You|He|She|They|It|The|This|That|These|Those|A|An|In|On|At|As|For"
    r"|But|And"
    r"|So|If|When|Then|Our|My|Your|Please|What|Where|Who|How|Can|Could|There|Now|Also|No|Yes)\b"
)
"""Words that, written large, begin a sentence rather than go on with a name."""


def _abbreviated(text: str, stop: int, after: int) -> bool:
    words = text[:stop].split()
    if not words:
        return False
    last = words[-1].lstrip("(\"'“").casefold()
    if last not in _ABBREVIATIONS and not re.fullmatch(r"[A-Za-z]", words[-1]):
        return False
    if last == "no":
        return bool(re.match(r"\s*\d", text[after:]))
    if last in ("dr", "mr", "mrs", "ms", "prof", "st"):
        return True
    return after < len(text) and _OPENERS.match(text, after) is None


def rejoined(told: list[str]) -> list[str]:
    """*told* with each bare refusal joined to the fragment after it: "Nope. The blue one."."""
    found: list[str] = []
    for clause in told:
        if found and _REFUSAL.fullmatch(found[-1]) and len(clause.split()) <= FRAGMENT:
            found[-1] = f"{found[-1].rstrip(' .!?…')}, {clause}"
        else:
            found.append(clause)
    return found


_REFUSAL = re.compile(
    r"\W*(?:(?:oh|ah|eh|er|um|uh|hm+|well|but|and|no|nope|nah|oops|whoops|wait"
    r"|actually|my (?:bad|mistake)|rather|on reflection|second thoughts)\b"
    r"\W*)+",
    re.I,
)
"""What takes back, by itself, what was just said."""

FRAGMENT = 5
"""Words of what may follow a bare refusal as what is wanted instead."""


def marked(rest: list[str], limit: int) -> list[tuple[str, bool]]:
    """*rest*, the end of a long text, in order; True beside each sentence marked as a correction.

    Only the first *limit* characters are looked through.
    """
    text = " ".join(rest).strip()
    if _MARKED.search(text, 0, limit) is None:
        return [(text, False)]
    found: list[tuple[str, bool]] = []
    plain: list[str] = []
    for sentence in sentences(text[:limit]):
        if _MARKED.match(sentence) is None or not any(map(str.isdigit, sentence)):
            plain.append(sentence)
            continue
        found += [(" ".join(plain), False), (sentence, True)]
        plain = []
    plain.append(text[limit:])
    return [*found, (" ".join(plain).strip(), False)]


_MARKED = re.compile(
    r"(?:(?<=[.!?\n] )|(?<=[.!?\n])|(?<![\s\S]))\s{0,4}"
    r"(?:(?:oh|ah|so|but|and|well|hm+)\b\W{0,4}){0,4}"
    r"(?:actually,|correction\b|scratch that|strike that|no,? wait|wait,? no|sorry, (?:i|that|it)"
    r"|i meant\b|make that\b|on second thoughts?|let me correct|i misspoke)",
    re.I,
)
"""What marks a sentence as a correction by its first words."""
