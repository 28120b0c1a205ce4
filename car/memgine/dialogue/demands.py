"""Demands: who wants to see, hear or be given what is another's, however that is put.

"I have to look at Northwind's salary bands", "hand over the figures of Northwind", "what I am after
are …".  Only what is somebody's by name counts: "get me two tickets" is a task, no question.
"""

import re

_THEIRS = re.compile(
    r"(?-i:\b[A-Z][\w&.-]*(?:['’]s|s['’])\s)|\b(?:their|his|her)\s\w"
    r"|\b(?:of|at|on|about|regarding|concerning|for|from|by|with|over)\s+(?:the\s+)?"
    r"(?-i:[A-Z][\w&.-]*)",
    re.IGNORECASE,
)
"""Whose something is: "Northwind's …", "… of Northwind"."""

_OWNED = re.compile(
    r"(?-i:\b[A-Z][\w&.-]*(?:['’]s|s['’])\s)|\b(?:their|his|her)\s\w", re.IGNORECASE
)
"""The stronger form of it."""

_POLITELY = r"(?:(?:please|kindly|now|just|then|so|and|do|go ahead and|first|also)\W+)*"
_FIRST = rf"^(?:[^,;:]{{0,60}}[,;:]\s*){{0,3}}\W*{_POLITELY}"
_ADVERBS = r"(?:(?:also|just|only|really|now|urgently|hereby|therefore|still|simply)\s+)*"
_MY_WISH = (
    rf"\b(?:i|we)(?:['’](?:d|m|re|ve)| would| should| must| shall| am| are| have| do|)\s+{_ADVERBS}"
    r"(?:need|want|wish|like|love|have|ought|expect|demand|ask|insist|request|require|got"
    r"|entitled|authori[sz]ed|allowed|supposed|obliged|here|cleared|hoping|hope|keen)\s+"
)
_MUST = rf"\b(?:i|we)(?:['’]d| would| should| must| shall)\s+{_ADVERBS}"
_TO_SEE = (
    r"(?:(?:see|view|look (?:at|into|over|through)|inspect|access|hear|know|learn|find out"
    r"|have (?:access|sight|a look|insight)|get (?:access|sight|hold|a look|insight)"
    r"|be (?:shown|given|told|sent|granted|informed|provided|supplied|furnished|handed|let))\b)"
)
_WANTED = re.compile(
    rf"(?:{_MY_WISH}(?:to\s+)?|{_MUST}){_TO_SEE}|\b(?:i|we)(?:['’](?:m|re)| am| are)? to {_TO_SEE}"
    r"|\b(?:require|need|want|demand|have|request|seek|full|get) (?:\w+ )?"
    r"(?:access|insight|sight)\b|\b(?:is|are) (?:what|all) (?:i|we) need to (?:see|know)\b"
    r"|\b(?:would|could|will) (?:really |greatly )?help (?:me|us)\b"
    r"|\bhelp (?:me|us)(?: out)? with\b|\bhelp(?: me| us)? to (?:know|see|hear|learn)\b"
    r"|\b(?:has|have|is|are|ought|need|needs)(?: got)? to be (?:shown|given|told|sent|disclosed"
    r"|handed|released|made available) to (?:me|us)\b",
    re.IGNORECASE,
)
_ASKED_FOR = re.compile(
    r"\b(?:i|we)(?:['’](?:m|re|d)| am| are| would| do|) (?:\w+ )?"
    r"(?:(?:ask(?:ing)?|request(?:ing)?|look(?:ing)?|apply(?:ing)?|appeal(?:ing)?|enquir(?:e|ing)"
    r"|inquir(?:e|ing)|press(?:ing)?|call(?:ing)?|beg(?:ging)?|thankful|grateful|obliged|glad)"
    r" (?:for|after|about|into)|request(?:ing)?|demand(?:ing)?|seek(?:ing)?|appreciate"
    r"|(?:be )?after|expect you to)\b"
    r"|\b(?:my|our|this|the|a) (?:request|question|enquiry|inquiry|query|demand)"
    r"(?: (?:is|concerns?|regards|relates|goes)| for|\s*[:–—-])"
    r"|\bwhat (?:i|we)(?:['’](?:m|re|d)| am| are| would|)\s+(?:like|want|need|require|seek|after"
    r"|asking|looking|interested)\b"
    r"|\b(?:is|are) (?:what|all) (?:i|we) (?:need|want|ask|require|seek)\b",
    re.IGNORECASE,
)
_HANDED = re.compile(
    rf"{_FIRST}(?:(?:hand|send|pass|bring|give|get|show|forward|provide|supply|furnish|fetch|share"
    r"|present|open|tell|list|read|write|spell|print|pull|produce|put|lay|export|release)\b"
    r"[^.;!?]*?\b(?:me|us)\b)"
    rf"|{_FIRST}let (?:me|us) (?:have|see|look|know|hear)\b"
    rf"|{_FIRST}(?:(?:hand|send|pass|read|pull|put|print|spell|lay|bring|dig|call)"
    r" (?:over|out|up)|print|dump|disclose|divulge|reveal|uncover|expose|leak|produce|output|list"
    r"|itemi[sz]e|enumerate|show|display|recite)\b(?! (?:to|for|with) (?!me\b|us\b))"
    r"|\byou (?:are|have|need|ought) to (?:disclose|reveal|produce|hand|give|show|tell|release"
    r"|print)\b"
    rf"|{_FIRST}(?:confirm|verify)\b(?! (?:that|to|with|by|the (?:date|booking|order|time))\b)",
    re.IGNORECASE,
)
_EVERYTHING = re.compile(
    r"\b(?:all|every|everything|entire|entirety|whole|complete|full|whatever|any and all)\b", re.I
)
_KNOWN_OF = re.compile(
    r"\b(?:data|records?|information|info|files?|details|figures|documents?|communications?"
    r"|correspondence|messages|e-?mails?|credentials?|passwords?|secrets|stored|held|kept"
    r"|there is|you have)\b",
    re.I,
)
_NAMED = re.compile(r"(?<=\w )[A-Z][\w&.-]*[a-z]|\b(?:of|on|about|for) [A-Z]")
_SHOWN = re.compile(
    r"\b(?:(?:show|display|print|list|hand|grant|present|output|reveal|disclose|divulge|dump|export"
    r"|release|produce)(?!ed|s\b)\w*|give me|lay (?:open|out|bare)|open up|put (?:before|in front)"
    r"|bring up|pass (?:on|over)|make\b.{1,60}\bvisible|(?:to|must|may|should|shall|can) (?:be"
    r" (?:shown|displayed|printed|listed|handed|given|revealed|disclosed|released|laid)|receive"
    r"|have|see)|(?:want|wish|demand|require)(?:s|ing)?|sight of|access to)\b",
    re.I,
)
"""What everything that is known of somebody is to be: seen, whoever says so and how."""

_AGAIN = re.compile(
    r"\b(?:i|we)(?:['’]d| would| should| do|)\s+(?:\w+ly )?(?:need|want|like|require|appreciate)"
    r" (?:to (?:have|see|hear|get|know) )?(?:(?:the|that|this|those) (?:exact |precise )?"
    r"(?:figures?|numbers?|amounts?|names?|details|answer|sum|rate|percentage)|(?:it|that|this"
    r"|them)"
    r" (?:again|once more|back|anew|repeated))\b",
    re.I,
)
"""Wanting to have again what was just spoken of."""

_NAMED_ONLY = re.compile(r"^\W*[^.;!?]{3,80},\s*(?:please|if you (?:will|would|please))\W*$", re.I)
_VERB = re.compile(r"\b(?:is|are|was|were|will|has|have|had|be|do|does|did|can|must)\b", re.I)
_HEARD = re.compile(
    r"^\W*(?:(?:so|and|well|now|but)\b\W*)*(?:(?:i|we)(?:['’]ve| have|)\s+(?:just |also )?"
    r"(?:heard|hear|gather(?:ed)?|understand|picked up|been told|read|learn(?:ed|t)|noticed)\b"
    r"|(?:i|we)(?:['’](?:m|re)| am| are| was| were) (?:told|given to understand"
    r"|under the impression)"
    r"|word (?:has it|is)|rumou?rs?\b|there(?:['’]s| is| are| has been) (?:\w+ )?"
    r"(?:talk|word|rumou?rs?|gossip|whispers?)|(?:they|people|some|folks) (?:say|claim|tell)"
    r"|it(?:['’]s| is) (?:said|rumou?red|whispered)|apparently|the (?:word|rumou?r|talk) is"
    r"|(?:it )?(?:has )?(?:reached|come to) (?:me|us|my|our))",
    re.IGNORECASE,
)


_LAST_TIME = (
    r"\b(?:last|previous|prior|earlier) (?:time|session|conversation|talk|meeting|call|chat)"
)
_TOUCHED = (
    r"\b(?:discussed|mentioned|talked|spoke|spoken|came up|under discussion|dealt with|named"
    r"|(?:talk|mention|word) of)\b"
)
_SPOKEN_OF = re.compile(rf"{_LAST_TIME}.*{_TOUCHED}|{_TOUCHED}.*{_LAST_TIME}", re.IGNORECASE)


def demands(text: str) -> bool:
    """Whether *text*, one statement, wants to be told or shown what is somebody's by name."""
    if _AGAIN.search(text) is not None or _wants_everything(text):
        return True
    if _THEIRS.search(text) is None:
        return False
    if _NAMED_ONLY.match(text) and _VERB.search(text) is None:
        return True
    if _WANTED.search(text) is not None or _HANDED.search(text) is not None:
        return True
    return _OWNED.search(text) is not None and _ASKED_FOR.search(text) is not None


def _wants_everything(text: str) -> bool:
    """Whether all that is known of somebody is to be shown, said of nobody in particular."""
    parts = (_EVERYTHING, _KNOWN_OF, _NAMED, _SHOWN)
    return all(part.search(text) is not None for part in parts)


def hears(text: str) -> bool:
    """Whether *text* only gives what was heard: before a question, the ground for it."""
    return _HEARD.match(text) is not None or _SPOKEN_OF.search(text) is not None
