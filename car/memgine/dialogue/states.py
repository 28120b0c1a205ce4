"""Words for states: how a project, an order, a build or an incident stands.

States of one family exclude each other ("on track", "delayed", "cancelled").  A state is read
from a closed list of the language; what it is a state of is left to ``statements``.
"""

import re
from collections.abc import Iterator

_STATES: dict[str, str] = {
    "on track": "on track|on schedule|ahead of schedule|progressing well|going to plan|healthy",
    "planned": "in planning|planned|planning phase|not started|in the planning stage",
    "running": "in progress|underway|under way|ongoing|in flight|work in progress",
    "delayed": "delayed|behind schedule|running late|slipping|slipped|pushed back|overdue|at risk"
    "|late|off track",
    "paused": "on hold|paused|suspended|put on ice|shelved|postponed|deferred|frozen|stalled"
    "|blocked|halted",
    "cancelled": "cancell?ed|called off|scrapped|abandoned|terminated|killed|axed|dropped"
    "|discontinued|nixed",
    "done": "complete|completed|done|finished|delivered|shipped|launched|closed|signed off",
    "approved": "approved|authori[sz]ed|green-?lit|signed off on|cleared|granted"
    "|given the go-ahead",
    "denied": "denied|rejected|declined|refused|turned down|vetoed|not approved",
    "revoked": "revoked|rescinded|withdrawn|retracted|voided|pulled|repealed",
    "passed": "passed|succeeded|green|ready for release|ready to ship|good to go",
    "failed": "failed|failing|broken|failure|red",
    "open": "open|active incident|investigating|under investigation|down|degraded|outage"
    "|unresolved|(?:there is|there's|there’s|have) an (?:incident|outage)"
    "|looking into (?:it|this|that)|being (?:investigated|looked into)"
    "|[45]\\d\\d errors?|(?:returning|throwing|giving) \\d+ errors|experiencing",
    "resolved": "resolved|fixed|fully operational|operational|back up|restored|recovered|mitigated"
    "|up and running|back online|works? again|working again|up again|back to normal",
    "pending": "pending|under review|awaiting|in review|to be confirmed|tbd",
    "available": "available|in stock",
    "unavailable": "unavailable|out of stock|sold out|not available|backordered|unreachable",
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
    running paused frozen blocked stalled lost fixed green
"""
_AMBIGUOUS = frozenset(_AMBIGUOUS_WORDS.split())
_PREDICATE = re.compile(
    r"(?:\b(?:is|are|was|were|been|be|now|status|gone|got|has|have|remains?|stays?|marked|went"
    r"|turned"
    r"|#?\d+)\b|['’]s|:|^)\s*(?:(?:\w+ly|now|still|all|as|back|already|finally|officially)\s+)*$",
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
