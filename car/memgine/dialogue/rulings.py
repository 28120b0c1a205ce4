"""Rulings: one statement held against all that was said before it.

What it corrects, cancels or disowns falls; what repeats a value that fell, or was concluded
from it, falls with it; and a statement that only brings a dead value back falls itself.
"""

import re
from collections.abc import Iterable

from car.memgine.dialogue.aftermath import Aftermath
from car.memgine.dialogue.amendments import Amendments
from car.memgine.dialogue.cancellations import follows_up, revokes, takes_back
from car.memgine.dialogue.conflicts import revises
from car.memgine.dialogue.corrections import claims, is_open, overruled, replaces, rivals
from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.cuts import Cuts
from car.memgine.dialogue.deadlines import Deadlines
from car.memgine.dialogue.drafts import drafted
from car.memgine.dialogue.hearing import Hearing
from car.memgine.dialogue.ledger import Ledger
from car.memgine.dialogue.restatements import Dead, agrees
from car.memgine.dialogue.settlements import Settlements
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.surroundings import Surroundings
from car.memgine.dialogue.trimming import mended_text
from car.memgine.dialogue.undoings import Undoings
from car.memgine.dialogue.values import Kind, Value
from car.memgine.dialogue.weighing import Weighing, outranks

BRIEF = 3
"""Terms up to which a statement is looked up together with the one before it."""

OPEN_REACH = 12
"""How many turns back a correction without a subject of its own looks for what it answers."""

_WAS = re.compile(r"\b(?:was|were|had been)\b", re.I)
_REFERRING = re.compile(r"\b(?:it|that|this)\b", re.I)

Replaced = tuple[Statement, list[Value]]


class Rulings:
    """Judges statements; what falls is killed in *ledger*."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._settlements = Settlements()
        self._weighing = Weighing(ledger)
        self._aftermath = Aftermath(ledger, self._settlements)
        self.sweep = self._aftermath.sweep
        self._deadlines = Deadlines(ledger)
        self.trim = Cuts(ledger).trim
        self._amendments = Amendments(ledger, self.sweep, self.trim)
        self._hearing = Hearing(ledger, self._settlements)
        self.overhear = self._hearing.overhear
        self._undoings = Undoings(ledger, self.sweep, self._settlements.phrases)

    def judge(self, said: Statement, around: Surroundings) -> None:
        """Read one statement that has just been made."""
        ledger = self._ledger
        if said.voice == "assistant":
            if ledger.repeated(said) or ledger.quoted(said):
                ledger.kill(said, "restated", None)
            else:
                self._grant(said, self._hearing.listen(said), around)
            return
        if said.voice == "user":
            self._drop_drafts(said, around)
            if self._undoings.bring_back(said, around):
                return
        back = self._settlements.reinstates(said)
        if (
            said.voice == "user"
            and not back
            and self._amendments.carry_out(said, self._before(said, around), around)
        ):
            return
        if self._undoings.give_up(said, around):
            return
        settles = said.has(Cue.CORRECTION, Cue.DECISION) and not said.has(Cue.CONCLUSION)
        settles = settles or back or takes_back(said) or revises(said)
        if not settles and ledger.quoted(said):
            ledger.kill(said, "restated", None)
            self._aftermath.drop_urging(said, None)
            return
        if said.has(Cue.REVERT) and not said.returning:
            said.known = ledger.names_dead_choice(said)
        if self._weighing.is_attributed(said):
            before = self._before(said, around)
            self._weighing.identify(said, before)
            self._weighing.weigh(said, before)
        self.revoke(said, around)
        if said.alive:
            self._correct(said, around)

    def _grant(self, echo: Statement, granted: bool, around: Surroundings) -> None:
        """Let what an assistant grants, as it was asked to, take the place of what stood."""
        replaced = self._settlements.replaced(echo) if granted else None
        if replaced is None:
            return
        old, values = replaced
        self._ledger.kill(old, "superseded", echo.node)
        echo.victor = True
        dead = [self._ledger.bury(old, value, echo, echo.at) for value in values]
        self.sweep([old], dead, echo.node, around)

    def _correct(self, said: Statement, around: Surroundings) -> None:
        ledger = self._ledger
        if said.source is not None and self._deadlines.put_off(said):
            said.cues |= {Cue.CORRECTION}
        replaced = self._replace(said, around)
        if not said.alive:
            return
        if not replaced and not said.victor and ledger.only_repeats(said):
            ledger.kill(said, "restated", None)
            return
        if replaced:
            said.victor = True
            ledger.revive(said)
            replaced += self._between(said, replaced)
            replaced += self._settlements.given_back(said, replaced)
            dead = [ledger.bury(old, value, said, said.at) for old, vs in replaced for value in vs]
            self.sweep([old for old, _ in replaced], dead, said.node, around)
        self.trim(said)

    def _drop_drafts(self, said: Statement, around: Surroundings) -> None:
        """What was drafted just before *said* settled something is dead, wherever it stands."""
        if not said.has(Cue.FINAL, Cue.DECISION, Cue.OVERRIDE) or said.has(Cue.QUESTION):
            return
        for draft, phrase in drafted(said, self._ledger.back()):
            self._ledger.lay(draft)
            value = Value(Kind.CHOICE, " ".join(phrase), 0, 0)
            dead = self._ledger.bury(draft, value, None, said.at)
            self.sweep([draft], [dead], said.node, around)

    def _between(self, said: Statement, replaced: list[Replaced]) -> list[Replaced]:
        """The steps of a story told in one turn between its beginning and *said*, its end."""
        first = min((old.part for old, _ in replaced if old.node == said.node), default=said.part)
        found: list[Replaced] = []
        if said.source is not None:
            return found
        for step in self._ledger.known(said.node):
            if first < step.part < said.part and step.alive and not step.has(Cue.QUESTION):
                dead = [v for v in rivals(said, step) if v.kind not in (Kind.CHOICE, Kind.STATE)]
                if dead:
                    self._ledger.kill(step, "superseded", said.node)
                    found.append((step, dead))
        return found

    def declare_past(self, found: list[Statement], around: Surroundings) -> None:
        """What a turn names as the old value, beside a new one, is dead wherever it stands."""
        new = next((said for said in reversed(found) if said.alive and claims(said) >= 1), None)
        for said in found:
            if new is None or said is new:
                continue
            if not said.has(Cue.PAST) and (said.source or not _WAS.search(said.text)):
                continue
            values = rivals(new, said)
            if values:
                new.victor = True
                dead = [self._ledger.bury(said, value, new, new.at) for value in values]
                self._ledger.kill(said, "superseded", new.node)
                self.sweep([said], dead, new.node, around)

    # ---- replacing ---------------------------------------------------------------------------

    def _replace(self, said: Statement, around: Surroundings) -> list[Replaced]:
        """Kill what *said* takes the place of; or *said* itself, where a higher source stands.

        An assistant's echo is only looked at where nothing else was said.
        """
        if claims(said) < 0 and not self._settlements.replaced(said):
            return []
        replaced = self._answer(said, self._before(said, around))
        if said.alive and said.voice == "user" and not said.person:
            settled = self._settlements.replaced(said)
            if settled is not None:
                self._take_place(said, *settled)
                replaced.append(settled)
        if said.alive and not replaced:
            echoes = [old for old in self._ledger.back() if old.alive and old.voice == "assistant"]
            replaced = self._answer(said, echoes)
        return replaced

    def _answer(self, said: Statement, before: Iterable[Statement]) -> list[Replaced]:
        replaced: list[Replaced] = []
        turns, last = 0, -1
        company = [other.terms for other in self._ledger.known(said.node)]
        for old in before:
            if old.node != last:
                last, turns = old.node, turns + 1
            if said.kinds.isdisjoint(old.kinds) and not _timed(said, old):
                continue
            if old.node != said.node and old.terms in company:
                continue
            if is_open(said) and (replaced or turns > OPEN_REACH) and old.voice != "fact":
                continue
            if overruled(said, old):
                self._ledger.kill(said, "superseded", old.node, outranked=True)
                for value in said.values:
                    self._ledger.bury(said, value, old, said.at)
                return replaced
            dead = replaces(said, old)
            if agrees(said, old) and all(value.kind is Kind.CHOICE for value in dead):
                continue
            if dead and self._weighing.is_backed(old, said):
                continue
            if dead:
                self._take_place(said, old, dead)
                replaced.append((old, dead))
        return replaced

    def _take_place(self, said: Statement, old: Statement, dead: list[Value]) -> None:
        if is_open(said) or _REFERRING.search(said.text):
            said.topic |= old.topic
            said.head |= old.head
        mended = mended_text(said, old, dead)
        if mended is not None:
            self._ledger.rewrite(old, mended)
            return
        self._ledger.kill(old, "superseded", said.node, outranked=outranks(said, old))
        for later in self._ledger.known(old.node):
            if later.part > old.part and later.has(Cue.CONCLUSION) and later.node != said.node:
                self._ledger.kill(later, "invalidated", said.node)

    def _before(self, said: Statement, around: Surroundings) -> list[Statement]:
        """What was said before, newest first, then the facts and signals most like it."""
        found = [
            old
            for old in self._ledger.back()
            if old.alive
            and old.voice not in ("assistant", "fact", "signal")
            and (old.node < said.node or (old.node == said.node and old.part < said.part))
        ]
        return found + self._aftermath.like(self._full(said), said.node, around, said)

    def _full(self, said: Statement) -> str:
        """*said* with the statement before it, where it says little by itself: "it is off"."""
        if len(said.terms) > BRIEF:
            return said.text
        beside = (one for one in self._ledger.known(said.node) if one.part == said.part - 1)
        return " ".join([*(one.text for one in beside), said.text])

    # ---- taking back -------------------------------------------------------------------------

    def revoke(self, said: Statement, around: Surroundings, *, facts: bool = True) -> None:
        """Kill the approvals and plans that *said* takes back, with the details beside them."""
        if not takes_back(said):
            return
        fallen: list[Statement] = []
        dead: list[Dead] = []
        kept = {(value.kind, value.normal) for value in said.values}
        for old in self._before(said, around):
            if not old.alive or (old.voice == "fact" and not facts):
                continue
            if old.node == said.node and not follows_up(said, old):
                continue
            if not revokes(said, old):
                continue
            dead += [
                self._ledger.bury(old, value, said, said.at)
                for value in old.values
                if value.kind is not Kind.IDENTIFIER and (value.kind, value.normal) not in kept
            ]
            for other in self._ledger.known(old.node):
                if other.node == said.node and other is not old:
                    continue
                if other.part >= old.part or not other.topic - old.topic:
                    self._ledger.kill(other, "superseded", said.node)
                    fallen.append(other)
        if fallen:
            said.victor = True
            self._ledger.revive(said)
            self.sweep(fallen, dead, said.node, around)


def _timed(new: Statement, old: Statement) -> bool:
    """Whether a date may stand against a span."""
    return not (_TIME.isdisjoint(new.kinds) or _TIME.isdisjoint(old.kinds))


_TIME = frozenset({Kind.WHEN, Kind.SPAN})
