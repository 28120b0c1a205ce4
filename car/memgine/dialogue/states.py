"""Words for states: how a project, an order, a build or an incident stands.

States of one family exclude each other ("on track", "delayed", "cancelled").  A state is read
from a closed list of the language; what it is a state of is left to ``statements``.
"""

import re
from collections.abc import Iterator

_STATES: dict[str, str] = {
    "on track": "on track|on schedule|on target|ahead of schedule|progressing well|going to plan"
    "|healthy|going as planned|proceeding as planned|in good shape|coming along(?: nicely| well)?",
    "planned": "in planning|planned|planning phase|not started|in the planning stage",
    "running": "in progress|underway|under way|ongoing|in flight|work in progress|in the works"
    "|being worked on|in (?:testing|test|development|progress|build|preparation|execution)",
    "delayed": "delayed|behind schedule|running late|running behind|slipping|slipped|pushed back"
    "|pushed out|overdue|at risk|late|off track|held up|lagging|set back|falling behind",
    "paused": "on hold|paused|suspended|put on ice|on ice|shelved|postponed|deferred|frozen|stalled"
    "|blocked|halted|parked|mothballed|in limbo|at a standstill|tabled|on the back burner",
    "cancelled": "cancell?ed|called off|scrapped|abandoned|terminated|killed|axed|dropped"
    "|discontinued|nixed|ditched|canned|binned|aborted|annulled|off the table"
    "|(?:no longer|not) (?:happening|going ahead|taking place|proceeding)",
    "done": "complete|completed|done|finished|delivered|shipped|launched|closed|signed off"
    "|wrapped up|live|gone live|in production|rolled out|finali[sz]ed",
    "approved": "approved|authori[sz]ed|green-?lit|signed off on|cleared|granted"
    "|given the go-ahead|given the green light",
    "denied": "denied|rejected|declined|refused|turned down|vetoed|not approved|disapproved",
    "revoked": "revoked|rescinded|withdrawn|retracted|voided|pulled|repealed",
    "failed": "failed|fails|failing|broken|failure|red|unsuccessful|flunked"
    "|(?:did|does|do|has|have|is)(?:n['’]t| not|nt) (?:pass(?:ed)?|ma[dk]e it|succeed(?:ed)?"
    "|g[eo]t through|come through|clear(?:ed)?)|not (?:fit|ready) (?:for|to) \\w+",
    "passed": "passed|it passed|they passed|passes|succeeded|green|ready (?:for|to) \\w+|good to go"
    "|all clear"
    "|(?:c[ao]me|ma[dk]e it|g[eo]t|went|sailed) through(?: all"
    "| every)?(?: the)? (?:tests?|checks?|scans?"
    "|reviews?|gates?|qa|inspections?|audits?)",
    "open": "open|active (?:incident|outage)|ongoing (?:incident|outage|problem|issue)"
    "|investigating"
    "|under investigation|down|degraded|outage(?! (?:is|was|has|are|were)\\b)|offline"
    "|unresolved|unreachable"
    "|(?:there is|there's|there’s|have) an (?:incident|outage)"
    "|looking into (?:it|this|that)|being (?:investigated|looked into)"
    "|[45](?:\\d\\d|xx) errors?|(?:returning|throwing|giving|throws?|returns?"
    "|gives?) \\d+s?(?: errors)?"
    "|experiencing",
    "resolved": "resolved|fixed|fully operational|operational|back up|restored|recovered|mitigated"
    "|up and running|back online|works? (?:again|normally|fine|properly|as expected)"
    "|working(?: again| normally| fine| properly| as expected)?"
    "(?! (?:on|with|from|for|at|in|hard|late|together|towards?|through|out)\\b)"
    "|up again|back to normal|back in (?:service|operation)"
    "|repaired|remedied|patched|running (?:normally|smoothly|fine|again)|no (?:more|further) errors"
    "|sorted(?: out)?|back(?! (?:to|from|on|in|at|with|then|up|into|out|for)\\b)"
    "|(?<=\\bis )over(?=\\s*(?:$|[.,;:!]|now\\b))|(?<=\\bare )over(?=\\s*(?:$|[.,;:!]|now\\b))",
    "pending": "pending|under review|awaiting|in review|to be confirmed|tbd",
    "available": "available|in stock",
    "unavailable": "unavailable|out of stock|sold out|not available|backordered|back-ordered",
}
_BY_GROUP = {f"s{number}": state for number, state in enumerate(_STATES)}
_PATTERN = re.compile(
    r"(?<![\w-])(?:"
    + "|".join(f"(?P<s{number}>{words})" for number, words in enumerate(_STATES.values()))
    + r")(?![\w-])",
    re.I,
)
NEGATIVE = frozenset({"cancelled", "denied", "revoked", "paused", "failed", "unavailable"})
"""States that take back what an earlier approval or plan said."""


_AMBIGUOUS_WORDS = """
    late planned done complete completed finished closed open active down red green healthy broken
    dropped pulled killed axed cleared granted refused available delivered shipped launched passed
    running paused frozen blocked stalled lost fixed green sorted back working
    live parked tabled canned binned ditched offline patched pulled
"""
_AMBIGUOUS = frozenset(_AMBIGUOUS_WORDS.split())
_PREDICATE = re.compile(
    r"(?:\b(?:is|are|was|were|been|be|now|status|gone|got|has|have|remains?|stays?|went|turned"
    r"|not|longer|neither|becomes?|became|looks?|seems?|declared|considered|reported|called|as"
    r"|(?:mark|call|set|put|switch|flip|chang|mov|turn)(?:e?[ds]|ing)?(?: (?:it|this|that|the"
    r"|\w+)){0,3}?"
    r"(?: to| as| at| from)?|(?:stands?|sits?|is) at|#?\d+)\b|['’](?:s|re)|:|^)\s*(?:(?:\w+ly"
    r"|now|still|all|as|back|already)\s+)*$",
    re.I,
)
"""What stands before a word that is a state only as a predicate."""

_DENIED = re.compile(r"\b(?:unless|if|until|not|never|without|before)\s+$|n['’]t\s+$", re.I)
"""What stands before a state that is not, or not yet, so."""


def states(text: str) -> Iterator[tuple[int, int, str]]:
    """Where *text* names states: start, end, the state's name."""
    for match in _PATTERN.finditer(text):
        if _DENIED.search(text, max(0, match.start() - 12), match.start()):
            continue
        if match.group().casefold() in _AMBIGUOUS and not _PREDICATE.search(
            text, max(0, match.start() - 40), match.start()
        ):
            continue
        yield match.start(), match.end(), _BY_GROUP[match.lastgroup or ""]
