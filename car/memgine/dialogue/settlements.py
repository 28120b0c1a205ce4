"""Settlements: what a user said and an assistant took down, which the next word on it replaces.

An assistant that gives back a user's value ("Launch: May 4") shows both what the value was,
even where no rule of ``values`` or ``frames`` finds it, and what it is of.  What the user says
next of the same thing, or in the same kind of value without naming another thing, takes its
place; no cue is needed where the subject and the family of values are the same.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator

from car.memgine.authority import DIRECTOR
from car.memgine.dialogue.corrections import outranked, rivals
from car.memgine.dialogue.cues import Cue, adds
from car.memgine.dialogue.echoes import chosen_part, given, shared
from car.memgine.dialogue.precedence import speaks_for
from car.memgine.dialogue.reinstatements import Settlement, names, reinstates
from car.memgine.dialogue.slots import apart
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.values import Kind, Value
from car.memgine.dialogue.vocabulary import ATTRIBUTES, GENERIC, STATE_NOUNS, terms

KEPT = 8
"""Settlements that the next word may still be about."""

REACH = 8
"""Nodes after which a settlement is no longer what an open statement answers."""

LONGEST_OPEN = 8
"""Terms of a statement that may be about what was settled last without naming it."""

_SETTLING_WORDS = """
    take choose chose chosen choice pick select selection decide decision rule ruling verdict
    resolve resolution determine adopt prefer preference opt go going settle agree agreement
    approve final finally finalize definite definitely definitive official bind firm certain
    rather instead change alter amend modify switch swap replace undo revert return restore
    reinstate correct correction new different differ turn become fix put make set let award
    favour favor better decree will wish insist order direct instruct mandate vote plan forward
    meant mean sorry scratch overrule override overturn reverse withdraw stand apply count valid
    wrong error mistake incorrect true truth hold enter suit better prefer like
    appoint designate name elect hire engage retain must latest present current conclude land
    commit lock confirm sign stick ahead
    realistic sensible likely convenient suitable practical feasible accurate workable doable safe
    easy wise sound reasonable affordable manageable plausible
"""
_SETTLING = frozenset(terms(_SETTLING_WORDS))
_FIRM = _SETTLING - frozenset(
    terms(
        "put make set let go going take plan like want wish order direct present current hold enter"
        " new correct fix forward turn become apply count valid better must"
    )
)
"""Those that settle something even where the statement shares no word with it."""

_PASSING = frozenset(
    terms(
        "since morning afternoon evening today tonight week month present moment time day hour"
        " same unchanged rest else differ different other order send sent ship deliver delivery"
        " destination place regard treat consider regardless"
    )
)
"""When something came about, or what stays as it was, rather than what it is about."""

MOST_FOREIGN = 2
"""Stems of its own that a state of the same thing may come with."""

_REQUESTING = re.compile(
    r"\W*(?:please )?(?:can|could|would|may|might|shall|should|will)\s+"
    r"(?:we|you|i|it|the|this|that)\b",
    re.I,
)
"""A question that asks for something to be so, rather than whether it is."""

_STRONG = (Cue.CORRECTION, Cue.FINAL, Cue.OVERRIDE, Cue.REVERT, Cue.DECISION)


class Settlements:
    """The last settlements of a talk, bounded."""

    def __init__(self) -> None:
        self._held: deque[Settlement] = deque(maxlen=KEPT)

    def accept(self, said: Statement, echo: Statement) -> None:
        """Take in that an assistant heard what the user had *said* without giving it back."""
        if said.values:
            slot = (said.topic | said.head) - GENERIC
            self._held.append(Settlement(said, echo, said.choice_terms, slot, given=False))

    def note(self, said: Statement, echo: Statement) -> bool:
        """Take in that the assistant's *echo* gave back what the user had *said*, if it did.

        What was only asked for is settled by the echo.
        """
        run = shared(said, echo, said.core, echo.core)
        run = run or shared(said, echo, said.terms, echo.terms)
        phrase = chosen_part(said, run, said.head | echo.head)
        typed = {term for value in given(said, echo) for term in terms(value)}
        if typed and typed.isdisjoint(phrase):
            phrase = ()
        if any(_is_part(phrase, held.phrase) for held in self._held if held.said is said):
            return False
        slot = said.topic | said.head | set(said.choice_terms) | echo.topic | echo.head
        slot -= GENERIC.union(phrase)
        if phrase or typed:
            slot -= _ACKNOWLEDGING
            said.topic |= (slot | set(echo.terms)) & set(said.terms) - set(phrase) - GENERIC
            settled = echo if said.has(Cue.QUESTION) else said
            self._held.append(Settlement(settled, echo, phrase, slot))
            return True
        return False

    def given_back(
        self, new: Statement, replaced: Iterable[tuple[Statement, list[Value]]]
    ) -> list[tuple[Statement, list[Value]]]:
        """The choices of *replaced* that fell with their statements, as an assistant put them."""
        fallen = [
            old
            for old, values in replaced
            if not old.alive and all(value.kind is Kind.CHOICE for value in values)
        ]
        return [
            (held.said, [Value(Kind.CHOICE, " ".join(held.phrase), 0, 0)])
            for held in self._held
            if held.said in fallen and held.phrase and not names(new, list(held.phrase))
        ]

    def reinstates(self, new: Statement) -> bool:
        """Whether *new* brings back a choice that another has taken the place of."""
        return reinstates(new, [one for one in self._held if one.phrase])

    def phrases(self, said: Statement) -> list[tuple[str, ...]]:
        """The choice that *said* makes, in its own words and as an assistant gave it back."""
        held = [one.phrase for one in self._held if one.said is said]
        return [phrase for phrase in (said.choice_terms, *held) if phrase]

    def echoes(self, said: Statement) -> list[Statement]:
        """The assistant's statements that gave back what was *said*."""
        return [held.echo for held in self._held if held.said is said and held.given]

    def replaced(self, new: Statement) -> tuple[Statement, list[Value]] | None:
        """What *new* takes the place of, with the values that die; None where it lets all be."""
        if new.has(Cue.HYPOTHETICAL) or adds(new.text[new.core_at :]):
            return None
        back = self.reinstates(new)
        if not back and new.has(Cue.PAST) and _tells_of_old(new):
            return None
        asked = new.has(Cue.QUESTION) and not back
        if asked and not _REQUESTING.match(new.text):
            return None
        for last, held in self._newest(new.node):
            if apart(new, held.said):
                continue
            if outranked(new, held.said):
                continue
            near = last and new.node - held.said.node <= REACH
            dead = _typed(new, held, near=near)
            if not dead and not asked and not new.has(Cue.CONCLUSION):
                dead = _chosen(new, held, near=near, back=back)
            if dead:
                return held.said, dead
        return None

    def _newest(self, before: int) -> Iterator[tuple[bool, Settlement]]:
        last = True
        for held in reversed(self._held):
            if held.said.alive and held.said.node < before:
                yield last, held
                last = False


_ACKNOWLEDGING = frozenset(
    terms(
        "noted understood record recorded understand prepare paperwork calendar put take taken down"
        " read preliminary tentative wording approach send right away certainly glad happy done"
    )
)
"""What an assistant says of having heard, rather than of the thing."""


def _typed(new: Statement, held: Settlement, *, near: bool) -> list[Value]:
    """The typed values of *held* that *new* has others for, where it speaks of the same."""
    dead = [value for value in rivals(new, held.said, loose=True) if value.kind is not Kind.CHOICE]
    if not dead or _is_share(new, dead):
        return []
    slot = held.slot
    foreign = (new.topic | new.head) - slot - ATTRIBUTES - _SETTLING - GENERIC - _PASSING
    if all(value.kind is Kind.STATE for value in dead):
        about = new.topic & slot or (near and new.topic <= STATE_NOUNS)
        return dead if about and len(foreign - STATE_NOUNS) <= MOST_FOREIGN else []
    mine = new.topic | new.head
    shared = mine & slot
    if not foreign:
        return dead if near or shared else []
    if new.head - slot - ATTRIBUTES - GENERIC - _SETTLING - _PASSING:
        return dead if shared and _settles(new) and len(foreign) <= len(shared) else []
    if shared:
        return dead if len(foreign) <= MOST_FOREIGN or _settles(new) else []
    brief = near and len(new.terms) <= LONGEST_OPEN and _settles(new)
    return dead if brief and len(foreign) <= 1 else []


def _is_share(new: Statement, dead: list[Value]) -> bool:
    """Whether *new* only speaks of some of what there is: "3 of them"."""
    share = _SHARE.search(new.text)
    return share is not None and any(
        value.kind is Kind.COUNT and float(share[1].replace(",", "")) <= float(value.normal)
        for value in dead
    )


_SHARE = re.compile(r"\b(\d[\d,]*) of (?:them|these|those|it)\b", re.I)


def _chosen(new: Statement, held: Settlement, *, near: bool, back: bool) -> list[Value]:
    """The choice of *held*, where *new* settles the same matter in other words.

    *back*: it brings an earlier choice back, so that the last one is what it answers.
    """
    typed = {
        term
        for value in held.said.values
        if value.kind is not Kind.CHOICE
        for term in terms(held.said.text[value.start : value.end])
    }
    phrase = list(held.phrase)
    if not set(phrase) - typed or names(new, phrase):
        return []
    brings = set(new.terms) - held.slot - GENERIC - _SETTLING - _ACKNOWLEDGING - _KNOWING
    if not brings and not new.has(Cue.DECISION, Cue.FINAL, Cue.OVERRIDE, Cue.REVERT):
        return []
    foreign = new.subject - held.slot - new.named - GENERIC - _SETTLING - _AWARDED
    if foreign and _IMPERSONAL.match(new.text) and not new.topic & held.slot:
        return []
    if back and near:
        return [Value(Kind.CHOICE, " ".join(phrase), 0, 0)]
    if not _settles(new) and not _hands_over(new, held):
        return [Value(Kind.CHOICE, " ".join(phrase), 0, 0)] if _assigns(new, held) else []
    nouns = held.slot | {phrase[-1]}
    shared = (new.topic | new.head | set(new.terms)) & nouns
    firm = new.has(*_STRONG) or not _FIRM.isdisjoint(new.terms)
    open_end = near and len(new.terms) <= LONGEST_OPEN and firm
    if not shared and not open_end and not (near and _decides(new)):
        return []
    return [Value(Kind.CHOICE, " ".join(phrase), 0, 0)]


def _tells_of_old(new: Statement) -> bool:
    """Whether *new* tells how things once stood, and of no change since."""
    return _OVER.search(new.text) is not None and not new.has(Cue.CORRECTION)


_OVER = re.compile(r"\b(?:was|were|had been|wanted|hoped|meant|asked|cost|used to)\b", re.I)
"""What tells how things once stood."""

_IMPERSONAL = re.compile(r"\W*(?:the|our|my|your|this|that|his|her|their)\b", re.I)
_AWARDED = frozenset(
    terms("contract business deal job award account work project assignment engagement commission")
)
"""What goes to whoever is chosen."""

_KNOWING = frozenset(terms("know known clear see seen nope nah nothing none else anything nobody"))
"""Words that bring nothing to be chosen."""

_INTENDING = re.compile(
    r"\b(?:will|shall|is|are|to be|let|give|gives|hand|leave|has|have|gets?|wins?|won|beaten|beat"
    r"|does|do|now|wants?|would)\b|['’](?:s|ll)\b",
    re.I,
)


def _hands_over(new: Statement, held: Settlement) -> bool:
    """Whether *new* has another name in the place of the one in *held*, and plans with it."""
    theirs = (held.said.named | held.echo.named) & set(held.phrase)
    names = new.named | (frozenset(new.terms[:1]) if new.text[:1].isupper() else frozenset())
    return bool(theirs and names - theirs - held.slot - GENERIC and _INTENDING.search(new.text))


def _assigns(new: Statement, held: Settlement) -> bool:
    """Whether *new* has another choice for what is settled in *held*, and says nothing else."""
    about = (new.topic | new.head) - GENERIC - ATTRIBUTES - _SETTLING - _PASSING
    return bool(new.choice_terms and about) and about <= held.slot


def _settles(new: Statement) -> bool:
    return new.has(*_STRONG) or bool(_SETTLING & set(new.terms)) or _decides(new)


def _decides(new: Statement) -> bool:
    """Whether *new* names, or comes from, somebody who decides over others."""
    ranked = new.source is not None and new.source.rank >= DIRECTOR
    return ranked or speaks_for(new.text)


def _is_part(phrase: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    """Whether *phrase* is less than *whole*, and all in it."""
    return 0 < len(phrase) < len(whole) and set(phrase) <= set(whole)
