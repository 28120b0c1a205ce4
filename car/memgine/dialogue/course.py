"""The course of a talk: which stretch a turn belongs to, in earnest or not, main thread or detour.

It follows the turns one by one.  What a turn in earnest does to others is left to ``rulings``.
"""

import re
from collections.abc import Sequence

from car.memgine.authority import PEER
from car.memgine.dialogue import interruptions, scopes
from car.memgine.dialogue.cues import Cue, breaks_out
from car.memgine.dialogue.effects import Digress, Effect, Place, Show
from car.memgine.dialogue.ledger import Ledger, shown, tells
from car.memgine.dialogue.statements import ANALYSED, Statement, voice_of
from car.memgine.dialogue.values import Kind
from car.memgine.dialogue.vocabulary import stems
from car.memgine.nodes import Node

QUESTION = "question"
"""The setting of a turn that only asks: no evidence of anything."""

BREAKOUT = "breakout"
"""The setting of a turn that tries to talk its listener out of its role."""

SETTINGS_KEPT = 100
"""Scopes that are remembered by name."""

HOME_WORDS = 2
"""Stems of the main thread in a turn of a detour that show it to be back."""

_TYPED = frozenset({Kind.MONEY, Kind.PERCENT, Kind.COUNT, Kind.WHEN, Kind.SPAN})

WORDS_KEPT = 2_000
"""Stems of the main thread, and of detours, that are remembered for a query."""


class Course:
    """Follows one conversation."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._session = 0
        self._scope: str | None = None
        self._scope_turns = 0
        self._scope_words: frozenset[str] = frozenset()
        self._detour: list[int] | None = None
        self._begun = False
        """Whether anything was said in this session that may be broken off."""
        self._opening = ""
        """The words with which the open detour began."""
        self._named = False
        """Whether the open detour began with no more than the name of its topic."""
        self._doubtful: list[int] | None = None
        """The turns of the last detour and since, where its end was none in so many words."""
        self._main: dict[str, None] = {}
        self._aside: dict[str, None] = {}
        self.settings: dict[str, None] = {}
        """The scopes that turns were placed in so far, the last ones of them."""

    def follow(self, node: Node, found: list[Statement]) -> list[Effect]:
        """Take in the next turn; what it means for itself and for the detour it may end."""
        voice, text = voice_of(node), node.value[:ANALYSED]
        label = scopes.labelled(text, working_set=voice == "context")
        if label is not None:
            return self._place(node, label)
        if voice != "assistant" and breaks_out(text):
            return self._place(node, BREAKOUT)
        if node.session != self._session:
            self._session, self._scope, self._begun = node.session, None, False
            self._detour = self._doubtful = None
        if self._scope is not None:
            return self._within(self._scope, node, found)
        casual = bool(found) and bool(found[0].person)
        name = scopes.opens(text, casual=casual, valued=_valued(found))
        if name is not None:
            self._scope, self._scope_turns = name, 0
            self._scope_words = scopes.words_of(text)
            return self._place(node, name)
        return self._wander(node, found) + self._set_aside(node, found)

    def asks_aside(self, query: str) -> bool:
        """Whether *query* is about a detour rather than about the main thread."""
        words = stems(query.rpartition(": ")[2])
        aside = sum(word in self._aside and word not in self._main for word in words)
        return aside > sum(word in self._main and word not in self._aside for word in words)

    def note_setting(self, setting: str) -> None:
        """Remember that turns were placed in *setting*."""
        self.settings.pop(setting, None)
        self.settings[setting] = None
        while len(self.settings) > SETTINGS_KEPT:
            del self.settings[next(iter(self.settings))]

    def absorbed(self, gone: Sequence[int]) -> None:
        """The turns *gone* were taken in by others: they are in no detour any more."""
        if self._detour is not None:
            self._detour = [index for index in self._detour if index not in gone]
        if self._doubtful is not None:
            self._doubtful = [index for index in self._doubtful if index not in gone]

    # ---- scopes ------------------------------------------------------------------------------

    def _place(self, node: Node, setting: str) -> list[Effect]:
        self.note_setting(setting)
        for said in self._ledger.known(node.index):
            said.alive = False
        return [Place(node.index, setting)]

    def _within(self, scope: str, node: Node, found: list[Statement]) -> list[Effect]:
        self._scope_turns += 1
        text = node.value[:ANALYSED]
        if self._leaves_scope(text, found):
            self._scope = None
            left = [
                said
                for said in found
                if tells(said) and not scopes.closes(said.text) and not _only_leaves([said])
            ]
            if any(said.values for said in left):
                return self._keep(node, found, left)
        elif self._scope_turns >= scopes.LONGEST:
            self._scope = None
        return self._place(node, scope)

    def _leaves_scope(self, text: str, found: list[Statement]) -> bool:
        if scopes.closes(text) or scopes.ends(text, self._scope_words) or _only_leaves(found):
            return True
        return any(map(_is_final, found))

    def _set_aside(self, node: Node, found: list[Statement]) -> list[Effect]:
        """Leave out what of a turn only asks or supposes."""
        asides = {said.part: name for said in found if (name := _aside(said)) is not None}
        if not asides:
            return []
        left = [said for said in found if said.part not in asides]
        if any(tells(said) for said in left):
            return self._keep(node, found, left)
        return self._place(node, next(iter(asides.values())))

    def _keep(self, node: Node, found: Sequence[Statement], left: list[Statement]) -> list[Effect]:
        for said in found:
            said.alive = said in left
        return [Show(node.index, shown(node, left))]

    # ---- detours -----------------------------------------------------------------------------

    def _wander(self, node: Node, found: list[Statement]) -> list[Effect]:
        """Note where a detour begins; at its end name the turns that were in it."""
        from_user = bool(found) and found[0].voice == "user"
        plainly = from_user and any(interruptions.returns(said.text) for said in found)
        if self._detour is None:
            again = plainly or (from_user and self._names_again(found))
            if again and self._doubtful is not None:
                return self._return(node, found, self._doubtful)
            if from_user and self._begun and _breaks_off(found) and not self._stays(found):
                self._detour, self._doubtful = [node.index], None
                self._opening, self._named = _told(found), _names_another(found)
                return []
            _note(self._main, stems(node.value[:ANALYSED]))
            self._begun = True
            self._doubtful = _longer(self._doubtful, node.index)
            return []
        if plainly:
            return self._return(node, found, self._detour)
        if from_user and (self._names_again(found) or any(map(self._comes_back, found))):
            doubtful = [*self._detour, node.index]
            effects = self._return(node, found, self._detour)
            self._doubtful = doubtful
            return effects
        if from_user and not self._named and self._interrupts(found):
            self._detour, self._opening, self._named = [node.index], _told(found), True
        else:
            self._detour = _longer(self._detour, node.index)
        return []

    def _names_again(self, found: list[Statement]) -> bool:
        """Whether a turn within a detour does no more than name a topic: the one left."""
        if found[0].person or _ranks(found[0]) or _valued(found):
            return False
        if interruptions.leaves(found[0].text):
            return False
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

    def _comes_back(self, said: Statement) -> bool:
        """Whether *said* may take up what was left: it is brief, or in words of the topic."""
        if said.person or interruptions.is_filler(said.text):
            return False
        known = [term for term in said.topic if term in self._main]
        if len(known) >= HOME_WORDS and 2 * len(known) >= len(said.topic):
            return True
        valued = not said.kinds.isdisjoint(_TYPED)
        brief = not valued and len(said.terms) <= interruptions.BROADEST
        if brief and known and len(said.topic) - len(known) <= 1:
            return True
        if not valued and self._is_done(said):
            return True
        return interruptions.resumes(said.text, len(said.terms), valued=valued)

    def _is_done(self, said: Statement) -> bool:
        """Whether *said* says that what the open detour began with is over and done with."""
        if not interruptions.completes(said.text):
            return False
        return not said.topic.isdisjoint(stems(self._opening))

    def _return(self, node: Node, found: list[Statement], turns: Sequence[int]) -> list[Effect]:
        self._detour = self._doubtful = None
        for said in found:
            said.returning = True
        for index in turns:
            for said in self._ledger.known(index):
                _note(self._aside, stems(said.text))
        _note(self._main, stems(node.value[:ANALYSED]))
        return [Digress(index) for index in turns]


def _breaks_off(found: Sequence[Statement]) -> bool:
    """Whether a turn leaves the topic at hand for another."""
    text = found[0].text[: interruptions.LONGEST_RETURN]
    return (interruptions.leaves(text) and not _valued(found)) or _names_another(found)


def _valued(found: Sequence[Statement]) -> bool:
    """Whether *found* bring a value; a quarter may be part of a name, a minute is a moment."""
    return any(
        value.kind in _TYPED and _IDLE.match(value.normal) is None
        for said in found
        for value in said.values
    )


_IDLE = re.compile(r"q\d|\d+ (?:sec|min)$")


def _names_another(found: Sequence[Statement]) -> bool:
    """Whether a turn does no more than break off and name another topic."""
    if found[0].person or _ranks(found[0]) or _valued(found):
        return False
    return interruptions.turns_to_another(_told(found))


def _ranks(said: Statement) -> bool:
    """Whether *said* is in the name of somebody above a peer."""
    return said.source is not None and said.source.rank > PEER


def _told(found: Sequence[Statement]) -> str:
    return " ".join(said.text for said in found)[: interruptions.LONGEST_RETURN]


def _is_final(said: Statement) -> bool:
    """Whether *said* settles something in earnest, so that no play goes on."""
    settled = said.has(Cue.FINAL) and not said.has(Cue.TENTATIVE, Cue.HYPOTHETICAL, Cue.QUESTION)
    return settled and said.voice == "user" and scopes.is_earnest(said.text)


def _only_leaves(found: Sequence[Statement]) -> bool:
    """Whether *found* bring no value and do no more than leave a scope."""
    valued = _valued(found)
    text = " ".join(said.text for said in found)
    return scopes.leaves(text, sum(len(said.terms) for said in found), valued=valued)


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


def _aside(said: Statement) -> str | None:
    """The setting of a statement that is not in earnest by itself; None of one that is."""
    if said.has(Cue.QUESTION) and said.voice == "user":
        return QUESTION
    if said.has(Cue.HYPOTHETICAL):
        return "what-if"
    return scopes.is_aside(said.text)
