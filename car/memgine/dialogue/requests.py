"""Requests: statements that ask to be told something, however they are put.

"I was wondering …", "the undersigned requests to be informed which …", "you spoke to them before:
what did they say?".  A question by its plain form is a cue; what is said of a request is left to
``course``.
"""

import re

_INTERROGATIVE = r"(?:what|which|who|whom|whose|where|when|why|how)\b"
_VERB_FIRST = (
    r"(?:do|does|did|is|are|was|were|can|could|would|will|have|has|had)\s+"
    r"(?:you|they|he|she|we|there|any(?:one|body)|some(?:one|body))\b"
)
_ASKED_AT_LAST = re.compile(
    rf"[,:;—–]\s*(?:and |so |but )?(?:{_INTERROGATIVE}|{_VERB_FIRST})[^?]*\?[\"')\]]*\s*$", re.I
)
"""A question after a comma, colon or dash is what the whole sentence is for."""

_WONDERING = re.compile(
    r"\b(?:i|we)(?:['’]m| am| was| were|['’]re| are|) (?:just )?wonder(?:ing)?\b", re.I
)
_TELLING = (
    r"(?:tell|say|repeat|give|send|show|share|forward|list|remind|confirm|explain|describe|name|read"
    r"|check|provide|disclose|reveal|recall|summari[sz]e|pass)\b"
)
_ADDRESSED = re.compile(
    r"\b(?:can|could|would|will|might) you\s+"
    rf"(?:(?:please|kindly|maybe|perhaps|just|also)\s+)*{_TELLING}",
    re.I,
)
_TOLD_TO_YOU = re.compile(
    r"\b(?:told|said|gave|given|mentioned|confided|shared|sent|showed|shown|provided|disclosed"
    r"|revealed|explained|described|passed)\b(?:\s+(?:it|this|that|them|all))?"
    r"\s+(?:to |with )?you\b"
    r"|\byou(?:['’]ve| have| had| and \w+(?: \w+)?| people| guys| all)?"
    r"\s+(?:\w+ly |also |just |already |last )?"
    r"(?:discuss\w*|talk\w*|spoke\w*|speak|chatted|heard|went over|gone over|covered|got from"
    r"|received|learned|learnt|worked (?:on|out)|drew up|noted down|wrote down)\b"
    r"|\b(?:your|our|the|an?) (?:\w+ )?(?:conversation|chat|talk|discussion|session|call|exchange"
    r"|thread|meeting|correspondence)s? (?:with|w/)"
    r"|\byou had \w+ (?:here|in|on)\b"
    r"|\b(?:need|want|require|seek|after|looking for|interested in)\b[^.;:!?]{0,60}?"
    r"\b(?:they|he|she|you|(?<!['’])[A-Z]\w+) (?:gave|told|said|mentioned|shared"
    r"|quoted|discussed|named)\b",
    re.I,
)
"""What was said to, or by, the one who is spoken to: a user reminds of it to hear it."""

_COMPLEMENT = (
    r"(?:to (?:know|learn|hear|be (?:informed|told|shown|given|sent))|disclosures?|information"
    rf"|details|as to|whether|about|{_INTERROGATIVE})"
)
_PERFORMED = re.compile(
    rf"\b(?:requests?|enquires?|inquires?|asks?|seeks?)\s+(?:\w+\s+){{0,3}}?{_COMPLEMENT}"
    r"|\b(?:requests?|asks?|(?:be|is|are) (?:requested|asked|sought)|(?:would|should) like"
    r"|wants?)\b[^.;:!?]{0,120}\b(?:be|been|to) (?:\w+ )?"
    r"(?:restated|repeated|recalled|summari[sz]ed|told|shared|provided|disclosed|described|explained|sent|shown|given|furnished|communicated|confirmed)\b"
    rf"|\b(?:i|we)(?:['’]d| would)? (?:like|want|wish|need|love) to (?:know|learn|hear|be told)\b",
    re.I,
)


def recalls(text: str) -> bool:
    """Whether *text* speaks of what the one who is spoken to heard or said elsewhere."""
    return _TOLD_TO_YOU.search(text) is not None


def requests(text: str) -> bool:
    """Whether *text*, one statement, asks to be told something."""
    return any(
        pattern.search(text) for pattern in (_ASKED_AT_LAST, _WONDERING, _ADDRESSED, _PERFORMED)
    )
