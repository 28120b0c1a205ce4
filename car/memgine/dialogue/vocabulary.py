"""Stems: the words of a statement brought to comparable form, and those that tell nothing.

Closed lists of English, compiled for this project; which words carry a topic is the only
question answered here.
"""

import re

from car.memgine.dialogue.abbreviations import written_out
from car.memgine.tokens import Tokeniser

_tokeniser = Tokeniser()
_WRITTEN_OUT = written_out(_tokeniser.term)


def terms(text: str) -> list[str]:
    """The terms of *text* in order (``tokens.Tokeniser``), those of short forms written out."""
    return [_WRITTEN_OUT.get(term, term) for term in _tokeniser.terms(text)]


_GENERIC_WORDS = """
    thing something one way fact item version step case option choice decision plan approach
    actual actually really exactly current currently now new old latest next right last
    original originally initial initially previous previously earlier first later before after
    change switch move update keep make set go going get got let use try do doing leave stay
    shift push bump raise lower increase reduce adjust revise amend modify alter relocate
    revert return roll swap replace reinstate
    confirm confirmed final official finalize finalise finally become became
    pick choose select settle decide proceed prefer want need like wait work
    say said think thinking thought mean meant tentative draft record recorded
    recap summary schedule reschedule report mention discuss remind reminder override overrule
    correct correction mistake scratch back again also still just instead rather better best
    yes no ok okay yeah yep oh ah um uh hm hmm well sure please sorry thanks great good news oops
    unfortunately luckily fortunately sadly apparently honestly basically frankly
    otherwise differently bad sad contrary reflection hand course way fyi btw clear absolutely same
    unchanged alone everything anyway
    today stick per all aforesaid foregoing aforementioned abovementioned former latter hereby
    thereof therein thereby hereto herein henceforth hereafter thereupon effect lieu stead
    kinda sorta
    declare announce kindly afraid regret true truth another left remain away only yet far though
    although
"""
GENERIC: frozenset[str] = frozenset(terms(_GENERIC_WORDS))
"""Stems that say nothing about what a statement is about."""

STATE_NOUNS: frozenset[str] = frozenset(terms("status state situation progress condition"))
"""Heads that only announce a state: "the status of X is" speaks of X."""

INCIDENTS: frozenset[str] = frozenset(
    terms("incident outage problem issue alert alarm error fault disruption trouble")
)
"""Nouns for what is wrong with a thing, whatever the thing."""

ATTRIBUTES: frozenset[str] = frozenset(
    terms(
        "quantity amount number count total units price cost rate fee figure budget date day time"
        " deadline location venue place room percentage discount term length duration name color"
        " colour size"
    )
)
"""Nouns for a value itself: "change the quantity to 30" says no more than "make it 30"."""

DEFAULTS: frozenset[str] = frozenset(
    terms(
        "standard usual normal default regular ordinary customary general policy rule rules terms"
        " conditions procedure practice force"
    )
)
"""Words for what holds where nothing else was agreed: they name no subject."""

PRONOUNS: frozenset[str] = frozenset(
    ("it", "that", "this", "these", "those", "there", "they", "we", "you", "i", "he", "she")
)


def stems(text: str) -> frozenset[str]:
    """The content stems of *text*."""
    return frozenset(terms(text)) - GENERIC


def spaced(key: str) -> str:
    """The words of a key such as ``launch_date_v2``."""
    return re.sub(r"[\W_]+", " ", key)
