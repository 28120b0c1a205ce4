"""Cores: what of a clause others would repeat, without what only introduces it.

"Notice is given as follows: it was decided: the launch is on May 4" is about the launch.
"""

import re

from car.memgine.dialogue.vocabulary import terms

_LEAD = re.compile(
    r"^\s*(?:->|=>|→)\s*|^\W*(?:[^:.!?]{1,60}:\s|[\w', ]{1,30}\s[-–—]>?\s"
    r"|[^:.!?]{1,60}?,\s+(?=(?-i:[A-Z][a-z]+\s+[a-z]))"
    r"|(?:so|therefore|thus|hence|consequently|accordingly|as a result|in that case|that being so"
    r"|(?:that|this|which) (?:means|gives us|leaves))\b[\s,:]*(?:that\b)?)",
    re.I,
)
LEAST_TERMS = 3
"""Terms that have to be left after a second lead for that to be one."""


def core_of(text: str) -> tuple[list[str], int]:
    """The terms of *text* after its leads, and where they begin; none where it has no lead."""
    begin, found = 0, list[str]()
    while (lead := _LEAD.match(text[begin:])) is not None:
        rest = terms(text[begin + lead.end() :])
        if not rest or (found and len(rest) < LEAST_TERMS):
            break
        begin, found = begin + lead.end(), rest
    return found, begin
