"""Breakouts: attempts to talk the listener out of its role or its rules."""

import re

_BREAKOUT = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)"
    r" (?:(?:all|any|your|the|my|previous|prior|earlier|above|system|safety|existing|former) )*"
    r"(?:instructions?|rules|guidelines|prompts?|restrictions?|policies|directives)\b"
    r"|\byou are now (?:in )?(?:an? )?(?:admin|developer|debug|god|root|unrestricted|dan)\b"
    r"|\b(?:admin|developer|debug|god) mode\b|\bpretend (?:you are|to be)\b|\bjailbreak\b"
    r"|\b(?:act|behave|respond) as (?:if you (?:were|had)|an? (?:admin|unrestricted|root))"
    r"|\breveal (?:your|the) (?:system|hidden)\b",
    re.I,
)


def breaks_out(text: str) -> bool:
    """Whether *text* tries to talk the listener out of its role or rules."""
    return _BREAKOUT.search(text) is not None
