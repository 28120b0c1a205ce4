"""Detours: from where a turn leaves the main thread to where a later one takes it up again.

It follows the turns that are in earnest.  The words of leaving and returning stand in
``interruptions``.
"""

import re
from collections.abc import Sequence

from car.memgine.authority import PEER
from car.memgine.dialogue import interruptions
from car.memgine.dialogue.clauses import sentences
from car.memgine.dialogue.effects import Digress, Effect
from car.memgine.dialogue.ledger import Ledger
from car.memgine.dialogue.statements import ANALYSED, Statement
from car.memgine.dialogue.values import Kind
from car.memgine.dialogue.vocabulary import stems
from car.memgine.nodes import Node

HOME_WORDS = 2
"""Stems of the main thread in a turn of a detour that show it to be back."""

WORDS_KEPT = 2_000
"""Stems of the main thread, and of detours, that are remembered for a query."""

_TYPED = frozenset({Kind.MONEY, Kind.PERCENT, Kind.COUNT, Kind.WHEN, Kind.SPAN})


class Detours:
    """Follows the interruptions of one conversation."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._detour: list[int] | None = None
        self._begun = False
        """Whether anything was said in this session that may be broken off."""
        self._opening = ""
        """The words with which the open detour began."""
        self._named = False
        """Whether the open detour began with no more than the name of its topic."""
        self._doubtful: list[int] | None = None
        """The turns of the last detour and since, where its end did not say what to go back to."""
        self._main: dict[str, None] = {}
        self._aside: dict[str, None] = {}

    def begin(self) -> None:
        """Another session begins: nothing is open."""
        self._begun = False
        self._detour = self._doubtful = None

    def asked(self, query: str) -> bool:
        """Whether *query* is about a detour rather than about the main thread."""
        words = stems((sentences(query.rpartition(": ")[2]) or [""])[-1])
        aside = sum(word in self._aside and word not in self._main for word in words)
        return aside > sum(word in self._main and word not in self._aside for word in words)

    def absorbed(self, gone: Sequence[int]) -> None:
        """The turns *gone* were taken in by others: they are in no detour any more."""
        if self._detour is not None:
            self._detour = [index for index in self._detour if index not in gone]
        if self._doubtful is not None:
            self._doubtful = [index for index in self._doubtful if index not in gone]

    def follow(self, node: Node, found: list[Statement]) -> list[Effect]:
        """Note where a detour begins; at its end name the turns that were in it."""
        if not found or found[0].voice != "user":
            self._detour = _longer(self._detour, node.index)
            self._doubtful = _longer(self._doubtful, node.index)
            return []
        if self._detour is not None:
            if self._comes_back(node, found):
                return self._return(node, found, self._detour)
            self._go_on(node, found)
            return []
        if self._doubtful is not None and self._is_back(node, found):
            return self._return(node, found, self._doubtful)
        if self._begun and _breaks_off(found) and not self._stays(found):
            self._detour, self._doubtful = [node.index], None
            self._opening, self._named = _told(found), _names_another(found)
            return []
        _note(self._main, stems(node.value[:ANALYSED]))
        self._begun = True
        self._doubtful = _longer(self._doubtful, node.index)
        return []

    def _comes_back(self, node: Node, found: list[Statement]) -> bool:
        """Whether a turn within a detour takes up what was left."""
        return (
            any(interruptions.returns(said.text) for said in found)
            or self._names_again(node, found)
            or any(map(self._takes_up, found))
        )

    def _is_back(self, node: Node, found: list[Statement]) -> bool:
        """Whether a turn after a doubtful return is the real one."""
        return self._names_again(node, found) or any(
            interruptions.returns(said.text) or self._is_done(said) or _resumes(said)
            for said in found
        )

    def _go_on(self, node: Node, found: list[Statement]) -> None:
        """The open detour goes on, unless it only begins here."""
        if not self._named and self._interrupts(found):
            self._detour, self._opening, self._named = [node.index], _told(found), True
        else:
            self._detour = _longer(self._detour, node.index)

    def _names_again(self, node: Node, found: list[Statement]) -> bool:
        """Whether a turn within a detour does no more than name a topic: the one left."""
        if found[0].person or _ranks(found[0]) or is_valued(found):
            return False
        if interruptions.leaves(found[0].text):
            return False
        if interruptions.excuses(node.value[:ANALYSED]):
            return len(stems(_told(found))) <= interruptions.BROADEST
        return interruptions.turns_back(_told(found), self._opening)

    def _interrupts(self, found: Sequence[Statement]) -> bool:
        """Whether a turn breaks off in so many words what was only taken for a detour."""
        text = found[0].text[: interruptions.LONGEST_RETURN]
        return interruptions.leaves(text) and _names_another(found)

    def _stays(self, found: Sequence[Statement]) -> bool:
        """Whether a turn that sounds like leaving goes on about the main thread."""
        topic = {term for said in found for term in said.topic}
        known = [term for term in topic if term in self._main]
        return len(known) >= HOME_WORDS and 3 * len(known) >= len(topic)

    def _takes_up(self, said: Statement) -> bool:
        """Whether *said* may take up what was left: it is brief, or in words of the topic."""
        if said.person or interruptions.is_filler(said.text):
            return False
        valued = not said.kinds.isdisjoint(_TYPED)
        if self._is_at_home(said, valued=valued):
            return True
        return self._is_done(said) or _resumes(said)

    def _is_at_home(self, said: Statement, *, valued: bool) -> bool:
        """Whether *said* is in words of the main thread, and in none of the detour's own."""
        known = [term for term in said.topic if term in self._main]
        if not known or not self._apart(said):
            return False
        if len(known) >= HOME_WORDS and 2 * len(known) >= len(said.topic):
            return True
        brief = not valued and len(said.terms) <= interruptions.BROADEST
        return brief and len(said.topic) - len(known) <= 1

    def _apart(self, said: Statement) -> bool:
        """Whether *said* has no word that came up in the open detour only."""
        theirs = {
            term
            for index in self._detour or ()
            for other in self._ledger.known(index)
            for term in other.topic
        }
        return not any(term in theirs and term not in self._main for term in said.topic)

    def _is_done(self, said: Statement) -> bool:
        """Whether *said* says that what the open detour began with is over and done with."""
        if not said.kinds.isdisjoint(_TYPED) or not interruptions.completes(said.text):
            return False
        return not said.topic.isdisjoint(stems(self._opening))

    def _return(self, node: Node, found: list[Statement], turns: list[int]) -> list[Effect]:
        """The detour made up of *turns* is over, for certain if what goes on is named."""
        plain = [said.text for said in found if interruptions.returns(said.text)]
        known = any(word in self._main for text in plain for word in stems(text))
        self._detour = None
        self._doubtful = None if known or found[0].person else _longer(turns, node.index)
        for said in found:
            said.returning = True
        for index in turns:
            for said in self._ledger.known(index):
                _note(self._aside, stems(said.text))
        _note(self._main, stems(node.value[:ANALYSED]))
        return [Digress(index) for index in turns]


def is_valued(found: Sequence[Statement]) -> bool:
    """Whether *found* bring a value; a quarter may be part of a name, a minute is a moment."""
    return any(
        value.kind in _TYPED
        and value.unit not in _IDLE_UNITS
        and not _IDLE.match(value.counted or value.normal)
        for said in found
        for value in said.values
    )


_IDLE = re.compile(r"q\d|\d+ (?:sec|min)$")
_IDLE_UNITS = frozenset(
    ("moment", "tick", "jiffy", "thing", "word", "question", "point", "matter", "topic", "item")
)
"""What is counted without a value: "one moment", "one more thing"."""


def _resumes(said: Statement) -> bool:
    """Whether *said*, said in an open detour, may take up what was left."""
    valued = not said.kinds.isdisjoint(_TYPED)
    return interruptions.resumes(said.text, len(said.terms), valued=valued)


def _breaks_off(found: Sequence[Statement]) -> bool:
    """Whether a turn leaves the topic at hand for another."""
    if _names_another(found):
        return True
    if is_valued(found) or any(_LAYING_DOWN.search(said.text) for said in found):
        return False
    first, *rest = (said.text[: interruptions.LONGEST_RETURN] for said in found)
    if interruptions.leaves(first):
        return True
    return interruptions.names(first) and any(map(interruptions.leaves, rest))


_LAYING_DOWN = re.compile(
    r"\b(?:requirements?|obligatory|compulsory|mandatory|regulations?|polic(?:y|ies))\b", re.I
)
"""What is laid down concerns the topic at hand, even where all are told to pause for it."""


def _names_another(found: Sequence[Statement]) -> bool:
    """Whether a turn does no more than break off and name another topic."""
    if found[0].person or _ranks(found[0]) or is_valued(found):
        return False
    return interruptions.turns_to_another(_told(found))


def _ranks(said: Statement) -> bool:
    """Whether *said* is in the name of somebody above a peer."""
    return said.source is not None and said.source.rank > PEER


def _told(found: Sequence[Statement]) -> str:
    return " ".join(said.text for said in found)[: interruptions.LONGEST_RETURN]


def _longer(turns: list[int] | None, index: int) -> list[int] | None:
    """*turns* with one more; None where there are none, or too many for an interruption."""
    if turns is None or len(turns) >= interruptions.LONGEST:
        return None
    return [*turns, index]


def _note(words: dict[str, None], new: frozenset[str]) -> None:
    """Add *new* to *words*, the oldest of which are forgotten."""
    for word in sorted(new):
        words.pop(word, None)
        words[word] = None
    while len(words) > WORDS_KEPT:
        del words[next(iter(words))]
