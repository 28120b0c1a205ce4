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
    rf"[:;—–]\s*(?:and |so |but )?(?:{_INTERROGATIVE}|{_VERB_FIRST})[^?]*\?[\"')\]]*\s*$", re.I
)
"""A question after a colon or dash is what the whole sentence is for."""

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
_COMPLEMENT = (
    r"(?:to (?:know|learn|hear|be (?:informed|told|shown|given|sent))|disclosures?|information"
    rf"|details|as to|whether|about|{_INTERROGATIVE})"
)
_PERFORMED = re.compile(
    rf"\b(?:requests?|enquires?|inquires?|asks?|seeks?)\s+(?:\w+\s+){{0,3}}?{_COMPLEMENT}"
    rf"|\b(?:i|we)(?:['’]d| would)? (?:like|want|wish|need|love) to (?:know|learn|hear|be told)\b",
    re.I,
)


def requests(text: str) -> bool:
    """Whether *text*, one statement, asks to be told something."""
    return any(
        pattern.search(text) for pattern in (_ASKED_AT_LAST, _WONDERING, _ADDRESSED, _PERFORMED)
    )
