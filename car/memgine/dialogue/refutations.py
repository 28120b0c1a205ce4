"""Refutations: what a statement calls wrong without putting anything in its place.

"What Ann found isn't right", "we can rule out Ann's theory": the word of whoever is named falls.
"'Done by May 4' doesn't hold any more", "which kills the conclusion that …": what is given in
full falls.  "That's out of date", said after such words, means them.  Where something is put in
the place of what is wrong, it is left to ``quotations``.
"""

import re
from collections.abc import Iterable, Sequence

from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.ledger import Ledger
from car.memgine.dialogue.restatements import QUOTED_TERMS, quotes, within
from car.memgine.dialogue.rulings import Rulings
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.surroundings import Surroundings
from car.memgine.dialogue.values import Kind
from car.memgine.dialogue.vocabulary import terms

_VERDICT = re.compile(
    r"\b(?:wrong\w*|incorrect\w*|mistak\w+|mistook|err|erred|errors?|erroneous\w*|inaccurate\w*"
    r"|false\w*|untrue|unfounded|unsound|baseless|bogus|nonsense|rubbish|invalid\w*|flawed|faulty"
    r"|mis(?:diagnos|judg|read|understood|inform|led|taken|guided|placed|identif)\w*"
    r"|contrary|contradict\w*|refut\w+|disprov\w+|debunk\w*|rebut\w*"
    r"|(?:rul|throw|threw|toss)\w* (?:\w+ ){0,4}?out|red herring|disagree\w*|differ with"
    r"|(?:disput|den[yi]|reject|dismiss|discount|discard)\w*(?: [\w'’]+){0,4}? (?:findings?"
    r"|diagnos[ie]s|explanations?|theor(?:y|ies)|analys[ie]s|conclusions?|claims?|assessments?|view|version|account"
    r"|reading|hypothes[ie]s|guess|suspicion|what)"
    r"|off (?:the mark|base|here|track)|(?:also|too|way|quite|both|equally|all) off"
    r"|miss\w* the (?:mark|point)|missed (?:it|the)|barking up|out of the question"
    r"|(?:do|does|did|is|are|was|were|has|have|can|could|will|would)(?: not|n['’]?t|not)"
    r" (?:(?:really|quite|actually|even|longer|either) )?(?:hold|stand|apply|fit|add up|check out"
    r"|work out|explain|what|it|right|correct|true|so|the (?:case|cause|reason|problem|issue"
    r"|culprit)|how|as|accurate|borne|confirmed|valid|agree)\b(?! (?:on|for|off|until|by)\b)"
    r"|(?:no longer|never|not|neither) (?:what|it|right|correct|true|so|the case|how|as|accurate"
    r"|borne|confirmed|valid|holds?|stands?|applies|the (?:cause|reason|problem|issue|culprit)))\b",
    re.I,
)
"""What calls something wrong."""

_UNDOING = re.compile(
    r"\b(?:kill\w*|sink\w*|sank|undo\w*|undone|void\w*|moot|fall\w* (?:apart|through|flat|with it)"
    r"|f[ae]ll\w* (?:down|over)?|collaps\w*|crumbl\w*|undermin\w*|invalidat\w*|nullif\w+"
    r"|out of date|outdated|out-of-date|stale|obsolete|superseded|overtaken|off the table"
    r"|re-?(?:do\w*|done|work\w*|comput\w*|calculat\w*|figur\w*|consider\w*|run|plan\w*|think\w*"
    r"|visit\w*|assess\w*|evaluat\w*|check\w*)"
    r"|(?:not|n['’]t|cannot|never|stop|no longer|avoid)(?: be)?"
    r" (?:us(?:e|ed|ing)|rel(?:y|ied|ying)|trust\w*|count\w*|go(?:ing)? by|build\w*|valid)"
    r"|scrap\w*|discard\w*|drop\w*|forget|disregard\w*|ignor\w*|throw\w*|toss\w*|bin|strike"
    r"|unreliable|unusable|worthless|(?:do|done|work|works|worked|comput\w*|calculat\w*|figur\w*)"
    r" (?:\w+ ){0,2}?(?:again|afresh|anew|over|from scratch))\b",
    re.I,
)
"""What takes away what was said or concluded."""

_DENIED = re.compile(
    r"\b(?:not|nothing|never|hardly|isn['’]?t|wasn['’]?t)\s+(?:\w+\s+)?"
    r"(?:wrong|incorrect|mistaken|false|untrue|invalid|outdated|stale|obsolete)\b",
    re.I,
)
"""What is not wrong is right."""

_ANAPHOR = re.compile(r"\W*(?:and |but |so )?(?:that|this|it|which|those|these)\b", re.I)
LONGEST_ANAPHOR = 5
"""Terms of a statement that only judges what was said just before it."""

_PART = re.compile(r":\s|\n")
"""A name and what is said of it are not parted by one of these."""

_NEEDING = re.compile(r"\b(?:must|needs?|ha(?:ve|s) to|should|ought|let['’]?s)\b", re.I)
"""What makes a label of a judgement on what follows it: "we must redo this: …"."""

_SILENT = (Cue.QUESTION, Cue.HYPOTHETICAL)


LONGEST_LEAD = 2
"""Terms by which a conclusion may have been led in."""

SIMILAR = 6
"""How many facts are looked at for what a turn calls wrong."""

FACTS = 2
"""The layer of facts and conclusions."""


class Refutations:
    """Carries out in *ledger* what a turn calls wrong; what goes with it is left to *rulings*."""

    def __init__(self, ledger: Ledger, rulings: Rulings) -> None:
        self._ledger = ledger
        self._rulings = rulings

    def judge(self, said: Statement, found: Sequence[Statement], around: Surroundings) -> None:
        """What *said*, one of the statements *found* of its turn, calls wrong has not been said.

        Where it only gave the words of what falls, it falls as well.
        """
        if self._gives_what_lapsed(said, around):
            self._ledger.kill(said, "restated", None)
        if not refutes(said):
            return
        before = [*self._ledger.back(), *self._like(said, around)]
        beside = (other for other in reversed(found) if other.part < said.part)
        fallen = [old for old in refuted(said, before, beside) if old.alive]
        dead = []
        for old in fallen:
            self._ledger.kill(old, "superseded", said.node)
            if quotes(said, old):
                self._ledger.kill(said, "restated", None)
                dead += [
                    self._ledger.bury(old, value, None, said.at)
                    for value in old.values
                    if value.kind is not Kind.IDENTIFIER
                    and (value.kind, value.normal) not in said.later
                ]
        if fallen:
            self._rulings.sweep(fallen, dead, said.node, around)

    def _gives_what_lapsed(self, said: Statement, around: Surroundings) -> bool:
        """Whether *said* only says something of a conclusion whose ground has gone.

        Nobody needs to call it wrong for that.
        """
        if said.person or said.has(*_SILENT, Cue.REVERT):
            return False
        return any(
            not old.alive
            and old.voice == said.voice
            and _gives_most(said, old)
            and around.node(old.node).retirement == "invalidated"
            for old in self._ledger.back()
        )

    def _like(self, said: Statement, around: Surroundings) -> list[Statement]:
        """The statements of the facts most like *said*, rules aside."""
        return [
            old
            for node, _ in around.similar(said.text, SIMILAR)
            if node.layer == FACTS and not node.is_constraint
            for old in self._ledger.statements(node)
        ]


def refutes(new: Statement) -> bool:
    """Whether *new* calls anything wrong."""
    if new.has(*_SILENT) or new.person or _DENIED.search(new.text):
        return False
    return _judges(new.text)


def _judges(text: str) -> bool:
    return _VERDICT.search(text) is not None or _UNDOING.search(text) is not None


def refuted(
    new: Statement, before: Sequence[Statement], beside: Iterable[Statement]
) -> list[Statement]:
    """The statements of *before* that fall because *new* calls them, or their speaker, wrong.

    *beside* are those of the same turn that stand before *new*, the last one first.
    """
    if not refutes(new):
        return []
    found = _speakers_word(new, before) if _VERDICT.search(new.text) else []
    found += [old for old in before if old.alive and _only_gives(new, old)]
    if not found and _ANAPHOR.match(new.text) and len(new.terms) <= LONGEST_ANAPHOR:
        last = next(iter(beside), None)
        if last is not None:
            found = [old for old in before if old.node != new.node and quotes(last, old)]
    return found


def _only_gives(new: Statement, old: Statement) -> bool:
    """Whether *new* gives all of *old*, and no value besides."""
    if old.node == new.node or not quotes(new, old):
        return False
    lead = new.text[: new.core_at]
    if new.core == old.core and not (_judges(lead) and _NEEDING.search(lead)):
        return False
    mine = {(v.kind, v.normal) for v in new.values if v.kind is not Kind.CHOICE}
    return bool(old.values) and mine <= {(v.kind, v.normal) for v in old.values}


def _gives_most(new: Statement, old: Statement) -> bool:
    """Whether *new* gives *old* but perhaps for how it was led in, and no value besides."""
    if old.node == new.node or new.core == old.core:
        return False
    mine = {(v.kind, v.normal) for v in new.values if v.kind is not Kind.CHOICE}
    if not mine <= {(v.kind, v.normal) for v in old.values}:
        return False
    return any(
        len(old.core) - lead >= QUOTED_TERMS and within(old.core[lead:], new.terms)
        for lead in range(LONGEST_LEAD + 1)
    )


def _speakers_word(new: Statement, before: Sequence[Statement]) -> list[Statement]:
    """What those said whom *new* names by a word that no other speaker goes by."""
    spoken = [old for old in before if old.source is not None and old.node != new.node]
    names = {old.source.holder: frozenset(terms(old.source.holder)) for old in spoken if old.source}
    parts = (part for part in _PART.split(new.text) if _VERDICT.search(part))
    named = frozenset(term for part in parts for term in terms(part))
    mine = None if new.source is None else new.source.holder
    called = {
        holder
        for holder, words in names.items()
        if holder != mine and named & (words - _shared(holder, names))
    }
    heads = {old.node for old in spoken if old.source is not None and old.source.holder in called}
    return [
        old
        for old in before
        if old.node in heads and (old.source is None or old.source.holder in called)
    ]


def _shared(holder: str, names: dict[str, frozenset[str]]) -> frozenset[str]:
    """The words of a name that others go by as well."""
    return frozenset(word for other in names if other != holder for word in names[other])
