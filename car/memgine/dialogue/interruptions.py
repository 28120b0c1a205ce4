"""Interruptions: a topic left for another and later taken up again.

A detour is one only when both its ends were said: an opening without a return is just the
next topic.  So the opening may be read generously.
"""

import re

_PAUSE = (
    r"hold on(?! to\b| \w+\s+[-—–])|hold that|hang on|wait(?! times?\b)|paus\w+|stop\w*"
    r"|interrupt\w*|break(?:ing)? (?:off|away|here)|break (?:this|that|it|things) off"
    r"|call(?:ed|s|ing)? (?:me |us )?away|pull(?:ed|s|ing)? (?:me |us )?(?:away|out|off)"
    r"|(?:one|a|just a) (?:second|sec|moment|minute)|one sec|for (?:a|the|one) (?:moment|second"
    r"|minute|while|time being)|(?:came|come|comes|coming|popped|cropp\w*) (?:up|in|between)"
    r"|in between|something (?:else|more|urgent|important|has|just|different)"
    r"|(?:more|most|very|quite|rather) (?:urgent|pressing|important)|pressing|priority"
    r"|(?:quick|small|brief|short|slight) \w+|detour|sidebar|side note|aside|tangent|digress\w*"
    r"|step(?:ping)? (?:away|out)|bear with me|stand by|be right back|brb|excuse (?:me|us)"
    r"|(?:park|table|leave|drop|suspend|shelve) (?:that|this|it|everything)"
    r"|(?:set|put|lay|push)(?:ting|ing)? (?:that|this|it|everything)"
    r" (?:aside|on hold|down|away|off)"
    r"|urgent(?:ly)?|emergency|breaking|incoming|alert|before (?:we|i) (?:continue|go on|finish)"
    r"|(?:different|another|other) (?:note|topic|matter|subject|business)|switching|unrelated"
    r"|chang(?:e|ing) (?:of |the )*(?:topic|subject)"
    r"|separate(?:ly)?|deal with|attend to|see to|take (?:this|a) call|let me (?:handle|take)"
    r"|(?:need|have|must|got) (?:to )?(?:jump|drop|go|leave|break off|run|dash|turn to)"
    r"|distract\w*|sidetrack\w*|meanwhile|break(?: in)?|cut (?:in|short|this)|butt in"
    r"|jump(?:ing)? in"
    r"|aris\w+|arose|emerg\w+|paged|pinged|summon\w*|duty calls|off[- ]topic"
    r"|unexpected\w*|intermission|interlude|time[- ]?out|precedence|needed elsewhere"
    r"|(?:need|require|demand|want|call)s? (?:me|my|our|us|for|your|immediate)"
    r"|(?:came|come|comes|get|got) back to (?:this|that|it)|to one side|for now|at once|right away"
    r"|immediate(?:ly)?|sudden(?:ly)?|apolog\w+|sorry|pardon"
)
_LEAVING = re.compile(
    rf"^\W*(?:[\w'’]+[\s,]+){{0,7}}?(?:{_PAUSE})\b(?:[\w'’ ]{{0,40}})?(?:[-—–:.!,;]|$)", re.I
)
_LEAD = (
    r"(?:^|[,.;:!—–-]\s*)\W*(?:(?:ok|okay|so|right|anyway|alright|now|and|well|then|thanks|great"
    r"|good|to|please|shall"
    r"|let'?s|let us|let me|allow me|we|i|can|could|may|might|should|are|will|'?ll|'?re|ready|able"
    r"|time|i'?d like|we'?d like|would like|get|getting|going|go|want|wish|finally"
    r")\b[\s,.!:—–-]*)*"
)
_RETURNING = re.compile(
    rf"{_LEAD}(?:(?<!i'm )back (?:to|on|at|with|onto)\b"
    r"(?! (?:me|you|us|him|her|them|normal|standard|the old)\b)"
    r"|back in the\b|resum(?:e|es|ing)\b(?! normal)|where (?:were|was|did|had|have) (?:we|i)\b"
    r"|(?:as|like) (?:i|we) (?:was|were) (?:saying|discussing)\b|return(?:ing)? to\b"
    r"|(?:pick|take|took|taking)(?:ing|s)?\b.{0,50}?\b(?:back up|up|once more|again|anew)\b"
    r"|continu(?:e|ing)\b|carry(?:ing)? on\b|proceed\b|rejoin\w*|re-?open\w*|revisit\w*"
    r"|(?:move|go|get|press) (?:on|ahead|along) with\b|circl(?:e|ing) back|reconven(?:e|ing)"
    r"|(?:am |m |are )?(?:free|available|here|present|with you) again\b|left off\b"
    r"|(?:come|turn|switch)(?:ing)? back\b|once (?:more|again)\b)"
    r"|\bas (?:before|we were)\b|\bwhere we (?:left|stopped|were)\b"
    r"|^\W*(?:now|so|ok|okay|right|anyway)\b.{1,40}\bagain\W*$",
    re.I,
)
LONGEST = 30
"""Turns after which a detour nobody returned from is the conversation's new topic."""

LONGEST_RETURN = 160
"""Characters of a turn that only takes up a topic again."""


def leaves(text: str) -> bool:
    """Whether *text* breaks off the topic at hand."""
    return _LEAVING.search(text) is not None


_ENDED = (
    r"(?:now |all |finally |already )?(?:dealt with|settled|handled|done|finished|solved|sorted"
    r"|over|contained|resolved|taken care of|quiet|closed)\b(?! on\b)"
)
_BROADLY = re.compile(
    r"\b(?:back|again|resum\w+|return\w*|continu\w+|once more|anew|left off|where were"
    r"|previous\w*|revert\w*|rejoin\w*|refocus\w*|proceed\w*|carry on|go on|get on|on with"
    r"|pick\w* up|take\w* up|as for|turn\w* to|over to|first (?:topic|subject|matter)"
    r"|(?:were|was) (?:we|i)|we were|on to|out of the way"
    rf"|(?:(?:that|this|it|all|everything|\w+)(?:['’]s| is| are)|(?:has|have) been) {_ENDED}"
    rf"|^(?:\w+ )?\w+ {_ENDED})\b",
    re.I,
)
BROADEST = 10
"""Terms of a turn that, in an open detour, takes the topic up again in other words."""


def resumes(text: str, terms: int, *, valued: bool) -> bool:
    """Whether *text*, within an open detour, may take up the topic that was left.

    It has to be short (*terms*) and bring no value of its own (*valued*).
    """
    brief = terms <= BROADEST and len(text) <= LONGEST_RETURN
    return brief and not valued and _BROADLY.search(text) is not None


def returns(text: str) -> bool:
    """Whether *text* takes a topic up again."""
    return len(text) <= LONGEST_RETURN and _RETURNING.search(text) is not None
