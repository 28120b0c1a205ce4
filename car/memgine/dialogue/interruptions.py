"""Interruptions: a topic left for another and later taken up again.

A detour is one only when both its ends were said: an opening without a return is just the
next topic.  So the opening may be read generously.
"""

import re

_PAUSE = (
    r"hold on(?! to\b| \w+\s+[-—–])|hold that|hang on|wait,? (?:something|there|i have|i need"
    r"|before)|pause|pausing|stop|interrupt(?:ing"
    r"|ion)?|one"
    r" sec(?:ond)?|(?:one|a|just a) (?:second|sec|moment|minute)|(?:came|come|comes|popped) up"
    r"|(?:quick|small|brief|short|slight) \w+|detour|sidebar|side note|tangent|digress\w*"
    r"|step(?:ping)? (?:away|out)|bear with me|stand by|be right back|brb|excuse me"
    r"|park (?:that|this|it)|table (?:that|this|it)|(?:set|put)(?:ting)? (?:that|this"
    r"|it) (?:aside|on hold)"
    r"|urgent(?:ly)?|emergency|breaking|incoming|alert|before (?:we|i) (?:continue|go on|finish)"
    r"|different (?:note|topic|matter)|switching|changing (?:the )?(?:topic|subject)|unrelated"
    r"|separate(?:ly)?|deal with|take (?:this|a) call|let me (?:handle|take)"
    r"|need to (?:jump|drop|go|leave|break off)"
    r"|drop everything"
)
_LEAVING = re.compile(
    rf"^\W*(?:[\w'’]+[\s,]+){{0,4}}?(?:{_PAUSE})\b(?:[\w'’ ]{{0,30}})?(?:[-—–:.!,;]|$)", re.I
)
_LEAD = (
    r"(?:^|[,.;:!—–-]\s*)\W*(?:(?:ok|okay|so|right|anyway|alright|now|and|well|then|thanks|great"
    r"|good"
    r"|let'?s|let us|we can|we are|we're|time to|i'?d like to|can we|shall we|getting|get|going"
    r"|go)\b[\s,.!:—–-]*)*"
)
_RETURNING = re.compile(
    rf"{_LEAD}(?:back (?:to|on|at|with)\b(?! (?:me|you|us|him|her|them|normal|standard|the old)\b)"
    r"|back in the\b|resum(?:e|es|ing)\b(?! normal)|where (?:were|was|did) (?:we|i)\b"
    r"|(?:as|like) (?:i|we) (?:was|were) (?:saying|discussing)\b|return(?:ing)? to\b"
    r"|pick(?:ing)? .{0,40}?(?:back )?up\b|continu(?:e|ing)\b|carry(?:ing)? on\b|proceed\b"
    r"|move on with\b|circl(?:e|ing) back|reconven(?:e|ing))"
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


def returns(text: str) -> bool:
    """Whether *text* takes a topic up again."""
    return len(text) <= LONGEST_RETURN and _RETURNING.search(text) is not None
