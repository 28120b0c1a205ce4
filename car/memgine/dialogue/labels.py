"""Labels: what a line says of itself that it was noted within, and holds for no further.

"[scope: draft] …", "Said during the rehearsal: …", and for a working-set line whatever stands
apart at either end and bounds what it holds for.  What the scopes are is left to ``scopes``.
"""

import re

from car.memgine.dialogue.scopes import KINDS

_LABEL = re.compile(
    r"^\W*(?:[\[(<{]\s*(?:scope|context|mode|setting|env(?:ironment)?|session)\s*[:=]"
    r"\s*(?P<name>[^\])>}]{2,60})[\])>}]|scope\s+(?!(?:creep|change|reduction|expansion"
    r"|extension|increase"
    r"|cut|of|for|in|is|was|has|will)\b)(?P<plain>[^:\n]{2,40}):)",
    re.I,
)
_HEAD = re.compile(r"^\s*[\[(<{]\s*(?P<name>[^\])>}]{2,60})[\])>}]")
_SEGMENT = re.compile(
    r"\s*(?:[\[\](){}<>|#^~*]|:(?=\s)|[.?!]\s|,\s(?=but\b|and\b|though\b)|\s[—–-]+\s|--+)+\s*"
)
"""What parts the words that say within what a line is good from the line itself."""

_BOUNDED = re.compile(
    rf"\b(?:{KINDS}|scope[ds]?|session|only|solely|merely|within|confined|limited|restricted"
    r"|nowhere|elsewhere|anywhere else|nothing else|prejudice|outside|inside|beyond|provisional"
    r"(?:ly)?|tentative(?:ly)?|unofficial(?:ly)?"
    r"|informal(?:ly)?|fictional|fictitious|imaginary|fake|hypothetical"
    r"|(?:not|non|nothing|never|yet to be|to be|un)[- ]?(?:yet )?(?:been )?(?:settled|binding|final"
    r"|agreed|real|decided|confirmed|committed|official|approved))\b",
    re.I,
)
"""Words that bound what a line holds for."""

_WITHIN = re.compile(
    r"\b(?:within|in|during|for|from|of|to|outside|beyond|while|as part of|while in)\s+(?:the|this"
    rf"|that|our|an?)\s+(?P<name>(?:[\w'’-]+\s+){{0,3}}?(?:{KINDS})(?: [a-z]+)?"
    r"|(?-i:[A-Z])[a-z]+['’]s session)\b",
    re.I,
)
"""The stretch that a working-set line is said to be of."""

LONGEST_LABEL = 20
"""Words of a label at most."""


def labelled(text: str, *, working_set: bool = False) -> str | None:
    """The scope that *text* carries as a label, in lower case; None without one.

    In a *working_set* line any bracketed head is one, and what stands apart at either end
    and bounds what the line holds for ("…, within the pilot only").
    """
    match = _LABEL.match(text)
    if match is not None:
        return (match["name"] or match["plain"]).strip().casefold()
    if not working_set:
        return None
    head = _HEAD.match(text)
    if head is not None:
        return head["name"].strip().casefold()
    within = _WITHIN.search(text)
    if within is not None:
        return within["name"].strip().casefold()
    segments = [part.strip(" .,") for part in _SEGMENT.split(text) if part.strip(" .,")]
    ends = [*segments[:3], *segments[-2:]] if len(segments) > 1 else []
    return next((part.casefold() for part in ends if _bounds(part)), None)


def _bounds(segment: str) -> bool:
    """Whether *segment*, the first or last of a line, says within what the line is good."""
    return len(segment.split()) <= LONGEST_LABEL and _BOUNDED.search(segment) is not None
