"""Undoings: what is given up by its name, and what comes back when a change is taken back.

"Drop A, take B" lets A fall.  "Undo that", "let's go back to what we had", "A again" let fall
what took another's place, and bring back all that fell with that.  Which words say so stands in
``rejections`` and ``reinstatements``.
"""

import re
from collections.abc import Callable, Sequence

from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.ledger import Ledger
from car.memgine.dialogue.reinstatements import foreign, goes_back, goes_far_back, wants_again
from car.memgine.dialogue.rejections import Rejection, rejections
from car.memgine.dialogue.restatements import Dead, within
from car.memgine.dialogue.statements import BRIEF, Statement
from car.memgine.dialogue.surroundings import Surroundings
from car.memgine.dialogue.values import Kind, Value
from car.memgine.dialogue.vocabulary import ATTRIBUTES, GENERIC

REACH = 16
"""Nodes back to which what is given up, or taken back, may have been said."""

BARE = 2
"""Terms that a statement may have besides what it gives up, to be nothing but that."""

Sweep = Callable[[list[Statement], list[Dead], int | None, Surroundings], None]


class Undoings:
    """Undoes in *ledger*; *sweep* sees to what goes with what falls, *phrases* tells the choice
    that a statement was understood to make, in all the ways it was put."""

    def __init__(
        self, ledger: Ledger, sweep: Sweep, phrases: Callable[[Statement], list[tuple[str, ...]]]
    ) -> None:
        self._ledger = ledger
        self._sweep = sweep
        self._phrases = phrases

    # ---- giving up ---------------------------------------------------------------------------

    def give_up(self, said: Statement, around: Surroundings) -> bool:
        """Let fall what *said* names only to give it up; whether nothing else is left of it."""
        if not _may_undo(said):
            return False
        near = [old for old in self._near(said) if len(old.terms) <= BRIEF]
        words = {term for old in near for term in old.terms}
        if words.isdisjoint(said.terms):
            return False
        for found in rejections(said.text):
            fallen = [old for old in near if self._is_given_up(found, old)]
            if fallen:
                self._let_fall(said, found, fallen, around)
                break
        return not said.alive

    def _let_fall(
        self, said: Statement, found: Rejection, fallen: list[Statement], around: Surroundings
    ) -> None:
        dead = []
        for old in fallen:
            self._ledger.kill(old, "superseded", said.node)
            dead += [self._ledger.bury(old, v, said, said.at) for v in _rejected(found, old)]
        self._sweep(fallen, dead, said.node, around)
        following = [s for s in self._ledger.known(said.node) if s.part > said.part]
        if found.text:
            self._ledger.rewrite(said, found.fresh)
            said.cues |= {Cue.CORRECTION}
            said.victor = True
            self._ledger.revive(said)
        elif following and len(said.terms) <= len(found.old) + BARE:
            self._ledger.kill(said, "restated", None)

    # ---- bringing back -----------------------------------------------------------------------

    def bring_back(self, said: Statement, around: Surroundings) -> bool:
        """Bring back what fell with the change that *said* takes back; whether it does."""
        if not _may_undo(said):
            return False
        changes = self._changes(said)
        more = self._says_more(said)
        for place, new in enumerate(changes):
            fallen = self._ledger.felled(new.node)
            slot = new.topic | new.head | {t for old in fallen for t in old.topic | old.head}
            phrases = [phrase for old in fallen for phrase in self._phrases(old)]
            named = any(wants_again(said, phrase, new, slot) for phrase in phrases)
            if not named and (more or not goes_back(said, slot)):
                continue
            undone = changes[: place + 1]
            if not named and goes_far_back(said):
                undone = changes
            self._undo(said, undone, around)
            return True
        return False

    def _changes(self, said: Statement) -> list[Statement]:
        """What took another's place within reach and still stands, with the changes before it
        that it took the place of; newest first."""
        found: list[Statement] = []
        for new in self._ledger.back():
            if said.node - new.node > REACH:
                break
            if new.node < said.node and new.victor and not new.person:
                fellers = (said.node, *(other.node for other in found))
                standing = new.alive or any(new in self._ledger.felled(by) for by in fellers)
                fallen = self._ledger.felled(new.node)
                if standing and fallen and all(old.source is None for old in fallen):
                    found.append(new)
        return found

    def _undo(self, said: Statement, changes: Sequence[Statement], around: Surroundings) -> None:
        back = [old for new in changes for old in self._ledger.felled(new.node)]
        back = [old for old in back if old not in changes]
        dead, gone = [], []
        for new in changes:
            if new.alive:
                self._ledger.kill(new, "superseded", said.node)
                gone.append(new)
                dead += [
                    self._ledger.bury(new, value, said, said.at)
                    for value in _values(new, self._phrases(new))
                ]
        self._sweep(gone, dead, said.node, around)
        for old in back:
            self._ledger.restore(old)
        said.victor = True

    # ---- finding -----------------------------------------------------------------------------

    def _near(self, said: Statement) -> list[Statement]:
        """What the user said within reach that still counts."""
        found = []
        for old in self._ledger.back():
            if said.node - old.node > REACH:
                break
            plain = old.voice == "user" and not old.person and old.source is None
            if old.alive and plain and old.node < said.node:
                found.append(old)
        return found

    def _is_given_up(self, found: Rejection, old: Statement) -> bool:
        """Whether *old* says what is given up, and not only speaks of it.

        Where nothing comes instead, it has to be what was chosen.
        """
        words = list(found.old)
        if not within(words, old.terms) or old.head.issuperset(words):
            return False
        phrases = [list(phrase) for phrase in self._phrases(old)]
        if not found.text and not any(within(words, p) or within(p, words) for p in phrases):
            return False
        if ATTRIBUTES.union(GENERIC).issuperset(words):
            return False
        if Kind.IDENTIFIER in old.kinds and not old.named.isdisjoint(words):
            return False
        at = old.text.casefold().find(found.words.casefold())
        return at < 0 or _OF.search(old.text, 0, at) is None

    def _says_more(self, said: Statement) -> bool:
        """Whether the turn of *said* goes on to something else."""
        return any(
            other.values or foreign(other, frozenset())
            for other in self._ledger.known(said.node)
            if other.part > said.part
        )


def _may_undo(said: Statement) -> bool:
    """Whether *said* is plain talk of the user's, in earnest."""
    if said.person or said.source is not None or said.voice != "user":
        return False
    return not said.has(Cue.QUESTION, Cue.HYPOTHETICAL)


_OF = re.compile(r"\b(?:for|about|of|regarding|concerning|as to)\s+(?:the |our |my )?$", re.I)
"""What stands before what a statement is about."""


def _rejected(found: Rejection, old: Statement) -> list[Value]:
    """What of *old* dies with the words that are given up."""
    words = set(found.old)
    values = [v for v in old.values if v.kind not in (Kind.IDENTIFIER, Kind.CHOICE)]
    return (
        [Value(Kind.CHOICE, " ".join(found.old), 0, 0)]
        if not values
        else [v for v in values if words & set(v.normal.split()) or v.kind is not Kind.STATE]
    )


def _values(new: Statement, phrases: list[tuple[str, ...]]) -> list[Value]:
    """What dies with *new*."""
    typed = [value for value in new.values if value.kind is not Kind.IDENTIFIER]
    return [*typed, *(Value(Kind.CHOICE, " ".join(phrase), 0, 0) for phrase in phrases)]
