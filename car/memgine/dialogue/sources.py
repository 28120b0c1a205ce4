"""Sources: the words at a text's head or foot that only say who speaks, and in what capacity.

A segment belongs to the source if all of its words are names, titles, departments, words of
rank or small words of speaking; the source is the longest run of such segments.  So the marks
between them, their order and the verb of speaking may be any.  What a rank is worth is left to
``authority``, and what follows from it to ``precedence``.
"""

import re
from collections.abc import Sequence

import msgspec

from car.memgine.authority import PEER, authority_rank
from car.memgine.dialogue.courtesies import is_courtesy
from car.memgine.dialogue.speaking_words import RANKS, SPEAKING
from car.memgine.segments import Segment, segments
from car.memgine.titles import DEPARTMENTS, OFFICES, PERSONS, TITLES
from car.memgine.wordlists import STOP_WORDS

REACH = 160
"""Characters of a text's head, and of its foot, in which a source is looked for."""

MOST_NAMES = 8
"""Words written large, titles aside, that a source has at most."""

_ADDRESSING_WORDS = "ask tell call email meet invite thank hire promote see contact cc"
_ADDRESSING = frozenset(_ADDRESSING_WORDS.split())
"""Verbs that, written large, begin an order to speak to somebody rather than a name."""

_WHEN_WORDS = """
    yesterday yesterday's today today's tomorrow tomorrow's last this next monday tuesday wednesday
    thursday friday saturday sunday january february march april june july august september october
    november december
"""
_WHEN = frozenset(_WHEN_WORDS.split())
"""Words written large, or before a title, that are no name: "yesterday's board", "Friday"."""

_CLEARANCE_WORDS = "internal restricted confidential private secret only visible"
_CLEARANCE = frozenset(_CLEARANCE_WORDS.split())
"""What opens a marker of who may read, not a name."""

_IT = "IT"
"""The department, told by its capitals from the pronoun."""

_DASHES = frozenset({"-", "–", "—", "/", "|", "//"})
_BRACKETS = re.compile(r"\[\]|<>|\{\}")
MAY_TITLE = re.compile(
    r"\b(?:" + "|".join(sorted(TITLES, key=len, reverse=True)) + r")(?![\w’'])", re.I
)
_NAME = re.compile(r"[^\W\d_][\w.'’&-]*")


_SIGNING_WORDS = "by from per says said so signed according wrote writes quoth"
_SIGNING = frozenset(_SIGNING_WORDS.split())
"""What a signature after a mere pause begins with."""

_INTRODUCING_WORDS = "i i'm i’m am my me we"
_INTRODUCING = frozenset(_INTRODUCING_WORDS.split())
"""What makes the last words an introduction rather than a signature."""


class Attribution(msgspec.Struct, frozen=True):
    """Who speaks in ``text[start:end]``: *holder*, a name in lower case, with *rank*."""

    holder: str
    rank: int
    start: int
    end: int


class Region(msgspec.Struct):
    """Segments taken for the source so far, by what their words are."""

    small: bool
    """Whether a word in lower case may be a name: the text has none written large."""
    foot: bool = False
    """Whether it is looked for at the foot, where such a name has to stand alone."""
    titles: list[str] = []
    """The titles, each with the words of its segment."""
    names: list[str] = []
    holder: str = ""
    offices: bool = False
    persons: bool = False
    ranks: bool = False
    spoken: bool = False
    qualified: bool = False
    """Whether another word stands before a title: "a normal employee"."""
    parted: bool = False
    """Whether a name and a title stand in segments of their own."""
    bracketed: bool = False
    """Whether it is a title in brackets."""
    apposed: bool = False
    """Whether it is a name and a title with a dash or slash between: "Ida - CFO."."""

    def take(self, segment: Segment) -> bool:
        """Add *segment* if all its words are those of a source."""
        names, titled, told = list[str](), False, False
        named, complete = bool(self.names), self.complete
        written = [part for word in segment.words for part in parted(word)]
        words = [folded_word(word) for word in written]
        if _denies(words):
            return True
        for word, folded, following in zip(written, words, [*words[1:], ""], strict=True):
            if word == _IT:
                continue
            if folded in TITLES:
                titled = True
                self.offices |= folded in OFFICES
                self.persons |= folded in PERSONS
            elif folded in RANKS or folded in SPEAKING:
                told = True
                self.ranks |= folded in RANKS
                self.spoken |= folded in SPEAKING
            elif folded not in DEPARTMENTS:
                if not self._may_be_name(word, folded, len(words) == 1):
                    if not word.islower() or not (following in TITLES or following in RANKS):
                        return False
                    self.qualified = True
                    continue
                names.append(folded)
        if complete and not titled and (named if names else not told):
            return False
        if complete and names and not titled and not told and not _is_apposed(segment):
            return False
        if names and not self.names:
            self.holder = " ".join(names)
        apart = segment.before.strip() != ":"  # "Policy: Support team: …" are two labels
        self.parted |= apart and bool((names and self.titles) or (titled and self.names))
        self.parted |= bool(names and titled and told)
        self.bracketed |= titled and bool(
            _BRACKETS.fullmatch(segment.before[-1:] + segment.after[:1])
        )
        self.apposed |= titled and bool(self.names) and segment.before.strip() in _DASHES
        self.names += names
        if titled:
            titles = [w for w in words if w in TITLES or w in DEPARTMENTS]
            self.titles.append(" ".join(titles))
        return True

    def _may_be_name(self, word: str, folded: str, alone: bool) -> bool:
        if folded in STOP_WORDS or folded in _ADDRESSING or folded in _CLEARANCE | _WHEN:
            return False
        if not _NAME.fullmatch(word):
            return False
        return word[0].isupper() or (self.small and not self.names and (alone or not self.foot))

    @property
    def complete(self) -> bool:
        """Whether there is a title, and a name or another word for who speaks."""
        return bool(self.titles) and (bool(self.names) or self.spoken or len(self.titles) > 1)

    @property
    def stands(self) -> bool:
        """Whether it names a source."""
        if not self.titles or len(self.names) > MOST_NAMES:
            return False
        if self.names:
            telling = self.offices or self.persons
            return telling or (not self.small and (self.parted or self.ranks))
        if self.qualified:
            return len(self.titles) > 1
        return self.offices or self.bracketed

    def attribution(self, start: int, end: int) -> Attribution:
        """What was found, between *start* and *end*."""
        ranks = [authority_rank(title) for title in self.titles]
        above = [rank for rank in ranks if rank > PEER]
        holder = self.holder or self.titles[0]
        return Attribution(holder, max(above) if above else min(ranks), start, end)


def _denies(words: Sequence[str]) -> bool:
    """Whether *words* only say what rank somebody has not: "no staff authority"."""
    known = (word in TITLES or word in RANKS or word in SPEAKING for word in words[1:])
    return words[0] in _DENYING and len(words) > 1 and all(known)


_DENYING = frozenset({"no", "not", "non", "without", "never", "neither", "nor"})


def _is_apposed(segment: Segment) -> bool:
    """Whether *segment* stands between a comma and a firm mark: "as VP, Ida: …"."""
    return segment.opened == "pause" and segment.closed == "firm"


def parted(word: str) -> list[str]:
    """The parts of *word* where hyphens join words for a rank: "director-level"."""
    parts = word.split("-")
    known = all(folded_word(part) in TITLES or part.casefold() in RANKS for part in parts)
    return parts if known and word.casefold() not in TITLES else [word]


def folded_word(word: str) -> str:
    """*word* as it is looked up: "Board's" is the board's, a "line-manager" a manager."""
    folded = word.casefold().replace("’", "'")
    last = folded.rpartition("-")[2]
    if folded not in TITLES and last in TITLES:
        return last
    return folded if folded in SPEAKING else folded.removesuffix("'s")


def attribution(text: str) -> Attribution | None:
    """Who *text* says is speaking, at its head or else at its foot, and where what they say is."""
    if not text or not (MAY_TITLE.search(text, 0, REACH) or MAY_TITLE.search(text, len(text) - 80)):
        return None
    small = text.islower()
    return _headed(text, small) or _signed(text, small)


def _headed(text: str, small: bool) -> Attribution | None:
    found = segments(text, 0, REACH)
    if len(text) > REACH:
        found = found[:-1]
    while found and found[0].closed != "none" and is_courtesy(" ".join(found[0].words)):
        found = found[1:]
    region = Region(small)
    best: Attribution | None = None
    for number, segment in enumerate(found[:-1]):
        ended = number and not set(".!?").isdisjoint(segment.before)
        if ended and not (region.titles or region.ranks):
            break
        if not region.take(segment):
            break
        if _ends(region, segment) and region.stands:
            start = _body(text, segment)
            if _says_something(found[number + 1 :], region):
                best = region.attribution(start, len(text))
    return best


def _ends(region: Region, segment: Segment) -> bool:
    """Whether a source may end with *segment*."""
    if segment.closed == "firm":
        listed = "," in segment.after
        return (not listed or region.spoken) and not segment.after.rstrip().endswith(tuple("([{<"))
    return segment.closed == "stop" and region.complete and (region.spoken or region.apposed)


def _body(text: str, segment: Segment) -> int:
    """Where what is said begins: after the marks, but for one that belongs to it (``$``)."""
    after = segment.end + len(segment.after)
    opening = re.search(r"[\"“‘'$€£¥#]+$", segment.after)
    return after - len(opening.group()) if opening else after


def _says_something(rest: Sequence[Segment], region: Region) -> bool:
    """Whether *rest* says anything: "Manager: Dana Smith" is a state, not a saying."""
    words = [word for segment in rest for word in segment.words]
    if len(words) < 2:
        return False
    return bool(region.names) or not all(word[0].isupper() for word in rest[0].words)


def _signed(text: str, small: bool) -> Attribution | None:
    """The source at the foot: the longest run there that is set off from what it signs."""
    begin = max(0, len(text) - REACH)
    found = segments(text, begin)
    while found and found[-1].opened == "stop" and is_courtesy(" ".join(found[-1].words)):
        found.pop()
    best: Attribution | None = None
    for first in range(len(found) - 1, 0, -1):
        region = Region(small, foot=True)
        begins = found[first]
        if is_courtesy(" ".join(begins.words)):
            break
        if not all(region.take(segment) for segment in found[first:]):
            break
        if not _INTRODUCING.isdisjoint(word.casefold() for word in begins.words):
            break
        closed = first > 1 and is_courtesy(" ".join(found[first - 1].words))
        cut = first - closed
        named = region.complete or region.ranks or _is_stamp(begins, region)
        if not named or not region.stands:
            continue
        if _is_set_off(found[cut]) and _is_body(found[:cut], begin):
            best = region.attribution(0, _foot(text, found[cut]))
    return best


def _is_set_off(first: Segment) -> bool:
    """Whether a signature may begin with *first*."""
    told = first.words[0].casefold() in _SIGNING
    return first.opened in ("firm", "stop") or (first.opened == "pause" and told)


def _is_stamp(first: Segment, region: Region) -> bool:
    """Whether it is a title in brackets alone, after a full stop: "That's settled. [VP]"."""
    before = first.before.strip()
    return region.offices and before[-1:] in ("[", "(") and before[:1] in (".", "!")


def _is_body(rest: Sequence[Segment], begin: int) -> bool:
    return begin > 0 or sum(len(segment.words) for segment in rest) >= 2


def _foot(text: str, first: Segment) -> int:
    """Where what is signed ends: its own closing mark stays with it."""
    mark = re.match(r"(?:\s*[.!?…\"”')\]]+)?", first.before)
    return first.start - len(first.before) + (mark.end() if mark else 0)
