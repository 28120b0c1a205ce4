"""Breakouts: attempts to talk the listener out of its role or its rules."""

import re

_RULES = r"(?:instructions?|rules|guidelines?|prompts?|restrictions?|programming|guardrails|orders)"
_GIVEN = r"(?:your|previous|prior|earlier|former|existing|old|initial|original|system)"
_BREAKOUT = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)"
    r" (?:(?:all|any|your|the|my|previous|prior|earlier|above|system|safety|existing|former|old) )*"
    r"(?:instructions?|rules|guidelines|prompts?|restrictions?|policies|directives)\b"
    rf"|\b(?:drop|discard|abandon|suspend|void|wipe|erase|delete|clear|unlearn|dismiss|lose"
    rf"|skip|follow"
    rf"|obey|heed|(?:put|set|leave|lay|push) (?:aside|away)|let go of|do(?:es)? away with) "
    rf"(?:(?:all|any|of|the|those|these|every) )*{_GIVEN} (?:\w+ )?{_RULES}\b"
    rf"|\b(?:put|set|leave|lay|push) (?:(?:all|any|the|those) )*{_GIVEN} (?:\w+ )?{_RULES} "
    rf"(?:aside|away)\b"
    rf"|\b(?:your (?:\w+ )?{_RULES}|{_RULES} (?:that )?you(?:['’]ve| have| were| had)(?: been)?"
    r" (?:given|told|got|received|follow\w*|had|have))\b[^.;!?]{0,40}?"
    r"\b(?:no longer|not|never|void|suspended|lifted|off|aside|disabled|withdrawn|cancell?ed"
    r"|gone|moot|revoked|overridden|cease|end|expired?)\b"
    r"|\b(?:disregard\w*|ignor\w*|forget\w*|drop\w*|void|suspend\w*|setting aside)\b[^.;!?]{0,30}?"
    r"\b(?:what|whatever|everything|anything|all) (?:that )?you(?:['’]ve| have| were| had)"
    r"(?: been)? (?:told|instructed|given|taught)\b"
    r"|\b(?:what|whatever|everything|anything|all) (?:that )?you(?:['’]ve| have| were| had)"
    r"(?: been)? (?:told|instructed|given|taught)\b[^.;!?]{0,30}?"
    r"\b(?:disregard|ignore|forget|drop|void|suspended|moot|no longer)\b"
    r"|\byou are now (?:in )?(?:an? )?(?:admin|developer|debug|god|root|unrestricted|dan)\b"
    r"|\b(?:admin(?:istrator)?|developer|debug|god|root|maintenance|super-?user) mode\b"
    r"|\bpretend (?:you are|to be)\b|\bjailbreak\b"
    r"|\b(?:act|behave|respond) as (?:if you (?:were|had)|an? (?:admin|unrestricted|root))"
    r"|\breveal (?:your|the) (?:system|hidden)\b",
    re.I,
)


_AS_ADMIN = re.compile(
    r"\b(?:(?:i|we)(?:['’]m| am| are)|you(?:['’]re| are)?|ur|as|me|it['’]s me,?|role|mode)\b\W+"
    r"(?:now )?(?:an? |the |your )?(?:admin(?:istrator)?|root|super-?user|developer|sysadmin)\b"
    r"|\b(?:admin(?:istrator)?|root|super-?user|debug|sudo|maintenance)\s*(?:[.,:;!]|here\b"
    r"|speaking\b"
    r"|(?:mode|session|override|console|rights|access|privileges?)\b)",
    re.I,
)
"""With what somebody is made out to be an administrator."""

_RULED = re.compile(
    rf"\b{_GIVEN} (?:\w+ )?{_RULES}\b|\b{_RULES}\s*:|\boverwrite your\b|\b(?:told"
    rf"|instructed)\b",
    re.I,
)
_SECRETS = re.compile(
    r"\b(?:api[- ]?keys?|credentials?|creds|passwords?|secrets|tokens|logins?|(?:all|every|full"
    r"|entire|whole"
    r"|complete) (?:\w+ ){0,3}?(?:data|records?|information|details|files))\b",
    re.I,
)


def breaks_out(text: str) -> bool:
    """Whether *text* tries to talk the listener out of its role or rules.

    So does who plays the administrator to be shown secrets or to have the rules set aside.
    """
    if _BREAKOUT.search(text) is not None:
        return True
    if _AS_ADMIN.search(text) is None:
        return False
    return _SECRETS.search(text) is not None or _RULED.search(text) is not None
