"""Requests: statements that ask to be told something, however they are put.

"I was wondering …", "the undersigned requests to be informed which …", "remind me of …", "you
spoke to them before: what did they say?".  A question by its plain form is a cue; what is said of a
request is left to ``course``.
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
    r"\b(?:i|we)(?:['’]m| am| was| were|['’]re| are|) (?:just )?wonder(?:ing)?\b"
    r"|\b(?:i|we)(?:['’]m| am| was|['’]re| are|) (?:just |still )?"
    r"(?:asking|enquiring|inquiring|curious|dying to know|eager to (?:know|hear|learn)|keen to"
    rf" (?:know|hear|learn)|interested)\b[\s,]*(?:about|as to|after|in|for|to know)?\s*"
    rf"(?:{_INTERROGATIVE}|(?:the|their|his|her|its|[A-Z][\w-]+['’]s)\b)",
    re.I,
)
_SAYING = (
    r"(?:tell|say|repeat|list|remind|explain|describe|disclose|reveal|recall|recount|recite|restate"
    r"|reiterate|recap|summari[sz]e|outline|divulge|specify|clarify|identify|enumerate|itemi[sz]e"
    r"|paraphrase|resend|repost|re-?read|elaborate|enlighten|brief|update|refresh|jog|confirm)"
)
"""Verbs of saying and saying again."""

_HANDING = (
    r"(?:give|send|show|share|forward|provide|pass|get|hand|bring|supply|furnish|fetch|pull|export"
    r"|produce|release|surface|dump|display|print|output|copy|read|spell|lay|quote|name|state"
    r"|check|present|grant|let|walk|run|talk|take|fill|catch|point|direct)"
)
"""Verbs of handing over, which may be information."""

_TO_ME = r"(?:\s+(?:over|up|out|back|along|on))?\s+(?:to\s+)?(?:me|us)\b"
_POLITELY = r"(?:(?:please|kindly|maybe|perhaps|just|also|now|quickly|then|so|and|to|first)\s+)*"
_LEADING = rf"(?:^|[,:;—–.]|\b(?:and|so|please|kindly))\W*{_POLITELY}"
_ADDRESSED = re.compile(
    rf"\b(?:can|could|would|will|might|may) you\s+{_POLITELY}(?:{_SAYING}|{_HANDING})\b"
    rf"|\b(?:would you mind|mind|care to|how about|any chance of(?: you)?|be so (?:kind|good) as to"
    r"|be (?:kind|good) enough to|i (?:beg|ask|urge) you to|you(?:['’]ll| will)? (?:have|need)"
    rf" to)\s+{_POLITELY}(?:{_SAYING}|{_HANDING})(?:e?ing)?{_TO_ME}",
    re.I,
)
_ORDERED = re.compile(
    rf"{_LEADING}(?:{_SAYING}){_TO_ME}(?!\s+(?:to|that)\b)"
    rf"|{_LEADING}(?:{_SAYING}|{_HANDING}){_TO_ME}\s+(?:(?:in|through|about|of|on|again)\s+)?"
    rf"{_INTERROGATIVE}"
    r"|\b(?:fill|clue|let|cut) (?:me|us) in\b|\bbring (?:me|us) up to (?:speed|date)\b"
    r"|\b(?:refresh|jog) (?:my|our) memor(?:y|ies)\b|\blet(?:['’]s| us| me) (?:hear|know)\b"
    r"|\b(?:walk|run|take|talk) (?:me|us) (?:back )?through\b"
    rf"|{_LEADING}(?:summari[sz]e|recap|restate|reiterate|repeat|recite|recount|disclose|divulge"
    r"|reveal|repost|resend|list|outline|enumerate)\s+(?:it|this|that|all|every|the|their|any|what"
    rf"|who|which|how|when)\b(?!\s+\w+ as\b)",
    re.I,
)
"""An order to say something to the one who gives it."""

_COMPLEMENT = (
    r"(?:to (?:know|learn|hear|be (?:informed|told|shown|given|sent))|disclosures?|information"
    rf"|details|as to|whether|about|{_INTERROGATIVE})"
)
_PERFORMED = re.compile(
    r"\b(?:i|we)(?:['’]d| would| must| have to|) (?:like to )?(?:ask|beg|request) (?:of )?you for\b"
    r"[^.;:!?]{0,60}?\b(?:discussions?|conversations?|details|information|summary|notes"
    r"|transcripts?|minutes of|account of|figures?|names?)\b"
    rf"|\b(?:requests?|enquires?|inquires?|asks?|seeks?)\s+(?:\w+\s+){{0,3}}?{_COMPLEMENT}"
    r"|\b(?:requests?|asks?|requested|(?:be|is|are|was|were) (?:requested|asked|sought)"
    r"|(?:would|should) like|wants?)\b[^.;:!?]{0,120}\b(?:be|been|to) (?:\w+ )?"
    r"(?:restated|repeated|recalled|summari[sz]ed|told|shared|provided|disclosed|described"
    r"|explained|sent|shown|given|furnished|communicated|confirmed)\b"
    r"|\b(?:i|we)(?:['’]d| would| do|)\s+(?:(?:really|just|only|also|much)\s+)*(?:like|want|wish"
    r"|need|love|have|hope)\s+to\s+(?:know|learn|hear|find out|be (?:told|informed|briefed))\b",
    re.I,
)

# ---- only where nothing is stated beside it --------------------------------------------------

_DISCUSSED = (
    r"(?:discuss\w*|talk\w*|sp[eo]ke?\w*|chatted|heard|went (?:over|through|into)|gone (?:over"
    r"|through|into)|cover(?:ed|ing)|got from|received|learned|learnt|worked (?:on|out)|drew up"
    r"|noted down|wrote down|touched on|dealt with|looked at|came to|arrived at|settled on"
    r"|mention\w*|said|described|set out|laid out|shared|saw|negotiated|exchanged)\b"
)
_BEFORE = (
    r"(?:(?:the )?last time|(?:the |our |your |that |a |an )?(?:last|previous|earlier|prior"
    r"|preceding|former|past|other) (?:\w+ )?(?:conversation|session|chat|talk|discussion|call"
    r"|meeting|thread|exchange|occasion|visit|day|week|round)s?"
    r"|when (?:you|we) (?:last )?(?:talked|spoke|met"
    r"|chatted)|previously|a while (?:ago|back))\b"
)
_TOLD_TO_YOU = re.compile(
    r"(?<!\bi )(?<!\bwe )(?<!['’]ve )\b(?:told|said|gave|given|mentioned|confided|shared|sent"
    r"|showed|shown|provided|disclosed|revealed|explained|described|passed)\b(?:\s+(?:it|this"
    r"|that|them|all))?\s+(?:to |with )?you\b"
    r"|\byou(?:['’]ve| have| had| and \w+(?: \w+)?| people| guys| all)?"
    rf"\s+(?:\w+ly |also |just |already |last )?{_DISCUSSED}"
    r"|\b(?:your|our|the|an?|that) (?:\w+ )?(?:conversation|chat|talk|discussion|session|call"
    r"|exchange|thread|meeting|correspondence)s? (?:with|w/)"
    r"|\byou had \w+ (?:here|in|on)\b"
    rf"|\b{_BEFORE}[^.;!?]{{0,30}}?\b(?:we|you)\b\s+(?:\w+ly )?{_DISCUSSED}"
    rf"|\b(?:{_DISCUSSED}|(?:stated|gave|given|told|quoted|named|offered)\b)[^.;!?]{{0,40}}?"
    rf"\b(?:in|at|from|during|on)?\s*{_BEFORE}"
    rf"|\b(?:we|you)\s+(?:\w+ly |also )?{_DISCUSSED}[^.;!?]{{0,80}}?\b{_BEFORE}"
    r"|\b(?:need|want|require|seek|after|looking for|interested in)\b[^.;:!?]{0,60}?"
    r"\b(?:they|he|she|you|(?<!['’])[A-Z]\w+(?: (?:of|from|at|with) [A-Z]\w+)?) (?:gave|told|said"
    r"|mentioned|shared|quoted|discussed|named|disclosed|revealed|stated|reported"
    r"|outlined|confided|cited)\b",
    re.I,
)
"""What was said to, or by, the one who is spoken to: a user reminds of it to hear it."""

_TOLD = (
    r"(?:data|information|info|intel|details|particulars|messages|e-?mails|communications?|comms"
    r"|correspondence|credentials?|passwords?|(?:api |access )?keys|secrets|transcripts?|records"
    r"|summary|recap|repeat|repetition|run-?down|overview|breakdown|reminder|refresher|read-?out"
    r"|restatement|walk-?through|names|everything|all (?:of )?(?:it|them|that|what)"
    r"|whatever|whichever)\b"
)
"""What can only be had by being told."""

_DESIRED = re.compile(
    r"\b(?:(?:i|we|who|\w+)(?:['’]d| would| do| will|['’]ll|)\s+(?:\w+ly |just |also )?(?:like|want"
    r"|wish|need|love|require|appreciate|welcome|value)s?|(?:i|we)(?:['’]m| am|['’]re| are)"
    r" (?:after|looking for|missing|short of|requesting|seeking|entitled to)|requests?|requesting"
    r"|(?:would|['’]d) (?:be (?:grateful|glad|thankful|obliged)|help(?: me| us)?)[^.;!?]{0,20}"
    r"|requesting|request for|(?:give|send|show|hand|bring|pass|forward|get|export|dump|display"
    r"|print|produce|read|pull(?: up)?)(?: over)?(?: me| us)?)\b"
    r"(?! to (?!know|see|hear|have|get|receive|be|obtain|learn|look|review|find|view|read"
    r"|access)\w)"
    rf"[^.;:!?]{{0,60}}?\b{_TOLD}",
    re.I,
)


def recalls(text: str) -> bool:
    """Whether *text* speaks of what the one who is spoken to heard or said, or could tell."""
    return _TOLD_TO_YOU.search(text) is not None or _DESIRED.search(text) is not None


def requests(text: str) -> bool:
    """Whether *text*, one statement, asks to be told something."""
    return any(
        pattern.search(text)
        for pattern in (_ASKED_AT_LAST, _WONDERING, _ADDRESSED, _ORDERED, _PERFORMED)
    )


_YOURS = re.compile(
    r"^\W*(?:(?:and|so|but|well|now|as|since)\b[\s,]+)*you(?:['’]ve| have| had| were| \w{2,}ed"
    r"| (?:all |guys )?(?:went|spoke|saw|heard|met|told|said|wrote|read|got|held|kept|did|gave|took"
    r"|made|sent|drew|knew|found|brought|dealt))\b",
    re.I,
)


def supposes(text: str) -> bool:
    """Whether *text* only tells the one who is spoken to what they did, have or know."""
    return _YOURS.match(text) is not None
