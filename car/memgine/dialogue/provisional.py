"""What is so for now: of two choices in one breath, the one that the next change is about.

"I've settled on the north site. Weekly visits will do at present." - "Make that monthly." Who
calls one of two choices provisional leaves the other alone, whatever is changed next without
being named.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from car.memgine.dialogue.topics import add_choice
from car.memgine.dialogue.values import Kind

if TYPE_CHECKING:
    from car.memgine.dialogue.statements import Statement

LONGEST = 10
"""Terms up to which a statement that is called provisional is one choice."""

_PROVISIONAL = re.compile(
    r"\b(?:for (?:now|the (?:moment|present|time being)|the start|starters)"
    r"|at (?:present|first|the (?:moment|outset)|this (?:stage|point|time|moment))"
    r"|(?:right|just) now|currently|presently|initially|meanwhile|in the meantime"
    r"|to (?:start|begin) with|as a start|as (?:things|matters|it) (?:are|stands?|is)(?= |\W|$)"
    r"|as of (?:now|today)|until (?:further notice|something|then|later)|temporarily"
    r"|provisionally|tentatively|these days)\b",
    re.IGNORECASE,
)
_LIKED = re.compile(
    r"^\W*(?:(?:and|but|so|as)\b\W*)*"
    r"(?:(?:i|we|my|our|me|us|the)\b['’\w]*\W+(?:(?:am|are|is|'d|would|do|will|can|shall|have|be"
    r"|like|love|want|take|rather|happy|fine|good|ok|okay|content|go|stay|stick|live|option|choice"
    r"|inclination|pick|preference|favou?rite|with|to|for|at|on|it|that)\b\W*)*|(?:put|give|make)"
    r" (?:me|us|it)\b\W*(?:down\b\W*)?(?:for\b\W*)?)?",
    re.IGNORECASE,
)
_COMMITTED = re.compile(
    r"\b(?:commit(?:ted|ments?)?|pledg(?:e|ed)|promis(?:e|ed)|sworn|swore|(?:my|our|gave|given"
    r"|keep) word"
    r"|obligations?|obliged|bound (?:to|by)|stand by|signed up|owe[sd]?|duty|guarantee[ds]?|vow"
    r"(?:ed)?)\b",
    re.IGNORECASE,
)
"""With what somebody binds themselves: a mere change of liking leaves it alone."""

_JOINT = re.compile(r"\s+[-–—]\s+|,?\s+(?:and|but|while|whereas|though|although)\s+|[,;]\s+")
_ASSERTS = re.compile(
    r"\b(?:i|we|my|our|is|are|am|has|have|stands?|goes|went)\b|['’](?:m|ve|re|s)\b", re.IGNORECASE
)
_PRAISE = re.compile(
    r"\W*\b(?:(?:is|are|will|would|shall|can|'s)\b|(?:suits?|works?|fits?|does|do)\b).*$",
    re.IGNORECASE,
)


def apart(clause: str) -> list[str]:
    """*clause*, or its two halves where it joins what is firm to what is so for now."""
    if _PROVISIONAL.search(clause) is None:
        return [clause]
    for joint in _JOINT.finditer(clause):
        halves = [clause[: joint.start()], clause[joint.end() :]]
        marked = [half for half in halves if _PROVISIONAL.search(half)]
        if (
            len(marked) == 1
            and len(marked[0].split()) <= LONGEST
            and all(half is marked[0] or _ASSERTS.search(half) for half in halves)
        ):
            return halves
    return [clause]


def keep_firm(found: "Sequence[Statement]") -> None:
    """Mark commitments, and the choices beside a provisional one, as firm.

    What is provisional is a choice then.
    *found* are the statements of one turn, in order.
    """
    for said in found:
        if _COMMITTED.search(said.text) and not _PROVISIONAL.search(said.text):
            said.firm = True
    for said in found:
        mark = _PROVISIONAL.search(said.text)
        if mark is None or len(said.terms) > LONGEST or _is_typed(said, mark):
            continue
        firm = [
            one for one in found if one.firm or (one.chosen and not _PROVISIONAL.search(one.text))
        ]
        if not firm or not (said.chosen or _choose(said, mark)):
            continue
        for one in firm:
            one.firm = True


def _is_typed(said: "Statement", mark: "re.Match[str]") -> bool:
    """Whether *said* has values other than choices, its *mark* aside."""
    return any(
        value.kind is not Kind.CHOICE and not mark.start() <= value.start < mark.end()
        for value in said.values
    )


def _choose(said: "Statement", mark: "re.Match[str]") -> bool:
    """Make what *said* calls provisional its choice, if it names anything."""
    before, after = said.text[: mark.start()].strip(" ,;:-–—"), said.text[mark.end() :]
    rest = before or after.strip(" ,;:-–—.!")
    rest = _PRAISE.sub("", rest[_end_of_liking(rest) :]).strip(" ,;:-–—.!")
    if not rest:
        return False
    said.choice_terms = add_choice(said.text, said.values, rest)
    said.chosen = bool(said.choice_terms)
    said.kinds = frozenset(value.kind for value in said.values)
    said.foremost = None
    return said.chosen


def _end_of_liking(text: str) -> int:
    found = _LIKED.match(text)
    return found.end() if found else 0
