"""Cues: the small words and turns of phrase by which people say what a statement does.

Each cue is one pattern of the language, wide rather than exact; which statements a cue acts
on is decided by slot and value elsewhere.
"""

import re
from enum import StrEnum

from car.memgine.dialogue.correcting_words import CHANGING, CORRECTING


class Cue(StrEnum):
    """What a statement is marked as, by its words."""

    CORRECTION = "correction"
    """Takes back something said before ("no wait", "scratch that", "make it")."""
    DECISION = "decision"
    """Settles something ("we're going with", "finalised", "the official plan")."""
    REVERT = "revert"
    """Returns to an earlier value ("go back to")."""
    CANCEL = "cancel"
    """Takes back an approval or a plan as a whole."""
    TENTATIVE = "tentative"
    """Not yet settled ("thinking of", "draft", "pencilled in")."""
    FINAL = "final"
    """Settled ("official", "locked in")."""
    PAST = "past"
    """Speaks of what held before ("originally", "used to be")."""
    CONCLUSION = "conclusion"
    """Drawn from what stands before ("so:", "that leaves")."""
    QUESTION = "question"
    """Asks, or asks for, something; states nothing."""
    OVERRIDE = "override"
    """Speaks for somebody who decides over others ("per the CEO")."""
    COMMIT = "commit"
    """Approves, orders, plans or allocates something."""
    HYPOTHETICAL = "hypothetical"
    """Said for the sake of argument."""


_PATTERNS: dict[Cue, str] = {
    Cue.CORRECTION: CORRECTING,
    Cue.DECISION: r"""
        \b(?:go(?:ing)?|went|proceed(?:ing)?|move\ forward|moving\ forward|run(?:ning)?
            |stick(?:ing)?|sticking)\ (?:ahead\ )?with\b
        |\b(?:decid(?:ed|ing)|settl(?:ed?|ing)|agreed|land(?:ed|ing))\ (?:on|to|upon)\b
        |\bis\ what\ (?:we|i)(?:['’]ll|\ will|['’]re|\ are|['’]ve|\ have)?\b
            (?!(?:['’]m|\ am)?\ (?:\w+\ )?(?:commit\w*|bound|pledged?|sworn|swore|obliged|promised?
            |ow(?:e|ed)|prefer\w*|like|lik(?:e|ed)|stand\ by)\b)
            |^\W*(?:the\ |our\ |final\ |my\ )*(?:decision|verdict)\b|\b(?:consensus|unanimous)\b
            |\bopt(?:ed|ing)?\ for\b
        |\b(?:finali[sz](?:ed|ing|e)|final|official(?:ly)?|(?:definitive|conclusive)(?:ly)?
            |confirmed|settled
            |locked\ in|signed\ off)\b
        |\b(?:picked|chose|chosen|selected|adopted|award(?:ed|ing)?|plump(?:ed|ing)?\ for
            |sid(?:e|ed|ing)\ with|fix(?:ed|ing)?\ (?:on|upon)|(?:c[ao]me|coming)\ (?:round|around
            |over|down)\ (?:to|on|in|for)|(?:end|wind|wound|finish)(?:ed|ing)?\ up\ with
            |pivot(?:ed|ing)?\ to|(?:happier|better\ (?:off|served))\ with(?!\ (?:more|less|some
            |any|that|this|it)\b)|c[ao]me\ to\ prefer
            |sooner\ (?:have|do|see)|warm(?:ed|ing)\ to|swung\ (?:to|round))\b|\blet'?s\ (?:pick|use
            |choose|select|adopt|book)\b
        |\bwe'?(?:ll|\ will|\ are|re)\ (?:be\ )?(?:us|do|go|tak|adopt|pick)ing\b|\bwe(?:'ll
            |\ will)\ (?:use|do|take|adopt|pick|go)\b
        |^\W*(?:update|updated|news|announcement|latest|revised|decision|verdict|ruling
            |new\ information|as\ of\ now|now)\b\s*[:,—–-]
        |\bit\ is\b(?=\W*$|\ for\b)|\b(?:gets?|wins?|takes?|has\ won)\ the\b|\b(?:contract|award
            |deal
            |order|business|account|project|job|vote)\ (?:goes|went|is\ going)\ to\b
        """,
    Cue.REVERT: r"""
        \b(?:go(?:ing)?\ back|revert(?:ed|ing)?|return(?:ing)?|roll(?:ed|ing)?\ back|switch(?:ed
            |ing)?\ back|back)\ to\b
        |\b(?:reinstat|restor)(?:e|ed|ing)\b|\bafter\ all\b
        """,
    Cue.CANCEL: r"""
        \b(?:cancel(?:l?ed|l?ing|s|lation)?(?!\ (?:by|before|until)\b)
            |revok(?:e|ed|es|ing)|rescind(?:ed|ing|s)?|withdr(?:aw
            |awn|ew|awing)|scrap(?:ped|ping)?
            |abandon(?:ed|ing)?|void(?:ed)?|terminat(?:e|ed|ing)|annul(?:led)?|nix(?:ed)?|axe[d]?
            |repeal(?:ed)?|frozen|froze|retract(?:ed|ing)?)\b
        |\bcall(?:ed|ing)?\ (?:it\ |that\ |this\ )?off\b|\bpull(?:ed|ing)?\ the\ plug\b
            |\bstand\ down\b|\bhold\ off\b|\bshelv(?:e|ed|ing)\b
        |\b(?:no\ longer|not)\ (?:going\ ahead|approved|needed|required|happening|valid
            |going\ to\ happen|proceeding|available)\b
        |\b(?:don'?t|do\ not|won'?t|will\ not|can'?t|cannot|should\ not|must\ not)\ (?:renew
            |proceed|buy|purchase|order|go\ ahead|sign|offer|launch|hire|pay|book|ship)\b
        |\boff\ the\ table\b|\bback\ to\ (?:the\ |our\ )?(?:standard|normal|usual|default|regular)\b
        |\b(?:standard|normal|usual|default|regular|ordinary)\ (?:\w+\ )?(?:polic(?:y|ies)|rules?
            |terms
            |rates?|pric(?:es?|ing)|conditions?|procedures?|process|practice)\b.{0,30}?\b(?:again
                |applies
            |apply|in\ force|in\ effect|counts?|stands?|holds?|resumes?|once\ more
                |(?:re)?instated)\b
        |\b(?:return|revert|going\ back|go\ back|fall(?:ing)?\ back|stick|keep|kept)(?:s|ed
            |ing)?\ (?:to|on)
            \ (?:the\ |our\ )?(?:standard|normal|usual|default|regular)\b
            |\bfell\ through\b|\bhalt(?:ed|ing)?\b
        """,
    Cue.TENTATIVE: r"""
        \b(?:thinking|tentative(?:ly)?|leaning|considering|considered|preliminar(?:y|ily)
            |provisional(?:ly)?|placeholder|draft(?:ed)?|proposed
            |pencil(?:l?ed)?|rough(?:ly)?|estimate[ds]?|ballpark|unconfirmed|might|maybe|perhaps
            |probably|possibly|toying|exploring|working\ assumption|penciling)\b
        |\b(?:first|initial|early|rough)\ (?:idea|thought|guess|preference|take)\b
        |^\W*if\b|\bfor\ now\b|\bnot\ (?:final|sure|settled|decided)\b|\b(?:i|we)'?d\ (?:like
            |guess|suggest
            |propose)\b
        """,
    Cue.FINAL: r"""
        \b(?:final(?:ly)?|finali[sz](?:ed|e|ing)|official(?:ly)?|(?:definitive|conclusive)(?:ly)?
            |confirmed
            |locked\ in|settled|signed\ off|for\ (?:good|real|sure|certain)|once\ and\ for\ all)\b
        """,
    Cue.PAST: rf"""
        ^(?:\W*(?:so|thus|hence|in\ (?:short|brief|sum)|again)\b)?\W*(?:not|neither|nor
            |(?:rather\ than|instead\ of|in\ place\ of)(?=[^,:]*$))\b
            (?!\ (?:only|just|yet|(?:so|true|right|correct|quite)\s*[,:.;—–-]|sure|that|bad|much
            |many|all|every\w*)|.*\bbut\b)
        |\b(?:original(?:ly)?|initial(?:ly)?(?!\ \w+\ idea)|previous(?:ly)?|former(?:ly)?|at\ first
            |in\ the\ beginning|used\ to|had\ been(?!\ (?:{CHANGING})\b)|first\ (?:planned|thought
            |said)
            |prior|earlier|outdated|back\ then|last\ year'?s|old|once)\b
        |\b(?:the\ )?(?:\w+\ )?(?:value|figure|date|price|number|amount|plan|one|location|venue
            |time|budget|deadline)\ was\b
            (?!\ (?:(?:just|then|later|since|now|recently)\ )?(?:{CHANGING})\b)
        |\b(?:wanted|planned|hoped|meant|intended|asked|proposed|suggested|offered|tried|began
        |started)\b
            [^.;]{{0,40}}?\bfirst\b
            |^\W*(?:(?:this\ time\ )?last|(?:the|a)\ previous|back\ in)\ \w+\W
            [^.;]{{0,30}}?\b(?:was|were|had|cost|paid|did)\b
        |\bwas\ (?:considered|planned|discussed|set\ for|supposed\ to|going\ to|the\ (?:old
            |original|first|previous))\b|\bwe\ (?:had(?!\ to\b)|were)\b|\b(?:we|i
            |you)\ (?:had\ )?(?:said
            |assumed|thought|wrote|noted|believed)\b|\bwas:\s|\bit\ read\b|^\W*(?:before|old
            |earlier)\s*:|^\W*(?:this|that|it|which)\ (?:takes\ the\ place\ of|replaces|supersedes
            |overrides|(?:is|comes|goes)\ (?:in\ (?:place|lieu|stead)|instead)\ of)\b
            |^\W*(?:before|prior\ to|until)\ (?:that|this|then|now)\b
        """,
    Cue.CONCLUSION: r"""
        ^\W*(?:so|ok(?:ay)?\ then|meaning|giving\ us|that['’]s|so\ that['’]s)\s*:
        |^\W*(?:meaning|giving\ us|so\ that['’]s)\b(?!\s+(?:how|why|what|it)\b)
        |^\W*so\s+(?:that|this|it|we)\ (?:means?|leaves?|gives?|makes?|can|must|need)\b
        |^\W*(?:therefore|thus|hence|consequently|accordingly|ergo|as\ a\ (?:result|consequence)
            |(?:that|this|it)\ being\ (?:so|the\ case)|(?:on|for|in)\ (?:that|this)\ (?:basis
            |account|ground
            |footing|reason|event|light)|in\ (?:view|light|consequence)\ of\ (?:that|this|which)
            |as\ such
            |in\ consequence
            |in\ (?:conclusion|that\ case|other\ words)|it\ follows
            |(?:that|this|which)\ (?:means|leaves|gives|implies|puts|makes|brings)
            |based\ on\ (?:this|that|these|which)|from\ (?:this|that)|given\ (?:this|that)
            |we\ can\ (?:therefore|thus|then)|conclusion|derived|net\ result|bottom\ line
            |leaving|upshot|result|outcome|implication|consequence
            |(?:\w+\ ){0,3}?(?:follows|conclude[sd]?|deduce[sd]?|infer(?:red|s)?|work(?:ed|s)?\ out
            |calculat(?:e|ed|es)|comput(?:e|ed|es)|reckon(?:ed|s)?|deriv(?:e|ed|es))\b
            (?=[^.:]{0,40}:))\b(?!\s+(?:far|that\ we|the\ original))
        |\bwhich\ (?:means|leaves|gives)\b|^\W*(?:this|that|it)\ (?:results?\ in|yields
            |adds\ up\ to|amounts\ to)\b
        |=\s*[$€£]?\d
        """,
    Cue.QUESTION: r"""
        ^(?!\W*(?:(?:and|but|so|oh|well|also)\b[\s,]+)*(?:i|we|you|he|she|they|it|my|our|your|his
            |her|their|the|this|that|there|these|those|what\ (?:i|we|you|they)\b[^?]*\bis)\b)
            .*\?["')\]]*\s*$
        |^\W*(?:please\ )?(?:can|could|would|will|may)\ (?:you|i|we|someone)\b
        |^\W*(?:what|which|who|whom|whose|where|when|why|how)\b(?!ever|\ about)(?:'s|\ (?:is|are
            |was|were|do|does|did|has|have|can|could|would|should|will|many|much|long|about)\b)
        |^\W*(?:as\ (?:an?|the)\ [^,]{2,50},\s*)?(?:please\ )?(?:i\ (?:need|want|would\ like
            |have)\ to\ (?:see|know|hear|get)\ (?:all|any|every\w*|what|who|how|when|why|where
            |which)\b
            |show\ me|tell\ me|give\ me|send\ me|provide\ (?:me|us)|list\ (?:all|the|every)|reveal
            |disclose|share\ (?:with\ me|all))\b
        |\b(?:can|could|would)\ you\ (?:\w+\ )?(?:confirm|tell|check|share|provide|show|give
            |remind)\b
        """,
    Cue.OVERRIDE: r"""
        \b(?:per|according\ to|as\ per|by\ order\ of|on\ orders\ (?:of|from)|directive\ from
            |instruction\ from|word\ from|mandate\ from)\ (?:the\ |our\ )?
            (?:c[efoti]+o|ceo|cfo|cto|coo|board|vps?|directors?|leadership|management|president
            |exec\w*|svp|evp|head|chief|owner|founder|boss|legal|compliance|hq)\b
        |\b(?:the\ |our\ )?(?:ceo|cfo|cto|coo|board|president|leadership|vp|management)
            \ (?:(?:has|have)\ )?(?:decided|says?|said|wants|ruled|mandated|ordered|directed
            |insists|overr\w+
            |announced|decreed|called|chose|picked|made)\b
        |\b(?:override|overriding|overrule|overruling|overrode|overruled|overturn\w*)\b
        """,
    Cue.COMMIT: r"""
        \b(?:approv(?:e|ed|al|ing)|purchas(?:e|ing|ed)|buy|renew(?:al|ed|ing)?|order(?:ed)?
            |launch(?:ing|ed)?|proceed|go\ ahead|allocat(?:e|ed|ing|ion)|assign(?:ed)?
            |offer(?:ed)?|book(?:ed|ing)?|hir(?:e|ing)|schedul(?:e|ed)|sign(?:ed)?|authori[sz](?:e
            |ed)|greenlight|green-?lit|grant(?:ed)?|cleared|contract|deliver|ship|it'?s\ a\ go
            |is\ a\ go)\b
        """,
    Cue.HYPOTHETICAL: r"""
        \b(?:hypothetical(?:ly)?|theoretical(?:ly)?|in\ theory|what\ if
            |for\ (?:the\ sake\ of\ )?argument(?:'s\ sake)?|suppos(?:e|ing)|(?:let'?s|just|now
            |please)\ (?:imagine|pretend)|^\W*(?:imagine|pretend)
            |let'?s\ say\ (?:that|we|they|you|hypothetically)
            |thought\ experiment|just\ spitballing|just\ brainstorming|purely\ (?:exploratory
            |speculative)|in\ a\ perfect\ world)\b
        """,
}
_COMPILED = {cue: re.compile(pattern, re.X | re.I) for cue, pattern in _PATTERNS.items()}


def cues_in(text: str) -> frozenset[Cue]:
    """The cues that *text*, one statement, carries."""
    found = {cue for cue, pattern in _COMPILED.items() if pattern.search(text)}
    if Cue.PAST in found and _NOW.match(text):
        found.discard(Cue.PAST)
    if Cue.QUESTION in found and _RELATIVE.match(text):
        found.discard(Cue.QUESTION)
    if _REQUEST.search(text):
        found.discard(Cue.QUESTION)
        found.add(Cue.CORRECTION)
    return frozenset(found)


_NOW = re.compile(
    r"\W*(?:(?:and|but|so|well|okay|ok)\W+)*(?:now\b|(?:forget|scratch|strike|ignore|disregard"
    r"|never\s?mind|take back) (?:what|whatever|the \w+) (?:i|we)\b)",
    re.I,
)
"""What begins so tells how things stand, whatever it looks back on."""

_RELATIVE = re.compile(
    r"\W*(?:(?:and|but|so|well|okay|ok)\W+)*what(?:['’]s| is| was)\s+"
    r"(?!(?:the|an?|your|our|my|his|her|their|its|it|this|that|there|happening|going)\b)"
    r"(?:\w+\s+){0,3}?\w+(?::|\s+(?:is|are|was|were)\b)"
    r"|\W*(?:where|what)\s+(?:i|we|you|he|she|they)\s+\w+[^,:?]*[,:]\s+"
    r"(?!(?:is|are|was|were|do|does|did|can|could|will|would|should|have|has|what|which|who|where"
    r"|when|why|how)\b)",
    re.I,
)
"""A clause in the place of a noun asks nothing: "what is true is this", "where you had $5, …"."""

_REQUEST = re.compile(
    r"\b(?:can|could|would|shall|should|may|why don'?t|how about|what about)\b(?: (?:we|you|i"
    r"|it))?(?: please| just| maybe| perhaps)?"
    r" (?:change|move|switch|make|push|shift|reschedul|update|swap|revert|go back|use|do|set)\w*"
    r"\b(?=.*\b(?:to|it|that|instead|with)\b)",
    re.I,
)
"""A change asked for politely is a change, not a question."""


def adds(text: str) -> bool:
    """Whether *text* puts something beside what was said rather than in its place."""
    return _ADDITIVE.search(text) is not None


_ADDITIVE = re.compile(
    r"\b(?:also|too|as well|in addition|additional(?:ly)?|another|besides|plus|furthermore"
    r"|moreover|both|along(?:side)? with|on top of|next to|apart from)\b",
    re.I,
)


def moves(text: str) -> bool:
    """Whether *text* says that something is not when, or where, it was to be."""
    return _MOVED.search(text) is not None


_MOVED = re.compile(
    r"\b(?:mov|shift|chang|reschedul|relocat|postpon|delay|advanc|transferr|push|bump|switch"
    r"|updat)(?:e?d|es?|ing)\b",
    re.I,
)
