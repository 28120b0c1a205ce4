"""Courtesies: greetings, thanks and other words that are said for politeness alone.

They state nothing, name no topic and answer nothing, so a statement is read without them.
Recognised by their vocabulary, not by their wording: whatever is made of these words only.
"""

import re

_VOCABULARY = """
    hello hi hey dear greetings welcome morning afternoon evening day good bye goodbye farewell
    thank thanks thx cheers grateful appreciate appreciated obliged gratitude
    please kind kindly regards best wishes sincerely yours cordially respectfully warm warmly
    hope trust well fine okay ok alright right permission allow permit leave may might can could
    if i i'd i'm i've me my we us you your yours one a an the this that it it's to of for in with
    by at on and so as is are was be have has had do does would should like want
    thing something matter point question word request favour favor news note
    tell say ask add mention inform share remark know hear understand listen listening
    hearing reading attention patience understanding time help helping
    all everyone everybody folks friends team there colleagues sir madam
    much many very really great happy glad pleased pleasure forgive pardon disturb disturbing
    disturbance bother bothering trouble mind quick quickly brief briefly short small let just
    aware informed convenient find finds note notes following follow up promised sending
    check checking reply heads fyi psa fwiw yo tks tia pls ping qs q k ack eom reminder
    end minutes record concern whom given hereby respectfully submitted advise pursuant
    accordance procedures procedure notice picking calling joining phone line holding hold
    ptal lgtm cc
"""
_WORDS = frozenset(_VOCABULARY.split())
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_POLITE_WORDS = """
    hello hi hey dear greetings welcome morning afternoon evening bye goodbye thank thanks thx
    cheers grateful appreciate appreciated obliged gratitude please kindly regards wishes
    sincerely yours cordially respectfully warm hope trust permission allow permit forgive pardon
    may tell ask mention inform share listen listening hearing reading attention patience word
    something thing aware informed news know question note follow following fyi psa fwiw yo tks
    tia pls ping notice minutes submitted promised eom ptal lgtm
"""
_POLITE = frozenset(_POLITE_WORDS.split())
"""One of these has to be among them: "it is good" is no courtesy."""

_KINDNESS = frozenset(("so", "very", "of", "as", "would", "could", "if"))
"""With "kind" one of these makes a courtesy: "would you be so kind"; "be kind" is advice."""

_LEAD = re.compile(r"\s*(?P<lead>[^:,.!?—–]{1,60}?)\s*(?:[:,!?]|[—–]|\s-)\s+(?=\S)")

LONGEST = 12
"""Words that a courtesy has at most."""


def is_courtesy(text: str) -> bool:
    """Whether *text* is said for politeness alone."""
    words = [word.casefold().replace("’", "'") for word in _TOKEN.findall(text[:200])]
    if not words or len(words) > LONGEST or not _WORDS.issuperset(words):
        return False
    if "kind" in words and not _KINDNESS.isdisjoint(words):
        return True
    return not _POLITE.isdisjoint(words)


def plain(text: str) -> str:
    """*text* without the courtesies that it begins with ("If I may: …"); never empty."""
    while True:
        lead = _LEAD.match(text)
        if lead is None or not is_courtesy(lead["lead"]):
            return text
        text = text[lead.end() :]
