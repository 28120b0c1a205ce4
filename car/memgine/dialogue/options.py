"""Options: what was offered at which price, which of it was taken, and who goes back to the rest.

"Aurora $8k, Borealis $6k" offers two; "let's go with Borealis" takes one.  A later look back at
what Aurora would have cost is no part of what holds: it is for whoever asks about Aurora.
"""

import re
from collections.abc import Sequence

from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.statements import Statement
from car.memgine.dialogue.values import Kind, values_in
from car.memgine.dialogue.vocabulary import terms

MOST = 12
"""Options of one list."""

BRIEF = 4
"""Terms of a statement that takes an option by naming it and its price: "Borealis, $6k"."""

_CHOOSING = re.compile(
    r"\b(?:tak(?:e|es|ing)|took|choos\w*|cho(?:se|sen|ice)|pick\w*|select\w*|go(?:es)?|going|it is"
    r"|order\w*|accept\w*|settl\w*|award\w*|decid\w*|opt\w*|buy|sign\w*|done|approv\w*"
    r"|authori[sz]\w*|gets?|yes|agree\w*)\b",
    re.I,
)
_ASKED = re.compile(r"\b(?:wants?|wanted|asks?|asked|costs?|charg\w+|quot\w+|offer\w*)\b", re.I)
_SETTING = "option "
_OPEN = (Cue.QUESTION, Cue.TENTATIVE, Cue.CANCEL, Cue.HYPOTHETICAL)
_DENYING = re.compile(r"\b(?:not|no|cannot|never|wait|hold|until|pending)\b|n['’]t\b", re.I)
_TAKING = (Cue.DECISION, Cue.FINAL, Cue.OVERRIDE, Cue.REVERT)


class Options:
    """The last list of options, and the one of them that was taken."""

    def __init__(self) -> None:
        self._prices: dict[str, str] = {}
        self._taken: str | None = None
        self._lists: list[int] = []

    def follow(self, node: int, found: Sequence[Statement]) -> dict[int, str]:
        """Take in the statements *found* of *node*; the nodes that are only for those who ask
        about what was passed over, each with its setting.
        """
        if any(said.voice == "assistant" or said.person for said in found):
            return {}
        names = {name for said in found for name in self._named(said)}
        listed = _listed(found)
        if listed and not names:
            self._prices, self._taken, self._lists = listed, None, [node]
            return {}
        if listed and listed.keys() <= self._prices.keys():
            self._lists.append(node)
        taken = [name for name in names if self._takes(found, name)]
        prices = {value.normal for said in found for value in said.of(Kind.MONEY)}
        for name in names.difference(taken, {self._taken}):
            if self._taken and self._prices[name] in prices:
                return {node: self._setting()}
        if len(taken) == 1:
            self._taken = taken[0]
            return dict.fromkeys(self._lists, self._setting())
        return {}

    def may_concern(self, text: str) -> bool:
        """Whether *text* has the name of an option; the cheap question, asked of every fact."""
        return bool(self._prices) and not self._prices.keys().isdisjoint(terms(text))

    def _setting(self) -> str:
        return _SETTING + " ".join(name for name in self._prices if name != self._taken)

    def _named(self, said: Statement) -> set[str]:
        return self._prices.keys() & set(said.terms)

    def _takes(self, found: Sequence[Statement], name: str) -> bool:
        """Whether one of *found* chooses *name*, and no other, or gives a new price for it."""
        for said in found:
            if self._named(said) != {name} or said.has(*_OPEN) or _DENYING.search(said.text):
                continue
            prices = {value.normal for value in said.of(Kind.MONEY)}
            if said.has(*_TAKING) or (prices and said.has(Cue.COMMIT)):
                return True
            anew = (self._prices[name] in prices) != (self._taken is not None)
            brief = len(said.terms) <= BRIEF and not _ASKED.search(said.text)
            if prices and anew and (brief or _CHOOSING.search(said.text)):
                return True
        return False


def asked(query: str, settings: Sequence[str]) -> frozenset[str]:
    """Which of *settings* are of options that *query* names, or asks for all together."""
    words = frozenset(terms(query))
    every = not _COMPARING.isdisjoint(words)
    return frozenset(
        one
        for one in settings
        if one.startswith(_SETTING)
        and (every or not words.isdisjoint(one.removeprefix(_SETTING).split()))
    )


_COMPARING = frozenset(
    terms(
        "quote quotation offer option alternative bid compare comparison candidate other proposal"
        " considered passed rejected"
    )
)
"""What asks for all that there was to choose from."""


def _listed(found: Sequence[Statement]) -> dict[str, str]:
    """The names that *found* give, each with the amount next to it; empty where they list none."""
    if not 1 < sum(len(said.of(Kind.MONEY)) for said in found) <= MOST:
        return {}
    text = " ".join(said.text for said in found)
    if _OFFERED.search(text) is None:
        return {}
    prices = [value for value in values_in(text, found[0].at) if value.kind is Kind.MONEY]
    after = [_FOLLOWING.match(text, price.end) for price in prices]
    named = [match["name"] for match in after if match is not None]
    if len(named) < len(prices):
        begins = [0, *(price.end for price in prices)]
        before = (
            _NAME.findall(text, begin, price.start)
            for begin, price in zip(begins, prices, strict=False)
        )
        named = [names[-1] for names in before if names]
    told = [stems[0] for name in named if (stems := terms(name))]
    if len(set(told)) != len(prices):
        return {}
    return {name: price.normal for name, price in zip(told, prices, strict=True)}


_OFFERED = re.compile(
    r"\b(?:quot\w*|offer\w*|bids?|bidd\w+|propos\w*|options?|vendors?|suppliers?|candidates?"
    r"|alternatives?|estimates?|tenders?|prices?|priced|asks?|asking)\b",
    re.I,
)
"""What shows amounts to be what several ask, rather than what was spent on each."""

_FOLLOWING = re.compile(
    r"(?:\s+(?:for|from|by|with|at|to|is|was)\s+(?:the )?|\s*\((?:for |from |by )?)"
    r"(?P<name>[A-Z]\w+)"
)
_NAME = re.compile(r"\b[A-Z]\w+")
