"""Enquiries: who seeks to know something, in any person, mood, voice and order.

"Ida enquired about the budget of Halden", "it was asked which rates applied", "the rates Halden
gave would be of help", "I no longer recall what we discussed".  An enquiry is a word of seeking
with something that can be known: a clause with a question word, or a noun for information that
is linked to whose it is or where it was spoken of.  Direct orders are left to ``demands``.
"""

import re

_QUESTION_WORD = r"(?:what|which|who|whom|whose|where|when|why|how|whether)\b(?!ever\b| to\b|\s*,)"

# ---- what can be known ---------------------------------------------------------------------

_MATTERS = (
    r"(?:data|information|info|intel|details?|particulars|records?|communications?|comms"
    r"|correspondence|messages|e-?mails?|chats|credentials|creds|passwords?|secrets?|transcripts?"
    r"|summar(?:y|ies)|notes|minutes|figures?|numbers|findings|documents?|documentation|docs"
    r"|files?|papers|memos?|logs?|histor(?:y|ies)|logins?|keys|tokens|facts|knowledge|particulars"
    r"|run-?down|overview|breakdown|recap|digest|contents?|insights?)\b"
)
"""What is information and nothing else."""

_CONTENTS = (
    r"(?:strateg(?:y|ies)|positions?|stances?|approach(?:es)?|architectures?|plans?|pricings?"
    r"|prices?|budgets?|discounts?|rates?|quotes?|quotations?|offers?|forecasts?|roadmaps?|margins?"
    r"|salar(?:y|ies)|wages?|pay|revenues?|costs?|contracts?|terms|conditions|agreements?"
    r"|intentions?|views?|opinions?|thoughts?|feedback|answers?|repl(?:y|ies)|names?|address(?:es)?"
    r"|contacts?|lists?|specs?|specifications?|designs?|methods?|formulas?|recipes?|algorithms?"
    r"|parameters|settings|settlements?|defen[cs]es?|liabilit(?:y|ies)|issues|concerns|complaints?"
    r"|tickets?|balances?|statements?|usage|status|statuses|spend(?:ing)?|ceilings?|limits?|bids?"
    r"|proposals?|requirements?|preferences?|reasons?|motives?|results?|outcomes?|amounts?|sums?"
    r"|subscriptions?|accounts?|profiles?|diagnos[ei]s|medications?|grades?|scores?|targets?"
    r"|deadlines?|schedules?|valuations?|estimates?|percentages?|shares?|deals?|negotiations?)\b"
)
"""What is wanted of somebody as often as it is asked about."""

_OWNER = r"(?:(?-i:[A-Z][\w&.-]*)(?:['’]s|(?<=s)['’])|their|his|her)"
_OPENING = rf"(?:{_OWNER}|the|that|those|this|these|its|our|your|my|all|any|every|each|whatever)"
_WITHIN = r"(?:(?!(?:to|an?|be|for|by|from|me|us|him|them)\b)[\w&./-]+(?:['’]s)?\s+){0,6}?"
_TOUCHED = (
    r"(?:discuss\w*|mention\w*|talk\w*|sp[eo]ken?|gave|given|said|told|stated|quoted|named|shared"
    r"|disclosed|undisclosed|negotiated|agreed|offered|proposed|reported|recorded|stored|held|kept"
    r"|covered|provided|raised|came up|went (?:over|through)|worked out|settled on|under discussion"
    r"|on (?:file|record|the table)|at hand|last time|(?:last|previous|earlier|prior|past)"
    r" (?:\w+ )?(?:session|conversation|meeting|talk|call|chat|discussion)s?)\b"
)
_NEAR = r"[^.;:!?]{0,70}?"
_OF_SOMEBODY = (
    rf"{_NEAR}(?:\b{_TOUCHED}|\b(?:of|at|on|about|for|from|by|between|regarding|concerning)"
    r"\s+(?:the\s+)?(?-i:[A-Z]\w)|\b(?:for|on|about|from) (?:him|her|them)\b)"
)
_LINKED = (
    rf"(?:{_OWNER}\s+{_WITHIN}(?:{_MATTERS}|{_CONTENTS})"
    rf"|(?:{_OPENING}\s+)?{_WITHIN}(?:{_MATTERS}|{_CONTENTS}){_OF_SOMEBODY})"
)
"""Information that is said to be somebody's, or to have been spoken of."""

_WHAT = rf"(?:{_QUESTION_WORD}|{_LINKED})"

# ---- words of seeking ----------------------------------------------------------------------

_SOFTLY = r"(?:(?:also|just|only|really|now|again|please|kindly|then|urgently|exactly|some)\s+)*"
_ASKING = (
    r"(?:ask(?:s|ed|ing)?|enquir(?:e[sd]?|ing)|inquir(?:e[sd]?|ing)|wonder(?:s|ed|ing)?"
    r"|quer(?:y|ie[sd]|ying)|quiz(?:zes|zed)|question(?:s|ed|ing)|prob(?:es|ed|ing)|press(?:es|ed)"
    r"|beg(?:s|ged)?)"
)
_ASKED = re.compile(
    rf"\b{_ASKING}\b(?:\s+(?:me|us|you|them|the assistant|the (?:chair|meeting|speaker)|to be"
    rf" (?:told|informed|shown|given)|to (?:know|hear|see|learn|say|tell|state)))?,?\s+{_SOFTLY}"
    rf"(?:(?:about|after|as to|into|regarding|concerning|on|of)\s+)?{_QUESTION_WORD}"
    rf"|\b(?:question|query|enquiry|inquiry|request"
    rf"|ask)s?\b[^.;!?]{{0,40}}?[:,–—]\s+{_QUESTION_WORD}"
    rf"|\b(?:question|query|enquiry|inquiry)\s+(?:of|as to|about|regarding|on|is"
    rf"|was)\s+{_QUESTION_WORD}",
    re.I,
)
"""A verb of asking with a question in its train: no evidence of what is asked."""

_ANOTHERS = re.compile(
    r"\b(?:he|she|they|who|(?:my|our|the|an?|his|her|their|your) \w+(?: \w+)?|(?-i:[A-Z][\w&.-]+))"
    rf"(?: \w+ly| also| just| again| then)? {_ASKING}\b",
    re.I,
)
"""Somebody else who asks."""

_SPOKEN_OF = re.compile(rf"\b{_TOUCHED}", re.I)

_REQUESTED = (
    rf"(?:{_ASKING}(?:\s+(?:me|us|you))?\s+(?:for|about|after|as to|into|regarding|concerning"
    r"|to (?:see|hear|know|have|get|be (?:given|told|shown|sent|informed(?: (?:of|about|as to))?)))"
    r"|(?:request|demand|solicit|seek|crav)(?:s|ed|ing|es)?|sought"
    r"|(?:call(?:s|ed|ing)|appl(?:y|ies|ied)|look(?:s|ed|ing)|fish(?:es|ed|ing)|push(?:es|ed|ing))"
    r" (?:for|about|into)"
    r"|(?:calls|called|calling|writ(?:es|ing)|wrote|phoned|rang|emailed) (?:about|for|regarding"
    r"|to (?:ask|enquire|inquire|request|find out)(?: (?:for|about|after))?)"
    r"|(?:(?:requests?|enquir(?:y|ies)|inquir(?:y|ies)|quer(?:y|ies)|questions?|demands?|asks?"
    r"|appeal|application|reason for (?:my|our|the|this) (?:call|e?mail|visit|message))"
    r"(?: (?:was|were|is|has been) (?:made|put|received|raised|posed|submitted|filed|heard))?"
    r"(?: (?:from|of|by|for) (?:my|our|me|us|(?-i:[A-Z]\w+))(?: \w+){0,2}?)?"
    r"(?:\s+(?:for|about|as to|regarding|concerning|concerns|regards|is|was|into|after|on)"
    r"|\s*[:—–-])))"
)
_TO_KNOW = (
    r"(?:to\s+)?(?:know|learn|hear(?: about| of)?|find out(?: about)?|discover|understand"
    r"|establish|ascertain|(?:see|view|read|review|inspect|examine|study|look (?:at|into|over"
    r"|through)|access|obtain|have|get(?: hold of)?|collect|receive|go (?:over|through)|check"
    r"|compare|be (?:told|informed|shown|given|sent|briefed|reminded)(?: (?:of|about|on|as to))?))"
)
_WISHING = (
    r"(?:(?:would|['’]d|should) (?:\w+ )?(?:like|love|appreciate|welcome|value|want|benefit from"
    r"|be (?:\w+ )?(?:interested|glad|happy|grateful|thankful|obliged|curious|keen)"
    r"(?: (?:in|for|of|about))?)"
    r"|(?:like[sd]?|want(?:s|ed|ing)?|wish(?:es|ed|ing)?|need(?:s|ed|ing)?|requir(?:e[sd]?|ing)"
    r"|desir(?:e[sd]?)|hop(?:e[sd]?|ing)"
    r"|tr(?:y|ies|ied|ying)|aim(?:s|ed|ing)?|expect(?:s|ed)?|insist(?:s|ed)?(?: (?:on|upon))?"
    r"|is|are|am|was|were|['’](?:m|re|s))(?: \w+)??"
    r"(?: (?:interested in|eager|keen|curious(?: about)?|after|entitled|authori[sz]ed|allowed"
    r"|cleared|supposed|anxious|looking for|short of|missing|lacking|out for))?)"
)
_WISHED = re.compile(
    rf"(?:\b|(?=['’])){_WISHING}\s+{_SOFTLY}(?:{_TO_KNOW}\s+(?:me\s+|us\s+)?{_SOFTLY}{_WHAT}"
    rf"|(?:seeing|having|hearing|knowing|getting|access(?:ing)?(?: to)?|sight of"
    rf"|insight into)\s+{_WHAT})",
    re.I,
)
_NEEDED = re.compile(
    r"(?:^|[,:;—–]|\b(?:i|we|she|he|they|who|and|boss|team|manager|office|company|side"
    r"|(?-i:[A-Z]\w+)))\W*(?:['’]d |would |do |really |just |also |now |still )*"
    r"(?:like|want|need|require|desire|crave|miss|lack|appreciate)(?:s|ed|d)?\s+"
    rf"{_SOFTLY}(?:access to |sight of |a look at |insight into |a copy of )?{_LINKED}",
    re.I,
)
_SOUGHT = re.compile(rf"\b{_REQUESTED}\s*{_SOFTLY}{_WHAT}", re.I)
_LACKING = re.compile(
    rf"\b(?:forg[eo]t(?:ten)?|unsure|unclear|uncertain|clueless|blank(?:ing)?|confused|hazy|fuzzy"
    r"|in the dark|(?:not?|hardly|(?:don|can|couldn|didn)['’]t|cannot|can ?not|longer)"
    r"(?: \w+){0,2}?"
    r" (?:remember|recall|know|sure|certain|idea|clue|memory|clear)|lost (?:track|sight)"
    r"|(?:lost|mislaid|misplaced|deleted|missing) (?:my|our|the|all) (?:\w+ )?notes"
    r"|notes|wondering|curious|interested|asking|struggling)"
    rf"(?: (?:any ?more|now|just now|again|at all))?\s+(?:to (?:know|remember|recall)\s+)?"
    rf"(?:(?:about|of|on|in|as to|for|with|from|regarding|concerning)\s+)?{_WHAT}",
    re.I,
)
_SLIPPED = re.compile(
    rf"^\W*(?:{_QUESTION_WORD}|{_LINKED}).{{0,80}}?\b(?:slip(?:s|ped) (?:my|our) mind|escapes? "
    rf"(?:me|us)|eludes?"
    r" (?:me|us)|(?:is|are) (?:unknown|unclear|not clear|lost|a blank|a mystery)(?: to (?:me"
    r"|us))?)",
    re.I,
)
"""What one does not know any more: said to be told it."""

_WELCOME = re.compile(
    rf"^\W*(?:(?:so|and|well|now|but|to|knowing|having|seeing|getting|learning"
    rf"|hearing)\s+)*{_WHAT}.{{0,80}}?"
    r"\b(?:(?:would|could|will) (?:\w+ )?(?:help|do|be (?:\w+ )?(?:helpful|useful|good|great|nice"
    r"|handy|welcome|appreciated|valuable|ideal|perfect|lovely|of (?:help|use|interest|value)"
    r"|a help))"
    r"|(?:is|are|was|were|be|been) (?:\w+ )?(?:requested|sought|asked (?:for|about|after)|demanded"
    r"|wanted|desired|needed|required|enquired (?:about|after|into)|inquired (?:about|into)"
    r"|what (?:i|we)(?:['’]m| am|['’]re| are)? (?:\w+ )?(?:need|want|after|asking for|looking for"
    r"|seek|require)))\b",
    re.I,
)
_HELPED = re.compile(
    r"\b(?:(?:help|serve|do|be|is|been|['’]s)(?: \w+){0,2}?(?: good| great| nice| useful"
    r"| helpful| handy"
    r"| lovely| ideal| important| essential| fine| kind)?(?: (?:of|for) (?:you|me|us))?"
    rf" (?:to {_TO_KNOW}|if (?:you|i|we|someone|somebody)(?: (?:could|would|can|will))?(?: \w+)?"
    r" (?:know|knew|have|had|hear|heard|see|saw|get|got|tell|told|share[d]?|sen[dt]|giv(?:e)|gave"
    r"|show(?:ed)?|explain(?:ed)?|pass(?:ed)?|forward(?:ed)?|remind(?:ed)?|provide[d]?|repeat"
    r"(?:ed)?"
    rf"|recall(?:ed)?|say|said|dig)(?: (?:me|us|on|along|over|up|out|back))*))\s+{_SOFTLY}{_WHAT}",
    re.I,
)
_SUPPOSED = re.compile(
    r"\b(?:you(?:['’]ll| will| must| surely| should| certainly| can| could| may|['’]ve| have| do"
    r"| might)?(?: (?:surely|still|certainly|also|probably|no doubt|of course|well|be able to))?"
    r" (?:know|remember|recall|hold|keep|have|got|find|tell|share|look up|see|say|check)"
    r"(?: (?:me|us|out|in your (?:notes|files|records)))?|if you (?:have|know|remember|recall)"
    rf"|how about (?:you )?\w+ (?:me|us)|do tell(?: (?:me|us))?)\s+{_SOFTLY}(?:about |of )?{_WHAT}",
    re.I,
)
_FETCHING = (
    r"(?:retrieve|return|paste|ping|shoot|e?mail|do share|lay (?:out|open|bare)|look up"
    r"|find(?: out)?|search|fetch|dig (?:up|out)|pull(?: up| out)?|bring(?: up)?"
    r"|hand over|send(?: over)?|give|show|provide|share|furnish|supply|list|print(?: out)?|dump"
    r"|display|output|export|read(?: out| back)?|state|recite|produce|release|reveal|disclose"
    r"|name|quote|cite|tell|let['’]?s? (?:\w+ )?(?:have|hear|see)|let me (?:have|hear|see)|grant"
    r"|open|unlock|forward|pass on|extract|collect|gather|compile|summari[sz]e|describe|explain"
    r"|outline|repeat|recall|remember|derive|infer|deduce|work out|go (?:through|over)|review"
    r"|check|consult|scan|walk (?:me|us) through|talk (?:me|us) through|fill (?:me|us) in on)"
)
_FETCHED = re.compile(
    rf"(?:^|[,:;—–]|\b(?:and|so|then|please|kindly|must|should|to|could|can|would|will)\b)\W*"
    rf"{_SOFTLY}{_FETCHING}\s+{_SOFTLY}(?:(?:me|us)\s+)?(?:(?:about|with|through|for|on|of"
    rf"|access to"
    rf"|in on)\s+)?(?!my\b){_WHAT}(?!.*\b(?:to|with) (?!me\b|us\b)(?:(?:the|our|your|my|all"
    rf"|a)\b|(?-i:[A-Z])))",
    re.I,
)
_OWED = re.compile(
    r"(?:\b(?:right|entitled|entitlement|claim|access|key)s? (?:to|of)(?: (?:know|see|hear|have"
    r"|be told|be shown|view))?"
    r"|\b(?:owed|due|could do with|could use|can use|kill for|in need of|eager for|keen on"
    r"|glad of|grateful"
    r" for|interest(?:ed|s)?(?: \w+)? in|hit me with|matters|important|crucial|vital|reminding"
    r"|reminded|think"
    r"|figure out|work out|establish|determine|ascertain|advise(?: (?:on|re|as to|about))?"
    r"|revert with"
    r"|escapes me|beats me|tell me|^say|matter of|checking|verifying|confirming|after)),?"
    rf"\s+{_SOFTLY}{_WHAT}",
    re.I,
)
_LABELLED = re.compile(
    r"^\W*(?:to be \w+|required|needed|wanted|missing|requested|sought|outstanding|info\w*"
    r"|of interest|asked|due|urgent|action|purpose|subject|re|topic|goal|aim)\b[^:]{0,40}:\s*"
    r"(?:[^:]{0,20}:\s*)?"
    rf"{_WHAT}|^[^:.,;]{{1,40}}:\s*(?:as to )?{_QUESTION_WORD}(?!.*\bis\b)",
    re.I,
)
_HANDED = re.compile(
    rf"^\W*(?:[^,;:]{{0,60}}[,;:]\s*)?(?:that )?{_WHAT}.{{0,60}}?\b(?:must|should|shall|(?:has"
    rf"|have|needs?|ought) to|(?:is|are) to"
    r"|be|goes?|come)\b(?: be)?(?: \w+)? (?:shown|displayed|printed|listed|handed|given"
    r"|revealed|read|sent"
    r"|disclosed|released|laid|produced|provided|shared|supplied|furnished|forwarded|made available"
    r"|put|on my|to (?:me|us))\b",
    re.I,
)
_LETTING = re.compile(rf"\blet \w+(?: \w+)? (?:have|see|hear|know|get)\s+{_WHAT}", re.I)
_NAMED = re.compile(
    rf"^\W*(?:[^,;:]{{0,40}}[,;:]\s*)?(?:and )?(?:all|everything|{_WHAT})[^.;!]{{0,60}}(?:\?|\b"
    rf"(?:please|pls|now|asap|too|as well|included"
    r"|immediately|at once|today|here))\W*$",
    re.I,
)
_WANTED_DONE = re.compile(
    r"\b(?:signed|closed|approved|cut|cancell?ed|changed|fixed|reduced|raised|lowered|finished|done"
    r"|ready|renewed|extended|updated|delivered|low|high|up|down|kept|paid|moved)\b"
    r"(?:\s+(?:by|before|at|on)\b.*)?\W*$",
    re.I,
)
"""What is to be made of a thing, rather than known of it."""

_VERB = re.compile(r"\b(?:is|are|was|were|will|has|have|had|do|does|did|can|must)\b|n['’]t\b", re.I)


def enquires(text: str) -> bool:
    """Whether *text*, one statement, asks in so many words, whatever stands in it.

    What somebody else asked is a question only where it is about what was said before.
    """
    asked = _ASKED.search(text)
    if asked is None:
        return False
    anothers = _ANOTHERS.search(text) is not None
    return not anothers or _SPOKEN_OF.search(text, asked.start()) is not None


def seeks(text: str) -> bool:
    """Whether *text* wants to know something; asked only of what states no value itself."""
    if _LINKED_GATE.search(text) is None:
        return False
    if any(pattern.search(text) for pattern in _SEEKING):
        return _WANTED_DONE.search(text) is None
    return _NAMED.match(text) is not None and _VERB.search(text) is None


_LINKED_GATE = re.compile(rf"\b(?:{_QUESTION_WORD}|{_MATTERS}|{_CONTENTS})", re.I)
_SEEKING = (
    _SOUGHT,
    _WISHED,
    _NEEDED,
    _LACKING,
    _SLIPPED,
    _WELCOME,
    _HELPED,
    _SUPPOSED,
    _FETCHED,
    _OWED,
    _LABELLED,
    _HANDED,
    _LETTING,
)
