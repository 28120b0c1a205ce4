"""Analysis: a node taken apart into statements.

What a statement is stands in ``statements``; here a text is cut into them, and each is told what
those beside it say of it: what it goes on about, what it denies, what stands with it.
"""

import re
from itertools import pairwise

from car.memgine.dialogue.clauses import clauses, marked, rejoined, whole
from car.memgine.dialogue.cores import core_of
from car.memgine.dialogue.courtesies import is_courtesy, plain
from car.memgine.dialogue.cues import Cue, cues_in
from car.memgine.dialogue.frames import frame_of
from car.memgine.dialogue.precedence import Source, source_of, spoken_for
from car.memgine.dialogue.provisional import apart, keep_firm
from car.memgine.dialogue.statements import ANALYSED, BRACKETS, UNREAD, Statement
from car.memgine.dialogue.stories import denies, is_over, steps, turns
from car.memgine.dialogue.topics import add_choice, admission, bare, focus_of, names_in, without
from car.memgine.dialogue.values import Kind, Value, values_in
from car.memgine.dialogue.vocabulary import GENERIC, spaced, stems, terms
from car.memgine.dialogue.voices import Voice, expounds, is_remark, person_of, voice_of
from car.memgine.nodes import Node

MOST = 8
"""Statements of one text that are read; the rest of a list or a report stands as it is."""

LATE = 3_000
"""Characters beyond those that are taken apart in which a marked correction is looked for."""

_RULE = re.compile(r"(?:[.!?…]+(?=\s))?+(\s{0,4}+[^\w\s]\W{39})")
"""A line drawn in a text, or a picture made of marks; what follows stands as it is."""

_CARRIED = frozenset({Cue.CORRECTION, Cue.OVERRIDE, Cue.DECISION, Cue.FINAL})
_COLOURING = 6
"""Terms up to which a statement without a value ("Scratch that.") colours the next one."""


def read_statements(node: Node) -> list[Statement]:
    """The statements of *node*, in order."""
    voice = voice_of(node)
    if voice == "user" and is_remark(node):
        return []
    if expounds(node):
        return [_unread(node.value, node, 0, voice)]
    rule = _RULE.search(node.value)
    text = node.value[: rule.start(1)] if rule else node.value
    end = whole(text, ANALYSED)
    source, body = source_of(text[:end])
    told = rejoined([plain(clause) for clause in clauses(body) if not is_courtesy(clause)])
    if voice == "user":
        told = [part for clause in told for part in apart(clause)]
    rest = [*told[MOST:], text[end:].strip()]
    found: list[Statement] = []
    for clause in told[:MOST]:
        cut = steps(clause, node.created_at) if voice == "user" else [clause]
        told_of = [_read(step, node, len(found) + i, voice, source) for i, step in enumerate(cut)]
        _tell(told_of)
        found += told_of
    late = marked(rest, LATE) if voice == "user" else [(" ".join(rest).strip(), False)]
    for part, read in [*late, (node.value[len(text) :].strip(), False)]:
        if read:
            found.append(_read(part, node, len(found), voice, source))
        elif part:
            found.append(_unread(part, node, len(found), voice))
    _keep_company(found)
    for said, following in pairwise(found):
        if not said.values and len(said.terms) <= _COLOURING:
            following.cues |= said.cues & _CARRIED
        said.told |= bool(said.values) and _DENIAL.match(said.text) is not None
        if said.kinds & following.kinds & _TOLD_ON and _DENIED.match(said.text):
            said.told = True
            said.cues = said.cues - {Cue.CORRECTION} | {Cue.PAST}
        if said.told:
            following.cues |= {Cue.CORRECTION}
        if _same_state(said, following):
            following.topic |= said.topic | said.head
            following.head |= said.topic
        elif _goes_on(said, following):
            following.given = said.topic | said.head | said.given | _dates(said)
        elif _waits_for(said, following):
            said.given = following.topic | following.head
    _keep_later(found)
    if voice == "user":
        keep_firm(found)
    if voice in ("fact", "signal"):
        _add_key(found, node.key)
    return found


def _unread(text: str, node: Node, part: int, voice: Voice) -> Statement:
    return Statement(node.index, part, text, voice, node.created_at, topic=UNREAD)


def _keep_company(found: list[Statement]) -> None:
    """Note beside each statement the instants that the others name."""
    named = [frozenset(v.normal for v in said.of(Kind.WHEN)) for said in found]
    for said, own in zip(found, named, strict=True):
        said.company = frozenset().union(*named) - own


def _keep_later(found: list[Statement]) -> None:
    """Note with each statement the values that those after it assert."""
    asserted: frozenset[tuple[Kind, str]] = frozenset()
    for said in reversed(found):
        said.later = asserted
        if said.told or said.has(Cue.PAST, Cue.QUESTION, Cue.HYPOTHETICAL):
            continue
        aside = [bracket.span() for bracket in BRACKETS.finditer(said.text)]
        asserted |= {
            (value.kind, value.normal)
            for value in said.values
            if value.kind in _TOLD_ON
            and not any(start <= value.start < end for start, end in aside)
        }


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


_DENIED = re.compile(
    r"\W*(?:(?:so|and|but|now|then)\b\W*)*(?:it|that|this|they|we)\b(?:['’](?:s|re)| is| are| was"
    r"| were)?(?: not| no longer|n['’]t)\b",
    re.I,
)
"""What denies a value that the next statement has another for."""


def _goes_on(said: Statement, following: Statement) -> bool:
    """Whether *following* says more of what *said* is about without naming it again.

    It has a value but no subject, or only a pronoun; or it is the outcome of a check, where *said*
    names what was checked by a number.
    """
    if following.source is not said.source or following.kinds.isdisjoint(_TOLD_ON):
        return False
    if said.has(Cue.QUESTION) or following.has(Cue.QUESTION):
        return False
    if Kind.IDENTIFIER in said.kinds and Kind.IDENTIFIER not in following.kinds:
        return any(value.normal in _OUTCOMES for value in following.of(Kind.STATE))
    if said.named and not following.named and _PERSONAL.match(following.text):
        return True
    return _REFERRING.match(following.text) is not None or not following.topic - GENERIC


def _waits_for(said: Statement, following: Statement) -> bool:
    """Whether *said* tells how long it is to what only *following* names."""
    if following.values:
        return False
    if said.source is not None and Kind.WHEN in said.kinds and _THEN.search(following.text):
        return True
    counted = any(value.counted for value in said.values)
    return counted and not (said.topic | said.head) - _UNTIL


_THEN = re.compile(
    r"\b(?:then|by then|(?:that|this|the same) (?:day|date|time)|thereby|there)\b", re.I
)


_UNTIL = GENERIC | frozenset(terms("until till then before remain note aware mind know inform"))
_OUTCOMES = frozenset({"passed", "failed"})
_TOLD_ON = frozenset({Kind.WHEN, Kind.MONEY, Kind.PERCENT, Kind.PLACE, Kind.STATE})
_REFERRING = re.compile(
    r"\W*(?:(?:and|but|so|then|which|hence)\b\W*)*(?:that|this|it|they|which)\b"
    r"(?! \w+ (?:is|was)\b)",
    re.I,
)
_PERSONAL = re.compile(
    r"\W*(?:(?:and|but|so|then|now)\b\W*)*(?:i|we|you|he|she)(?:['’]\w+)?\b", re.I
)


def _dates(said: Statement) -> frozenset[str]:
    return frozenset(v.normal for v in said.values if v.kind is Kind.WHEN and not v.counted)


_DENIAL = re.compile(r"\W*(?:(?:so|thus|hence|in (?:short|brief))\W+)?(?:not|neither|nor)\b", re.I)


def _read(text: str, node: Node, part: int, voice: Voice, source: Source | None) -> Statement:
    cues = cues_in(BRACKETS.sub("", text))
    values = _dated_anew(values_in(text, node.created_at))
    frame = frame_of(text, values, cues, prose=voice != "fact")
    unvalued = without(text, ((v.start, v.end) for v in values))
    choice_terms = add_choice(text, values, frame.choice)
    spoken = terms(text)
    core, core_at = core_of(text)
    rest = bare(unvalued)
    lead = frozenset(terms(text[: admission(text)]))
    identifiers = frozenset(
        term
        for value in values
        if value.kind is Kind.IDENTIFIER
        for term in terms(f"{value.normal} {text[value.start : value.end]}")
    )
    said_of_it = frozenset(choice_terms) | frozenset(terms(frame.verb))
    topic = (frozenset(terms(rest)) - GENERIC - said_of_it - lead) | identifiers
    valued = frozenset(term for value in values for term in terms(text[value.start : value.end]))
    return Statement(
        node.index,
        part,
        text,
        voice,
        node.created_at,
        person=person_of(node),
        source=source or (None if voice == "assistant" else spoken_for(text)),
        cues=cues,
        values=values,
        kinds=frozenset(value.kind for value in values),
        terms=spoken,
        core=core or spoken,
        core_at=core_at if core else 0,
        topic=topic,
        focus=topic & focus_of(text, values),
        head=frame.head - valued - lead,
        subject=frame.subject,
        named=identifiers | frozenset(terms(" ".join(names_in(unvalued)))),
        choice_terms=choice_terms,
        verb_at=frame.verb_at,
        chosen=frame.chosen and bool(choice_terms),
        fragment=frame.fragment and bool(choice_terms),
    )


def _dated_anew(values: list[Value]) -> list[Value]:
    """*values* without a date that another one tells: "the end of the quarter is on May 31st"."""
    if not any(v.kind is Kind.WHEN and not v.normal.startswith(_BOUNDS) for v in values):
        return values
    return [v for v in values if v.kind is not Kind.WHEN or not v.normal.startswith(_BOUNDS)]


_BOUNDS = ("this ", "end of ", "start of ", "beginning of ", "middle of ", "close of ")


def _add_key(found: list[Statement], key: str) -> None:
    """A fact is about what its subject names as well; single letters only number it."""
    words = frozenset(stem for stem in stems(spaced(key)) if len(stem) > 1)
    for said in found:
        said.topic |= words
        said.head = said.head or words
