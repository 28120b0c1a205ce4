"""Scopes: stretches of talk that are not in earnest, and what opens and closes them.

What-ifs, drafts, brainstorms, sandboxes, exercises, another customer's session.  A stretch
ends at its closing cue; a working-set line carries its scope as a label.
"""

import re

_LABEL = re.compile(
    r"^\W*[\[(<{]\s*(?:scope|context|mode|setting|env(?:ironment)?"
    r"|session)\s*[:=]\s*(?P<name>[^\])>}]{2,60})[\])>}]",
    re.I,
)
_KINDS = (
    r"brain\s?-?storm(?:ing|s)?|what[- ]ifs?|hypothetical(?:s|ly)?|hypothes[ie]s|sand\s?-?box"
    r"|drafts?|drafting|mock(?:[- ]?up)?|exercise"
    r"|explor(?:ation|atory|ing)|estimat(?:ion|es?|ing)|guess(?:timate|work|ing)?|ballpark"
    r"|simulat(?:ion|e|ing)|scenarios?|role[- ]?play(?:ing)?"
    r"|thought experiment|dry[- ]run|rehears(?:al|e)|pretend|spitball(?:ing)?|blue[- ]sky"
    r"|ideation|test (?:environment|run|mode|data|drive)|demo(?:nstration)?"
    r"|practice|staging|speculat(?:ion|ive|e|ing)|make-?believe|playground|straw ?man|prototype"
    r"|trial run|war[- ]?gam(?:e|ing)"
)
_NOT_EARNEST = (
    r"(?:just|only|purely|strictly|merely|all|entirely) (?:an? )?(?:exploratory"
    r"|hypothetical(?:ly)?|thinking out loud|brainstorming|theoretical|speculative"
    r"|playing (?:around|with)|kicking|ideas?|for fun|illustrative|an exercise|spitballing"
    r"|a draft|a test|musing)"
    r"|for (?:the sake of )?argument(?:'s sake)?|thinking out loud|off the record"
    r"|nothing (?:here |said here )?is (?:final|binding|decided|committed)"
    r"|(?:not|no) (?:a |any |real |actual )*commitments?\b(?! (?:yet|has|have|was))"
    r"|don'?t (?:hold me to|quote me|take this as)|kick(?:ing)? (?:around|ideas)"
    r"|none of this (?:is|counts)|not for real|let'?s (?:imagine|suppose|pretend|assume)"
    r"|suppose for a moment|imagine for a moment"
)
_OPENING = re.compile(
    rf"(?:\b(?:let'?s|let us|shall we|we'?ll|i'?d like to|i want to|can we|going to|time (?:for"
    rf"|to)|start(?:ing)?|enter(?:ing)?|opening|begin(?:ning)?"
    rf"|switch(?:ing)? (?:in)?to|now in|we are in|we'?re (?:now )?in|moving (?:in)?to"
    rf"|open)\b[^.!?]{{0,60}}?(?:\b(?:{_KINDS})\b|(?P<whose>\b[A-Z][a-z]+(?:'s|s'|’s) (?:session"
    rf"|account|case|file|data|profile)\b)))"
    rf"|\b(?:{_NOT_EARNEST})",
    re.I,
)
_CLOSING = re.compile(
    rf"\b(?:that'?s|that is|okay,?|ok,?|right,?|alright,?)?\s*enough\b(?! (?:to|for the|money"
    rf"|time|people|room|budget|data|capacity))"
    rf"|\b(?:end(?:ing)?|stop(?:ping)?|clos(?:e|ing)|leav(?:e|ing)|exit(?:ing)?|finish(?:ed"
    rf"|ing)?|done|wrap(?:ping)?(?: it)? up|out of|drop(?:ping)?|over|conclude[sd]?"
    rf"|set(?:ting)? aside|put(?:ting)? aside|no more) "
    rf"(?:of |with |up |from )?(?:the |this |that |our |my |all "
    rf"|these )*(?:[\w'’-]+ )?(?:{_KINDS}|session)\b"
    r"|\bback to (?:reality|real|the real|business|earnest|production|prod|live|facts"
    r"|what'?s (?:real|actual|agreed)|actual|the actual|earth|serious)\b"
    r"|\b(?:talk|speak|focus|turn|stick|get|move on)\b[^.!?]{0,25}\b(?:about|on|to|back to"
    r"|down to)?\s*(?:the |our |what'?s )*(?:real|actual(?:ly)?|firm|concrete|binding|agreed"
    r"|confirmed) (?:commitments?|things?|work|numbers?|terms?|plans?|facts?|business|decisions?"
    r"|agreed|deal|matters?)"
    r"|\b(?:in reality|for real(?: now)?|seriously now|in earnest|real talk|joking aside"
    r"|now for the real|what (?:is|we'?ve|have we) actually (?:agreed|committed|decided))\b",
    re.I,
)
_ASIDE = re.compile(
    r"^\W*(?:(?:rough |first |working )?draft(?:ed)?|idea|hypothesis|hypothetical(?:ly)?"
    r"|theoretical(?:ly)?|what[- ]if|mock|test|sample|example|sandbox|brainstorm)"
    r"\s*(?:\d+|only)?\s*(?::|—|–|,)",
    re.I,
)
_QUERY = re.compile(
    rf"\b(?:{_KINDS}|ideas?|what[- ]if|hypothetically|draft(?:ed)?|explored|test (?:order"
    rf"|customer|data)|discussed hypothetically)\b",
    re.I,
)
LONGEST = 40
"""Turns after which a scope nobody closed is taken to be over."""


def labelled(text: str) -> str | None:
    """The scope that *text* carries as a label, in lower case; None without one."""
    match = _LABEL.match(text)
    return None if match is None else match["name"].strip().casefold()


def opens(text: str) -> str | None:
    """The name of the scope that *text* opens for what follows; None where it opens none."""
    match = _OPENING.search(text)
    if match is None or _CLOSING.search(text):
        return None
    return _name(text)


def closes(text: str) -> bool:
    """Whether *text* ends the open scope."""
    return _CLOSING.search(text) is not None


def is_aside(text: str) -> str | None:
    """The scope of a single statement that labels itself ("Draft: …", "Hypothetically, …")."""
    match = _ASIDE.match(text)
    return None if match is None else _name(match.group())


def asked(query: str, settings: frozenset[str]) -> frozenset[str]:
    """Which of *settings* a query asks for: it names a kind of scope, or one by its words."""
    found = _QUERY.search(query)
    words = set(re.findall(r"\w+", query.casefold()))
    if found is None:
        return frozenset()
    wanted = found.group().casefold()[:5]
    return frozenset(
        name for name in settings if wanted in name or words & set(re.findall(r"\w{5,}", name))
    )


def _name(text: str) -> str:
    kind = re.search(rf"\b(?:{_KINDS})\b", text, re.I)
    return kind.group().casefold() if kind else "what-if"
