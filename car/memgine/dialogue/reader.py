"""The reader: what each turn, fact or signal does to what was said before it.

It takes a node apart into statements, keeps the last ones in a ledger, and answers effects;
it changes no node itself.  The rules stand beside it, one family a module.
"""

import re
from collections.abc import Sequence

import msgspec

from car.memgine.authority import required_rank
from car.memgine.dialogue import scopes
from car.memgine.dialogue.cancellations import revokes
from car.memgine.dialogue.corrections import replaces, rivals
from car.memgine.dialogue.course import QUESTION, Course
from car.memgine.dialogue.effects import Effect, Place, Restrict, Retire
from car.memgine.dialogue.ledger import Ledger
from car.memgine.dialogue.options import Options, asked
from car.memgine.dialogue.precedence import source_of
from car.memgine.dialogue.quotations import buries
from car.memgine.dialogue.refutations import Refutations
from car.memgine.dialogue.restatements import Dead
from car.memgine.dialogue.rulings import Rulings
from car.memgine.dialogue.slots import overlap
from car.memgine.dialogue.statements import ANALYSED, UNREAD, Statement
from car.memgine.dialogue.surroundings import Surroundings
from car.memgine.dialogue.tombstones import declares_itself_dead, is_obituary
from car.memgine.dialogue.trimming import foremost
from car.memgine.dialogue.values import Kind
from car.memgine.dialogue.vocabulary import spaced, stems
from car.memgine.nodes import FACT_KINDS, TURN_KINDS, Node

SIGNALS_SEEN = 100
"""How many of the last nodes are looked through for the signal that a new one replaces."""


class Asking(msgspec.Struct, frozen=True):
    """What a query is after, beyond its words."""

    settings: frozenset[str] = frozenset()
    """The scopes to be shown for it; turns of other scopes stay out."""
    history: bool = False
    """Whether it asks for what held before."""
    digression: bool = False
    """Whether it asks about an interruption rather than the main thread."""


class DialogueReader:
    """Reads state from dialogue for one memory."""

    def __init__(self) -> None:
        self._ledger = Ledger()
        self._course = Course(self._ledger)
        self._rulings = Rulings(self._ledger)
        self._refutations = Refutations(self._ledger, self._rulings)
        self._options = Options()

    def read(self, node: Node, around: Surroundings) -> list[Effect]:
        """What *node*, which has just come in, does; effects on itself included."""
        if node.kind in TURN_KINDS:
            return self._read_turn(node, around)
        if node.kind == "environment":
            return self._read_signal(node, around)
        if node.kind in FACT_KINDS or node.kind == "conclusion":
            return self._read_fact(node, around)
        return []

    def at_query(self, query: str) -> Asking:
        """Which settings, history or detour *query* asks for."""
        return Asking(
            settings=scopes.asked(query, frozenset(self._course.settings))
            | asked(query, list(self._course.settings)),
            history=_HISTORY.search(query) is not None,
            digression=self._course.asks_aside(query),
        )

    # ---- what came in ------------------------------------------------------------------------

    def _read_turn(self, node: Node, around: Surroundings) -> list[Effect]:
        found = self._ledger.statements(node)
        effects = [*_restrictions(node), *self._course.follow(node, found)]
        placed = {effect.setting for effect in effects if isinstance(effect, Place)}
        if placed - {QUESTION}:
            return effects
        passed, mine = self._pass_over(node, found)
        if mine:
            return [*_restrictions(node), *passed]
        if placed:
            return effects
        effects += passed
        for said in found:
            if said.alive and said.topic is not UNREAD:
                self._refutations.judge(said, found, around)
            if said.alive and said.topic is not UNREAD:
                self._rulings.judge(said, around)
        self._rulings.declare_past(found, around)
        for said in found:
            if said.alive and said.victor:
                self._rulings.trim(said)
        return effects + self._ledger.settle(around)

    def _pass_over(self, node: Node, found: Sequence[Statement]) -> tuple[list[Effect], bool]:
        """Put aside what is only for those who ask about an option that was not taken.

        Second: whether that is *node* itself.
        """
        aside = self._options.follow(node.index, found)
        effects: list[Effect] = []
        for index, setting in aside.items():
            effects += self._course.place(index, setting)
        return effects, node.index in aside

    def _read_fact(self, node: Node, around: Surroundings) -> list[Effect]:
        """A fact is taken at its word; it only falls if it was dead when it was written."""
        effects = _restrictions(node)
        if not node.live:
            return effects
        if declares_itself_dead(node.value):
            return [*effects, Retire(node.index, None, "invalidated")]
        attributed = source_of(node.value[:ANALYSED])[0] is not None
        told = self._ledger.may_concern(node.value) or self._options.may_concern(node.value)
        if not attributed and not told:
            return effects
        passed, mine = self._pass_over(node, self._ledger.statements(node))
        effects += passed
        if mine:
            return effects
        if self._is_obituary(node):
            return [*effects, Retire(node.index, None, "invalidated")]
        for said in self._ledger.statements(node):
            if attributed and said.source is not None:
                self._rulings.judge(said, around)
            elif self._late(said):
                self._ledger.kill(said, "restated", None)
            else:
                self._rulings.trim(said)
        return effects + self._ledger.settle(around)

    def _is_obituary(self, node: Node) -> bool:
        told = self._ledger.statements(node)
        quoted = [old for said in told for old in self._ledger.quoted(said)]
        return is_obituary(node, told, quoted)

    def _is_buried(self, node: Node, by: Node) -> bool:
        """Whether the fact *by* takes the place of *node* only to say that it no longer holds."""
        return buries(by.value, node.value, by.created_at) or self._is_obituary(by)

    def _late(self, said: Statement) -> bool:
        """Whether what *said* states had been replaced when it was stated.

        Of one instant, a fact that came in later and states a value again, after another
        fact took its place, is in time.
        """
        if said.victor:
            return False
        return any(
            said.at < dead.at or (said.at == dead.at and not _states_again(said, dead))
            for dead in self._ledger.repeated(said)
        ) or any(
            said.at < old.at or (said.at == old.at and said.core != old.core)
            for old in self._ledger.quoted(said)
        )

    def _read_signal(self, node: Node, around: Surroundings) -> list[Effect]:
        """The newest signal on a subject stands, whatever key the older one came under."""
        older = [
            old
            for other in around.recent(SIGNALS_SEEN)
            if other.kind == "environment" and other.live and other.index != node.index
            for old in self._ledger.statements(other)
        ]
        for said in self._ledger.statements(node):
            for old in older:
                values = replaces(said, old) if old.alive else []
                if values:
                    dead = [self._ledger.bury(old, value, said, said.at) for value in values]
                    self._ledger.kill(old, "replaced", node.index)
                    self._rulings.sweep([old], dead, node.index, around)
        return self._ledger.settle(around)

    # ---- what fell elsewhere -----------------------------------------------------------------

    def retired(self, node: Node, by: Node | None, around: Surroundings) -> list[Effect]:
        """What falls with *node*, which *by* replaced (None: it was taken back)."""
        found = self._ledger.statements(node)
        new = [] if by is None else self._ledger.statements(by)
        if by is not None and not _answers(node, by, found, new):
            return []
        if by is not None and by.kind in FACT_KINDS and self._is_buried(node, by):
            for said in new:
                self._ledger.kill(said, "invalidated", None)
        dead = self._bury(node, by)
        for said in new:
            self._rulings.revoke(said, around, facts=False)
        if by is None:
            self._rulings.sweep(found, dead, None, around)
        else:
            self._rulings.sweep(found, dead, by.index, around, until=by.created_at)
        return [effect for effect in self._ledger.settle(around) if effect.node != node.index]

    def _bury(self, node: Node, by: Node | None) -> list[Dead]:
        """Count all that *node* said as dead, but for what *by* says again."""
        new = [] if by is None else self._ledger.statements(by)
        kept = {(value.kind, value.normal) for said in new for value in foremost(said)}
        at = node.created_at if by is None else by.created_at
        dead = []
        for old in self._ledger.statements(node):
            if old.laid:
                continue
            self._ledger.lay(old)
            dead += [
                self._ledger.bury(old, value, new[0] if new else None, at)
                for value in old.values
                if value.kind is not Kind.IDENTIFIER and (value.kind, value.normal) not in kept
            ]
        if by is not None and not declares_itself_dead(by.value):
            for said in new:
                said.victor = True
        return dead

    def absorbed(self, node: Node, gone: Sequence[int]) -> None:
        """Turn *node* now says what the turns *gone*, which are no more, said with it."""
        self._ledger.absorbed(node, gone)
        self._course.absorbed(gone)

    # ---- after a load ------------------------------------------------------------------------

    def resume(self, nodes: Sequence[Node]) -> None:
        """Rebuild the working state from *nodes*, oldest first."""
        by_index = {node.index: node for node in nodes}
        for node in nodes:
            if node.kind in TURN_KINDS:
                found = self._ledger.statements(node)
                self._course.follow(node, found)
                self._options.follow(node.index, found)
                self._rulings.overhear(found)
            if node.setting is not None:
                self._course.note_setting(node.setting)
        for node in nodes:
            by = node.superseded_by if node.overruled_by is None else node.overruled_by
            above = None if by is None else by_index.get(by)
            if node.overruled_by is not None or node.retirement in _REPLACED:
                self._bury(node, above)
            elif not node.live:
                for said in self._ledger.statements(node):
                    self._ledger.lay(said)
            elif node.shown is not None:
                self._recall_shown(node, node.shown)

    def _recall_shown(self, node: Node, text: str) -> None:
        """What of a node is no longer shown is dead."""
        for said in self._ledger.statements(node):
            if said.alive and said.text not in text:
                self._ledger.lay(said)
                for value in said.values:
                    if value.kind is not Kind.IDENTIFIER:
                        self._ledger.bury(said, value, None, node.created_at)


_REPLACED = frozenset({"superseded", "replaced", "retracted"})
_HISTORY = re.compile(
    r"\b(?:was the (?:old|original|previous|first|former|initial)|originally|previously|used to"
    r"|before (?:the|that|it|we)|history|what changed|earlier (?:value|version|plan)|at first"
    r"|did (?:we|it) (?:change|move)|formerly)\b",
    re.I,
)


def _states_again(said: Statement, dead: Dead) -> bool:
    return not dead.told and dead.keys.issuperset(said.terms)


def _restrictions(node: Node) -> list[Effect]:
    asked = required_rank(node.value)
    return [Restrict(node.index, asked)] if asked > node.min_authority else []


def _answers(node: Node, by: Node, found: list[Statement], new: list[Statement]) -> bool:
    """Whether *by* speaks of what *node* speaks of; a bare supersession may join strangers."""
    if node.kind == "environment" or _key_stems(node) & _key_stems(by):
        return True
    return any(
        (overlap(one, other) and rivals(one, other)) or revokes(one, other)
        for one in new
        for other in found
    )


_NUMBERED = re.compile(r"[\W_]\d+$")


def _key_stems(node: Node) -> frozenset[str]:
    """What a key names; one that only numbers its facts (``note_3``) names nothing."""
    if _NUMBERED.search(node.key):
        return frozenset()
    return frozenset(stem for stem in stems(spaced(node.key)) if stem.isalpha())
