"""Quotations: statements that speak of an earlier one by giving its very words.

'Where we had "A", read "B"', 'strike A, the right one is B', '"A" cannot stand any longer'.
Found by the words that stand in both, not by quotation marks or wording; what is around them
tells whether the earlier statement is taken back, replaced or only said again.
"""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

import msgspec

from car.memgine.dialogue.statements import BRACKETS, Statement
from car.memgine.dialogue.values import Kind, values_in
from car.memgine.dialogue.vocabulary import terms

LEAST_TERMS = 3
"""The terms from which on words are taken for those of an earlier statement."""

_QUOTED = re.compile(
    r"[\"“”«»„‟](?P<inside>[^\"“”«»„‟]{2,400})[\"“”«»„‟]|‘(?P<single>[^‘’]{2,400})’"
)
_TAKING_BACK = re.compile(
    r"\b(?:not|never|no longer|no more|cannot|\w+n['’]t|wrong\w*|mistake\w*|mistaken|errors?"
    r"|erroneous\w*|invalid\w*|incorrect\w*|false|untrue|outdated|obsolete|void|moot|stale|off"
    r"|fall\w*|fell|collaps\w*|undermin\w*|unsound|afresh|anew|redo\w*|redone|over again"
    r"|re-?(?:work|comput|calculat|figur|consider|run|plan|think|visit|assess|evaluat|check|done)\w*"
    r"|(?:strike|scrap\w*|discard\w*|forget|disregard|drop\w*)"
    r"(?:(?<!^strike)(?<!^scrap)(?<!^forget)(?<!^drop)|(?! (?:that|this|it)\s*[,.;:!—–-]))"
    r"|struck|stricken|withdr\w+|retract\w*"
    r"|revis\w*|correction|corrected|replac\w*|supersed\w*|delet\w*|remov\w*|cross\w* out|amend\w*"
    r"|affect\w*|rested|rests|overturn\w*|rescind\w*|revok\w*|cancel\w*|lapse\w*|expire\w*|gone|out"
    r"|(?:do|done|worked|work|work it|figure|figured|computed|calculated) (?:out )?again)\b",
    re.I,
)
_REPLACING = re.compile(
    r"\b(?:had|has|wrote|written|put|noted|recorded|took|taken|stood|believed|thought|assumed|said"
    r"|given|should|must|ought|shall|really|actual\w*|in fact|fact|truth|true|right|proper|instead"
    r"|rather|turn\w* out|turn\w* into|become\w*|became|but|now|changes?|changed|reads?|in place"
    r"|correct\w*|fix\w*|straight|means?|meant|was|were|for|by|with|to)\b",
    re.I,
)
_FORMERLY = re.compile(
    r"\b(?:had|wrote|written|was|were|been|said|told|heard|gave|got|read|stood|believed|thought|assumed|noted|recorded"
    r"|out|goes|old|former\w*|previous\w*|before|until|first|original\w*|instead|rather|not)\b",
    re.I,
)
"""What shows the words given to be the old ones where the next sentence brings others."""

_ADDING = re.compile(
    r"^\W*(?:and|also|too|plus|as well|moreover|in addition|besides|while|because|since|as|which"
    r"|who|so)\b",
    re.I,
)
_OPENING = re.compile(
    r"^[\s\"“”«»‘’',;.)]*(?:(?:[—–-]|and|but|it|that|this|the|is|are|was|were|be|been|has|have|had"
    r"|must|should|shall|will|ought|to|now|really|in|fact|actually|truth|rather|instead|read|reads"
    r"|say|says|put|right|correct|proper|actual|true|new|one|value|figure|version|wording|thing"
    r"|becomes?|became|turns?|turned|out|into|for|with|by|we|you|need|needs|as|follows|not|so"
    r"|there|stands?|what|holds|counts|means?|meant|please|write|use|replace|replaced)\b[\s:,;—–-]*"
    r"|[:,;—–-]\s*)*[\"“”«»‘’']*",
    re.I,
)
"""What stands between the old words and the new ones without being either."""

_TRAILING = re.compile(
    r"[\s\"“”«»‘’',;:.—–-]*(?:\b(?:in its place|in its stead|instead|there|please)\b)?"
    r"[\s\"“”«»‘’',;:.—–-]*$",
    re.I,
)


_IN_PLACE_OF = re.compile(
    r"(?:\b(?:rather than|instead of|in (?:the )?(?:place|lieu|stead) of|in exchange for"
    r"|as opposed to|as against|takes? the place of|taking the place of|replac(?:es|ing)"
    r"|supersed(?:es|ing)|overrid(?:es|ing)|(?:do|does|did|is|are) away with"
    r"|and not|but not)|,\s*(?:not|(?:we|i|you|they|it)\s+(?:had |was |were )?(?:said|had|wrote|was"
    r"|thought|noted|told|assumed|put|read)))\b"
    r"[\s\"“”«»‘’',:]*(?:(?:the|what|our|my|earlier|former|previous|old|statement|value|figure"
    r"|entry|note|words?|reading|wording|that|was|we|had)\b[\s\"“”«»‘’',:]*)*$",
    re.I,
)
"""What stands between the new words and the old ones after them."""

_POINTING = re.compile(r"^\W*(?:and |so |but )?(?:this|that|it|which|these|those)\W*$", re.I)


class Amendment(msgspec.Struct, frozen=True):
    """*said* is about *old*; *text* is what is to stand for it, None where nothing is."""

    old: list[Statement]
    text: str | None


def amendment(
    said: Statement, before: Iterable[Statement], following: Iterable[Statement]
) -> Amendment | None:
    """What *said* does to those of *before* whose words it gives.

    None where it gives none or only says them again.  *following* are the next statements of
    the same turn: one of them may bring the new words.
    """
    found: list[Statement] = []
    start, end = len(said.text), 0
    mine = frozenset(said.terms)
    for old in before:
        if len(mine.intersection(old.terms)) < LEAST_TERMS:
            continue
        span = _given(said, old)
        if span is not None:
            found.append(old)
            start, end = min(start, span[0]), max(end, span[1])
    if not found:
        return None
    lead = _IN_PLACE_OF.search(said.text[:start])
    if lead is not None and not terms(BRACKETS.sub("", said.text[end:])):
        fresh = said.text[: lead.start()].rstrip(" ,;:—–-\"“«‘'")
        return Amendment(found, None if _POINTING.match(fresh) or not terms(fresh) else fresh)
    judged = _judged(said.text, found, start, end)
    if judged is None:
        around = f"{said.text[:start]} {said.text[end:]}"
        told = _FORMERLY.search(around) or _TAKING_BACK.search(around)
        if told and any(_rivals(other.text, found) for other in following):
            return Amendment(found, None)
    if judged is None or judged.text is None:
        return judged
    return Amendment(judged.old, judged.text + _reason(said, judged.text, start, end))


def _reason(said: Statement, text: str, start: int, end: int) -> str:
    """What *said* gives in brackets as its reason, apart from the words from *start* to *end*."""
    asides = [
        aside.group().strip()
        for aside in BRACKETS.finditer(said.text)
        if not start <= aside.start() < end and len(terms(aside.group())) >= LEAST_TERMS
    ]
    kept = [one for one in asides if one not in text and not values_in(one, said.at)]
    return "".join(f" {one}" for one in kept)


def _given(said: Statement, old: Statement) -> tuple[int, int] | None:
    """Where *text* gives the words of *old*: all of them, or in quotation marks some of them."""
    text = _SINGLE.sub('"', said.text)
    folded, words = text.casefold(), core_text(old).casefold()
    at = folded.find(words) if len(old.core) >= LEAST_TERMS else -1
    if at >= 0 and len(words) < len(folded):
        return at, at + len(words)
    said_before = old.text.casefold()
    for match in _QUOTED.finditer(text):
        inside = (match["inside"] or match["single"] or "").strip(" .,;")
        if inside.casefold() in said_before and len(terms(inside)) >= LEAST_TERMS:
            return match.span()
    if said.source is not None and old.source is not None:
        return None
    run = _common_run(folded, said_before)
    return run if run is not None and old.values and _covers(text[run[0] : run[1]], old) else None


_SINGLE = re.compile(r"(?<!\w)'(?=\S)|(?<=\S)'(?!\w)")
"""A plain mark that quotes rather than leaves out a letter."""


def _common_run(text: str, other: str) -> tuple[int, int] | None:
    """Where the longest run of words stands in *text* that *other* has as well."""
    mine = list(_WORD.finditer(text))[:MOST_WORDS]
    theirs = _WORD.findall(other)[:MOST_WORDS]
    words = [word.group() for word in mine]
    run = SequenceMatcher(None, words, theirs, autojunk=False).find_longest_match()
    if run.size < LEAST_TERMS:
        return None
    return mine[run.a].start(), mine[run.a + run.size - 1].end()


_WORD = re.compile(r"[^\s\"“”«»‘’.,;:!?()]+(?:[.,:]\d+)*")
MOST_WORDS = 40
"""Words of a statement that are compared one by one."""


def _covers(run: str, old: Statement) -> bool:
    """Whether *run* has most of what *old* says, a value of it included."""
    shared = set(terms(run))
    valued = any(
        v.kind not in _UNTELLING and shared.issuperset(terms(old.text[v.start : v.end]))
        for v in old.values
    )
    return valued and len(shared) >= LEAST_TERMS and 2 * len(shared) >= len(set(old.terms))


_UNTELLING = frozenset({Kind.IDENTIFIER, Kind.STATE, Kind.CHOICE})


def buries(text: str, old: str, at: float) -> bool:
    """Whether *text*, a fact, gives all of *old* only to say that it no longer holds.

    A remark before it is taken for that, unless a value beside it takes the place of the old
    one; what goes on after it only adds to it.
    """
    start = text.casefold().find(old.casefold())
    if start < 0 or len(terms(old)) < LEAST_TERMS:
        return False
    before, after = text[:start], text[start + len(old) :]
    if _TAKING_BACK.search(f"{before} {after}"):
        return before.count("(") == before.count(")") or before.lstrip()[:1] in "([{"
    if len(terms(before)) < 2:
        return False
    plain = BRACKETS.sub("", f"{before} {after}")
    fresh = values_in(_QUOTED.sub("", plain), at)
    return not any(value.rivals(other) for value in fresh for other in values_in(old, at))


def core_text(old: Statement) -> str:
    """The words of *old* that another statement would give: without label and final point."""
    return old.text[old.core_at :].strip(' .!;,"“”')


def _judged(text: str, found: list[Statement], start: int, end: int) -> Amendment | None:
    around = f"{text[:start]} {text[end:]}"
    if not terms(around):
        return None
    new = _quoted_beside(text, start, end)
    if new is not None:
        return Amendment(found, new)
    after = text[end:]
    if _REPLACING.search(around) and not _ADDING.match(after.strip("\"“”«»‘’',;. ")):
        new = _rest(after)
        if new is not None and _rivals(new, found):
            return Amendment(found, new)
    announced = text[:start].rstrip().endswith(":") and not terms(after)
    marked = _is_marked(text, start, end)
    doubted = _TAKING_BACK.search(around) or (marked and not _AFFIRMING.search(around))
    return Amendment(found, None) if doubted and (marked or not announced) else None


def _is_marked(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` stands in quotation marks, inside or just around it."""
    if text[start : start + 1] in _MARKS and text[end - 1 : end] in _MARKS:
        return True
    return text[start - 1 : start] in _MARKS and text[end:].lstrip(".,;")[:1] in _MARKS


_MARKS = frozenset("\"'“”‘’«»„")
_AFFIRMING = re.compile(
    r"\b(?:repeat\w*|confirm\w*|stands?|holds?|still|remain\w*|stay\w*|agree\w*|right|correct"
    r"|yes|noted?|clear|record|remember|remind\w*|sure|certain|good|fine|like|love|thanks?|asked"
    r"|see|saw|read|heard|quot\w*|know|knew|mean\w*|meant)\b",
    re.I,
)
"""With one of these words given in quotation marks are no objection to them."""


def _quoted_beside(text: str, start: int, end: int) -> str | None:
    """The last quotation outside ``text[start:end]``."""
    new = None
    for match in _QUOTED.finditer(text):
        inside = (match["inside"] or match["single"] or "").strip()
        if terms(inside) and (match.start() >= end or match.end() <= start):
            new = inside
    return new


def _rest(after: str) -> str | None:
    opening = _OPENING.match(after)
    rest = after[opening.end() :] if opening else after
    rest = _TRAILING.sub("", rest)
    return rest if terms(rest) else None


def _rivals(new: str, found: list[Statement]) -> bool:
    """Whether *new* brings a value of a family that the old words have one of."""
    fresh = values_in(new, found[0].at)
    return any(value.rivals(other) for old in found for other in old.values for value in fresh)
