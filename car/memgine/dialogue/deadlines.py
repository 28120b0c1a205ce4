"""Deadlines: a plan that is put off, and what else was said to be due on the day given up.

"The audit costs us 2 days, so the launch is on Monday": the Friday it was due on before is gone,
also where it is only spoken of by its date ("we have to make Friday"), or where something was to
be added for it ("put the tour back in, for Friday").
"""

import re
from collections.abc import Iterable

from car.memgine.dialogue.ledger import Ledger
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.values import Kind, Value
from car.memgine.dialogue.vocabulary import ATTRIBUTES, GENERIC, terms

_DELAYING = re.compile(
    r"\b(?:add(?:s|ing|ed)?|cost(?:s|ing)?|need(?:s|ed)?|tak(?:e|es|ing)|requir\w+|mean(?:s|t)?"
    r"|entail\w*|more|extra|additional|further|longer|on top|delay\w*|slip\w*|later|another|lose"
    r"|lost)\b|\+",
    re.I,
)
_REPLANNING = re.compile(
    r"\b(?:(?:new|revised|amended|updated|changed|adjusted) (?:plan|dates?|schedule|timeline)"
    r"|re-?plan\w*|plan (?:as amended|is now|has changed)|now plan|so now|what we do now)\b",
    re.I,
)
_KEEPING = frozenset(
    terms(
        "hit meet met make made keep kept hold held fixed fix firm stand stands stick due need must"
        " still owe target goal mandatory binding negotiable slip miss cannot move moves stay stays"
        " remain remains regardless deadline date have got same on going give aim required"
    )
)
"""What is said of a day that has to be kept, and of nothing else."""

_CHANGING = re.compile(
    r"\b(?:add\w*|re-?add\w*|includ\w*|bring\w*|brought|put|reinstat\w*|restor\w*|return\w*|back"
    r"|again|remov\w*|drop\w*|tak(?:e|es|ing) (?:\w+ ){0,2}?(?:out|on)|leav\w*|keep\w*|restrict\w*"
    r"|reduc\w*|only|just|descop\w*|part of|in again)\b",
    re.I,
)
"""What puts something into a plan or takes it out."""

_BEFORE = (
    r"(?:(?:[,;:—–-]\s*)?(?:\b(?:by|for|on|until|due|before|to be there|there|milestone|of|the|this"
    r"|coming|next|planned|among the deliverables|is|part|list|plan)\s+)*)"
)
_AFTER = r"(?:\s+(?:list|milestone|plan|deadline|target|release))?"
_CLAUSE = r"(?:since|as|because|given that|so that|which|that)\b[^,.;]*?"


def _puts_off(said: Statement, beside: Iterable[Statement]) -> bool:
    """Whether *said* gives the day of a plan anew; *beside* are the others of its turn."""
    if Kind.WHEN not in said.kinds or said.source is None:
        return False
    if _REPLANNING.search(said.text):
        return True
    near = (one for one in beside if 0 <= said.part - one.part <= 1)
    return any(_lasts(one) and _DELAYING.search(one.text) for one in near)


def _lasts(said: Statement) -> bool:
    """Whether *said* gives a length of time, if only as how long it is until some day."""
    return Kind.SPAN in said.kinds or any(day.counted for day in said.of(Kind.WHEN))


class Deadlines:
    """Carries out in *ledger* what a plan that was put off leaves of what was due."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def put_off(self, new: Statement) -> bool:
        """What was due on a day that the maker of the plan gave before, and gives no more.

        Answers whether *new* puts a plan off: it gives a day that nobody had named.
        """
        beside = self._ledger.known(new.node)
        if not _puts_off(new, beside):
            return False
        before = [
            said
            for said in [*self._ledger.back(), *self._ledger.facts()]
            if said.node < new.node and said.voice in ("user", "fact") and Kind.WHEN in said.kinds
        ]
        named = {day.normal for said in before for day in said.of(Kind.WHEN)}
        if all(day.normal in named or day.counted for day in new.of(Kind.WHEN)):
            return False
        renewed = {day.normal for said in beside for day in said.of(Kind.WHEN)}
        given_up = {
            day.normal
            for said in before
            if said.source is not None and _holder(said) == _holder(new) and _shares(said, new)
            for day in said.of(Kind.WHEN)
            if day.normal not in renewed and not day.counted
        }
        for said in before:
            day = next((one for one in said.of(Kind.WHEN) if one.normal in given_up), None)
            if day is not None and said.alive:
                self._release(said, day, new)
        return True

    def _release(self, said: Statement, day: Value, new: Statement) -> None:
        text = _without(said.text, day) if _CHANGING.search(said.text) else None
        if said.topic | said.head <= _KEEPING | ATTRIBUTES | GENERIC:
            self._ledger.kill(said, "superseded", new.node)
        elif text is not None and Kind.WHEN not in {v.kind for v in said.values if v is not day}:
            self._ledger.rewrite(said, text)
        elif _shares(said, new) and (
            _holder(said) in ("", _holder(new)) or _CONSENTING.search(said.text)
        ):
            self._ledger.kill(said, "superseded", new.node)


def _holder(said: Statement) -> str:
    return "" if said.source is None or said.voice == "fact" else said.source.holder


def _shares(said: Statement, new: Statement) -> bool:
    """Whether both name one thing."""
    return not GENERIC.issuperset(set(said.terms) & set(new.terms))


_CONSENTING = re.compile(
    r"\b(?:accept\w*|ok|okay|fine|agree\w*|live with|take|will do|alright|all right|good|yes|then"
    r"|may|granted|very well)\b",
    re.I,
)
"""With what somebody consents to a plan that another has made."""


def _without(text: str, day: Value) -> str | None:
    """*text* without what it says of *day*; None where that is not set off."""
    written = re.escape(text[day.start : day.end])
    for pattern in (
        rf"^\W*{_CLAUSE}\b{written}\b[^,.;]*,\s*",
        rf"[,\s]+{_CLAUSE}\b{written}\b[^,.;]*",
        rf"\s*{_BEFORE}\b{written}\b{_AFTER}",
    ):
        cut = re.search(pattern, text, re.I)
        if cut is not None and terms(text[: cut.start()] + text[cut.end() :]):
            left = f"{text[: cut.start()]} {text[cut.end() :]}"
            return re.sub(r"\s+([.,;!?])", r"\1", re.sub(r"\s{2,}", " ", left)).strip(" ,;")
    return None
