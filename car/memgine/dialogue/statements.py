"""Statements: what one clause says, of what, and with which value.

The slot a statement fills is given by its topic (the stems of its content words), its head
(the stems of what stands before the verb or colon) and the family of its values.  Where the
value is no typed one it is a choice, as ``frames`` finds it.
"""

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Literal

import msgspec

from car.memgine.dialogue.clauses import clauses
from car.memgine.dialogue.cores import core_of
from car.memgine.dialogue.courtesies import is_courtesy, plain
from car.memgine.dialogue.cues import Cue, cues_in
from car.memgine.dialogue.frames import frame_of
from car.memgine.dialogue.precedence import Source, source_of, spoken_for
from car.memgine.dialogue.stories import denies, is_over, steps, turns
from car.memgine.dialogue.values import Kind, Value, values_in
from car.memgine.dialogue.vocabulary import GENERIC, PRONOUNS, stems, terms
from car.memgine.nodes import FACT_KINDS, Node

Voice = Literal["user", "assistant", "context", "fact", "signal"]

_ASSISTANTS = frozenset({"assistant", "agent", "ai", "bot", "system", "model"})
_CONTEXTS = frozenset({"context", "working set", "working_set"})

USERS = frozenset({"user", "human", "customer", "client", "me"})
"""Speakers who are the one whom the memory serves; others are people with names."""

ANALYSED = 1_000
"""Characters of a text that are taken apart; what is beyond stands as it is."""

MOST = 60
"""Statements of one text that are read; the rest of it stands as it is."""

UNREAD = frozenset({"…"})
"""The topic of what was not taken apart: it says something, but nobody knows of what."""

_CARRIED = frozenset({Cue.CORRECTION, Cue.OVERRIDE, Cue.DECISION, Cue.FINAL})
_BRIEF = 6
"""Terms up to which a statement without a value ("Scratch that.") colours the next one."""


class Statement(msgspec.Struct, eq=False):
    """One clause of one node, taken apart; two are the same only if they are one object."""

    node: int
    part: int
    text: str
    voice: Voice
    at: float
    person: str = ""
    """Who speaks, in lower case, where that is one of several people with names."""
    alive: bool = True
    """Whether it still counts."""
    laid: bool = False
    """Whether the ledger holds it among the dead."""
    victor: bool = False
    """Whether it took another's place: then only another correction takes its own."""
    returning: bool = False
    """Whether it takes up a topic again: "back to X" is then no choice."""
    told: bool = False
    """Whether it tells what is no more, a step of a story that went on or a denial."""
    known: bool = False
    """Whether the choice it returns to was one before."""
    source: Source | None = None
    cues: frozenset[Cue] = frozenset()
    values: list[Value] = []
    kinds: frozenset[Kind] = frozenset()
    """The families of its values."""
    foremost: list[Value] | None = None
    """What ``trimming.foremost`` found, kept."""
    terms: list[str] = []
    core: list[str] = []
    """The terms after a label or a leading "so": what others would repeat of it."""
    core_at: int = 0
    """Where the text of the core begins."""
    topic: frozenset[str] = frozenset()
    focus: frozenset[str] = frozenset()
    """The topic of that part, between commas, that holds the first value."""
    head: frozenset[str] = frozenset()
    subject: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    """The stems of identifiers and of names written large."""
    choice_terms: tuple[str, ...] = ()
    verb_at: int = 0
    """Where its verb of being stands; a value before that is part of the subject."""
    chosen: bool = False
    fragment: bool = False

    def has(self, *cues: Cue) -> bool:
        """Whether it carries any of *cues*."""
        return not self.cues.isdisjoint(cues)

    def of(self, kind: Kind) -> list[Value]:
        """Its values of one family."""
        return [value for value in self.values if value.kind is kind]


def voice_of(node: Node) -> Voice:
    """In whose voice *node* speaks."""
    if node.kind == "environment":
        return "signal"
    if node.kind in FACT_KINDS or node.kind.startswith("conclusion"):
        return "fact"
    speaker = node.key.strip().casefold()
    if speaker in _ASSISTANTS:
        return "assistant"
    return "context" if speaker in _CONTEXTS else "user"


def is_remark(node: Node) -> bool:
    """Whether a named speaker's turn is a remark in brackets, a stage direction say."""
    return (
        node.key.strip().casefold() not in USERS
        and _REMARKED.fullmatch(node.value[:ANALYSED]) is not None
    )


_REMARKED = re.compile(r"\s*(?:\[[^\[\]]*\]|\([^()]*\))\s*")


def _person(node: Node, voice: Voice) -> str:
    speaker = node.key.strip().casefold()
    return speaker if voice == "user" and speaker not in USERS else ""


def read_statements(node: Node) -> list[Statement]:
    """The statements of *node*, in order."""
    voice = voice_of(node)
    if voice == "user" and is_remark(node):
        return []
    source, body = source_of(node.value[:ANALYSED])
    told = [plain(clause) for clause in clauses(body) if not is_courtesy(clause)]
    rest = " ".join(told[MOST:]) + node.value[ANALYSED:]
    found: list[Statement] = []
    for clause in told[:MOST]:
        cut = steps(clause, node.created_at) if voice == "user" else [clause]
        told_of = [_read(step, node, len(found) + i, voice, source) for i, step in enumerate(cut)]
        _tell(told_of)
        found += told_of
    if rest:
        found.append(Statement(node.index, len(found), rest, voice, node.created_at, topic=UNREAD))
    for said, following in pairwise(found):
        if not said.values and len(said.terms) <= _BRIEF:
            following.cues |= said.cues & _CARRIED
        said.told |= bool(said.values) and _DENIAL.match(said.text) is not None
        if said.told:
            following.cues |= {Cue.CORRECTION}
        if _same_state(said, following):
            following.topic |= said.topic | said.head
            following.head |= said.topic
    if voice in ("fact", "signal"):
        _add_key(found, node.key)
    return found


def _tell(told: list[Statement]) -> None:
    """Let the last of the steps of a story take the place of the others, unless it is over too."""
    denied = len(told) > 1 and denies(told[0].text)
    for step, following in pairwise(told):
        step.cues |= {Cue.PAST}
        over = is_over(following.text) or (denied and not turns(following.text))
        step.told, following.told = True, over
        following.cues -= {Cue.CONCLUSION, Cue.PAST}
        following.topic |= step.topic
        following.cues |= {Cue.PAST if following.told else Cue.CORRECTION}


def _same_state(said: Statement, following: Statement) -> bool:
    """Whether *following* goes on about the state that *said* tells of, and of nothing else."""
    if following.kinds != {Kind.STATE}:
        return False
    states = {value.normal for value in said.of(Kind.STATE)}
    return not following.topic or any(value.normal in states for value in following.values)


_DENIAL = re.compile(r"\W*(?:(?:so|thus|hence|in (?:short|brief))\W+)?(?:not|neither|nor)\b", re.I)


def _read(text: str, node: Node, part: int, voice: Voice, source: Source | None) -> Statement:
    cues = cues_in(BRACKETS.sub("", text))
    values = values_in(text, node.created_at)
    frame = frame_of(text, values, cues, prose=voice != "fact")
    unvalued = _without(text, ((v.start, v.end) for v in values))
    choice_terms = _add_choice(text, values, frame.choice)
    spoken = terms(text)
    core, core_at = core_of(text)
    rest = _REMARK.sub("", _REASON.sub("", _without(text, ((v.start, v.end) for v in values))))
    identifiers = frozenset(
        term for value in values if value.kind is Kind.IDENTIFIER for term in terms(value.normal)
    )
    said_of_it = frozenset(choice_terms) | frozenset(terms(frame.verb))
    topic = (frozenset(terms(rest)) - GENERIC - said_of_it) | identifiers
    valued = frozenset(term for value in values for term in terms(text[value.start : value.end]))
    return Statement(
        node.index,
        part,
        text,
        voice,
        node.created_at,
        person=_person(node, voice),
        source=source or (None if voice == "assistant" else spoken_for(text)),
        cues=cues,
        values=values,
        kinds=frozenset(value.kind for value in values),
        terms=spoken,
        core=core or spoken,
        core_at=core_at if core else 0,
        topic=topic,
        focus=topic & _focus(text, values),
        head=frame.head - valued,
        subject=frame.subject,
        named=identifiers | frozenset(terms(" ".join(_NAMED.findall(unvalued)))),
        choice_terms=choice_terms,
        verb_at=frame.verb_at,
        chosen=frame.chosen and bool(choice_terms),
        fragment=frame.fragment and bool(choice_terms),
    )


_OPENING_A_VALUE = frozenset({Kind.MONEY, Kind.PERCENT, Kind.WHEN})
"""What begins with one of these is that value: "$50 per unit"."""


def _add_choice(text: str, values: list[Value], choice: str) -> tuple[str, ...]:
    """Put *choice* among *values* unless they cover it already; answers its terms."""
    choice = choice.strip()
    start = text.find(choice)
    inside = ((v.start - start, v.end - start) for v in values if v.start >= start)
    if not choice or choice.casefold() in PRONOUNS or not terms(_without(choice, inside)):
        return ()
    if any(value.start == start and value.kind in _OPENING_A_VALUE for value in values):
        return ()
    if any(v.kind is Kind.PLACE and start < v.start < start + len(choice) for v in values):
        return ()
    found = tuple(terms(choice))
    values.append(Value(Kind.CHOICE, " ".join(found), start, start + len(choice)))
    return found


def reword(said: Statement, text: str) -> None:
    """Let *said* say *text* from now on; its subject stays."""
    said.text = text
    said.values = values_in(text, said.at)
    said.kinds = frozenset(value.kind for value in said.values)
    said.foremost = None
    said.terms = said.core = terms(text)
    said.core_at = 0


BRACKETS = re.compile(r"\s*\([^()]*\)")
_REMARK = re.compile(
    r"^\W*(?:please )?(?:note|noted|fyi|update|reminder|heads[- ]up)\b(?: that\b|\s*[:,—–-])?",
    re.I,
)
_REASON = re.compile(
    r"(?<=\w)[\s,]+(?:because|due to|owing to|thanks to|on account of|so that|in order to)\b.*",
    re.I,
)
_NAMED = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w-]*\w\b|\b[A-Z]+[a-z]+[A-Z]\w*\b")


def _focus(text: str, values: list[Value]) -> frozenset[str]:
    if not values or "," not in text:
        return frozenset(terms(text))
    first = min(value.start for value in values)
    begin = text.rfind(",", 0, first) + 1
    end = text.find(",", first)
    return frozenset(terms(text[begin : end if end > 0 else None]))


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return text


def _add_key(found: list[Statement], key: str) -> None:
    """A fact is about what its subject names as well; single letters only number it."""
    words = frozenset(stem for stem in stems(spaced(key)) if len(stem) > 1)
    for said in found:
        said.topic |= words
        said.head = said.head or words


def spaced(key: str) -> str:
    """The words of a key such as ``launch_date_v2``."""
    return re.sub(r"[\W_]+", " ", key)
