"""The course of a talk: which stretch a turn belongs to, in earnest or not.

It follows the turns one by one.  Interruptions are left to ``detours``, and what a turn in
earnest does to others to ``rulings``.
"""

import re
from collections.abc import Sequence

from car.memgine.dialogue import scopes
from car.memgine.dialogue.breakouts import breaks_out
from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.detours import Detours, is_valued
from car.memgine.dialogue.effects import Effect, Place, Show
from car.memgine.dialogue.labels import labelled
from car.memgine.dialogue.ledger import Ledger, shown, tells
from car.memgine.dialogue.statements import ANALYSED, Statement
from car.memgine.dialogue.values import Kind
from car.memgine.dialogue.voices import expounds, voice_of
from car.memgine.nodes import Node

QUESTION = "question"
"""The setting of a turn that only asks: no evidence of anything."""

BREAKOUT = "breakout"
"""The setting of a turn that tries to talk its listener out of its role."""

SETTINGS_KEPT = 100
"""Scopes that are remembered by name."""


class Course:
    """Follows one conversation."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._session = 0
        self._scope: str | None = None
        self._scope_turns = 0
        self._scope_words: frozenset[str] = frozenset()
        self._detours = Detours(ledger)
        self.settings: dict[str, None] = {}
        """The scopes that turns were placed in so far, the last ones of them."""

    def follow(self, node: Node, found: list[Statement]) -> list[Effect]:
        """Take in the next turn; what it means for itself and for the detour it may end."""
        voice, text = voice_of(node), node.value[:ANALYSED]
        label = labelled(text, working_set=voice == "context")
        if label is not None:
            return self.place(node.index, label)
        if voice != "assistant" and breaks_out(text):
            return self.place(node.index, BREAKOUT)
        if node.session != self._session:
            self._session, self._scope = node.session, None
            self._detours.begin()
        if expounds(node):
            return self._pass_over(node) + self._detours.follow(node, found)
        if self._scope is not None:
            return self._within(self._scope, node, found)
        casual = bool(found) and bool(found[0].person)
        kind = None if casual or _states(found) else scopes.concludes(text)
        if kind is not None:
            return self._conclude(node, kind)
        name = scopes.opens(text, casual=casual, valued=is_valued(found))
        if name is not None:
            self._scope, self._scope_turns = name, 0
            self._scope_words = scopes.words_of(text)
            return self.place(node.index, name)
        return self._detours.follow(node, found) + self._set_aside(node, found)

    def _conclude(self, node: Node, kind: str) -> list[Effect]:
        """Put aside the stretch that *node* ends, where what opened it was not plain."""
        turns: dict[int, list[str]] = {}
        for said in self._ledger.back():
            if said.node < node.index:
                turns.setdefault(said.node, []).append(said.text)
                if len(turns) > scopes.LONGEST:
                    break
        first = next(
            (one for one, told in turns.items() if kind in " ".join(told).casefold()), None
        )
        gone = [one for one in turns if first is not None and one >= first]
        return [effect for one in (*gone, node.index) for effect in self.place(one, kind)]

    def asks_aside(self, query: str) -> bool:
        """Whether *query* is about a detour rather than about the main thread."""
        return self._detours.asked(query)

    def note_setting(self, setting: str) -> None:
        """Remember that turns were placed in *setting*."""
        self.settings.pop(setting, None)
        self.settings[setting] = None
        while len(self.settings) > SETTINGS_KEPT:
            del self.settings[next(iter(self.settings))]

    def absorbed(self, gone: Sequence[int]) -> None:
        """The turns *gone* were taken in by others: they are in no detour any more."""
        self._detours.absorbed(gone)

    # ---- scopes ------------------------------------------------------------------------------

    def place(self, node: int, setting: str) -> list[Effect]:
        """What was said in *node* is only for who asks for *setting*."""
        self.note_setting(setting)
        for said in self._ledger.known(node):
            said.alive = False
        return [Place(node, setting)]

    def _pass_over(self, node: Node) -> list[Effect]:
        """An explanation at length is within the open scope, and neither opens nor closes one."""
        if self._scope is None:
            return []
        self._scope_turns += 1
        return self.place(node.index, self._scope)

    def _within(self, scope: str, node: Node, found: list[Statement]) -> list[Effect]:
        self._scope_turns += 1
        text = node.value[:ANALYSED]
        if self._leaves_scope(text, found):
            self._scope = None
            left = [said for said in found if tells(said) and not self._is_closing(said)]
            if any(said.values for said in left):
                return self._keep(node, found, left)
        elif self._scope_turns >= scopes.LONGEST:
            self._scope = None
        return self.place(node.index, scope)

    def _is_closing(self, said: Statement) -> bool:
        """Whether *said* ends the open scope, and does no more."""
        if scopes.closes(said.text) or _only_leaves([said]):
            return True
        return scopes.ends(said.text, self._scope_words) and not is_valued([said])

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
        return self.place(node.index, next(iter(asides.values())))

    def _keep(self, node: Node, found: Sequence[Statement], left: list[Statement]) -> list[Effect]:
        for said in found:
            said.alive = said in left
        return [Show(node.index, shown(node, left))]


_STATED = frozenset({Kind.MONEY, Kind.PERCENT, Kind.COUNT, Kind.SPAN})


def _states(found: Sequence[Statement]) -> bool:
    """Whether *found* bring a value other than a day: "for today" is none."""
    return any(not said.kinds.isdisjoint(_STATED) for said in found)


def _is_final(said: Statement) -> bool:
    """Whether *said* settles something in earnest, so that no play goes on."""
    settled = said.has(Cue.FINAL) and not said.has(Cue.TENTATIVE, Cue.HYPOTHETICAL, Cue.QUESTION)
    return settled and said.voice == "user" and scopes.is_earnest(said.text)


def _only_leaves(found: Sequence[Statement]) -> bool:
    """Whether *found* bring no value and do no more than leave a scope."""
    valued = is_valued(found)
    text = " ".join(said.text for said in found)
    return scopes.leaves(text, sum(len(said.terms) for said in found), valued=valued)


_STANDING = re.compile(
    r"^\W*(?:please\s+)?(?:always|never|from now on|in future|every time|each time|whenever)\b"
    r"|\b(?:when(?:ever)?|every time|each time|if) (?:i|we) (?:ask|mention|want|request)\b",
    re.I,
)
"""What makes an order one for good."""


def _aside(said: Statement) -> str | None:
    """The setting of a statement that is not in earnest by itself; None of one that is.

    Where somebody talks freely a long question tells what it asks about as well, and an order
    for good is no question.
    """
    if said.has(Cue.QUESTION) and said.voice == "user":
        told = (said.is_mixed and said.values) or _STANDING.search(said.text)
        return None if told else QUESTION
    if said.has(Cue.HYPOTHETICAL):
        return "what-if"
    return scopes.is_aside(said.text)
