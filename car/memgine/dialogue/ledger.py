"""The ledger: the statements of the last turns, which of them still count, and what is dead.

Bounded working state of the reader, rebuilt from the graph's nodes after a load.  What kills
a statement is decided in ``rulings``; here is what that leaves of its node.
"""

from collections import OrderedDict, deque
from collections.abc import Sequence

import msgspec

from car.memgine.dialogue.askings import statements_of
from car.memgine.dialogue.consultations import Consultation
from car.memgine.dialogue.effects import Effect, Overrule, Retire, Revive, Show
from car.memgine.dialogue.precedence import attributed
from car.memgine.dialogue.restatements import (
    Dead,
    contains,
    dead_of,
    quotes,
    reinstated_by,
    repeats,
)
from car.memgine.dialogue.statements import ANALYSED, Statement, reword
from car.memgine.dialogue.surroundings import Surroundings
from car.memgine.dialogue.trimming import foremost
from car.memgine.dialogue.values import Kind, Value
from car.memgine.dialogue.vocabulary import terms
from car.memgine.nodes import Node, Retirement

TURNS = 200
"""Turns whose statements are at hand."""

OTHERS = 400
"""Facts, conclusions and signals that were taken apart and are kept so."""

DEAD_VALUES = 1_000
"""Dead values, and dead statements, that are remembered."""


class _Verdict(msgspec.Struct, frozen=True):
    why: Retirement
    by: int | None
    outranked: bool


class Ledger:
    """Statements by node, newest last, and what is dead."""

    def __init__(self) -> None:
        self._turns: OrderedDict[int, list[Statement]] = OrderedDict()
        self._others: OrderedDict[int, list[Statement]] = OrderedDict()
        self._dead: deque[Dead] = deque()
        self._by_value: dict[str, list[Dead]] = {}
        self._fallen: deque[Statement] = deque()
        self._by_term: dict[str, list[Statement]] = {}
        self._back: list[Statement] | None = None
        self._consultation = Consultation()
        self._verdicts: dict[int, _Verdict] = {}
        self._answers: OrderedDict[tuple[int, int], frozenset[str]] = OrderedDict()
        self._felled: OrderedDict[int, list[Statement]] = OrderedDict()

    # ---- statements ------------------------------------------------------------------------

    def statements(self, node: Node) -> list[Statement]:
        """The statements of *node*, taken apart once."""
        table, size = (self._turns, TURNS) if node.layer == 3 else (self._others, OTHERS)
        found = table.get(node.index)
        if found is None:
            found = table[node.index] = statements_of(node)
            if table is self._turns:
                self._back = None
                self._consultation.follow(node, found)
            if not node.live:
                for said in found:
                    said.alive = False
            if len(table) > size:
                table.popitem(last=False)
        return found

    def absorbed(self, node: Node, gone: Sequence[int]) -> None:
        """Forget the turns *gone* and take *node*, which took them in, apart anew."""
        self._back = None
        for index in gone:
            self._turns.pop(index, None)
        if node.index in self._turns:
            self._turns[node.index] = statements_of(node)

    def known(self, index: int) -> list[Statement]:
        """The statements of a node that is at hand; none of one that is not."""
        return self._turns.get(index) or self._others.get(index) or []

    def back(self) -> Sequence[Statement]:
        """The statements of the turns at hand, newest first."""
        if self._back is None:
            turns = reversed(self._turns.values())
            self._back = [said for found in turns for said in reversed(found)]
        return self._back

    def facts(self) -> list[Statement]:
        """The statements at hand of facts, conclusions and signals."""
        return [said for found in self._others.values() for said in found]

    def after(self, old: Statement) -> list[Statement]:
        """The statements of the turns at hand that follow *old*, oldest first."""
        found = []
        for said in self.back():
            if (said.node, said.part) <= (old.node, old.part):
                break
            found.append(said)
        found.reverse()
        return found

    # ---- what is dead ------------------------------------------------------------------------

    def bury(self, old: Statement, value: Value, new: Statement | None, at: float) -> Dead:
        """*value* of *old* is dead from *at* on, as *new* says."""
        dead = dead_of(old, value, new, at, self._answers.get((old.node, old.part), frozenset()))
        self._dead.append(dead)
        for key in dead.keys:
            self._by_value.setdefault(key, []).append(dead)
        if len(self._dead) > DEAD_VALUES:
            self._forget(self._dead.popleft())
        return dead

    def answered(self, said: Statement, echo: Statement) -> None:
        """Count the words of *echo*, which gave *said* back, among those of what it is about."""
        key = said.node, said.part
        self._answers[key] = self._answers.get(key, frozenset()) | echo.topic | echo.head
        if len(self._answers) > TURNS:
            self._answers.popitem(last=False)

    def revive(self, said: Statement) -> None:
        """What *said* asserts anew is dead no longer."""
        normals = {(value.kind, value.normal) for value in foremost(said)}
        back = [dead for dead in self._dead if (dead.kind, dead.normal) in normals]
        for dead in back:
            self._dead.remove(dead)
            self._forget(dead)

    def _forget(self, dead: Dead) -> None:
        for key in dead.keys:
            held = self._by_value[key]
            held.remove(dead)
            if not held:
                del self._by_value[key]

    def repeated(self, said: Statement) -> list[Dead]:
        """The dead values that *said* repeats, and has no power to bring back."""
        return [
            dead
            for dead in self._candidates(said)
            if repeats(said, dead) and not reinstated_by(said, dead)
        ]

    def only_repeats(self, said: Statement) -> bool:
        """Whether *said* states something dead."""
        return any(says(said, dead) for dead in self.repeated(said)) or bool(self.quoted(said))

    def names_dead_choice(self, said: Statement) -> bool:
        """Whether *said* names a choice that was given up."""
        return any(
            dead.kind is Kind.CHOICE and contains(said, dead) for dead in self._candidates(said)
        )

    def _candidates(self, said: Statement) -> list[Dead]:
        if not self._dead:
            return []
        keys = {value.normal for value in said.values} | set(said.terms)
        found = {id(dead): dead for key in keys for dead in self._by_value.get(key, ())}
        return list(found.values())

    def quoted(self, said: Statement) -> list[Statement]:
        """The dead statements whose text *said* has in it."""
        return [
            old
            for term in set(said.terms)
            for old in self._by_term.get(term, ())
            if quotes(said, old)
        ]

    def may_concern(self, text: str) -> bool:
        """Whether *text* has a word of something dead; cheap, and wrong only in saying yes."""
        if not self._dead and not self._fallen:
            return False
        return any(term in self._by_value or term in self._by_term for term in terms(text))

    # ---- killing -----------------------------------------------------------------------------

    def kill(
        self, said: Statement, why: Retirement, by: int | None, *, outranked: bool = False
    ) -> None:
        """*said* no longer counts; *outranked*: because of who said otherwise.

        A sentence of free talk that says other things as well stays.
        """
        if not said.alive or said.is_mixed:
            return
        self.lay(said)
        if by is not None and by != said.node:
            self._felled.setdefault(by, []).append(said)
            if len(self._felled) > TURNS:
                self._felled.popitem(last=False)
        known = self._verdicts.get(said.node)
        if known is None or known.why == "restated":
            self._verdicts[said.node] = _Verdict(why, by, outranked)

    def felled(self, by: int) -> Sequence[Statement]:
        """The statements of other nodes that the node *by* made fall."""
        return self._felled.get(by, ())

    def restore(self, said: Statement) -> None:
        """Let *said*, which has fallen, count again, and what it says with it."""
        said.alive, said.laid = True, False
        if said in self._fallen:
            self._fallen.remove(said)
            if said.core:
                self._unlist(said)
        for dead in [dead for dead in self._dead if dead.node == said.node]:
            self._dead.remove(dead)
            self._forget(dead)
        self.revive(said)
        self._verdicts[said.node] = _Verdict("restated", None, False)

    def lay(self, said: Statement) -> None:
        """Count *said* as dead without a verdict on its node."""
        said.alive = False
        if said.laid:
            return
        said.laid = True
        self._fallen.append(said)
        if said.core:
            self._by_term.setdefault(said.core[0], []).append(said)
        if len(self._fallen) > DEAD_VALUES:
            gone = self._fallen.popleft()
            if gone.core:
                self._unlist(gone)

    def _unlist(self, said: Statement) -> None:
        """No longer find *said* among the fallen by its first word."""
        held = self._by_term[said.core[0]]
        held.remove(said)
        if not held:
            del self._by_term[said.core[0]]

    def rewrite(self, said: Statement, text: str) -> None:
        """Show *said* as *text* from now on."""
        reword(said, text)
        self._verdicts.setdefault(said.node, _Verdict("restated", None, False))

    # ---- what is left ------------------------------------------------------------------------

    def settle(self, around: Surroundings) -> list[Effect]:
        """The effects of everything killed or rewritten since the last call.

        Nodes that are no longer in the graph are passed over.
        """
        verdicts, self._verdicts = self._verdicts, {}
        effects: list[Effect] = []
        for index, verdict in verdicts.items():
            found = self.known(index)
            left = [said for said in found if said.alive]
            if len(left) == len(found) or any(tells(said) for said in left):
                node = _present(index, around)
                if node is not None:
                    again = [] if node.retired_at is None else [Revive(index)]
                    effects += [*again, Show(index, shown(node, left))]
            elif verdict.outranked and verdict.by is not None:
                effects.append(Overrule(index, verdict.by))
            else:
                effects.append(Retire(index, verdict.by, verdict.why))
        return effects


def _present(index: int, around: Surroundings) -> Node | None:
    """The node under *index*, None where it has been removed."""
    try:
        return around.node(index)
    except KeyError:
        return None


def tells(said: Statement) -> bool:
    """Whether *said* has something to say by itself ("This is a go!" has not)."""
    return bool(said.topic or said.values)


def shown(node: Node, left: list[Statement]) -> str:
    """*node*'s text with only *left* of its statements, under its head ("[VP] Ann (VP): ")."""
    text = node.value[:ANALYSED]
    source = attributed(text)
    told = " ".join(said.text for said in left)
    return told if source is None else text[: source.start] + told + text[source.end :]


def says(said: Statement, dead: Dead) -> bool:
    """Whether *said* has the *dead* value outside brackets."""
    return dead.kind is Kind.CHOICE or any(
        value.kind is dead.kind and value.normal == dead.normal for value in foremost(said)
    )
