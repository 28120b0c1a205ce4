"""Scopes: stretches of talk that are not in earnest, and what opens and closes them.

What-ifs, drafts, brainstorms, sandboxes, exercises, another customer's session.  A stretch
ends at its closing cue; a working-set line carries its scope as a label.
"""

import re

KINDS = (
    r"brain\s?-?storm(?:ing|s)?|what[- ]ifs?|hypothetical(?:s|ly)?|hypothes[ie]s|sand\s?-?box"
    r"|drafts?|drafting|mock(?:[- ]?up)?|exercise"
    r"|explor(?:ation|atory|ing)|estimat(?:ion|es?|ing)|guess(?:timate|work)|ballpark"
    r"|simulat(?:ion|e|ing)|scenarios?|role[- ]?play(?:ing)?"
    r"|thought experiment|dry[- ]run|rehears(?:al|e)|pretend|spitball(?:ing)?|blue[- ]sky"
    r"|ideation|test (?:environment|run|mode|data|drive)|demo(?:nstration)?"
    r"|practice|staging|speculat(?:ion|ive|e|ing)|make-?believe|playground|straw ?man|prototype"
    r"|trial run|war[- ]?gam(?:e|ing)"
)
_PLAY = (
    r"explor\w+|hypothe\w+|theor\w+|specul\w+|brain\s?-?storm\w*|think\w* (?:out loud|aloud)"
    r"|play\w*|kick\w*|ideas?|fun|discussion|practice|thoughts|test\w*|illustrat\w+"
    r"|exercise|demo\w*|spitball\w*|draft\w*|musing|imagin\w+|simulat\w+"
)
_FANCIFUL = r"hypothetical|theoretical|imaginary|fictional|fictitious|speculative|made up|pretend"
_NOT_EARNEST = (
    r"(?<!\bi )(?<!\bi am )(?<!\bi['’]m )(?<!\bhe )(?<!\bshe )(?<!\bthey )"
    r"(?:just|only|purely|strictly|merely|simply|solely|nothing (?:but|more than)|no more than)"
    r" (?:(?:for|as|an?|in|at|by way of|some|the sake of|a bit of|meant|intended|to be"
    r"|to)(?: the)? )*"
    rf"(?:{_PLAY})\b|(?:all|entirely) (?:for|an?|in) (?:{_PLAY})\b"
    r"|for (?:the sake of )?argument(?:'s sake)?|think(?:ing)? (?:out loud|aloud)|off the record"
    r"|(?:nothing|none)\b[^.!?]{0,20}\b(?:is|are|will be|gets?|counts?) (?:yet )?"
    r"(?:final|binding|decided|committed|agreed|fixed|official|real|settled|for real)"
    r"|(?:not|no) (?:a |any |real |actual )*commitments?\b(?! (?:yet|has|have|was))"
    r"|don'?t (?:hold me to|quote me|take this as)|kick(?:ing)? (?:around|ideas)"
    r"|none of this (?:is|counts)|not for real"
    r"|(?:commits?|binds?|obliges?|promises) (?:no ?body|no one|us to nothing|to nothing|nothing"
    r"|no ?thing)|(?:nobody|no one|nothing) is (?:bound|committed|promised|binding)"
    r"|(?:it|this|that|all|everything|what follows)(?: is|'s| remains| stays| will be)"
    rf" (?:all |just |only |purely |entirely |strictly |quite )*(?:{_FANCIFUL})"
    r"|without (?:any )?(?:obligation|commitment)|not (?:yet )?binding|no strings"
)
_ACT = (
    r"let'?s|let us|let me|may (?:we|i)|might we|allow me|spend\w*|shall we|we'?ll|i'?d like to"
    r"|i want to|can we|going to|time (?:for|to)|start(?:ing)?|enter(?:ing)?|opening"
    r"|begin(?:ning)?|switch(?:ing)? (?:in)?to|now in|we are in|we'?re (?:now )?in"
    r"|moving (?:in)?to|open|imagine|pretend|suppose|picture|assume|take|treat|regard|consider"
    r"|call (?:it|this|that)|play|sketch|for the next|what follows|the following|what comes now"
    r"|(?:up )?next|on the agenda|kick(?:ing)? off|welcome to"
    r"|(?:div|jump|step|go|slip|mov)(?:e|ing)? into"
    r"|(?:now|here) comes?|now,? an?|bear with|indulge|humou?r me|how about|what about"
    r"|care for|fancy"
)
_FRAMED = re.compile(
    rf"\b(?:{_ACT})\b[^.!?]{{0,60}}?(?:\b(?:{KINDS})\b|\b(?-i:[A-Z])[a-z]+['’]s (?:session|account"
    r"|case|file|data|profile)\b)"
    rf"|\b(?:{KINDS})(?: \w+){{0,2}} (?:starts?|begins?|opens?|commences?|mode(?: on)?|time"
    rf"|is on(?=\W*$|[,.;:!—–-])"
    r"|is open|follows)\b(?! (?:at|on (?:\w+day|the \d)|in (?:\d|an?)|with))",
    re.I,
)
_PROPOSED = re.compile(
    r"\b(?:let'?s|let us|shall we|may (?:we|i)|allow me|for the next|what follows|welcome to"
    r"|(?:we are|we'?re) (?:now )?in|(?:switch|mov|div)(?:e|ing)? (?:in)?to|imagine|pretend"
    r"|suppose|picture|time for)\b"
    rf"[^.!?,;]{{0,40}}?\b(?:{KINDS})\b",
    re.I,
)
"""An invitation to play: what opens a scope among people, who play, try and practise all day."""

_DISCLAIMED = re.compile(
    rf"\b(?:{_NOT_EARNEST})"
    r"|\b(?:imagine|pretend|suppose|picture|assume|make believe)\b[^.!?]{0,40}?"
    r"\b(?:for (?:a|the|now)\b|a (?:moment|while|minute|bit)\b)",
    re.I,
)
_EARNEST = (
    r"(?:obligations?|commitments?|decisions?|promises?|agreements?|binding|bind|binds|bound|final"
    r"|decided|committed|agreed|official|settled|real|real world|serious|earnest|reality|legal"
    r"|effect|force|consequences?|contract|valid|count|counts|hold|holds|obliges?|promised"
    r"|merged|kept|saved|shipped|stays|sticks)\b"
)
_UNEARNEST = re.compile(
    r"\b(?:no|not|non|nobody|no one|none|nothing|never|neither|nor|without|zero|hardly"
    r"|\w+n['’]t|dont|doesnt|isnt|wont|cant)\b"
    rf"(?:[\s-]+[\w'’]+){{0,6}}?[\s-]+{_EARNEST}"
    rf"|\bnon-?{_EARNEST}",
    re.I,
)
"""A denial that what follows is in earnest."""

_PLAYING = re.compile(rf"\b(?:{KINDS}|{_FANCIFUL}|{_PLAY})\b", re.I)
_EXPLORING = (
    r"(?:explor\w*|specul\w*|hypothe\w*|theoretical|tentative|illustrat\w*|experimental?|fanciful"
    r"|imaginary|non-?binding|unofficial|provisional|ideas|practice|fun|discussion)"
)
_ONLY = (
    r"(?:only|just|purely|pure|merely|mere|simply|solely|alone|strictly|exclusively|entirely"
    r"|nothing (?:more|else|beyond|further)|no(?:thing)? more|that['’]s (?:all|it)|basis|footing"
    r"|purposes?|nature|spirit|mode|character|sake|understanding)"
)
_CALLED_SO = re.compile(
    rf"\b{_ONLY}\b[^.!?]{{0,40}}?\b{_EXPLORING}\b|\b{_EXPLORING}\b[^.!?]{{0,40}}?\b{_ONLY}\b"
    rf"|\b(?:it|this|that|which|all|everything)\b(?: of it)? (?:is|are|was|were|will be|remains?)"
    rf"(?: \w+)?(?: \w+)? {_EXPLORING}\b|[(/|\[,;:–—-]\W*{_EXPLORING}\s*[)\]]?\W*$",
    re.I,
)
"""What says of a stretch that it is for trying things out, and for nothing more."""

_BEGUN = re.compile(
    rf"\b(?:{_ACT}|we|shall|begin\w*|began|begun|start\w*|open\w*|enter\w*|commenc\w*|launch\w*"
    r"|embark\w*|propos\w*|try|tries|tried|mov(?:e|ed|es)|turn(?:s|ed)?|went|go(?:es)?|hold|held"
    r"|have|agreed?|suggest\w*|follow\w*|following|this is|next|here|now|into|some)\b",
    re.I,
)
_NAMING = re.compile(
    rf"\b(?:{KINDS}|(?-i:[A-Z])[a-z]+['’]s (?:session|account|case|file|data|profile))\b", re.I
)
LONGEST_NAME = 8
"""Words of an opening that only names what is opened."""

LONGEST_OPENING = 30
"""Words of a turn that opens a scope by saying what it is and that it is not in earnest."""


def _announces(text: str) -> bool:
    """Whether *text* names a kind of play and denies that it is in earnest.

    "A pricing exploration is opened; it binds nobody."
    """
    if len(text.split()) > LONGEST_OPENING or _PLAYING.search(text) is None:
        return False
    if _UNEARNEST.search(text) is not None:
        return True
    if _CALLED_SO.search(text) is None or _NAMING.search(text) is None:
        return False
    return len(text.split()) <= LONGEST_NAME or _BEGUN.search(text) is not None


_REAL = (
    r"(?:real(?:ity)?|actual(?:ly)?|commitments|obligations|firm|concrete|binding|agreed"
    r"|confirmed|earnest|serious(?:ly)?|facts|business|production|prod|live|earth)\b"
)
_CLOSING = re.compile(
    rf"\benough\b(?! (?:to|for the|money|time|people|room|budget|data|capacity))|\bso much for\b"
    rf"|\b(?:end(?:ing)?|stop(?:ping)?|clos(?:e|ing)|leav(?:e|ing)|exit(?:ing)?|finish(?:ed|ing)?"
    rf"|done|wrap(?:ping)?(?: it)? up|out of|drop(?:ping)?|over|conclude[sd]?|no more"
    rf"|(?:set|put)(?:ting)? aside)"
    rf" (?:of |with |up |from )?(?:the |this |that |our |my |all |these )*(?:[\w'’-]+ )?"
    rf"(?:{KINDS}|session)\b"
    rf"|\b(?:{KINDS})(?: session| mode| environment)? (?:is |are |was |now )*(?:ends?"
    rf"|ended|over|done"
    r"|finish\w*|clos\w+|conclu\w+|stops?|stopped|complete[sd]?)\b(?! (?:at|in|on|by)\b)"
    rf"|\b(?:back|return(?:ing)?|on|over|now|turn(?:ing)?|move|moving"
    rf"|switch(?:ing)?) (?:on |from [^.!?]{{2,40}}? )?(?:to|for)"
    rf" (?:the |our |what(?:'s| is| we(?:'ve| have)?) )*{_REAL}"
    rf"|\b(?:talk|speak|focus|stick)\b[^.!?]{{0,25}}\b(?:about|on|to)\s+(?:the |our "
    rf"|what'?s )*{_REAL}"
    r"|\b(?:in reality|for real(?: now)?|seriously now|in earnest|real talk|joking aside"
    r"|what(?:'s| is|'ve| have we|'ve we| we've| we have) actually)\b",
    re.I,
)
_ASIDE = re.compile(
    r"^\W*(?:(?:rough |first |working )?draft(?:ed)?|idea|hypothesis|hypothetical(?:ly)?"
    r"|theoretical(?:ly)?|what[- ]if|mock|test|sample|example|sandbox|brainstorm)"
    r"\s*(?:\d+|only)?\s*(?::|—|–|,)",
    re.I,
)
_QUERY = re.compile(
    rf"\b(?:{KINDS}|ideas?|what[- ]if|hypothetically|draft(?:ed)?|explored|test (?:order"
    rf"|customer|data)|discussed hypothetically)\b",
    re.I,
)
LONGEST = 15
"""Turns after which a scope nobody closed is taken to be over."""


def opens(text: str, *, casual: bool, valued: bool) -> str | None:
    """The name of the scope that *text* opens for what follows; None where it opens none.

    What gives a value (*valued*) as a draft, or as not binding, only speaks of that value.  In
    *casual* talk it has to be proposed by its kind: people say "just for fun" of anything.
    """
    framed = (_PROPOSED if casual else _FRAMED).search(text) is not None
    if not framed and not casual:
        drafted = valued and _name(text).startswith("draft")
        framed = _DISCLAIMED.search(text) is not None and not drafted
        framed = framed or (not valued and _announces(text))
    closing = _CLOSING.search(text) is not None and _UNEARNEST.search(text) is None
    return _name(text) if framed and not closing else None


def is_earnest(text: str) -> bool:
    """Whether *text* does not deny that it is in earnest."""
    return _UNEARNEST.search(text) is None and _DISCLAIMED.search(text) is None


def closes(text: str) -> bool:
    """Whether *text* ends the open scope."""
    return _CLOSING.search(text) is not None


_LEAVING = re.compile(
    r"\b(?:back|return\w*|on|over|up|now|turn\w*|mov\w+|go\w*)\W+(?:on |up )?(?:to|for|with) \w+"
    r"|\b(?:enough|end of|ends?|ended|over|finished|done with|stop\w* here|leave (?:it|that|this)"
    r"|so much for|that was|wrap\w*|clos(?:e|es|ed|ing)|seriously|serious|earnest|reality)\b",
    re.I,
)
SHORT_LEAVING = 10
"""Terms of a turn that does no more than leave the scope it is in."""


def leaves(text: str, terms: int, *, valued: bool) -> bool:
    """Whether *text*, of so many *terms* and *valued* or not, only leaves the scope it is in."""
    if valued or terms > SHORT_LEAVING or _SUPPOSING.match(text) is not None:
        return False
    return _LEAVING.search(text) is not None


def concludes(text: str) -> str | None:
    """The kind of stretch that *text* ends to turn to what is meant; None where it ends none.

    It names the kind, says that it is over, and what is real: no other sentence does all three.
    """
    kind = _NAMING.search(text)
    if kind is None or not (_CLOSING.search(text) or _ENDING.search(text)):
        return None
    return kind.group().casefold() if _MEANT.search(text) else None


_SUPPOSING = re.compile(r"\W*(?:say|if|suppos\w+|imagine|assum\w+|picture|what if|then)\b", re.I)
_MEANT = re.compile(
    r"\b(?:(?:real(?:ly)?|actual(?:ly)?|true|truly|genuine(?:ly)?|firm|binding|earnest|serious"
    r"(?:ly)?|concrete)"
    r"\b.{0,30}?\b(?:commit\w*|decisions?|decided|agreed|obligations?|promis\w*|business"
    r"|matters?|facts)"
    r"|(?:commit\w*|decisions?|obligations?|promises)\b.{0,30}?\b(?:real|actual|true|genuine|firm"
    r"|binding|earnest|made)|(?:get|be|now|on to what is) (?:serious|binding|real)|in earnest)\b",
    re.I,
)


def is_aside(text: str) -> str | None:
    """The scope of a single statement that labels itself ("Draft: …", "Hypothetically, …")."""
    match = _ASIDE.match(text)
    return None if match is None else _name(match.group())


def ends(text: str, words: frozenset[str]) -> bool:
    """Whether *text* ends the scope that was opened with *words*: it says so of one of them."""
    return _ENDING.search(text) is not None and any(
        re.search(rf"\b{re.escape(word)}", text, re.I) for word in words
    )


def words_of(text: str) -> frozenset[str]:
    """The words of an opening by which its scope may be named again."""
    return frozenset(_WORD.findall(text.casefold())) - _COMMON


_ENDING = re.compile(
    r"\b(?:(?:stop|end|clos|finish|wrap|conclud|complet|leav|quit|exit|drop|halt|break|paus"
    r"|rest|park|suspend|adjourn|interrupt|abandon|ceas)(?:p?ing|e?d|s|es|e)?"
    r"|done|over|enough|much for|behind us|at that|that was|through with|move on from|no more|put"
    r"|broken?|brought to|fill of|does it|turn(?:s|ed)? to|pass(?:es|ed)? to|so far)\b",
    re.I,
)
_WORD = re.compile(r"[a-z]{5,}")
_COMMON_WORDS = """
    let's going would could start starting exploratory nothing decided final purely spend minutes
    thinking binding commitment right
"""
_COMMON = frozenset(_COMMON_WORDS.split())


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
    kind = re.search(rf"\b(?:{KINDS})\b", text, re.I)
    return kind.group().casefold() if kind else "what-if"
