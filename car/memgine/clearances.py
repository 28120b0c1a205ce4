"""Clearances: the words by which a text says who may read it, and what a run of them does.

Compiled for this project from ordinary English.  Where in a text such a run has to stand, and
what rank it asks, is left to ``authority``.
"""

import re

from car.memgine.titles import DEPARTMENTS, OFFICES
from car.memgine.tokens import Tokeniser

stem = Tokeniser().term


def stems(words: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words.split())


_LIMITING_WORDS = """
    only alone internal internally within among amongst between inside circle eyes ears clearance
    access audience outside beyond below under beneath upwards upward higher above senior restrict
    limit reserve closed exclusive sole solely strictly private privately keep kept stay hush
    belong meant intend entitle share hide hidden vis visible visibility viewable readable
    distribution circulation circulate disclosure disclose embargo confine minimum min withhold acl
    reader viewer recipient addressee gate guard protect shield privy off-limits bar block fence
    wall quiet mum wraps sealed lid vault accessible classification sensitivity
"""
_SECRET_WORDS = """
    restricted confidential confidence confidentiality classified secret secrecy privileged
    sensitive embargoed need-to-know
"""
_DENYING_WORDS = """
    nobody no-one none no not never nothing except unless besides don't mustn't isn't cannot can't
    won't
"""
LIMITING = stems(_LIMITING_WORDS)
SECRET = stems(_SECRET_WORDS)
_EYES = stems("eyes only")
DENYING = stems(_DENYING_WORDS)
INFORMATION = stems("""
    see seen read hear heard know known tell told show shown share eye ear hand lip access audience
    clearance cleared visible visibility viewable readable view disclosure disclose distribution
    distribute circulation circulate circle information info material reserve limited closed meant
    intend entitle keep kept stay hide hidden internal pass forward repeat mention discuss leak
    spread reveal talk speak get go goes leave travel reach quote copy send sent publish print
    discretion discreet acl whisper gossip reader viewer detail data intel word accessible
    classification
    sensitivity
""")
SMALL = (
    LIMITING
    | SECRET
    | DENYING
    | INFORMATION
    | stems("""
    for the to of a an and or one be is are was this that it these those else other on in at by
    with from as must may can shall should will would do does please pls kindly than who may's
    give given open available address left department team staff member people person anybody
    anyone anything everybody everyone any all every group matter note item topic subject line
    content message text following up grade level rank rung seniority position title most least
    lock seal us ourselves we you your our wide wider general public further more junior let so here
    there remain treat handle top very highly need require basis allow permit permission have has
    holder hold role office colleague but just it's that's um uh er okay ok yes use out part point
    mark label now still stuff thing piece bit you're we're if nor far before kind sort fine right
    really too also room door behind tier soul mouth goes folk folks crowd lot types gang stop look
    away skip close farther than breathe caller asker requester listener hand forget saw past
    least business floor
""")
)
_GROUP_WORDS = """
    lead leader senior supervisor officer employee executives ceos cfos ctos coos officers partners
    investors shareholders supervisors seniors founders counsels suite vps svps evps
"""
_GROUPS = OFFICES | DEPARTMENTS | frozenset(_GROUP_WORDS.split())
_OTHERS = "need level rank for"
GATE = re.compile(
    r"\b(?:"
    + "|".join(
        word.rstrip("ey") if len(word) > 4 else rf"{word}s?\b"
        for word in f"{_LIMITING_WORDS} {_SECRET_WORDS} {_DENYING_WORDS} {_OTHERS}".split()
    )
    + r")|\w\+|\b(?:and|or|&) up\b",
    re.I,
)
"""Without one of these no text is marked: the cheap question, asked of every fact."""


def is_group(word: str) -> bool:
    """Whether *word*, in lower case, calls a group by rank or department."""
    bare = word.rstrip("+")
    return bare in _GROUPS or (bare.endswith("s") and bare[:-1] in _GROUPS)


def may_mark(word: str) -> bool:
    """Whether *word*, in lower case, may stand in a marker."""
    return stem(word) in SMALL or is_group(word)


def is_secret(words: list[str]) -> bool:
    """Whether *words* call what follows secret, whoever may read it."""
    found = {stem(word) for word in words}
    return not SECRET.isdisjoint(found) or {"need", "know"} <= found or found >= _EYES


def limits(words: list[str]) -> bool:
    """Whether *words* draw a line, other than by denying something."""
    found = {stem(word) for word in words}
    if is_secret(words) or not LIMITING.isdisjoint(found) or _has_plus(words):
        return True
    if words[0] == "for" and is_group(words[-1]):
        return True
    return words[-2:] in (["and", "up"], ["or", "up"]) or {"from", "on"} <= found


def denies(words: list[str]) -> bool:
    """Whether *words* deny something."""
    return not DENYING.isdisjoint(map(stem, words))


def speaks_of_information(words: list[str]) -> bool:
    """Whether *words* are about knowing or passing on, or name a rank with a plus."""
    return _has_plus(words) or not (INFORMATION | SECRET).isdisjoint(map(stem, words))


def ends_marker(word: str) -> bool:
    """Whether a marker may end with *word*: the group, or "only" and its like."""
    return is_group(word) or stem(word) in _ENDING


def _has_plus(words: list[str]) -> bool:
    return any(word.endswith("+") for word in words)


_ENDING = stems("only alone eyes up above higher level clearance")
