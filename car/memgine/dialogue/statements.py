"""Statements: what one clause says, of what, and with which value.

The slot a statement fills is given by its topic (the stems of its content words), its head
(the stems of what stands before the verb or colon) and the family of its values.  Where the
value is no typed one it is a choice, as ``frames`` finds it.  How a node is taken apart into
statements is told in ``analysis``.
"""

import re

import msgspec

from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.precedence import Source
from car.memgine.dialogue.values import Kind, Value, values_in
from car.memgine.dialogue.vocabulary import terms
from car.memgine.dialogue.voices import Voice

ANALYSED = 600
"""Characters of a text that are taken apart; what is beyond stands as it is."""

UNREAD = frozenset({"…"})
"""The topic of what was not taken apart: it says something, but nobody knows of what."""

BRIEF = 12
"""Terms up to which a statement is taken to be about one thing."""

BRACKETS = re.compile(r"\s*\([^()]*\)")


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
    firm: bool = False
    """Whether its choice stands beside one for now: a change that names neither spares it."""
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
    given: frozenset[str] = frozenset()
    """What the statement before it is about, where it goes on about that."""
    company: frozenset[str] = frozenset()
    """The instants that the node names in other statements."""
    later: frozenset[tuple[Kind, str]] = frozenset()
    """The values that the node still asserts after it."""
    choice_terms: tuple[str, ...] = ()
    verb_at: int = 0
    """Where its verb of being stands; a value before that is part of the subject."""
    chosen: bool = False
    fragment: bool = False

    def has(self, *cues: Cue) -> bool:
        """Whether it carries any of *cues*."""
        return not self.cues.isdisjoint(cues)

    @property
    def is_mixed(self) -> bool:
        """Whether it is a long sentence of free talk: it says more than what one value is."""
        return self.person != "" and len(self.terms) > BRIEF

    def of(self, kind: Kind) -> list[Value]:
        """Its values of one family."""
        return [value for value in self.values if value.kind is kind]


def reword(said: Statement, text: str) -> None:
    """Let *said* say *text* from now on; its subject stays."""
    said.text = text
    said.values = values_in(text, said.at)
    said.kinds = frozenset(value.kind for value in said.values)
    said.foremost = None
    said.terms = said.core = terms(text)
    said.core_at = 0
