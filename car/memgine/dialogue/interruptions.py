"""Interruptions: a topic left for another and later taken up again.

A detour is one only when both its ends were said: an opening without a return is just the
next topic.
"""

import re

_LEAVING = re.compile(
    r"^\W*(?:(?:ok|okay|oh|um|sorry|apologies|excuse me|ah|wait|actually|hey|well)\b[\s,.!—–-]*)*"
    r"(?:hold on(?:\s+a (?:sec(?:ond)?|minute|moment))?\s*(?=[-—–:,.!;]|$|i\b|we\b|something"
    r"|need|got|have)"
    r"|hold that (?:thought|for)|one (?:sec(?:ond)?|moment|minute)|just a (?:sec(?:ond)?|moment"
    r"|minute)|give me a (?:sec(?:ond)?|moment|minute)|hang on"
    r"|pause (?:that|this|here|for)|paus(?:e|ing)\b\s*[-—–:,]|park (?:that|this|it)"
    r"|let'?s (?:pause|park|table) (?:that|this|it|here)"
    r"|put(?:ting)? (?:that|this|it) on hold|(?:something|an? \w+(?: \w+)?"
    r"|this) (?:just )?(?:came|has come|came in|popped) up|(?:quick|small|brief|short"
    r"|slight) (?:detour|interruption|aside|tangent|sidebar|break|digression|pause)"
    r"|(?:sorry |i )?(?:have|need|got|gotta|must) to (?:pause|stop|break off|step away|jump"
    r"|take (?:this|a call)|deal with|handle|interrupt|switch|drop off)|interrupting"
    r"|interruption|let me (?:handle|deal with|take) (?:this|something|an?)"
    r"|(?:before we continue|on a different (?:note|topic)|switching (?:topics?|gears)|unrelated"
    r"|side note|separate(?:ly)?(?: topic| issue)?|changing (?:the )?(?:topic|subject))\s*[-—–:,]"
    r"|(?:urgent|breaking|emergency|incoming|heads up|priority interrupt)\s*[-—–:!,]"
    r"|bear with me|stand by|be right back|brb|set(?:ting)? (?:that|this) aside|putting (?:that"
    r"|this) aside|stepping (?:away|out))",
    re.I,
)
_RETURNING = re.compile(
    r"\b(?:back (?:to|on|at|with)\b(?! (?:me|you|us|him|her|them|normal|standard|work tomorrow"
    r"|the old)\b)|back in\b(?= the)|resum(?:e|es|ing)\b(?! normal)|where (?:were|was|did) (?:we"
    r"|i)|as (?:i|we) (?:was|were) saying"
    r"|return(?:ing)? to|pick(?:ing)? (?:it |this |things |that )?(?:back )?up (?:where|again"
    r"|from|with|on)|continu(?:e|ing) (?:with|on|from|where|our|the)|let'?s (?:continue|resume"
    r"|get back|go on|carry on|pick up|return)"
    r"|get(?:ting)? back (?:to|on)|circl(?:e|ing) back|pick(?:ing)? .{1,40}? back up"
    r"|carry(?:ing)? on (?:with|where)|sorted[,.—– -]+(?:now|so|back)|now,? (?:where|as)"
    r"|returning|reconven(?:e|ing)|picking up)\b",
    re.I,
)
LONGEST = 30
"""Turns after which a detour nobody returned from is the conversation's new topic."""


def leaves(text: str) -> bool:
    """Whether *text* breaks off the topic at hand."""
    return _LEAVING.search(text) is not None


def returns(text: str) -> bool:
    """Whether *text* takes a topic up again."""
    return len(text) <= 160 and _RETURNING.search(text) is not None
