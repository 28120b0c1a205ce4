"""Interruptions: a topic left for another and later taken up again.

A detour is one only when both its ends were said: an opening without a return is just the
next topic.  So the opening may be read generously.
"""

import re

from car.memgine.dialogue.vocabulary import stems

_PAUSE = (
    r"hold on(?! to\b| \w+\s+[-—–])|hold that|hang on|wait(?! times?\b)|paus\w+|stop\w*"
    r"|interrupt\w*|break(?:ing)? (?:off|away|here)|break (?:this|that|it|things) off"
    r"|(?:call|pull|drag|tak|tear|whisk|draw)\w* (?:me |us |you )?(?:away|out|off|aside|elsewhere)"
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
    r"|jump(?:ing)? in|aris\w+|arose|emerg\w+|paged|pinged|summon\w*|duty calls|off[- ]topic"
    r"|unexpected\w*|intermission|interlude|time[- ]?out|precedence|needed elsewhere"
    r"|(?:need|require|demand|want|call)s? (?:me|my|our|us|for|your|immediate)"
    r"|(?:came|come|comes|get|got) back to (?:this|that|it)|to one side|for now|at once|right away"
    r"|immediate(?:ly)?|sudden(?:ly)?|apolog\w+|sorry|pardon|suspend\w*|adjourn\w*|afk"
    r"|(?:pull|drag|call|rope|suck|whisk)(?:ed|ped|s|ing)? (?:me |us )?(?:in|into|onto|over)"
    r"|(?:have|need|got|must|going|let me) (?:to )?(?:quickly |just )?(?:take|get|grab"
    r"|answer|pick up)"
    r" (?:this|that|it)(?: one| call)?|on (?:hold|ice|pause)|back ?burner|(?:a|half a|two"
    r"|couple of) (?:tick|jiffy|secs?|seconds|moments|minutes|mins?|beat|breather)|(?:other|another"
    r"|second) line"
    r"|(?:phone|doorbell|bell|line) (?:is |just )?(?:ringing|rings|rang)|at the door|knock\w*"
    r"|(?:turn|pop|crop|spr[aiu]ng)\w* up|hold (?:the|that|this) thought|hat(?:e|ing) to"
    r"|(?:fire ?drill|firefight\w*|fire to put out|crisis)|back in (?:a|an|one|two|five|ten)\b"
    r"|be back|barg\w+ in|step\w* in|rud\w+|intrud\w*|intrusion|hijack\w*|derail\w*|diversion"
    r"|breaks? (?:the|our) (?:flow|thread)|switch\w* (?:gears|tracks?|over|hats?)|shift\w* gears"
    r"|(?:am|['’]m|are|['’]re|being|been|get|got|getting|was) (?:called|needed|wanted|paged|asked)"
    r"|(?:call|need|want|demand|requir|claim)(?:s|es|ing)? (?:me|us|my|our)"
    r"|(?:pick|take|finish|continue|resume|leave|save|keep|discuss) (?:this|that|it|the rest)"
    r"(?: up| off)? (?:later|afterwards?|again|for later|another time|in a (?:bit|while|moment))"
    r"|(?:come|get|turn)(?:ing)? back to (?:this|that|it) (?:later|afterwards?|in a \w+)"
    r"|freeze (?:this|that|it|here)|rain ?check|quick break|out of order|jump the queue"
)
_LEAVING = re.compile(
    rf"^\W*(?:[\w'’#-]+[\s,]+){{0,7}}?(?:{_PAUSE})\b(?:[\w'’ ]{{0,60}})?(?:[-—–:.!,;]|$)"
    r"|^\W*(?:[\w'’]+[\s,]+){0,4}?(?:can|could|may|might|shall|would|mind|okay|ok|alright)\b"
    rf"[^.?!]{{0,40}}?\b(?:{_PAUSE})\b[^.?!]{{0,40}}\?",
    re.I,
)
_LEAD = (
    r"(?:^|[,.;:!—–-]\s*)\W*(?:(?:ok|okay|so|right|anyway|alright|now|and|well|then|thanks|great"
    r"|good|to|please|shall"
    r"|let'?s|let us|let me|allow me|we|i|can|could|may|might|should|are|will|'?ll|'?re|ready|able"
    r"|time|i'?d like|we'?d like|would like|get|getting|going|go|want|wish|finally"
    r")\b[\s,.!:—–-]*){0,12}"
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
    r"|^\W*(?:now|so|ok|okay|right|anyway|alright)\b.{1,40}\bagain"
    r"(?:\W+(?:please|then|now|thanks|thank you|if (?:you|we) \w+))?\W*$",
    re.I,
)
_BREAKING = re.compile(
    r"\b(?:break\w*|broke\w*|paus\w+|suspend\w*|adjourn\w*|recess\w*|interrupt\w*|interven\w+"
    r"|halt\w*|hold|hang on|wait|stop\w*|sorry|apolog\w+|pardon|excus\w+|afk|brb|away|aside|out"
    r"|urgent\w*|emergenc\w+|pressing|preced\w+|priorit\w+|first|sudden\w*|unexpected\w*"
    r"|aris\w+|arose|emerg\w+|else|other|another|different|separate\w*|something"
    r"|leav\w+|jump\w*|drop\w*|dash\w*|run|go|going|gotta|off|switch\w*|detour|tangent"
    r"|pull\w*|call(?:ed|s|ing)|drag\w*|need(?:s|ed)?|requir\w+|summon\w*|occup\w+|attend\w*"
    r"|moment|second|sec|minute|min|bit|while|temporar\w+|briefly|now)\b",
    re.I,
)
"""What may say that the talk is broken off, where a turn does no more than name another topic."""

_PREDICATE = re.compile(
    r"\b(?:is|are|was|were|am|be|been|being|has|have|had|do|does|did|will|would|can|could|shall"
    r"|should|must|may|might|cannot|i|we|they|he|she|you|it|there|who|which|that|not"
    r"|very|so|really|quite|too)\b|['’]"
    r"(?:s (?:a|an|the|been|not)|re|ll|ve|m|d)\b|n['’]t\b|=|->|\w\s\+\s\w",
    re.I,
)
"""What a phrase that only names a topic is without."""

_PART = re.compile(r"\s*(?:[:,;.!?…]+(?=\s|$)|\s[—–-]+\s)\s*")
_LEADING_IN = re.compile(
    r"\W*(?:(?:so|and|it['’]?s|that['’]?s|this is|namely|about|re)\b\W*)+", re.I
)
_STOPS = frozenset(".!?…")
LONGEST_NAME = 8
"""Words of a phrase that names a topic."""

LONGEST = 30
"""Turns after which a detour nobody returned from is the conversation's new topic."""

LONGEST_RETURN = 160
"""Characters of a turn that only takes up a topic again."""


def leaves(text: str) -> bool:
    """Whether *text* breaks off the topic at hand, the one that comes up being named or not."""
    if _LEAVING.search(text) is not None:
        return True
    part = _PART.search(text)
    if part is None or not names(text[: part.start()]):
        return False
    return _LEAVING.search(text[part.end() :]) is not None


def names(text: str) -> bool:
    """Whether *text* is no more than the name of a topic."""
    name = text.strip(" .,;!?…")
    if _PART.search(name) is not None or _PREDICATE.search(name) is not None:
        return False
    return len(name.split()) <= LONGEST_NAME


def _before_name(text: str) -> str:
    """What *text* says before it only names a topic ("Sorry, one thing first: the audit").

    Empty for a text that goes on to say something of what it names, or only names it.
    """
    parts = list(_PART.finditer(text))
    ends = [part.end() for part in parts if part.start() > 0]
    end = len(text)
    while ends and (ends[-1] >= end or is_filler(text[ends[-1] : end])):
        end = ends.pop()
    if not ends:
        return ""
    name = text[ends[-1] : end].rstrip(" .,;!?…")
    lead = _LEADING_IN.match(name)
    name = name[lead.end() :] if lead else name
    said = text[: ends[-1]]
    least = 2 if said.rstrip()[-1:] in _STOPS else 1
    if not least <= len(name.split()) <= LONGEST_NAME or _PREDICATE.search(name):
        return ""
    return said


def turns_back(text: str, opening: str = "") -> bool:
    """Whether *text*, within an open detour, does no more than name the topic that was left.

    The words before that name may be those of the turn's *opening* by which the topic was left.
    """
    topical = _TOPICAL.match(text)
    if topical is not None and not _PREDICATE.search(text, topical.end()):
        return len(text.split()) <= BROADEST
    said = _before_name(text)
    if not said or len(said.split()) > BROADEST:
        return False
    if is_filler(said) or _GOING_ON.search(said) is not None:
        return True
    return not stems(said).isdisjoint(stems(_by_which(_before_name(opening))))


_TOPICAL = re.compile(
    r"\W*(?:(?:ok|okay|so|right|and|well|alright|now|then|anyway|good|fine|all right)\b\W*)+"
    r"(?:about|regarding|concerning|as (?:for|to|regards)|re|with (?:regard|respect) to"
    r"|(?:coming|turning|getting|moving|going) to|to|what about|how about)\b",
    re.I,
)
"""What leads over to a topic that is only named: "so about the roof"."""


def _by_which(said: str) -> str:
    """The words of an opening by which a topic is left, without what is told of the next one."""
    return " ".join(_PART.split(said)[:2])


def completes(text: str) -> bool:
    """Whether *text* says of something that it is over and done with."""
    return _COMPLETED.search(text) is not None


_COMPLETED = re.compile(
    r"(?:\b(?:is|are|was|were|been|be|got|have|has|now|all|['’]s|['’]ve|\w+)\W+)"
    r"(?:dealt with|settled|handled|done|finished|solved|sorted|over|contained|resolved|closed"
    r"|taken care of|looked after|seen to|wrapped up|out of the way|off the (?:line|phone)|gone)\b"
    r"(?!\s+(?:on|for|to|that|upon|as|by|in|with)\b)",
    re.I,
)


def excuses(text: str) -> bool:
    """Whether *text* begins with what is said to those who were kept waiting."""
    return _EXCUSING.match(text) is not None


_EXCUSING = re.compile(
    r"\W*(?:(?:ok|okay|so|right|and|well|alright|phew|there|again|i am|i'?m|we'?re|my|many|please"
    r"|very|really|do)\b\W*)*(?:(?:sorry|apolog(?:ies|i[sz]e|y)|excuse|forgive|pardon|thanks?"
    r"|thank you|thx|cheers|appreciate|grateful)\b[^.!?:;—–]{0,40}?\b(?:that|this|wait\w*|delay\w*|"
    r"interrupt\w*|intrusion|disturb\w*|distract\w*|detour|diversion|digress\w*|pause|break"
    r"|hold\w*|patien\w+|bear\w*|hang\w*|stand\w* by|absence|inconvenience|stay\w* on)\b"
    r"|i(?:'?m| am) (?:back|here again|free again|all yours|with you)\b)",
    re.I,
)
"""An apology for an interruption, or thanks for having waited."""


def turns_to_another(text: str) -> bool:
    """Whether *text* breaks off to name another topic."""
    said = _before_name(text)
    return bool(said) and _BREAKING.search(said) is not None


def is_filler(text: str) -> bool:
    """Whether *text* says nothing ("if you see what I mean")."""
    return _FILLER.fullmatch(text.strip(" .,;!?…")) is not None


_GOING_ON = re.compile(
    r"\b(?:back|again|resum\w*|return\w*|continu\w*|cont|proceed\w*|reconven\w*|reopen\w*"
    r"|anew|once more|pop(?:s|ped|ping)?|unpaus\w+|unpark\w*|restor\w*|rejoin\w*|sorry|apolog\w+"
    r"|thanks?|previous\w*"
    r"|(?:done|finished|settled|sorted|handled|solved|over|dealt with|quiet|clear|looked after"
    r"|seen to|taken care of|resolved|closed|wrapped up)\b(?!\s*:))\b",
    re.I,
)
"""What may say that a detour is over, where a turn does no more than name a topic."""

_FILLER = re.compile(
    r"(?:(?:you|i|if|what|we|so|that['’]?s|that|know|see|mean|yeah|yes|no|well|right|okay|ok|like"
    r"|anyhow|anyway|erm|um|uh|hm+|thanks?|please|regards|best|k|tks|tia|pls|ack|hello|hi|hey|still"
    r"|there|here|are|now|then|with|me|us|can|hear|alright|good|listening|waiting)\b\W*)+",
    re.I,
)

_ENDED = (
    r"(?:now |all |finally |already )?(?:dealt with|settled|handled|done|finished|solved|sorted"
    r"|over|contained|resolved|taken care of|looked after|seen to|quiet|closed)\b"
    r"(?!\s+(?:on|to|that|upon|as|by|in)\b)"
)
_BROADLY = re.compile(
    r"\b(?:back|again|resum\w+|return\w*|continu\w+|once more|anew|left off|where were"
    r"|previous\w*|revert\w*|rejoin\w*|refocus\w*|proceed\w*|carry on|go on|get on|on with"
    r"|cont|here (?:i am|we are)|about that|pick\w* up|take\w* up|as for|turn\w* to|over to"
    r"|first (?:topic|subject|matter)|(?:were|was) (?:we|i)|we were|on to|out of the way"
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
